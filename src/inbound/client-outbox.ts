import { MessageContext } from '../core/context.ts'
import type { SlowPolicy } from '../core/metrics.ts'
import type { Origin, Service } from '../core/ports.ts'
import { Content } from '../message/content.ts'
import { Message } from '../message/message.ts'
import { Outbox, type Outlet, type SlowReaders } from '../websocket/slow-readers.ts'
import type { Outgoing } from '../websocket/waiting.ts'

/** How often what a client does not get is told of, in milliseconds. */
const REPORT_EVERY_MS = 10_000

/** How long a client that is to be closed may take none of what waits for it, in milliseconds. */
const MAX_STUCK_MS = 5_000

/** The client it is for. */
export interface OutboxOwner extends Origin {
  readonly id: string
  readonly service: Service
  readonly connection: Outlet
  /** What brings more is to be held up, or may go on. */
  holdUp(isHeldUp: boolean): void
  /** Nothing waits any more. */
  outboxEmptied(): void
  /** Closes the client, without what waits. */
  giveUp(): void
}

/** What waits for a client that reads slowly. What it does not get is counted under the policy, and logged. */
export class ClientOutbox {
  readonly #owner: OutboxOwner
  readonly #outbox: Outbox
  readonly #key: SlowReaders['key']
  readonly #policy: SlowPolicy
  #unreported = 0
  #reportedAt = Number.NEGATIVE_INFINITY
  #whenEmpty: (() => void) | undefined
  #stuck: NodeJS.Timeout | undefined

  constructor(owner: OutboxOwner, readers: SlowReaders) {
    const { connection, service, id } = owner
    this.#owner = owner
    this.#key = readers.key
    this.#policy = readers.policy
    this.#outbox = new Outbox(connection, readers, {
      discarded: count => this.#discarded(count),
      full: () => owner.holdUp(true),
      hasRoom: () => owner.holdUp(false),
      emptied: () => this.#emptied(),
      failed: error => {
        service.log.error({ session: id, err: error }, `${service.label}messages cannot be kept on disk`)
        owner.giveUp()
      },
    })
  }

  /** Whether no more may be brought by who cannot be held up. */
  get isFull(): boolean {
    return this.#outbox.isFull
  }

  add(message: Outgoing): void {
    this.#outbox.add(message, this.#keyOf(message))
  }

  /** Hands on what the client takes. */
  feed(): void {
    this.#stuck?.refresh()
    this.#outbox.feed()
  }

  /** Calls back when all has been handed on, or the client takes nothing any more and what waits was let go of. */
  finish(callback: () => void): void {
    this.#whenEmpty = callback
    this.#stuck = setTimeout(() => {
      this.clear()
      this.#owner.outboxEmptied()
      callback()
    }, MAX_STUCK_MS)
  }

  /** Lets go of all that waits. */
  clear(): void {
    clearTimeout(this.#stuck)
    this.#discarded(this.#outbox.clear())
    this.#report()
  }

  #keyOf({ data }: Outgoing): string {
    if (!this.#key) return ''
    return this.#key(
      new MessageContext(this.#owner.service, this.#owner, new Message(Content.received(data, ''))),
    )
  }

  #emptied(): void {
    clearTimeout(this.#stuck)
    this.#report()
    this.#owner.outboxEmptied()
    this.#whenEmpty?.()
  }

  #discarded(count: number): void {
    if (count === 0) return
    this.#owner.service.counters.slow[this.#policy] += count
    this.#unreported += count
    if (performance.now() - this.#reportedAt >= REPORT_EVERY_MS) this.#report()
  }

  #report(): void {
    if (this.#unreported === 0) return
    const { id, service } = this.#owner
    const fields = { session: id, discarded: this.#unreported, policy: this.#policy }
    const text = `${service.label}a slow client did not get ${this.#unreported} messages (ws.slow.policy ${this.#policy})`
    service.log.warn(fields, text)
    this.#unreported = 0
    this.#reportedAt = performance.now()
  }
}
