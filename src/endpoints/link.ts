import type { MessageContext } from '../core/context.ts'
import { Fault } from '../core/fault.ts'
import type { LinkOwner } from '../core/session.ts'
import type { MaybePromise } from '../core/step.ts'
import { mayCompress } from '../expressions/may-compress.ts'
import { withoutCharset } from '../message/content-type.ts'
import { ABNORMAL } from '../websocket/close-codes.ts'
import type { Connection } from '../websocket/connection.ts'
import type { DialError } from '../websocket/dial.ts'
import type { MessageSink } from '../websocket/frame-reader.ts'
import { Heartbeat, ownPing, ownPong } from '../websocket/heartbeat.ts'
import type { OutgoingStream } from '../websocket/outgoing-stream.ts'
import { keepsMessages } from '../websocket/slow-readers.ts'
import { Violation } from '../websocket/violation.ts'
import { faultOfDial } from './dial-failures.ts'
import { type AttemptsOwner, LinkAttempts } from './link-attempts.ts'
import { LinkDelivery, lossBySlowness, type SlowLinkOwner } from './link-delivery.ts'
import type { LinkHistory, LinkOptions, SendingLink } from './link-options.ts'
import { LinkWaiters } from './link-waiters.ts'

/** Codes after which a backend is likely to be away for a while (RFC 6455, 7.4.1, and the registry). */
const GOING: readonly number[] = [ABNORMAL, 1001, 1012, 1013]

/**
 * A WebSocket to a backend. Messages given before its handshake is done wait, in order and bounded; if the
 * handshake fails, each is told so. Over when either side has closed; a new one is made for the next message.
 */
export class BackendLink implements SendingLink, AttemptsOwner, SlowLinkOwner {
  readonly address: string
  readonly #owner: LinkOwner
  readonly #options: LinkOptions
  readonly #attempts: LinkAttempts
  readonly #waiters: LinkWaiters
  readonly #proved: LinkHistory['proved']
  readonly #ended: () => void
  #heartbeat: Heartbeat | undefined
  #openedAt = 0
  /** Whether this side ended it: the backend was idle, or broke the protocol. */
  isOfOurs = false
  readonly #textType: string
  readonly #binaryType: string
  /** Set where the owner wants control frames. */
  readonly onPing?: (data: Buffer) => void
  readonly onPong?: (data: Buffer) => void
  #connection: Connection | undefined
  /** Set while it is open, where whoever sends does not wait for the backend. */
  #delivery: LinkDelivery | undefined
  #isClosed = false
  /** Whether the owner knows of the end: the backend has sent its close frame, and the socket is still there. */
  #isTold = false

  /** Starts connecting. `ended` is called once, when the link can no longer be used, and not before this returns. */
  constructor(
    address: string,
    owner: LinkOwner,
    options: LinkOptions,
    ended: () => void,
    history?: LinkHistory,
  ) {
    this.address = address
    this.#owner = owner
    this.#options = options
    this.#waiters = new LinkWaiters(address, options.queue)
    this.#proved = history?.proved
    this.#ended = ended
    this.#binaryType = options.contentType
    this.#textType = withoutCharset(options.contentType)
    const control = owner.controlFromBackend
    if (control) {
      this.onPing = data => control(this, 'ping', data)
    }
    if (control || options.heartbeat || this.#proved) this.onPong = data => this.#onPong(data)
    this.#attempts = new LinkAttempts(this, options, history?.backoff)
  }

  get isOpen(): boolean {
    return this.#connection?.isOpen === true
  }

  get subprotocol(): string {
    return this.#connection?.subprotocol ?? ''
  }

  /** Whether so much is unsent that the source should stop. */
  get isBehind(): boolean {
    return this.#delivery ? this.#delivery.isFull : this.#connection?.isBehind === true
  }

  /** Whether so much is unsent that nothing more should be taken, from sources that cannot stop. */
  get isFull(): boolean {
    if (this.#delivery) return this.#delivery.isFull
    const maxBytes = this.#options.slow?.readers.maxPushedBytes ?? this.#options.queue.maxBytes
    return (this.#connection?.bufferedBytes ?? 0) > maxBytes
  }

  /** Whether the connection itself has more than it takes, wherever else messages wait. */
  get isConnectionBehind(): boolean {
    return this.#connection?.isBehind === true
  }

  /** Bytes that wait in the connection. */
  get bufferedBytes(): number {
    return this.#connection?.bufferedBytes ?? 0
  }

  /** Bytes that the backend's connection has taken so far. */
  get takenBytes(): number {
    return this.#connection?.takenBytes ?? 0
  }

  /**
   * Hands a message to the socket, once it is open.
   * @throws Fault 101503, 101506 or 101508 when the handshake fails, 101505 when the link is closing, 101509 when
   * too much waits already
   */
  send(data: Buffer, isBinary: boolean, ctx?: MessageContext): MaybePromise<void> {
    const connection = this.#connection
    const compress = !ctx || mayCompress(ctx)
    if (connection?.isOpen) {
      if (!this.#delivery) return connection.send(data, isBinary, compress)
      this.#delivery.closeIfSlow()
      return this.#delivery.send(data, isBinary, compress, ctx)
    }
    if (connection || this.#isClosed) throw new Fault(101505, `the connection to ${this.address} is closing`)
    return this.#waiters.wait(data.length).then(() => this.#sendFirst(data, isBinary, compress, ctx))
  }

  /** Sends what waited for the handshake. */
  #sendFirst(data: Buffer, isBinary: boolean, compress: boolean, ctx: MessageContext | undefined): void {
    const connection = this.#connection
    if (connection?.isOpen && this.#delivery) this.#delivery.send(data, isBinary, compress, ctx)
    else connection?.send(data, isBinary, compress)
  }

  /**
   * Resolves when the handshake is done, for so many bytes that are to be sent then.
   * @throws Fault as `send` does
   */
  opened(bytes = 0): MaybePromise<void> {
    if (this.#connection) return undefined
    return this.#waiters.wait(bytes)
  }

  /** Hands over a message that was made before; does nothing where it is not open. */
  write(data: Buffer, isBinary: boolean, compress: boolean): void {
    this.#connection?.send(data, isBinary, compress)
  }

  startMessage(isBinary: boolean): OutgoingStream | undefined {
    return this.#delivery ? undefined : this.#connection?.startMessage(isBinary)
  }

  onLongMessage(isBinary: boolean): MessageSink | undefined {
    if (this.#isClosed) return undefined
    return this.#owner.longFromBackend?.(this, isBinary, isBinary ? this.#binaryType : this.#textType)
  }

  /** Writes what was handed over. */
  flush(): void {
    this.#connection?.flush()
  }

  /** Ends it where the policy is to close slow backends, and this one is. @throws Fault 101509 then */
  closeIfSlow(): void {
    this.#delivery?.closeIfSlow()
  }

  /** It can be sent more. */
  hasRoom(): void {
    this.#owner.linkDrained(this)
  }

  /** Ends it: the backend reads too slowly. */
  giveUp(): void {
    if (this.#isClosed) return
    this.isOfOurs = true
    this.close(1013, 'too slow')
    const loss = lossBySlowness(this.address)
    this.#owner.linkClosed(this, ABNORMAL, loss.fault.message, loss)
  }

  /** How long it has been open, in milliseconds. */
  get openMs(): number {
    return this.#openedAt === 0 ? 0 : performance.now() - this.#openedAt
  }

  /** Sends a ping whose answer proves that all before it has arrived. */
  prove(ping: number): void {
    this.#connection?.ping(ownPing(ping))
  }

  close(code: number | undefined, reason: string): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#ended()
    this.#heartbeat?.stop()
    this.#attempts.abort()
    if (this.#delivery) this.#delivery.end(code, reason)
    else this.#connection?.close(code, reason)
    // The backend's answer to the close frame may stand behind messages that nobody wants any more.
    this.#connection?.resume()
  }

  ping(data: Buffer): void {
    this.#connection?.ping(data)
  }

  pong(data: Buffer): void {
    this.#connection?.pong(data)
  }

  pause(): void {
    this.#connection?.pause()
  }

  resume(): void {
    this.#connection?.resume()
  }

  probe(): void {
    this.#connection?.probe()
  }

  // — what the connection reports —

  onOpen(connection: Connection): void {
    this.#connection = connection
    this.#openedAt = performance.now()
    const { heartbeat, idleMs, slow } = this.#options
    if (slow && keepsMessages(slow.readers)) connection.maxUnsentBytes = 0
    else if (slow?.readers.policy === 'pause') connection.maxUnsentBytes = slow.readers.maxBytes
    if (slow && slow.readers.policy !== 'pause' && !slow.isKeptByOwner)
      this.#delivery = new LinkDelivery(this, connection, slow)
    if (idleMs > 0)
      connection.onIdle(idleMs, () => {
        this.isOfOurs = true
        connection.close(1001, 'idle')
      })
    if (heartbeat) this.#heartbeat = new Heartbeat(connection, heartbeat)
    this.#waiters.opened()
    this.#attempts.succeeded()
  }

  onFailed(error: DialError): void {
    if (this.#attempts.failed(error)) return
    this.#end()
    this.#waiters.failed(faultOfDial(this.address, error))
  }

  onMessage(data: Buffer, isBinary: boolean): void {
    if (this.#isClosed) return
    this.#owner.fromBackend(this, data, isBinary, isBinary ? this.#binaryType : this.#textType)
  }

  onDrain(): void {
    if (this.#delivery) this.#delivery.drained()
    else this.#owner.linkDrained(this)
  }

  onClosing(code: number, reason: string): void {
    if (this.#isClosed) return
    this.#isTold = true
    this.#heartbeat?.stop()
    if (GOING.includes(code)) this.#options.gate.lost()
    this.#owner.linkClosed(this, code, reason)
  }

  onClose(code: number, reason: string, failure?: Error): void {
    this.#heartbeat?.stop()
    this.#delivery?.clear()
    if (this.#isClosed) return
    if (this.#isTold) {
      this.#end()
      return
    }
    // What the backend sent would be sent again.
    if (failure instanceof Violation) this.isOfOurs = true
    if (GOING.includes(code)) this.#options.gate.lost()
    this.#end()
    this.#owner.linkClosed(this, code, failure?.message ?? reason)
  }

  #onPong(data: Buffer): void {
    const ping = ownPong(data)
    if (ping === undefined) this.#owner.controlFromBackend?.(this, 'pong', data)
    else if (ping > 0) this.#proved?.(ping)
  }

  #end(): void {
    if (!this.#isClosed) this.#ended()
    this.#isClosed = true
  }
}
