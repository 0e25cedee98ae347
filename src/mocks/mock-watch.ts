import { createHash } from 'node:crypto'
import { type FSWatcher, watch } from 'node:fs'
import type { Logger } from '../core/logger.ts'
import type { Lifecycle } from '../core/ports.ts'
import type { Source } from '../language/source.ts'
import type { MockSources } from './mock-sources.ts'

/** A file is often written in several steps: it is read when nothing changed for so long. */
const QUIET_MS = 60

/** Looks after mock files, and tells when what is in them has changed. */
export class MockWatch implements Lifecycle {
  readonly #sources: MockSources
  readonly #log: Logger
  readonly #changed: (files: readonly Source[]) => void
  readonly #ended: () => void
  readonly #watchers: FSWatcher[] = []
  #digest: string
  #quiet: NodeJS.Timeout | undefined

  /** `files` are those that are served; `changed` gets the next ones, and `ended` is called when it stops. */
  constructor(
    sources: MockSources,
    files: readonly Source[],
    options: { readonly log: Logger; changed(files: readonly Source[]): void; ended(): void },
  ) {
    this.#sources = sources
    this.#log = options.log
    this.#changed = options.changed
    this.#ended = options.ended
    this.#digest = digestOf(files)
  }

  async start(): Promise<void> {
    for (const folder of this.#sources.folders) {
      try {
        const watcher = watch(folder, { persistent: false }, () => this.#touch())
        watcher.on('error', error => this.#log.warn({ folder }, `${folder} is not watched: ${error.message}`))
        this.#watchers.push(watcher)
      } catch (error) {
        this.#log.warn({ folder }, `${folder} is not watched: ${(error as Error).message}`)
      }
    }
    // Something may have changed since it was read.
    if (this.#watchers.length > 0) this.#touch()
  }

  async stop(): Promise<void> {
    clearTimeout(this.#quiet)
    for (const watcher of this.#watchers.splice(0)) watcher.close()
    this.#ended()
  }

  #touch(): void {
    clearTimeout(this.#quiet)
    this.#quiet = setTimeout(() => this.#look(), QUIET_MS).unref()
  }

  #look(): void {
    const files = this.#sources.read()
    // A file that is being replaced is not there for a moment.
    if (this.#sources.problems.length > 0) return
    const digest = digestOf(files)
    if (digest === this.#digest) return
    this.#digest = digest
    this.#changed(files)
  }
}

function digestOf(files: readonly Source[]): string {
  const hash = createHash('sha256')
  for (const { path, text } of files) hash.update(path).update('\0').update(text).update('\0')
  return hash.digest('hex')
}
