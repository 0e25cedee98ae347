/** What dies sooner than this after it was ready died at once, and so did what was never ready. */
const AT_ONCE_MS = 5_000

/** How many times in a row it may. */
const MAX_FAILURES = 5

const FIRST_DELAY_MS = 100

/** Decides how soon something that died is started anew: at once, later and later, and not any more. */
export class Restarts {
  #failures = 0
  #readyMs = Infinity

  /** How many times in a row it died at once. */
  get failures(): number {
    return this.#failures
  }

  /** Says that it is ready. */
  ready(): void {
    this.#readyMs = performance.now()
  }

  /** Says that it died; gives the delay in milliseconds, or undefined when it has died at once too often. */
  after(): number | undefined {
    const isAtOnce = !(performance.now() - this.#readyMs >= AT_ONCE_MS)
    this.#readyMs = Infinity
    this.#failures = isAtOnce ? this.#failures + 1 : 0
    if (this.#failures === 0) return 0
    return this.#failures > MAX_FAILURES ? undefined : FIRST_DELAY_MS * 2 ** (this.#failures - 1)
  }
}
