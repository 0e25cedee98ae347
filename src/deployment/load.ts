import { statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Source } from '../language/source.ts'
import { isMockFile, MockSources } from '../mocks/mock-sources.ts'
import { readCar, type Skipped } from './car.ts'
import { FolderPlace, holdsResources } from './folder-place.ts'
import type { ResourcePlace } from './registry.ts'
import { readSource, shownPath, walk } from './walk.ts'

/** What was found under the paths of a configuration. */
export interface Loaded {
  /** Configuration files, in the order of their paths. */
  readonly files: readonly Source[]
  /** The settings file, if there is one. */
  readonly settings: Source | undefined
  /** Paths that cannot be read, each with why. */
  readonly problems: readonly string[]
  /** Composite applications that were found; `readArchives` reads them. */
  readonly archives: readonly string[]
  /** Where the resources are that artifacts refer to by key. */
  readonly places: readonly ResourcePlace[]
  /** What looks like a configuration file and was left aside, each with why. */
  readonly skipped: readonly Skipped[]
  /** Files with mocks, and folders of such. */
  readonly mocks?: MockSources
}

/** Name of the file with the settings of the process. */
export const SETTINGS_FILE = 'deployment.toml'

/** Where that file may be, below the top folder. */
const SETTINGS_PATHS: readonly string[] = [SETTINGS_FILE, join('deployment', SETTINGS_FILE)]

/** How far above a file named by itself its project may begin. */
const LEVELS_UP = 6

/**
 * Reads the configuration under files and folders: every `*.xml` that holds an artifact in a folder and
 * below it, and the first `deployment.toml` at the top of one. Paths are shown relative to the working
 * directory where that is shorter.
 */
export function load(paths: readonly string[]): Loaded {
  const loading = new Loading()
  for (const path of paths) loading.add(path)
  const { files, settings, problems, archives, places, skipped, mocks } = loading
  return { files, settings, problems, archives, places, skipped, mocks: new MockSources(mocks) }
}

/** Reads the composite applications that were found; gives all there is together. */
export async function readArchives(loaded: Loaded): Promise<Loaded> {
  const files = [...loaded.files]
  const problems = [...loaded.problems]
  const places = [...loaded.places]
  const skipped = [...loaded.skipped]
  for (const path of loaded.archives) {
    try {
      const car = await readCar(path, shownPath(path))
      files.push(...car.files)
      skipped.push(...car.skipped)
      if (car.items.size > 0) places.push(car.items)
    } catch (error) {
      problems.push(`${path}: ${(error as Error).message}`)
    }
  }
  return { ...loaded, files, problems, archives: [], places, skipped }
}

class Loading {
  readonly files: Source[] = []
  readonly problems: string[] = []
  readonly archives: string[] = []
  readonly places: ResourcePlace[] = []
  readonly skipped: Skipped[] = []
  readonly mocks: string[] = []
  settings: Source | undefined
  readonly #roots = new Set<string>()

  add(path: string): void {
    try {
      if (statSync(path).isDirectory()) this.#folder(path)
      else if (path.endsWith('.toml')) this.settings ??= readSource(path)
      else if (path.endsWith('.car')) this.archives.push(path)
      else if (isMockFile(path)) this.mocks.push(path)
      else {
        this.files.push(readSource(path))
        this.#root(rootOf(path))
      }
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException
      this.problems.push(`${path}: ${code === 'ENOENT' ? 'there is no such file or folder' : message}`)
    }
  }

  #folder(folder: string): void {
    const found = walk(folder)
    this.files.push(...found.files)
    this.skipped.push(...found.skipped)
    if (found.items.size > 0) this.places.push(found.items)
    for (const root of [folder, ...found.roots]) this.#root(root)
    this.archives.push(...found.archives)
    const mocks = join(folder, 'mocks')
    if (statSync(mocks, { throwIfNoEntry: false })?.isDirectory()) this.mocks.push(mocks)
    for (const name of SETTINGS_PATHS) {
      const settings = join(folder, name)
      if (!this.settings && statSync(settings, { throwIfNoEntry: false })?.isFile())
        this.settings = readSource(settings)
    }
  }

  #root(folder: string): void {
    if (this.#roots.has(folder)) return
    this.#roots.add(folder)
    this.places.push(new FolderPlace(folder))
  }
}

/** The project a single file belongs to: the nearest folder above it that holds resources, else its own. */
function rootOf(file: string): string {
  let folder = dirname(file)
  for (let level = 0; level < LEVELS_UP; level++) {
    const above = dirname(folder)
    if (above === folder) break
    if (holdsResources(folder)) return folder
    folder = above
  }
  return dirname(file)
}
