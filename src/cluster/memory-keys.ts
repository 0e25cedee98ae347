/** How much is kept at most; what is oldest goes first. */
const MAX_KEYS = 100_000
const MAX_BYTES = 64 * 1024 * 1024

interface Entry {
  value: Buffer
  count: number
  untilMs: number
}

/** Values by key that expire, for processes that this one looks after. */
export class MemoryKeys {
  readonly #entries = new Map<string, Entry>()
  #bytes = 0

  get(key: string): Buffer | undefined {
    return this.#find(key)?.value
  }

  set(key: string, value: Buffer, ttlMs: number): void {
    this.delete(key)
    this.#put(key, { value, count: 0, untilMs: Date.now() + ttlMs })
  }

  delete(key: string): void {
    const entry = this.#entries.get(key)
    if (!entry) return
    this.#entries.delete(key)
    this.#bytes -= sizeOf(key, entry)
  }

  count(key: string, windowMs: number): { count: number; leftMs: number } {
    const known = this.#find(key)
    const entry = known ?? { value: Buffer.alloc(0), count: 0, untilMs: Date.now() + windowMs }
    entry.count++
    if (!known) this.#put(key, entry)
    return { count: entry.count, leftMs: entry.untilMs - Date.now() }
  }

  #find(key: string): Entry | undefined {
    const entry = this.#entries.get(key)
    if (!entry || entry.untilMs > Date.now()) return entry
    this.delete(key)
    return undefined
  }

  #put(key: string, entry: Entry): void {
    this.#entries.set(key, entry)
    this.#bytes += sizeOf(key, entry)
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= MAX_KEYS && this.#bytes <= MAX_BYTES) return
      this.delete(oldest)
    }
  }
}

function sizeOf(key: string, { value }: Entry): number {
  return key.length * 2 + value.length
}
