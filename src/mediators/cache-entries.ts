import type { Resource } from '../language/declare.ts'
import type { Content } from '../message/content.ts'

/** A response as it is kept. */
export interface CachedResponse {
  readonly content: Content
  readonly headers: readonly { readonly name: string; readonly value: string }[]
  readonly status: number | undefined
  readonly reason: string | undefined
  /** Milliseconds of the clock below: when it was kept, and from when on it counts no more. */
  readonly storedAt: number
  readonly freshUntil: number
  /** From then on it is not even asked for again. */
  readonly expiresAt: number
  readonly etag: string | undefined
  readonly bytes: number
}

/** How much one cache holds where its configuration sets no bound; what was used least recently goes first. */
export const CACHE_LIMITS = { entries: 10_000, bytes: 64 * 1024 * 1024 } as const

/** A clock that nobody sets back, in milliseconds. */
export function clock(): number {
  return performance.now()
}

/** The responses of one cache, by the hash of their requests. */
export class CacheEntries implements Resource {
  readonly #maxEntries: number
  readonly #entries = new Map<string, CachedResponse>()
  #bytes = 0

  /** A bound below 1 stands for the default one. */
  constructor(maxEntries: number) {
    this.#maxEntries = maxEntries > 0 ? maxEntries : CACHE_LIMITS.entries
  }

  /** Gives what is kept for a request and has not expired. */
  get(key: string): CachedResponse | undefined {
    const found = this.#entries.get(key)
    if (!found) return undefined
    this.#remove(key, found)
    if (clock() >= found.expiresAt) return undefined
    this.#add(key, found)
    return found
  }

  /** Keeps a response; others go where there is no room. */
  set(key: string, response: CachedResponse): void {
    const before = this.#entries.get(key)
    if (before) this.#remove(key, before)
    if (response.bytes > CACHE_LIMITS.bytes) return
    this.#add(key, response)
    for (const [oldest, entry] of this.#entries) {
      if (this.#entries.size <= this.#maxEntries && this.#bytes <= CACHE_LIMITS.bytes) break
      this.#remove(oldest, entry)
    }
  }

  async stop(): Promise<void> {
    this.#entries.clear()
    this.#bytes = 0
  }

  #add(key: string, entry: CachedResponse): void {
    this.#entries.set(key, entry)
    this.#bytes += entry.bytes
  }

  #remove(key: string, entry: CachedResponse): void {
    this.#entries.delete(key)
    this.#bytes -= entry.bytes
  }
}
