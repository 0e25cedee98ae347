/** The waits between attempts. Durations are in milliseconds. */
export interface BackoffPolicy {
  /** The most attempts in a row; 0 for no end. */
  readonly maxCount: number
  /** The longest wait before the first one. */
  readonly intervalMs: number
  /** What each further wait is multiplied by. */
  readonly factor: number
  /** The longest wait. */
  readonly maxWaitMs: number
}

/** How a link that cannot be opened, or was lost, is tried again. */
export interface ReconnectPolicy extends BackoffPolicy {
  /** Whether a link that callers share is opened again at once when it is lost, not by the next message. */
  readonly isKeptWarm: boolean
}

/** A link that has held so long is well: the next loss begins anew. */
const WELL_MS = 10_000

/** The waits between attempts: each random between nothing and a limit that grows, so that many do not come at once. */
export class Backoff {
  readonly #policy: BackoffPolicy
  #count = 0

  constructor(policy: BackoffPolicy) {
    this.#policy = policy
  }

  /** How many attempts there were in a row. */
  get count(): number {
    return this.#count
  }

  /** Gives the wait before the next attempt in milliseconds; undefined when there were as many as may be. */
  next(): number | undefined {
    const { maxCount, intervalMs, factor, maxWaitMs } = this.#policy
    if (maxCount > 0 && this.#count >= maxCount) return undefined
    return Math.random() * Math.min(maxWaitMs, intervalMs * factor ** this.#count++)
  }

  /** Begins anew, after a link that has held for a while. */
  held(ms: number): void {
    if (ms >= Math.min(WELL_MS, this.#policy.maxWaitMs)) this.#count = 0
  }
}
