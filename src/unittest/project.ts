import { type Dirent, existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { Source } from '../language/source.ts'

/** Where a project keeps its suites. */
const SUITE_FOLDERS: readonly string[] = [join('src', 'test', 'wso2mi'), join('src', 'test')]

const NO_PROJECTS: ReadonlySet<string> = new Set(['node_modules', 'target', 'src'])
const MAX_DEPTH = 4

/**
 * Finds the suites under a path: a suite itself, those of a project, those that lie in a folder, or those of all
 * projects below it. A file that is no XML holds none.
 * @throws Error when there is no such path
 */
export function findSuites(path: string): Source[] {
  if (statSync(path).isFile()) return path.endsWith('.xml') ? [readSource(path)] : []
  return suitesBelow(path, 0)
}

function suitesBelow(folder: string, depth: number): Source[] {
  const found = [...SUITE_FOLDERS.map(inner => join(folder, inner)), folder].flatMap(suitesIn)
  if (found.length > 0 || depth === MAX_DEPTH) return found
  return entriesOf(folder)
    .filter(entry => entry.isDirectory() && !entry.name.startsWith('.') && !NO_PROJECTS.has(entry.name))
    .flatMap(entry => suitesBelow(join(folder, entry.name), depth + 1))
}

/** Other XML files lie beside suites, mock services for one. A file that is broken counts when it tries to be one. */
function suitesIn(folder: string): Source[] {
  return entriesOf(folder)
    .filter(entry => entry.isFile() && entry.name.endsWith('.xml'))
    .map(entry => readSource(join(folder, entry.name)))
    .filter(({ text }) => /<(?:synapse-)?unit-test[\s>/]/.test(text))
}

function entriesOf(folder: string): Dirent[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** Finds a file that a suite names: relative to the project it belongs to, or to a folder around it. */
export function findFile(suite: string, name: string): string | undefined {
  if (name === '' || name.includes('\n')) return undefined
  for (const folder of [projectOf(suite), ...foldersAround(suite)]) {
    const path = join(folder, name)
    if (statSync(path, { throwIfNoEntry: false })?.isFile()) return path
  }
  return undefined
}

/** The folder that holds the `src/test` a suite lies in; the folder of the suite where there is none. */
function projectOf(suite: string): string {
  const folder = dirname(resolve(suite))
  const end = `${folder}${sep}`.lastIndexOf(`${sep}${SUITE_FOLDERS[1]}${sep}`)
  return end < 0 ? folder : folder.slice(0, end)
}

function foldersAround(suite: string): string[] {
  const folders = [dirname(resolve(suite))]
  while (dirname(folders.at(-1)!) !== folders.at(-1)) folders.push(dirname(folders.at(-1)!))
  return folders
}

/** Reads a file; its path is shown relative to the working directory where it lies below that. */
export function readSource(path: string): Source {
  const shown = relative(process.cwd(), path)
  const text = readFileSync(path, 'utf8').replace(/^\ufeff/, '')
  return new Source(shown === '' || shown.startsWith('..') ? path : shown, text)
}
