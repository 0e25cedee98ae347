import type { Diagnostics } from '../language/diagnostic.ts'
import { Source } from '../language/source.ts'
import { type Element, readXml } from '../language/xml.ts'
import { childNamed, contentOf, textOf, whole } from './element-content.ts'
import { type MockDefinition, readMock } from './mock-definition.ts'
import { findFile, readSource } from './project.ts'

/** A file of the registry that a suite brings along. */
export interface RegistryResource {
  /** Path in the registry with the name of the file, such as `/_system/governance/xslt/a.xslt`. */
  readonly path: string
  readonly content: string
  readonly mediaType: string
}

/** Reads parts of a suite and the files they name; what is wrong is reported. */
export class SuiteReader {
  readonly #source: Source
  readonly #diagnostics: Diagnostics

  constructor(source: Source, diagnostics: Diagnostics) {
    this.#source = source
    this.#diagnostics = diagnostics
  }

  /** Finds a child that must be there. */
  required(parent: Element, name: string): Element | undefined {
    const child = childNamed(parent, name)
    if (!child) this.error(parent, 'missing', `<${parent.name}> needs <${name}>.`)
    return child
  }

  /** Gives the children of a name, and warns of all others. */
  all(parent: Element | undefined, name: string): readonly Element[] {
    if (!parent) return []
    this.warnOfOthers(parent, [name])
    return parent.children.filter(child => child.name === name)
  }

  warnOfOthers(parent: Element, known: readonly string[]): void {
    for (const child of parent.children) {
      if (known.includes(child.name)) continue
      this.#diagnostics.warning(child.span, 'no-effect', `<${child.name}> means nothing in <${parent.name}>.`)
    }
  }

  error({ span }: Element, code: 'missing' | 'bad-value' | 'unknown-element', message: string): void {
    this.#diagnostics.report({ severity: 'error', code, message, span })
  }

  /** Artifacts: each a path relative to the project, an artifact written out, or one written as text. */
  artifacts(parent: Element | undefined): Source[] {
    return this.all(parent, 'artifact').flatMap(element => {
      const [inline] = element.children
      if (inline) return [whole(inline)]
      if (element.text.startsWith('<')) {
        const { line } = this.#source.locate(element.span.start)
        return [new Source(`${this.#source.path}#line-${line}`, element.text)]
      }
      const path = this.#find(element)
      return path === undefined ? [] : [readSource(path)]
    })
  }

  /** Paths of files. */
  files(parent: Element | undefined, name: string): string[] {
    return this.all(parent, name).flatMap(element => this.#find(element) ?? [])
  }

  /** Resources, each with its content: that of a file, or what is written. */
  registry(parent: Element | undefined): RegistryResource[] {
    return this.all(parent, 'registry-resource').flatMap(element => {
      const artifact = this.required(element, 'artifact')
      if (!artifact) return []
      const folder = textOf(element, 'registry-path') ?? ''
      const path = `${folder.replace(/\/+$/, '')}/${textOf(element, 'file-name') ?? ''}`
      const file = findFile(this.#source.path, artifact.text)
      const content = file === undefined ? contentOf(artifact) : readSource(file).text
      return [{ path, content, mediaType: textOf(element, 'media-type') ?? '' }]
    })
  }

  /** Mock services: each a path, or written out. */
  mocks(parent: Element | undefined): MockDefinition[] {
    return this.all(parent, 'mock-service').flatMap(element => {
      if (element.children.length > 0) return readMock(element, this.#diagnostics) ?? []
      const path = this.#find(element)
      const root = path === undefined ? undefined : readXml(readSource(path), this.#diagnostics)
      return (root && readMock(root, this.#diagnostics)) ?? []
    })
  }

  #find({ text, textSpan }: Element): string | undefined {
    const path = findFile(this.#source.path, text)
    if (path === undefined) {
      const message = `There is no file ${text || '(no name)'} in the project.`
      this.#diagnostics.error(textSpan, 'missing', message)
    }
    return path
  }
}
