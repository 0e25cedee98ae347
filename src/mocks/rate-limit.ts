import type { MockFields } from './mock-reading.ts'

/** What is left of a limit to one caller. */
export interface RateTicket {
  readonly isOver: boolean
  readonly limit: number
  readonly remaining: number
  /** When the window ends, in seconds since 1970. */
  readonly resetAt: number
}

/** Callers that are remembered at once. */
const MOST_CALLERS = 100_000

/** Counts the requests of each caller in windows of time. */
export class RateLimit {
  readonly #windowMs: number
  readonly #max: number
  /** The header that names a caller, in lower case; its address does where there is none. */
  readonly #header: string | undefined
  readonly #windows = new Map<string, { startedAt: number; count: number }>()

  constructor(windowMs: number, max: number, header: string | undefined) {
    this.#windowMs = windowMs
    this.#max = max
    this.#header = header
  }

  /** Counts one request in. */
  take(address: string, header: (name: string) => string | undefined): RateTicket {
    const caller = this.#header === undefined ? address : (header(this.#header) ?? '')
    const now = Date.now()
    let window = this.#windows.get(caller)
    if (!window || now - window.startedAt >= this.#windowMs) {
      window = { startedAt: now, count: 0 }
      this.#windows.delete(caller)
      this.#windows.set(caller, window)
      // The oldest windows come first.
      if (this.#windows.size > MOST_CALLERS) this.#windows.delete(this.#windows.keys().next().value!)
    }
    window.count++
    return {
      isOver: window.count > this.#max,
      limit: this.#max,
      remaining: Math.max(0, this.#max - window.count),
      resetAt: Math.ceil((window.startedAt + this.#windowMs) / 1_000),
    }
  }
}

/** What a caller is told that is over its limit. */
export const RATE_LIMITED = JSON.stringify({ error: 'Rate limit exceeded' })

/** Reads `rate-limit:`; undefined where there is none. */
export function readRateLimit(owner: MockFields): RateLimit | undefined {
  const fields = owner.fields('rate-limit')
  if (!fields) return undefined
  const windowMs = fields.number('window-ms', { min: 1, max: 86_400_000 }) ?? 900_000
  const max = fields.number('max-requests', { min: 1 }) ?? 100
  const key = fields.text('key-fn')
  return new RateLimit(
    windowMs,
    max,
    key === undefined || key === 'remote-addr' ? undefined : key.toLowerCase(),
  )
}
