import type { Logger } from '../core/logger.ts'

type Take = (message: Buffer, from: string) => void

/** Who is called back for what comes over a bus, by topic. */
export class Topics {
  readonly #log: Logger
  readonly #takers = new Map<string, Set<Take>>()

  constructor(log: Logger) {
    this.#log = log
  }

  /** Calls back for a topic; what this gives ends it. */
  subscribe(topic: string, take: Take): () => void {
    const takers = this.#takers.get(topic) ?? new Set()
    this.#takers.set(topic, takers)
    // One of its own for each call, though the same function may come twice.
    const own: Take = (message, from) => take(message, from)
    takers.add(own)
    return () => {
      takers.delete(own)
      if (takers.size === 0 && this.#takers.get(topic) === takers) this.#takers.delete(topic)
    }
  }

  /** Hands a message to those who asked for its topic. */
  deliver(topic: string, message: Buffer, from: string): void {
    for (const take of [...(this.#takers.get(topic) ?? [])]) {
      try {
        take(message, from)
      } catch (error) {
        this.#log.error({ err: error, from }, `a message of another process, ${topic}, could not be taken`)
      }
    }
  }
}
