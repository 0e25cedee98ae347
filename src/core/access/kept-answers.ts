import { createHash } from 'node:crypto'

/** How much is kept, and for how long. */
export interface KeptOptions {
  /** How many answers; the one that was not used for longest goes for a new one. */
  readonly capacity: number
  /** How long an answer is kept at most, in milliseconds. */
  readonly maxAgeMs: number
}

/** Keeps what was found out about credentials, by their hash: nobody can read them there. */
export class KeptAnswers<T> {
  readonly #options: KeptOptions
  readonly #answers = new Map<string, { readonly value: T; readonly until: number }>()

  constructor(options: KeptOptions) {
    this.#options = options
  }

  get(key: string): T | undefined {
    const found = this.#answers.get(key)
    if (!found) return undefined
    this.#answers.delete(key)
    if (found.until <= Date.now()) return undefined
    this.#answers.set(key, found)
    return found.value
  }

  /** Keeps an answer, until a moment in milliseconds since 1970 at most. */
  set(key: string, value: T, until = Infinity): void {
    const { capacity, maxAgeMs } = this.#options
    this.#answers.delete(key)
    const [oldest] = this.#answers.keys()
    if (this.#answers.size >= capacity && oldest !== undefined) this.#answers.delete(oldest)
    this.#answers.set(key, { value, until: Math.min(until, Date.now() + maxAgeMs) })
  }
}

/** Gives what credentials are kept by. */
export function keyOf(...credentials: readonly string[]): string {
  const hash = createHash('sha256')
  for (const each of credentials) hash.update(`${Buffer.byteLength(each)}:`).update(each)
  return hash.digest('base64')
}
