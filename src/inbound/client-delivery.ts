import type { PushedMessage } from '../core/groups.ts'
import { backlog } from '../websocket/backlog.ts'
import { MAX_UNSENT_BYTES } from '../websocket/connection.ts'
import type { SlowReaders } from '../websocket/slow-readers.ts'
import type { Outgoing } from '../websocket/waiting.ts'
import { ClientOutbox, type OutboxOwner } from './client-outbox.ts'
import type { ClientConnection } from './held-connection.ts'

/** The client that is sent to. Its connection is another one once it has been let in. */
export interface Recipient extends OutboxOwner {
  readonly connection: ClientConnection
  close(code: number | undefined, reason: string): void
}

/** What goes to one client: to its connection at once, or behind what waits for it, as the policy for slow ones says. */
export class ClientDelivery {
  readonly #client: Recipient
  readonly #slow: SlowReaders
  /** What waits for it, where that is not left to the connection. */
  #outbox: ClientOutbox | undefined
  /** Whether it is to be closed when nothing waits for it any more. */
  #isClosing = false

  constructor(client: Recipient, slow: SlowReaders) {
    this.#client = client
    this.#slow = slow
  }

  /** Whether the client can be sent to. */
  get isOpen(): boolean {
    return !this.#isClosing && this.#client.connection.isOpen
  }

  /** Whether something waits outside the connection. */
  get isWaiting(): boolean {
    return this.#outbox !== undefined
  }

  /** Whether so much waits that nothing more may be pushed to it. */
  get isFarBehind(): boolean {
    if (this.#outbox) return this.#outbox.isFull
    const room = Math.max(backlog.free, MAX_UNSENT_BYTES)
    return this.#client.connection.bufferedBytes > Math.min(this.#slow.maxPushedBytes, room)
  }

  /** Sends a message of its own. */
  send(data: Buffer, isBinary: boolean, compress: boolean): void {
    if (this.#isKept()) this.#keep({ data, isBinary })
    else this.#client.connection.send(data, isBinary, compress)
  }

  /** Sends a message that goes to many. */
  push(message: PushedMessage): void {
    if (this.#isKept()) this.#keep(message)
    else this.#client.connection.sendPrepared(message)
  }

  /** Hands on what waits, now that the connection takes it. */
  feed(): void {
    this.#outbox?.feed()
  }

  /** Closes the client, behind what waits for it. */
  close(code: number | undefined, reason: string): void {
    if (this.#outbox) {
      this.#isClosing = true
      this.#outbox.finish(() => this.#client.connection.close(code, reason))
    } else this.#client.connection.close(code, reason)
  }

  /** Closes the client, without what waits for it. */
  giveUp(): void {
    this.clear()
    if (this.#isClosing) this.#client.connection.close(1013, 'too slow')
    else this.#client.close(1013, 'too slow')
  }

  /** Lets go of what waits. */
  clear(): void {
    this.#outbox?.clear()
    this.#outbox = undefined
  }

  /** Nothing waits any more. */
  emptied(): void {
    this.#outbox = undefined
  }

  /** Whether a message has to wait behind others, outside the connection. */
  #isKept(): boolean {
    if (this.#outbox) return true
    const { policy } = this.#slow
    return policy !== 'pause' && policy !== 'close' && this.#client.connection.isBehind
  }

  #keep(message: Outgoing): void {
    this.#outbox ??= new ClientOutbox(this.#client, this.#slow)
    this.#outbox.add(message)
  }
}
