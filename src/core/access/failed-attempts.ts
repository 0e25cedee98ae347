/** Wrong passwords until somebody has to wait, and for how long, in milliseconds. */
export const MAX_FAILURES = 5
export const FAILURES_MS = 60_000

/** Of how many that is remembered. */
const MOST_REMEMBERED = 10_000

/** Counts wrong passwords: who gives too many of them has to wait. */
export class FailedAttempts {
  readonly #failures = new Map<string, { count: number; readonly since: number }>()

  /** Gives how long somebody has to wait, in seconds; 0 for not at all. `now` is a time in milliseconds. */
  waitSeconds(who: string, now = performance.now()): number {
    const failures = this.#failures.get(who)
    if (!failures) return 0
    const leftMs = failures.since + FAILURES_MS - now
    if (leftMs <= 0) this.#failures.delete(who)
    return failures.count >= MAX_FAILURES ? Math.max(0, Math.ceil(leftMs / 1000)) : 0
  }

  add(who: string, now = performance.now()): void {
    const failures = this.#failures.get(who) ?? { count: 0, since: now }
    failures.count++
    this.#failures.set(who, failures)
    const [oldest] = this.#failures.keys()
    if (this.#failures.size > MOST_REMEMBERED && oldest !== undefined) this.#failures.delete(oldest)
  }

  forget(who: string): void {
    this.#failures.delete(who)
  }
}
