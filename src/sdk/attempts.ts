import { setTimeout as rest } from 'node:timers/promises'
import { Fault } from '../core/fault.ts'
import { AuthError, AuthnError, ConnectionError, type WebSocketError } from '../services/web-socket-error.ts'
import { Backoff } from '../websocket/backoff.ts'
import { DialError } from '../websocket/dial.ts'
import { retriesDial } from '../websocket/retry.ts'
import type { ClientPlan, Target } from './client-plan.ts'

/** Opens one connection, with an Authorization header where there is one. @throws WebSocketError with why there is none */
export type DialOne = (target: Target, authorization: string | undefined) => Promise<void>

/** The attempts to open a connection: to one server after the other, again and again, as the plan says. */
export class Attempts {
  readonly #plan: ClientPlan
  readonly #dial: DialOne
  readonly #stop: AbortSignal
  /** The server that is used, or was the last. */
  #at = 0

  /** @param stop ends them */
  constructor(plan: ClientPlan, dial: DialOne, stop: AbortSignal) {
    this.#plan = plan
    this.#dial = dial
    this.#stop = stop
  }

  /** The server that is used, or was the last. */
  get target(): Target {
    return this.#plan.targets[this.#at]!
  }

  /**
   * Opens a connection.
   * @param isAgain whether another one was lost
   * @throws WebSocketError with why there is none
   */
  async connect(isAgain: boolean): Promise<void> {
    const { retry, targets } = this.#plan
    const backoff = retry && new Backoff(retry.policy)
    // Another server is tried at once; the same one is given time.
    let rests = isAgain && targets.length === 1
    if (isAgain && !rests) this.#at = (this.#at + 1) % targets.length
    let last: WebSocketError | undefined
    for (;;) {
      if (rests) {
        const waitMs = backoff?.next()
        if (waitMs === undefined) throw last ?? new ConnectionError('it may not be opened again')
        await rest(waitMs, undefined, { signal: this.#stop })
      }
      rests = true
      try {
        await this.#tryEach()
        return
      } catch (error) {
        last = error as WebSocketError
        if (this.#stop.aborted || !this.#mayRetry(last)) throw last
      }
    }
  }

  /** Tries the servers in turn, beginning with the one that was used. */
  async #tryEach(): Promise<void> {
    const { targets } = this.#plan
    const errors: unknown[] = []
    for (let i = 0; i < targets.length; i++) {
      const at = (this.#at + i) % targets.length
      try {
        await this.#try(targets[at]!)
        this.#at = at
        return
      } catch (error) {
        if (this.#stop.aborted || targets.length === 1) throw error
        errors.push(error)
      }
    }
    const why = errors.map(error => (error as Error).message).join('; ')
    throw new ConnectionError(`no server of ${targets.length}: ${why}`, { cause: new AggregateError(errors) })
  }

  async #try(target: Target): Promise<void> {
    const { authorization } = this.#plan
    const header = await authorization?.header()
    try {
      await this.#dial(target, header)
    } catch (error) {
      if (!(error instanceof AuthnError) || !authorization?.renews || this.#stop.aborted) throw error
      // What is kept may have been withdrawn before its time.
      await this.#dial(target, await authorization.header(header))
    }
  }

  #mayRetry(error: WebSocketError): boolean {
    const { cause } = error
    const { retry } = this.#plan
    if (!retry) return false
    if (cause instanceof AggregateError) return cause.errors.some(each => this.#mayRetry(each))
    if (cause instanceof DialError) return retriesDial(retry, cause)
    // The server that gives tokens cannot be reached.
    const isUnreachable = cause instanceof Fault && cause.cause instanceof Fault
    return error instanceof AuthError && isUnreachable && retry.reasons.has('connect')
  }
}
