import type { DeadLetter, DeadLetters, Failure } from './readable-store.ts'
import type { StoredMessage } from './stored-message.ts'

/** How many dead letters a store keeps; the oldest go for new ones. */
export const MAX_DEAD_LETTERS = 10_000

interface Kept {
  readonly message: StoredMessage
  readonly letter: DeadLetter
}

/** Dead letters in memory. */
export class BoundedDeadLetters implements DeadLetters {
  readonly #letters = new Map<string, Kept>()
  readonly #putBack: (message: StoredMessage) => void

  constructor(putBack: (message: StoredMessage) => void) {
    this.#putBack = putBack
  }

  /** Keeps a message that was given up. */
  add(message: StoredMessage, why: Failure): void {
    const { id, bytes, mediaType, storedAt } = message
    this.#letters.set(id, { message, letter: { id, bytes, mediaType, storedAt, diedAt: Date.now(), ...why } })
    const [oldest] = this.#letters.keys()
    if (this.#letters.size > MAX_DEAD_LETTERS && oldest !== undefined) this.#letters.delete(oldest)
  }

  count(): number {
    return this.#letters.size
  }

  list(limit: number, after?: string): DeadLetter[] {
    const ids = [...this.#letters.keys()]
    const start = after === undefined ? 0 : ids.indexOf(after) + 1
    return ids.slice(start, start + limit).map(id => this.#letters.get(id)!.letter)
  }

  resend(ids: readonly string[] | 'all'): number {
    return this.#take(ids, this.#putBack)
  }

  discard(ids: readonly string[] | 'all'): number {
    return this.#take(ids, () => {})
  }

  #take(ids: readonly string[] | 'all', each: (message: StoredMessage) => void): number {
    let count = 0
    for (const id of ids === 'all' ? [...this.#letters.keys()] : ids) {
      const kept = this.#letters.get(id)
      if (!kept) continue
      this.#letters.delete(id)
      each(kept.message)
      count++
    }
    return count
  }
}
