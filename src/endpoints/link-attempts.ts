import { Backoff } from '../websocket/backoff.ts'
import { DialError, type DialEvents, type Dialing, dial } from '../websocket/dial.ts'
import { isPassing } from '../websocket/retry.ts'
import { type Alarm, wheel } from '../websocket/timer-wheel.ts'
import type { ConnectGuest } from './connect-gate.ts'
import type { LinkOptions } from './link-options.ts'

/** How long an attempt to connect may wait for its turn, in milliseconds. */
const MAX_TURN_WAIT_MS = 60_000

/** The link that is opened: the events of its connection go to it directly. */
export interface AttemptsOwner extends DialEvents {
  readonly address: string
}

/** The attempts to open one link. Each waits for its turn at the address, and a further one for its time before that. */
export class LinkAttempts implements ConnectGuest, Alarm {
  readonly #link: AttemptsOwner
  readonly #options: LinkOptions
  readonly #backoff: Backoff | undefined
  /** What it waits for before it can dial. */
  #waitsFor: 'turn' | 'next attempt' | undefined
  /** Until the handshake is done. */
  #dialing: Dialing | undefined

  /** Starts connecting. `before` has the waits of attempts that came before: the first one here is waited for too. */
  constructor(link: AttemptsOwner, options: LinkOptions, before: Backoff | undefined) {
    this.#link = link
    this.#options = options
    this.#backoff = before ?? (options.reconnect && new Backoff(options.reconnect))
    if (before) this.#tryAgain(before)
    else this.#askForTurn(false)
  }

  /** The link is open. */
  succeeded(): void {
    this.#dialing = undefined
    this.#options.gate.done(true)
  }

  /** An attempt has failed; says whether there will be another one. */
  failed(error: DialError): boolean {
    const { gate } = this.#options
    this.#dialing = undefined
    if (this.#waitsFor) {
      this.#waitsFor = undefined
      gate.leave(this)
      wheel.clear(this)
    } else gate.done(error.failure === 'aborted' ? undefined : !isPassing(error))
    const wait = isPassing(error) ? this.#backoff?.next() : undefined
    if (wait === undefined) return false
    this.#rest(wait)
    return true
  }

  /** Gives up what is under way: the link is told that it failed. Does nothing once it is open. */
  abort(): void {
    if (this.#waitsFor) this.#link.onFailed(new DialError('aborted', 'the attempt was given up'))
    else this.#dialing?.abort()
  }

  #askForTurn(isAnew: boolean): void {
    this.#waitsFor = 'turn'
    if (!this.#options.gate.ask(this, isAnew)) {
      this.#failSoon('too many wait for their turn to connect already')
    } else if (this.#waitsFor) wheel.set(this, MAX_TURN_WAIT_MS)
  }

  #tryAgain(backoff: Backoff): void {
    this.#waitsFor = 'next attempt'
    const wait = backoff.next()
    if (wait === undefined) this.#failSoon('there were as many attempts as may be')
    else this.#rest(wait)
  }

  #rest(ms: number): void {
    this.#waitsFor = 'next attempt'
    this.#options.gate.rest(this)
    wheel.set(this, ms)
  }

  /** The caller has not returned yet. */
  #failSoon(why: string): void {
    process.nextTick(() => this.#waitsFor && this.#link.onFailed(new DialError('crowded', why)))
  }

  onTurn(): void {
    this.#waitsFor = undefined
    wheel.clear(this)
    this.#dialing = dial(this.#link.address, this.#options.dial, this.#link)
  }

  onBack(): void {
    wheel.clear(this)
    this.#askForTurn(true)
  }

  onTime(): void {
    if (this.#waitsFor === 'next attempt') this.#askForTurn(true)
    else this.#link.onFailed(new DialError('timeout', `no turn to connect within ${MAX_TURN_WAIT_MS} ms`))
  }
}
