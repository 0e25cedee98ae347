import { Backoff } from '../websocket/backoff.ts'
import type { Connection } from '../websocket/connection.ts'
import { DialError, type DialEvents, type Dialing, dial } from '../websocket/dial.ts'
import { retriesClose, retriesDial } from '../websocket/retry.ts'
import type { DialPlan } from './dial-plan.ts'

/** Who has a link. What comes over its connections is told as it is. */
export interface LinkOwner extends Pick<DialEvents, 'onMessage' | 'onPing' | 'onPong' | 'onDrain'> {
  /** Another attempt is made, which had to wait. */
  linkAttempted(count: number, waitedMs: number): void
  linkOpened(connection: Connection, headers: readonly string[], elapsedMs: number): void
  /** An attempt failed; there is another one unless it was the last. */
  linkFailed(error: DialError, elapsedMs: number, isLast: boolean): void
  /** A connection is over; there is another one unless it was the last. */
  linkLost(code: number, reason: string, failure: Error | undefined, isLast: boolean): void
}

/** A connection, and another one when it is lost, as its plan says. */
export class ConversationLink {
  readonly #plan: DialPlan
  readonly #owner: LinkOwner
  #backoff: Backoff | undefined
  #dialing: Dialing | undefined
  #timer: NodeJS.Timeout | undefined
  #isStopped = false

  constructor(plan: DialPlan, owner: LinkOwner) {
    this.#plan = plan
    this.#owner = owner
    this.#begin()
  }

  /** Begins to connect. */
  open(): void {
    const start = performance.now()
    const elapsed = (): number => performance.now() - start
    const { url, options } = this.#plan
    const owner = this.#owner
    this.#dialing = dial(url, options, {
      onOpen: (connection, headers) => {
        this.#begin()
        owner.linkOpened(connection, headers, elapsed())
      },
      onFailed: error => this.#failed(error, elapsed()),
      onMessage: (data, isBinary) => owner.onMessage(data, isBinary),
      onPing: data => owner.onPing!(data),
      onPong: data => owner.onPong!(data),
      onDrain: () => owner.onDrain!(),
      onClose: (code, reason, failure) => this.#lost(code, reason, failure),
    })
  }

  /** Makes no further attempt; a connection that is there stays. */
  stop(): void {
    this.#isStopped = true
  }

  /** Gives up what is being tried; a connection that is there stays. */
  abort(): void {
    this.stop()
    this.#dialing?.abort()
    if (this.#timer === undefined) return
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#owner.linkFailed(new DialError('aborted', 'the attempt was given up'), 0, true)
  }

  /** Counts attempts from the beginning. */
  #begin(): void {
    const { reconnect } = this.#plan
    this.#backoff = reconnect && new Backoff(reconnect.policy)
  }

  #failed(error: DialError, elapsedMs: number): void {
    const { reconnect } = this.#plan
    const mayRetry = !this.#isStopped && reconnect !== undefined && retriesDial(reconnect, error)
    const waitMs = mayRetry ? this.#backoff!.next() : undefined
    this.#owner.linkFailed(error, elapsedMs, waitMs === undefined)
    this.#again(waitMs)
  }

  #lost(code: number, reason: string, failure: Error | undefined): void {
    const { reconnect } = this.#plan
    const mayRetry = !this.#isStopped && reconnect !== undefined && retriesClose(reconnect, code)
    const waitMs = mayRetry ? this.#backoff!.next() : undefined
    this.#owner.linkLost(code, reason, failure, waitMs === undefined)
    this.#again(waitMs)
  }

  #again(waitMs: number | undefined): void {
    // Whoever was told may have had enough.
    if (waitMs === undefined || this.#isStopped) return
    const { count } = this.#backoff!
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      this.#owner.linkAttempted(count, waitMs)
      this.open()
    }, waitMs)
  }
}
