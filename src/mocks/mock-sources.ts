import { readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { Source } from '../language/source.ts'

/** The files that mocks come from, which may change while they are served. */
export class MockSources {
  /** Paths that cannot be read, each with why, as they were last read. */
  readonly problems: string[] = []
  readonly #paths: readonly string[]
  readonly #given: readonly Source[]

  /** Takes files, and folders whose YAML files are meant; `given` is there besides, and never changes. */
  constructor(paths: readonly string[], given: readonly Source[] = []) {
    this.#paths = paths.map(path => resolve(path))
    this.#given = given
  }

  /** Whether there is nothing to read. */
  get isEmpty(): boolean {
    return this.#paths.length === 0 && this.#given.length === 0
  }

  /** Folders in which something may change. */
  get folders(): readonly string[] {
    return [...new Set(this.#paths.map(path => (isFolder(path) ? path : dirname(path))))]
  }

  /** The same, and these paths too. */
  with(paths: readonly string[]): MockSources {
    return new MockSources([...this.#paths, ...paths], this.#given)
  }

  /** Reads them as they are now, each once, in the order of their paths. */
  read(): Source[] {
    this.problems.length = 0
    const files = this.#paths.flatMap(path => (isFolder(path) ? this.#filesIn(path) : [path]))
    const read = [...new Set(files)].flatMap(file => {
      try {
        return [new Source(shown(file), readFileSync(file, 'utf8').replace(/^\ufeff/, ''))]
      } catch (error) {
        return this.#unreadable(file, error)
      }
    })
    return [...this.#given, ...read]
  }

  #filesIn(folder: string): string[] {
    try {
      return readdirSync(folder)
        .filter(name => isYaml(name) && !name.startsWith('.'))
        .sort()
        .map(name => join(folder, name))
    } catch (error) {
      return this.#unreadable(folder, error)
    }
  }

  #unreadable(path: string, error: unknown): [] {
    const { code, message } = error as NodeJS.ErrnoException
    this.problems.push(`${shown(path)}: ${code === 'ENOENT' ? 'there is no such file or folder' : message}`)
    return []
  }
}

/** Whether a path names a YAML file. */
export function isYaml(path: string): boolean {
  return /\.ya?ml$/i.test(path)
}

/** Whether a YAML file holds mocks: it is in a folder of that name, or a list of them. */
export function isMockFile(path: string): boolean {
  if (!isYaml(path)) return false
  if (/(?:^|[/\\])mocks[/\\][^/\\]+$/.test(path)) return true
  const first = /^(?!\s*(?:#|---|$)).+$/m.exec(readFileSync(path, 'utf8'))?.[0] ?? ''
  return /^ {0,8}- +(?:websocket|endpoint|listen)\s*:/.test(first)
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory()
  } catch {
    // Why is said where it is read as a file.
    return false
  }
}

function shown(path: string): string {
  const short = relative(process.cwd(), path)
  return short === '' || short.startsWith('..') ? path : short
}
