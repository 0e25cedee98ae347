import type { Artifact } from '../language/declare.ts'
import { type Diagnostics, didYouMean } from '../language/diagnostic.ts'
import type { Config, Fields } from '../language/field.ts'
import { type Reading, readDeclared } from '../language/reader.ts'
import type { Source, Span } from '../language/source.ts'
import { type Element, isSynapse, OWN_NAMESPACE } from '../language/xml.ts'
import { withKnownOptions } from '../services/check-options.ts'
import { serviceElement } from '../services/own-element.ts'
import { artifacts, unsupportedArtifacts, unsupportedInbounds, vocabulary } from './artifacts.ts'
import type { Registry } from './link.ts'
import { valueFinder } from './parameter-values.ts'
import { readFile } from './read-file.ts'

/** One artifact of a file: what it is, what it is called, and its values. */
export interface ArtifactNode {
  readonly declaration: Artifact
  readonly name: string
  /** Missing where something is wrong: the name is taken, and there is nothing to compile. */
  readonly config: Config<Fields> | undefined
  readonly span: Span
}

/**
 * Reads files into artifacts. What is wrong is reported; of an artifact with errors the name is given alone. Root
 * elements are added to `roots`, which is empty; parameters may have their values in the `registry`.
 */
export function readArtifacts(
  files: readonly Source[],
  diagnostics: Diagnostics,
  roots: Element[] = [],
  registry?: Registry,
): ArtifactNode[] {
  const entryText = valueFinder(roots, registry)
  const reading: Reading = { vocabulary, diagnostics, readsContent: false, entryText }
  const nodes: ArtifactNode[] = []
  const guessed: ArtifactNode[] = []
  for (const file of files) {
    const elements = readFile(file, vocabulary, diagnostics)
    if (!elements) guessed.push(...namesIn(file))
    roots.push(...(elements ?? []))
  }
  for (const root of roots) nodes.push(...artifactsOf(root, reading))
  const isNew = ({ name }: ArtifactNode): boolean => nodes.every(node => node.name !== name)
  return [...withoutDuplicates(nodes, diagnostics), ...guessed.filter(isNew)]
}

function artifactsOf(root: Element, reading: Reading): ArtifactNode[] {
  const isWhole = root.name === 'definitions' && isSynapse(root)
  if (isNameless(root)) {
    // Compatibility: such files lie in registries, and are referred to by their place there.
    readFromEntry(root, root.span.source.path, reading.diagnostics)
    const message = 'This <endpoint> has no name; it can only be referred to as a resource of the registry.'
    reading.diagnostics.warning(root.span, 'no-name', message)
    return []
  }
  return (isWhole ? root.children : [root]).flatMap(element => {
    if (isWhole && element.name === 'description') return []
    const isService = element.namespace === OWN_NAMESPACE && element.name === 'service'
    const node = readArtifact(isService ? serviceElement(element) : element, reading)
    return node ? [node] : []
  })
}

/** Reads an artifact that stands in an entry; the key of that is its name, where it has none of its own. */
export function readFromEntry(
  element: Element,
  key: string,
  diagnostics: Diagnostics,
): ArtifactNode | undefined {
  const { span } = element
  const isNamed = element.attributes.some(({ name }) => name === 'name')
  const name = { name: 'name', value: key, nameSpan: span, valueSpan: span }
  const named = isNamed ? element : { ...element, attributes: [...element.attributes, name] }
  return readArtifact(named, { vocabulary, diagnostics, readsContent: false })
}

function isNameless(root: Element): boolean {
  return root.name === 'endpoint' && isSynapse(root) && root.attributes.every(({ name }) => name !== 'name')
}

function readArtifact(element: Element, reading: Reading): ArtifactNode | undefined {
  const declaration = declarationOf(element, reading.diagnostics)
  if (!declaration) return undefined
  const { diagnostics } = reading
  const before = diagnostics.errors
  const { element: kind, fields, unsupported: refused = {} } = declaration
  const known = kind === 'service' ? withKnownOptions(element, { fields, refused }, diagnostics) : element
  const read = readDeclared(declaration, known, reading)
  const config = diagnostics.errors === before ? read : undefined
  const { span } = element
  if (config) return { declaration, name: declaration.nameOf(config), config, span }
  const name = element.attributes
    .find(attribute => attribute.name === 'name' || attribute.name === 'key')
    ?.value.trim()
  return name ? { declaration, name, config, span } : undefined
}

const NAMED = /<(?:[\w.-]+:)?(sequence|endpoint)\s(?:[^<>]*?\s)?name\s*=\s*["']([^"'<>]+)["']/g

/** The names in a file that is not well-formed, so that what refers to them is not reported as well. */
function namesIn(source: Source): ArtifactNode[] {
  return [...source.text.matchAll(NAMED)].map(({ 1: element, 2: name, index, 0: { length } }) => ({
    declaration: artifacts.find(artifact => artifact.element === element)!,
    name: name!,
    config: undefined,
    span: { source, start: index, end: index + length },
  }))
}

function declarationOf(element: Element, diagnostics: Diagnostics): Artifact | undefined {
  const named = isSynapse(element) ? artifacts.filter(artifact => artifact.element === element.name) : []
  if (named.length === 0) {
    reportUnknown(element, diagnostics)
    return undefined
  }
  const variant = named.find(({ variant, holds }) => {
    if (holds !== undefined) return element.children.some(({ name }) => name === holds)
    if (!variant) return true
    const chosen = element.attributes.find(({ name }) => name === variant.attribute)?.value
    return chosen !== undefined && variant.values.includes(chosen)
  })
  if (!variant) reportVariant(element, named, diagnostics)
  return variant
}

function reportUnknown(element: Element, diagnostics: Diagnostics): void {
  const reason = isSynapse(element) ? unsupportedArtifacts.get(element.name) : undefined
  if (reason !== undefined) {
    diagnostics.error(element.span, 'not-supported', `<${element.name}> is not supported: ${reason}`)
    return
  }
  const known = [
    ...artifacts.map(artifact => artifact.element),
    ...unsupportedArtifacts.keys(),
    'definitions',
  ]
  const hint = isSynapse(element)
    ? didYouMean(element.name, known)
    : `It is in the namespace ${element.namespace}, which is not that of the configuration language.`
  diagnostics.error(element.span, 'unknown-artifact', `<${element.name}> is no artifact.`, hint)
}

function reportVariant(element: Element, known: readonly Artifact[], diagnostics: Diagnostics): void {
  const choices = known.flatMap(({ holds }) => (holds === undefined ? [] : [`<${holds}>`]))
  if (choices.length > 0) {
    const message = `<${element.name}> needs one of ${choices.join(', ')}.`
    diagnostics.error(element.span, 'missing', message)
    return
  }
  const { attribute } = known[0]!.variant!
  const given = element.attributes.find(({ name }) => name === attribute)
  const values = known.flatMap(({ variant }) => variant?.values ?? [])
  const what = `<${element.name}>`
  if (!given) {
    const isClass = element.attributes.some(({ name }) => name === 'class')
    if (isClass)
      diagnostics.error(element.span, 'not-supported', `${what} with a class is not supported: it runs Java.`)
    else
      diagnostics.error(
        element.span,
        'missing',
        `${what} needs attribute ${attribute}: ${values.join(' or ')}.`,
      )
    return
  }
  const reason = unsupportedInbounds.get(given.value)
  const message = `${what} with ${attribute} ${given.value} is not supported: ${reason}`
  if (reason !== undefined) diagnostics.error(given.valueSpan, 'not-supported', message)
  else {
    const hint = didYouMean(given.value, [...values, ...unsupportedInbounds.keys()])
    diagnostics.error(
      given.valueSpan,
      'bad-value',
      `attribute ${attribute} is "${given.value}"; expected ${values.join(' or ')}.`,
      hint,
    )
  }
}

/**
 * Two artifacts of one name cannot both serve: both places are named, and the first is kept. The main and fault
 * sequences of an archive take the place of those in files.
 */
function withoutDuplicates(nodes: readonly ArtifactNode[], diagnostics: Diagnostics): ArtifactNode[] {
  const seen = new Map<string, ArtifactNode>()
  for (const node of nodes) {
    const key = `${node.declaration.space} ${node.name}`
    const first = seen.get(key)
    if (!first || replaces(node, first)) {
      seen.set(key, node)
      continue
    }
    const [kind, other] = [node.declaration.element, first.declaration.element]
    diagnostics.report({
      severity: 'error',
      code: 'duplicate-name',
      span: node.span,
      message: `There is a ${other} ${node.name} already; this ${kind} of the same name is left out.`,
      related: [{ message: 'The first is here', span: first.span }],
    })
  }
  return [...seen.values()]
}

function replaces(node: ArtifactNode, first: ArtifactNode): boolean {
  const isSpecial = node.declaration.element === 'sequence' && ['main', 'fault'].includes(node.name)
  return isSpecial && node.span.source.isOfArchive && !first.span.source.isOfArchive
}
