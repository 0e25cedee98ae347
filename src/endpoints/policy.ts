import type { Resource } from '../language/declare.ts'

/** When an endpoint is left alone after failures. Durations are in milliseconds. */
export interface Policy {
  /** Codes that mark it for suspension; by default 101504 and 101505. */
  readonly timeoutCodes: readonly number[]
  readonly retriesBeforeSuspension: number
  readonly retryDelayMs: number
  /** Codes that suspend it at once; none means every code. */
  readonly suspendCodes: readonly number[]
  readonly initialMs: number
  readonly factor: number
  readonly maximumMs: number
}

/** What never suspends. No fault has code -1. */
export const NEVER: Policy = {
  timeoutCodes: [-1],
  retriesBeforeSuspension: 0,
  retryDelayMs: 0,
  suspendCodes: [-1],
  initialMs: 0,
  factor: 1,
  maximumMs: 0,
}

/** How long an endpoint without a duration of its own is suspended. */
export const DEFAULT_SUSPENSION_MS = 30_000

/** Codes that count as timeouts where the configuration lists none. */
const TIMEOUTS: readonly number[] = [101504, 101505]

/** Where an endpoint is between working and being left alone; `timeout` is marked for suspension. */
export type EndpointState = 'active' | 'timeout' | 'suspended' | 'off'

/**
 * What is known of the failures of one endpoint. It lives as long as the endpoint is defined the same way, across
 * deployments. Times are given by the caller, in milliseconds.
 */
export class Suspension implements Resource {
  readonly #policy: Policy
  #state: EndpointState = 'active'
  #readyAt = 0
  #lastMs = 0
  #retriesLeft: number | undefined

  constructor(policy: Policy) {
    this.#policy = policy
  }

  /** The state; a suspension whose time is over is one until a message gets through. */
  get state(): EndpointState {
    return this.#state
  }

  /** When it may be tried again, on the clock of the caller; 0 where it may be now, or only once it is switched on. */
  get readyAt(): number {
    return this.#state === 'timeout' || this.#state === 'suspended' ? this.#readyAt : 0
  }

  /** Whether a message may be sent: where the time of a suspension is over, the next ones try. */
  isReady(now: number): boolean {
    if (this.#state === 'active') return true
    return this.#state !== 'off' && now >= this.#readyAt
  }

  /** A message got through. */
  succeeded(): void {
    if (this.#state === 'active' || this.#state === 'off') return
    this.#activate()
  }

  /**
   * A message failed, with a code; the other codes it goes by count as well. One that says nothing about the backend
   * counts only where the policy lists it.
   */
  failed(codes: readonly number[], now: number, isOfBackend = true): void {
    if (this.#state === 'off') return
    const { timeoutCodes, suspendCodes, retriesBeforeSuspension, retryDelayMs } = this.#policy
    const matches = (list: readonly number[]): boolean => codes.some(code => list.includes(code))
    if (matches(timeoutCodes.length > 0 ? timeoutCodes : TIMEOUTS)) {
      const left = this.#retriesLeft ?? retriesBeforeSuspension
      this.#retriesLeft = left
      if (left <= 0) {
        this.#suspend(now)
        return
      }
      this.#retriesLeft = left - 1
      this.#state = 'timeout'
      this.#readyAt = now + retryDelayMs
    } else if ((suspendCodes.length === 0 && isOfBackend) || matches(suspendCodes)) {
      this.#suspend(now)
    }
  }

  /** Takes the endpoint out of service until it is switched on. */
  switchOff(): void {
    this.#state = 'off'
  }

  /** Puts it back into service. */
  switchOn(): void {
    this.#activate()
  }

  async stop(): Promise<void> {}

  #suspend(now: number): void {
    const { initialMs, factor, maximumMs } = this.#policy
    const wanted = this.#lastMs <= 0 ? initialMs : this.#lastMs * factor
    const bounded = Math.min(wanted, maximumMs)
    this.#lastMs = bounded < 0 ? DEFAULT_SUSPENSION_MS : bounded
    this.#state = 'suspended'
    this.#readyAt = now + this.#lastMs
  }

  #activate(): void {
    this.#state = 'active'
    this.#lastMs = 0
    this.#retriesLeft = undefined
  }
}
