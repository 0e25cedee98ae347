import { MessageContext } from '../core/context.ts'
import type { LogFields } from '../core/logger.ts'
import type { SlowPolicy } from '../core/metrics.ts'
import type { Origin, Service } from '../core/ports.ts'
import { Content } from '../message/content.ts'
import { Message } from '../message/message.ts'
import { Outbox, type Outlet, type SlowReaders } from './slow-readers.ts'
import type { Outgoing } from './waiting.ts'

/** How often what a reader does not get is told of, in milliseconds. */
const REPORT_EVERY_MS = 10_000

/** How long a reader that is to be closed may take none of what waits for it, in milliseconds. */
const MAX_STUCK_MS = 5_000

/** How a reader is named in the log. */
export interface ReaderNames {
  readonly fields: LogFields
  /** What it is, such as `a slow client`. */
  readonly who: string
  /** What says which policy it has. */
  readonly setting: string
}

/** The one it is for: a client, or a backend. */
export interface SlowReader {
  readonly service: Service
  readonly connection: Outlet
  /** Who messages come from that were not made for a context. */
  readonly origin: Origin
  readonly names: ReaderNames
  /** What brings more is to be held up, or may go on. */
  holdUp(isHeldUp: boolean): void
  /** Nothing waits any more. */
  outboxEmptied(): void
  /** Closes the reader, without what waits. */
  giveUp(): void
}

/** What waits for somebody who reads slowly. What does not get there is counted under the policy, and logged. */
export class SlowOutbox {
  readonly #reader: SlowReader
  readonly #outbox: Outbox
  readonly #key: SlowReaders['key']
  readonly #policy: SlowPolicy
  readonly #maxStuckMs: number
  #unreported = 0
  #reportedAt = Number.NEGATIVE_INFINITY
  #whenEmpty: (() => void) | undefined
  #stuck: NodeJS.Timeout | undefined

  constructor(reader: SlowReader, readers: SlowReaders, maxStuckMs = MAX_STUCK_MS) {
    const { connection, service } = reader
    this.#reader = reader
    this.#maxStuckMs = maxStuckMs
    this.#key = readers.key
    this.#policy = readers.policy
    this.#outbox = new Outbox(connection, readers, {
      discarded: count => this.#discarded(count),
      full: () => reader.holdUp(true),
      hasRoom: () => reader.holdUp(false),
      emptied: () => this.#emptied(),
      failed: error => {
        service.log.error(
          { ...reader.names.fields, err: error },
          `${service.label}messages cannot be kept on disk`,
        )
        reader.giveUp()
      },
    })
  }

  /** Whether no more may be brought by who cannot be held up. */
  get isFull(): boolean {
    return this.#outbox.isFull
  }

  /** How many messages wait. */
  get size(): number {
    return this.#outbox.size
  }

  /** Takes a message, made for a context where there is one. */
  add(message: Outgoing, ctx?: MessageContext): void {
    this.#outbox.add(message, this.#keyOf(message, ctx))
  }

  /** Hands on what the reader takes. */
  feed(): void {
    this.#stuck?.refresh()
    this.#outbox.feed()
  }

  /** Calls back when all has been handed on, or the reader takes nothing any more and what waits was let go of. */
  finish(callback: () => void): void {
    this.#whenEmpty = callback
    this.#watch(callback)
  }

  /** Looks now and then whether the reader takes any of what its connection has: that may be a single long message. */
  #watch(giveUp: () => void): void {
    const { connection } = this.#reader
    const { takenBytes } = connection
    this.#stuck = setTimeout(() => {
      if (connection.takenBytes > takenBytes) {
        this.#watch(giveUp)
        return
      }
      this.clear()
      this.#reader.outboxEmptied()
      giveUp()
    }, this.#maxStuckMs)
  }

  /** Lets go of all that waits. */
  clear(): void {
    this.#discarded(this.forget())
    this.#report()
  }

  /** Lets go of all that waits, and gives how many messages that were: they are counted elsewhere. */
  forget(): number {
    clearTimeout(this.#stuck)
    return this.#outbox.clear()
  }

  #keyOf({ data }: Outgoing, ctx: MessageContext | undefined): string {
    if (!this.#key) return ''
    const { service, origin } = this.#reader
    return this.#key(ctx ?? new MessageContext(service, origin, new Message(Content.received(data, ''))))
  }

  #emptied(): void {
    clearTimeout(this.#stuck)
    this.#report()
    this.#reader.outboxEmptied()
    this.#whenEmpty?.()
  }

  #discarded(count: number): void {
    if (count === 0) return
    this.#reader.service.counters.slow[this.#policy] += count
    this.#unreported += count
    if (performance.now() - this.#reportedAt >= REPORT_EVERY_MS) this.#report()
  }

  #report(): void {
    if (this.#unreported === 0) return
    const { names, service } = this.#reader
    const fields = { ...names.fields, discarded: this.#unreported, policy: this.#policy }
    const what = `did not get ${this.#unreported} messages (${names.setting} ${this.#policy})`
    service.log.warn(fields, `${service.label}${names.who} ${what}`)
    this.#unreported = 0
    this.#reportedAt = performance.now()
  }
}
