import type { MessageContext } from '../core/context.ts'
import type { SlowPolicy } from '../core/metrics.ts'
import { type Connection, MAX_UNSENT_BYTES } from './connection.ts'
import { Spilled } from './spilled.ts'
import { LastOfEach, Newest, type Outgoing, type Waiting, type WaitingLimits } from './waiting.ts'

/** What happens to messages for a reader that is slower than they come. */
export interface SlowReaders extends WaitingLimits {
  readonly policy: SlowPolicy
  /** What may wait for one that did not ask for it, and cannot hold up who sends it, in bytes. */
  readonly maxPushedBytes: number
  /** What messages have in common of which only the last is kept; one for all where it is not set. Does not throw. */
  readonly key: ((ctx: MessageContext) => string) | undefined
  /** Where files of what waits are kept. */
  readonly spillFolder: string
}

/** Who is told what becomes of what waits. */
export interface OutboxEvents {
  /** So many messages were let go of. */
  discarded(count: number): void
  /** What brings more is to be held up. */
  full(): void
  /** It may go on. */
  hasRoom(): void
  /** Nothing waits any more. */
  emptied(): void
  /** Messages cannot be kept any more. */
  failed(error: Error): void
}

const MIB = 1024 * 1024

/** How many bytes may wait for one reader where nothing else is said. */
export const DEFAULT_SLOW_BYTES: Readonly<Record<SlowPolicy, number>> = {
  pause: MAX_UNSENT_BYTES,
  'drop-oldest': 16 * MIB,
  'keep-last': 16 * MIB,
  spill: 1024 * MIB,
  close: 16 * MIB,
}

/** How many messages may wait for one reader where nothing else is said. */
export const DEFAULT_SLOW_MESSAGES = 10_000

/** Whether messages wait outside the connection. */
export function keepsMessages({ policy }: Pick<SlowReaders, 'policy'>): boolean {
  return policy !== 'pause' && policy !== 'close'
}

/** As much is handed to the connection at once. */
const BLOCK_BYTES = 64 * 1024

/** What of a connection an outbox needs. */
export interface Outlet extends Pick<Connection, 'isBehind' | 'flush' | 'takenBytes'> {
  /** Sends a message; one that waited comes with its tag. */
  send(data: Buffer, isBinary: boolean, mayCompress?: boolean, tag?: string): void
}

/** What waits for a connection that does not take it, kept as a policy says. There is one only while something waits. */
export class Outbox {
  readonly #connection: Outlet
  readonly #waiting: Waiting
  readonly #events: OutboxEvents
  #isFull = false
  #isFeeding = false

  constructor(connection: Outlet, readers: SlowReaders, events: OutboxEvents) {
    this.#connection = connection
    this.#events = events
    this.#waiting = this.#waitingFor(readers)
  }

  /** How many messages wait. */
  get size(): number {
    return this.#waiting.size
  }

  get isFull(): boolean {
    return this.#isFull
  }

  /** Takes a message, behind what waits already; the key is what it has in common with others. */
  add(message: Outgoing, key: string): void {
    const discarded = this.#waiting.add(message, key)
    if (discarded > 0) this.#events.discarded(discarded)
    if (this.#isFull || !this.#waiting.isFull) return
    this.#isFull = true
    this.#events.full()
  }

  /** Hands on what the connection takes. Called when it has taken all it had. */
  feed(): void {
    // Told by the connection that it is free, while it is being fed.
    if (this.#isFeeding) return
    this.#isFeeding = true
    while (!this.#connection.isBehind && this.#handOn()) this.#connection.flush()
    this.#isFeeding = false
    this.#lookForRoom()
    if (this.#waiting.size === 0) this.#events.emptied()
  }

  /** Lets go of all that waits, and gives how many messages that were. */
  clear(): number {
    return this.#waiting.clear()
  }

  #lookForRoom(): void {
    if (!this.#isFull || this.#waiting.isFull) return
    this.#isFull = false
    this.#events.hasRoom()
  }

  #handOn(): boolean {
    let bytes = 0
    let count = 0
    for (; bytes < BLOCK_BYTES; count++) {
      const message = this.#waiting.next()
      if (!message) break
      this.#connection.send(message.data, message.isBinary, message.compress, message.tag)
      bytes += message.data.length
    }
    return count > 0
  }

  #waitingFor(readers: SlowReaders): Waiting {
    if (readers.policy === 'keep-last') return new LastOfEach(readers)
    if (readers.policy !== 'spill') return new Newest(readers)
    return new Spilled({
      folder: readers.spillFolder,
      maxBytes: readers.maxBytes,
      went: () => {
        if (this.#connection.isBehind) this.#lookForRoom()
        else this.feed()
      },
      failed: error => this.#events.failed(error),
    })
  }
}
