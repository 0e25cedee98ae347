import type { BackoffPolicy } from './backoff.ts'
import { ABNORMAL } from './close-codes.ts'
import type { DialError, DialFailure } from './dial.ts'

/**
 * What a lost connection is opened again for: `connect`, an attempt that may succeed later (nobody listens, the name is
 * not found, a time-out, 408, 429, 5xx); `loss`, an end without a close frame; a close code; an HTTP status.
 */
export type RetryReason = 'connect' | 'loss' | number

/** How a connection is opened again, as people write it. Each wait is random between nothing and a limit that grows. */
export interface RetrySettings {
  /** The most attempts in a row; 0 for no end. Default 0. */
  readonly maxCount?: number
  /** The longest first wait, in seconds. Default 1. */
  readonly interval?: number
  /** What the limit is multiplied by with each further attempt. Default 1. */
  readonly backOffFactor?: number
  /** The longest wait, in seconds. Default 30. */
  readonly maxWaitInterval?: number
  /** Default `['connect', 'loss']`. */
  readonly retryOn?: readonly RetryReason[]
}

/** When and how a connection is opened again. */
export interface Retry {
  readonly policy: BackoffPolicy
  readonly reasons: ReadonlySet<RetryReason>
}

/** Reads how a connection is opened again. @throws Error saying which of it is no such value */
export function retryOf(settings: RetrySettings, name: string): Retry {
  const { maxCount = 0, interval = 1, backOffFactor = 1, maxWaitInterval = 30 } = settings
  const { retryOn = ['connect', 'loss'] } = settings
  for (const [key, value] of Object.entries({ maxCount, interval, backOffFactor, maxWaitInterval }))
    if (!(value >= 0)) throw new Error(`${name}.${key} is ${value}; it must be 0 or more`)
  if (!Array.isArray(retryOn))
    throw new Error(`${name}.retryOn is ${String(retryOn)}; it must be a list of connect, loss and codes`)
  for (const reason of retryOn)
    if (!isReason(reason))
      throw new Error(`${name}.retryOn has ${String(reason)}; it may have connect, loss and codes`)
  return {
    policy: {
      maxCount,
      intervalMs: interval * 1000,
      factor: backOffFactor,
      maxWaitMs: maxWaitInterval * 1000,
    },
    reasons: new Set(retryOn),
  }
}

function isReason(reason: unknown): boolean {
  return reason === 'connect' || reason === 'loss' || Number.isInteger(reason)
}

/** Whether a connection that ended with a code is opened again. */
export function retriesClose({ reasons }: Retry, code: number): boolean {
  return reasons.has(code === ABNORMAL ? 'loss' : code)
}

/** Whether there is another attempt after one that failed. */
export function retriesDial({ reasons }: Retry, error: DialError): boolean {
  if (error.status !== undefined && reasons.has(error.status)) return true
  return reasons.has('connect') && isPassing(error)
}

const PASSING: readonly DialFailure[] = ['dns', 'refused', 'network', 'timeout', 'crowded']

/** Whether another attempt may succeed: nothing is wrong with what was asked for. */
export function isPassing({ failure, status = 0 }: DialError): boolean {
  if (failure === 'status') return status >= 500 || status === 408 || status === 429
  return PASSING.includes(failure)
}
