import { type Dirent, readdirSync, readFileSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'
import { Source } from '../language/source.ts'

/** What was found under the paths of a configuration. */
export interface Loaded {
  /** Configuration files, in the order of their paths. */
  readonly files: readonly Source[]
  /** The settings file, if there is one. */
  readonly settings: Source | undefined
  /** Paths that cannot be read, each with why. */
  readonly problems: readonly string[]
}

/** Name of the file with the settings of the process. */
export const SETTINGS_FILE = 'deployment.toml'

/** Folders that hold files for artifacts to refer to, and no artifacts. */
const NO_ARTIFACTS: ReadonlySet<string> = new Set(['resources', 'node_modules', 'target'])

/**
 * Reads the configuration under files and folders: every `*.xml` in a folder and below it, and the first
 * `deployment.toml` at the top of one. Paths are shown relative to the working directory where that is shorter.
 */
export function load(paths: readonly string[]): Loaded {
  const files: Source[] = []
  const problems: string[] = []
  let settings: Source | undefined
  for (const path of paths) {
    try {
      if (!statSync(path).isDirectory()) {
        if (path.endsWith('.toml')) settings ??= read(path)
        else files.push(read(path))
        continue
      }
      for (const file of walk(path)) files.push(read(file))
      const top = join(path, SETTINGS_FILE)
      if (!settings && statSync(top, { throwIfNoEntry: false })?.isFile()) settings = read(top)
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException
      problems.push(`${path}: ${code === 'ENOENT' ? 'there is no such file or folder' : message}`)
    }
  }
  return { files, settings, problems }
}

function walk(folder: string): string[] {
  const found: string[] = []
  const entries = readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))
  for (const entry of entries) {
    if (entry.name.startsWith('.')) continue
    const path = join(folder, entry.name)
    if (entry.isDirectory() && !NO_ARTIFACTS.has(entry.name)) found.push(...walk(path))
    else if (entry.name.endsWith('.xml') && isFile(path, entry)) found.push(path)
  }
  return found
}

/** Links to files count: a container's configuration is often mounted as such. */
function isFile(path: string, entry: Dirent): boolean {
  if (!entry.isSymbolicLink()) return entry.isFile()
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true
}

function read(path: string): Source {
  const shown = relative(process.cwd(), path)
  const text = readFileSync(path, 'utf8').replace(/^\ufeff/, '')
  return new Source(shown === '' || shown.startsWith('..') ? path : shown, text)
}
