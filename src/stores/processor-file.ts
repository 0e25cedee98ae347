import { mkdir, open, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import type { Logger } from '../core/logger.ts'
import { locked } from './file-lock.ts'

/**
 * Keeps which message processors are at work in `processors.json` of the data folder, which several processes may share.
 * Nothing is written before something is to be kept.
 */
export class ProcessorFile {
  readonly #folder: string
  readonly #log: Logger
  #writing: Promise<void> = Promise.resolve()

  constructor(folder: string, log: Logger) {
    this.#folder = folder
    this.#log = log
  }

  /** Gives what is kept of a processor; undefined where nothing is. */
  async get(name: string): Promise<boolean | undefined> {
    try {
      return (await this.#read()).get(name)
    } catch (error) {
      this.#log.error(
        { err: error },
        `${this.#path} cannot be read; message processors are as the configuration says`,
      )
      return undefined
    }
  }

  /** Keeps it; once this resolves it outlives a loss of power. @throws Error when the folder cannot be written to, or what is there cannot be read */
  set(name: string, isActive: boolean): Promise<void> {
    const written = this.#writing.then(() => this.#write(name, isActive))
    this.#writing = written.catch(() => {})
    return written
  }

  async #read(): Promise<Map<string, boolean>> {
    const text = await readFile(this.#path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined
      throw error
    })
    if (text === undefined) return new Map()
    const { processors } = JSON.parse(text) as Kept
    if (typeof processors !== 'object' || processors === null || Array.isArray(processors))
      throw new Error('it has no map of processors')
    return new Map(Object.entries(processors).map(([name, state]) => [name, state === 'active']))
  }

  async #write(name: string, isActive: boolean): Promise<void> {
    await mkdir(this.#folder, { recursive: true })
    await locked(`${this.#path}.lock`, () => this.#change(name, isActive))
  }

  async #change(name: string, isActive: boolean): Promise<void> {
    const path = this.#path
    const states = await this.#read().catch((error: Error) => {
      throw new Error(`${path} cannot be read, and stays as it is: ${error.message}`, { cause: error })
    })
    states.set(name, isActive)
    const processors = Object.fromEntries([...states].map(([each, on]) => [each, on ? 'active' : 'inactive']))
    const next = `${path}.${process.pid}.new`
    await synced(next, 'w', file => file.writeFile(`${JSON.stringify({ processors }, undefined, 2)}\n`))
    await rename(next, path)
    // Only with its folder the new name is safe.
    await synced(this.#folder, 'r', async () => {})
  }

  get #path(): string {
    return join(this.#folder, 'processors.json')
  }
}

interface Kept {
  readonly processors: Readonly<Record<string, 'active' | 'inactive'>>
}

type OpenFile = Awaited<ReturnType<typeof open>>

async function synced(path: string, flags: string, act: (file: OpenFile) => Promise<void>): Promise<void> {
  const file = await open(path, flags)
  try {
    await act(file)
    await file.sync()
  } finally {
    await file.close()
  }
}
