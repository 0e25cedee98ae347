/** Says how much may pass at a time and how it adds up: no timer, and nothing is allocated to ask. */
export class TokenBucket {
  readonly #perMs: number
  readonly #burst: number
  #tokens: number
  #at: number

  /** Begins full, at a time in milliseconds. */
  constructor({ perSecond, burst }: { readonly perSecond: number; readonly burst: number }, now: number) {
    this.#perMs = perSecond / 1000
    this.#burst = burst
    this.#tokens = burst
    this.#at = now
  }

  /**
   * Takes so much, if it is there. Something greater than the bucket passes when the bucket is full, and what follows
   * waits for as much longer.
   */
  take(amount: number, now: number): boolean {
    this.#fill(now)
    if (this.#tokens < Math.min(amount, this.#burst)) return false
    this.#tokens -= amount
    return true
  }

  /** Whether it is full, so that a new one would be the same. */
  isFull(now: number): boolean {
    this.#fill(now)
    return this.#tokens >= this.#burst
  }

  /** How long until so much can be taken, in milliseconds. */
  waitMs(amount: number, now: number): number {
    this.#fill(now)
    const missing = Math.min(amount, this.#burst) - this.#tokens
    return missing <= 0 ? 0 : missing / this.#perMs
  }

  #fill(now: number): void {
    this.#tokens = Math.min(this.#burst, this.#tokens + (now - this.#at) * this.#perMs)
    this.#at = now
  }
}
