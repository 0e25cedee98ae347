import { type Dirent, existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { nearest } from '../language/diagnostic.ts'
import { Source } from '../language/source.ts'
import { OWN_NAMESPACE, SYNAPSE_NAMESPACES } from '../language/xml.ts'
import { parseXml, XmlError } from '../message/xml/parse.ts'
import { artifacts, unsupportedArtifacts } from './artifacts.ts'
import type { Skipped } from './car.ts'
import { listedResource, listedResources, ResourceItems } from './resource-items.ts'

/** What a folder and those below it hold. */
export interface Walked {
  readonly files: Source[]
  readonly archives: string[]
  /** Folders that hold folders of resources. */
  readonly roots: string[]
  /** Resources that are listed one by one. */
  readonly items: ResourceItems
  readonly skipped: Skipped[]
}

/** Folders that hold files for artifacts to refer to, or nothing of the configuration. */
const RESOURCES: ReadonlySet<string> = new Set(['resources', 'registry'])
const NOT_OURS: Readonly<Record<string, string>> = {
  target: 'output of a build',
  node_modules: 'a library',
}

/** Files that projects need and the gateway does not. */
const PROJECT_FILES: ReadonlySet<string> = new Set([
  'pom.xml',
  'artifact.xml',
  'artifacts.xml',
  'registry-info.xml',
])

/** Finds the configuration files in a folder and below it, in the order of their paths. */
export function walk(folder: string): Walked {
  const walked: Walked = { files: [], archives: [], roots: [], items: new ResourceItems(), skipped: [] }
  enter(folder, walked)
  return walked
}

function enter(folder: string, walked: Walked): void {
  const entries = readdirSync(folder, { withFileTypes: true })
    .filter(({ name }) => !name.startsWith('.'))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
  const listed = addListed(folder, entries, walked)
  const isProject = entries.some(entry => entry.isDirectory() && RESOURCES.has(entry.name))
  if (isProject || existsSync(join(folder, 'src/main/wso2mi/resources'))) walked.roots.push(folder)
  for (const entry of entries) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) {
      const reason = reasonAgainst(folder, entry.name)
      if (reason !== undefined) walked.skipped.push({ path: shownPath(path), reason })
      else if (!RESOURCES.has(entry.name)) enter(path, walked)
    } else if (!listed.has(resolve(path)) && isFile(path, entry)) addFile(path, entry.name, walked)
  }
}

function reasonAgainst(folder: string, name: string): string | undefined {
  if (Object.hasOwn(NOT_OURS, name)) return NOT_OURS[name]
  return name === 'test' && /(?:^|[/\\])src$/.test(folder) ? 'tests' : undefined
}

function addFile(path: string, name: string, { files, archives, skipped }: Walked): void {
  if (name.endsWith('.car')) archives.push(path)
  if (holdsServices(path, name)) files.push(readSource(path))
  if (!name.endsWith('.xml')) return
  if (PROJECT_FILES.has(name)) {
    skipped.push({ path: shownPath(path), reason: 'a file of the project' })
    return
  }
  const source = readSource(path)
  const other = otherRoot(source.text)
  if (other === undefined) files.push(source)
  else skipped.push({ path: source.path, reason: `no artifact: <${other}>` })
}

/** Services are written in YAML and as modules too, in a folder of that name. */
function holdsServices(path: string, name: string): boolean {
  if (basename(dirname(path)) !== 'services' || /^_|\.(?:test|d)\.\w+$/.test(name)) return false
  return /\.(?:ya?ml|[mc]?[jt]s)$/.test(name)
}

const TAG = /<(?:([\w.-]+):)?([\w.-]+)((?:[^>"']|"[^"]*"|'[^']*')*)>/y

/** Finds the start tag of the root element; undefined where the file is not even that well-formed. */
function rootTag(text: string): RegExpExecArray | undefined {
  const past = (end: string, from: number): number => {
    const at = text.indexOf(end, from)
    return at < 0 ? text.length : at + end.length
  }
  let i = 0
  for (;;) {
    i += /^\s*/.exec(text.slice(i, i + MOST_BLANKS))![0].length
    if (text.startsWith('<?', i)) i = past('?>', i)
    else if (text.startsWith('<!--', i)) i = past('-->', i)
    else if (text.startsWith('<!', i)) {
      const subset = text.indexOf('[', i)
      i = past('>', subset >= 0 && subset < past('>', i) ? past(']', subset) : i)
    } else break
  }
  TAG.lastIndex = i
  return TAG.exec(text) ?? undefined
}

/** More blanks than this in front of a root element are no configuration file anybody wrote. */
const MOST_BLANKS = 100_000

/** The root element of a file that holds something else than artifacts; a near miss is left to be reported. */
function otherRoot(text: string): string | undefined {
  const match = rootTag(text)
  if (!match) return undefined
  const [, prefix, name, attributes] = match
  const namespace = new RegExp(`xmlns${prefix ? `:${prefix}` : ''}\\s*=\\s*["']([^"']*)`).exec(
    attributes!,
  )?.[1]
  if (namespace === OWN_NAMESPACE && name === 'service') return undefined
  if (!SYNAPSE_NAMESPACES.has(namespace ?? '')) return name
  if (namespace) return undefined
  const elements = artifacts.map(({ element }) => element).filter(element => element !== 'service')
  const known = [...elements, ...unsupportedArtifacts.keys(), 'definitions']
  return nearest(name!, known) === undefined ? name : undefined
}

/** Registry projects list their resources in artifact.xml; those files are no artifacts. */
function addListed(folder: string, entries: readonly Dirent[], { items }: Walked): ReadonlySet<string> {
  const files = new Set<string>()
  if (!entries.some(({ name }) => name === 'artifact.xml')) return files
  try {
    const root = parseXml(readFileSync(join(folder, 'artifact.xml'), 'utf8')).documentElement
    for (const listed of root ? listedResources(root) : []) {
      const path = join(folder, listed.file)
      files.add(resolve(path))
      if (!listed.isFolder)
        items.add(
          listed.path,
          listedResource(listed, path, () => readFileSync(path)),
        )
    }
  } catch (error) {
    if (!(error instanceof XmlError)) throw error
  }
  return files
}

/** Links to files count: a container's configuration is often mounted as such. */
function isFile(path: string, entry: Dirent): boolean {
  if (!entry.isSymbolicLink()) return entry.isFile()
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true
}

/** Reads a file of a configuration. */
export function readSource(path: string): Source {
  return new Source(shownPath(path), readFileSync(path, 'utf8').replace(/^\ufeff/, ''))
}

/** A path as it is shown to people. */
export function shownPath(path: string): string {
  const shown = relative(process.cwd(), path)
  return shown === '' || shown.startsWith('..') ? path : shown
}
