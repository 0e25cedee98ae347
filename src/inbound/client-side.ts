import type { PushedMessage } from '../core/groups.ts'
import type { Origin, Service } from '../core/ports.ts'
import type { Connection } from '../websocket/connection.ts'
import { Heartbeat } from '../websocket/heartbeat.ts'
import type { WebSocketServiceOptions } from '../websocket/options.ts'
import type { OutgoingStream } from '../websocket/outgoing-stream.ts'
import { type Recipient, SlowDelivery } from '../websocket/slow-delivery.ts'
import type { ReaderNames } from '../websocket/slow-outbox.ts'
import { keepsMessages } from '../websocket/slow-readers.ts'
import { messageFrame } from './delivery-frames.ts'
import type { ClientConnection, HeldConnection } from './held-connection.ts'

/** What the client's side asks of the session that it belongs to. */
export interface ClientOwner extends Origin {
  readonly id: string
  readonly service: Service
  holdUp(isHeldUp: boolean): void
  close(code: number | undefined, reason: string): void
  /** The client has been quiet for as long as it may be. */
  quiet(): void
}

/**
 * The side of a session where its client is: the connection, or what stands for it until the client is let in, what
 * waits for a client that reads slowly, the heartbeat and the idle limit.
 */
export class ClientSide implements Recipient {
  readonly service: Service
  readonly #owner: ClientOwner
  readonly #options: WebSocketServiceOptions
  readonly #outgoing: SlowDelivery
  /** Whether what it is sent goes into frames with a number, of the protocol by which it counts its own messages. */
  readonly #isNumbered: boolean
  #connection!: ClientConnection
  /** Set while the client waits for the answer to its handshake. */
  #held: HeldConnection | undefined
  #heartbeat: Heartbeat | undefined
  #drained: PromiseWithResolvers<void> | undefined

  constructor(owner: ClientOwner, options: WebSocketServiceOptions, isNumbered: boolean) {
    this.service = owner.service
    this.#owner = owner
    this.#options = options
    this.#isNumbered = isNumbered
    this.#outgoing = new SlowDelivery(this, options.slow)
  }

  /** Takes the connection of a client that is in. */
  take(connection: Connection): void {
    this.#connection = connection
    const { clientIdleMs, heartbeat, slow } = this.#options
    if (slow.policy === 'pause') connection.maxUnsentBytes = slow.maxBytes
    else if (keepsMessages(slow)) connection.maxUnsentBytes = 0
    if (clientIdleMs > 0) this.#watchIdle(connection, clientIdleMs)
    if (heartbeat) this.#heartbeat = new Heartbeat(connection, heartbeat)
  }

  /** Takes what stands for the connection of a client that is not in yet. */
  hold(held: HeldConnection): void {
    this.#held = held
    this.#connection = held
  }

  /** The client is let in: what waits for it goes on by `handTo`, once its connection has been taken. */
  letIn(): HeldConnection {
    const held = this.#held!
    this.#held = undefined
    return held
  }

  /** What stands for the connection while the client is not in. */
  get held(): HeldConnection | undefined {
    return this.#held
  }

  get connection(): ClientConnection {
    return this.#connection
  }

  get origin(): Origin {
    return this.#owner
  }

  get names(): ReaderNames {
    return { fields: { session: this.#owner.id }, who: 'a slow client', setting: 'ws.slow.policy' }
  }

  get isOpen(): boolean {
    return this.#outgoing.isOpen
  }

  /** Whether messages for it wait outside the connection. */
  get isWaiting(): boolean {
    return this.#outgoing.isWaiting
  }

  /** Whether so much waits that nothing more may be pushed to it. */
  get isFarBehind(): boolean {
    return this.#outgoing.isFarBehind
  }

  /** Settles when all it was sent has left; undefined where nothing waits. */
  get drained(): Promise<void> | undefined {
    if (!this.isOpen || !(this.#connection.isBehind || this.#outgoing.isWaiting)) return undefined
    this.#drained ??= Promise.withResolvers<void>()
    return this.#drained.promise
  }

  /** Sends it a message of its own. */
  send(data: Buffer, isBinary: boolean, compress: boolean): void {
    if (this.#isNumbered) this.#outgoing.send(messageFrame(data, isBinary), false, compress)
    else this.#outgoing.send(data, isBinary, compress)
  }

  /** Sends it a message that goes to many. */
  push(message: PushedMessage): void {
    if (this.#isNumbered) this.#outgoing.send(messageFrame(message.data, message.isBinary), false, true)
    else this.#outgoing.push(message)
  }

  /** Sends it a frame of the protocol by which it numbers its messages; says whether it reads too slowly for more. */
  tell(frame: string): boolean {
    this.#connection.send(frame, false)
    return this.#connection.isBehind
  }

  /** Begins a message that is sent as it comes; undefined where that cannot be now. */
  startMessage(isBinary: boolean): OutgoingStream | undefined {
    return this.#outgoing.isWaiting ? undefined : this.#connection.startMessage?.(isBinary)
  }

  /** Closes the connection, behind what waits; it is read meanwhile, for the client's answer to the close frame. */
  closeConnection(code: number | undefined, reason: string): void {
    this.#outgoing.close(code, reason)
    this.#connection.resume()
  }

  /** The connection takes more. Says whether nothing waited outside it. */
  feed(): boolean {
    this.#ready()
    if (!this.#outgoing.isWaiting) return true
    this.#outgoing.feed()
    return false
  }

  /** The connection has ended. */
  end(): void {
    this.#heartbeat?.stop()
    this.#outgoing.clear()
    this.#ready()
  }

  // — what the policy for slow clients asks —

  holdUp(isHeldUp: boolean): void {
    this.#owner.holdUp(isHeldUp)
  }

  outboxEmptied(): void {
    this.#outgoing.emptied()
  }

  giveUp(): void {
    this.#outgoing.giveUp()
  }

  close(code: number | undefined, reason: string): void {
    this.#owner.close(code, reason)
  }

  #ready(): void {
    this.#drained?.resolve()
    this.#drained = undefined
  }

  #watchIdle(connection: Connection, idleMs: number): void {
    connection.onIdle(idleMs, () => {
      this.#owner.quiet()
      if (this.isOpen) this.#watchIdle(connection, idleMs)
    })
  }
}
