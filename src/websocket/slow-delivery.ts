import type { MessageContext } from '../core/context.ts'
import type { PushedMessage } from '../core/groups.ts'
import { backlog } from './backlog.ts'
import { type Connection, MAX_UNSENT_BYTES } from './connection.ts'
import { SlowOutbox, type SlowReader } from './slow-outbox.ts'
import { keepsMessages, type Outlet, type SlowReaders } from './slow-readers.ts'
import type { Outgoing } from './waiting.ts'

/** Who is sent to. The connection of a client is another one once it has been let in. */
export interface Recipient extends SlowReader {
  readonly connection: Outlet & Pick<Connection, 'isOpen' | 'bufferedBytes' | 'sendPrepared' | 'close'>
  close(code: number | undefined, reason: string): void
}

/**
 * What goes to one client, or to one backend: to its connection at once, or behind what waits for it, as the policy for
 * slow ones says.
 */
export class SlowDelivery {
  readonly #recipient: Recipient
  readonly #slow: SlowReaders
  readonly #keeps: boolean
  /** What waits, where that is not left to the connection. */
  #outbox: SlowOutbox | undefined
  /** Whether the connection is to be closed when nothing waits any more. */
  #isClosing = false

  constructor(recipient: Recipient, slow: SlowReaders) {
    this.#recipient = recipient
    this.#slow = slow
    this.#keeps = keepsMessages(slow)
  }

  /** Whether the recipient can be sent to. */
  get isOpen(): boolean {
    return !this.#isClosing && this.#recipient.connection.isOpen
  }

  /** Whether something waits outside the connection. */
  get isWaiting(): boolean {
    return this.#outbox !== undefined
  }

  /** How many messages wait outside the connection. */
  get size(): number {
    return this.#outbox?.size ?? 0
  }

  /** Whether as much waits outside the connection as may: what brings more is to be held up. */
  get isFull(): boolean {
    return this.#outbox?.isFull === true
  }

  /** Whether so much waits that nothing more may be pushed. */
  get isFarBehind(): boolean {
    if (this.#outbox) return this.#outbox.isFull
    const room = Math.max(backlog.free, MAX_UNSENT_BYTES)
    return this.#recipient.connection.bufferedBytes > Math.min(this.#slow.maxPushedBytes, room)
  }

  /** Sends a message of its own; the key is that of the context, where it was made for one. */
  send(data: Buffer, isBinary: boolean, compress: boolean, ctx?: MessageContext, tag?: string): void {
    if (this.#isKept()) this.#keep({ data, isBinary, compress, tag }, ctx)
    else this.#recipient.connection.send(data, isBinary, compress, tag)
  }

  /** Sends a message that goes to many. */
  push(message: PushedMessage): void {
    if (this.#isKept()) {
      const { data, isBinary, compressed } = message
      this.#keep({ data, isBinary, compress: compressed !== undefined })
    } else this.#recipient.connection.sendPrepared(message)
  }

  /** Hands on what waits, now that the connection takes it. */
  feed(): void {
    this.#outbox?.feed()
  }

  /** Closes the connection, behind what waits. */
  close(code: number | undefined, reason: string): void {
    if (this.#outbox) {
      this.#isClosing = true
      this.#outbox.finish(() => this.#recipient.connection.close(code, reason))
    } else this.#recipient.connection.close(code, reason)
  }

  /** Closes the recipient, without what waits. */
  giveUp(): void {
    this.clear()
    if (this.#isClosing) this.#recipient.connection.close(1013, 'too slow')
    else this.#recipient.close(1013, 'too slow')
  }

  /** Lets go of what waits. */
  clear(): void {
    this.#outbox?.clear()
    this.#outbox = undefined
  }

  /** Lets go of what waits, and gives how many messages that were: they are counted elsewhere. */
  forget(): number {
    const forgotten = this.#outbox?.forget() ?? 0
    this.#outbox = undefined
    return forgotten
  }

  /** Nothing waits any more. */
  emptied(): void {
    this.#outbox = undefined
  }

  /** Whether a message has to wait behind others, outside the connection. */
  // No getter: the engine looks up a private one each time.
  #isKept(): boolean {
    return this.#outbox !== undefined || (this.#keeps && this.#recipient.connection.isBehind)
  }

  #keep(message: Outgoing, ctx?: MessageContext): void {
    this.#outbox ??= new SlowOutbox(this.#recipient, this.#slow)
    this.#outbox.add(message, ctx)
  }
}
