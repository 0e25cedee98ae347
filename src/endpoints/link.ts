import type { MessageContext } from '../core/context.ts'
import { Fault } from '../core/fault.ts'
import type { LinkOwner } from '../core/session.ts'
import type { MaybePromise } from '../core/step.ts'
import { mayCompress } from '../expressions/may-compress.ts'
import { withoutCharset } from '../message/content-type.ts'
import { ABNORMAL } from '../websocket/close-codes.ts'
import type { Connection } from '../websocket/connection.ts'
import { DialError, type DialEvents, type Dialing, dial } from '../websocket/dial.ts'
import { Heartbeat, ownPing, ownPong } from '../websocket/heartbeat.ts'
import { type Alarm, wheel } from '../websocket/timer-wheel.ts'
import { Violation } from '../websocket/violation.ts'
import { Backoff } from './backoff.ts'
import type { ConnectGuest } from './connect-gate.ts'
import { faultOfDial, isPassing } from './dial-failures.ts'
import type { LinkHistory, LinkOptions, SendingLink } from './link-options.ts'

interface Waiter {
  readonly bytes: number
  sent(): void
  failed(fault: Fault): void
}

/** Codes after which a backend is likely to be away for a while (RFC 6455, 7.4.1, and the registry). */
const GOING: readonly number[] = [ABNORMAL, 1001, 1012, 1013]

/** How long an attempt to connect may wait for its turn, in milliseconds. */
const MAX_TURN_WAIT_MS = 60_000

/**
 * A WebSocket to a backend. Messages given before its handshake is done wait, in order and bounded; if the
 * handshake fails, each is told so. Over when either side has closed; a new one is made for the next message.
 */
export class BackendLink implements SendingLink, DialEvents, ConnectGuest, Alarm {
  readonly address: string
  readonly #owner: LinkOwner
  readonly #queue: LinkOptions['queue']
  readonly #options: LinkOptions
  readonly #backoff: Backoff | undefined
  readonly #proved: LinkHistory['proved']
  readonly #ended: () => void
  #heartbeat: Heartbeat | undefined
  /** What it waits for before it can dial. */
  #waitsFor: 'turn' | 'next attempt' | undefined
  #openedAt = 0
  /** Whether this side ended it: the backend was idle, or broke the protocol. */
  isOfOurs = false
  /** Until the handshake is done. */
  #dialing: Dialing | undefined
  readonly #textType: string
  readonly #binaryType: string
  /** Set where the owner wants control frames. */
  readonly onPing?: (data: Buffer) => void
  readonly onPong?: (data: Buffer) => void
  #connection: Connection | undefined
  #waiters: Waiter[] = []
  #waitingBytes = 0
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
    this.#queue = options.queue
    this.#options = options
    this.#backoff = history?.backoff ?? (options.reconnect && new Backoff(options.reconnect))
    this.#proved = history?.proved
    this.#ended = ended
    this.#binaryType = options.contentType
    this.#textType = withoutCharset(options.contentType)
    const control = owner.controlFromBackend
    if (control) {
      this.onPing = data => control(this, 'ping', data)
    }
    if (control || options.heartbeat || this.#proved) this.onPong = data => this.#onPong(data)
    if (history?.backoff) this.#tryAgain(history.backoff)
    else this.#askForTurn(false)
  }

  get isOpen(): boolean {
    return this.#connection?.isOpen === true
  }

  get subprotocol(): string {
    return this.#connection?.subprotocol ?? ''
  }

  /** Whether so much is unsent that the source should stop. */
  get isBehind(): boolean {
    return this.#connection?.isBehind === true
  }

  /** Whether so much is unsent that nothing more should be taken, from sources that cannot stop. */
  get isFull(): boolean {
    return (this.#connection?.bufferedBytes ?? 0) > this.#queue.maxBytes
  }

  /**
   * Hands a message to the socket, once it is open.
   * @throws Fault 101503, 101506 or 101508 when the handshake fails, 101505 when the link is closing, 101509 when
   * too much waits already
   */
  send(data: Buffer, isBinary: boolean, ctx?: MessageContext): MaybePromise<void> {
    const connection = this.#connection
    const compress = !ctx || mayCompress(ctx)
    if (connection?.isOpen) return connection.send(data, isBinary, compress)
    if (connection || this.#isClosed) throw new Fault(101505, `the connection to ${this.address} is closing`)
    return this.#wait(data.length).then(() => this.#connection?.send(data, isBinary, compress))
  }

  /**
   * Resolves when the handshake is done, for so many bytes that are to be sent then.
   * @throws Fault as `send` does
   */
  opened(bytes = 0): MaybePromise<void> {
    if (this.#connection) return undefined
    return this.#wait(bytes)
  }

  /** Hands over a message that was made before; does nothing where it is not open. */
  write(data: Buffer, isBinary: boolean, compress: boolean): void {
    this.#connection?.send(data, isBinary, compress)
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
    if (this.#waitsFor) this.onFailed(new DialError('aborted', 'the attempt was given up'))
    else this.#dialing?.abort()
    this.#connection?.close(code, reason)
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

  #wait(bytes: number): Promise<void> {
    const { maxMessages, maxBytes } = this.#queue
    if (this.#waiters.length >= maxMessages || this.#waitingBytes + bytes > maxBytes) {
      throw new Fault(101509, `${this.#waiters.length} messages already wait for ${this.address}`)
    }
    this.#waitingBytes += bytes
    return new Promise((sent, failed) => this.#waiters.push({ bytes, sent, failed }))
  }

  // — waiting for an attempt —

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
    process.nextTick(() => this.#waitsFor && this.onFailed(new DialError('crowded', why)))
  }

  onTurn(): void {
    this.#waitsFor = undefined
    wheel.clear(this)
    this.#dialing = dial(this.address, this.#options.dial, this)
  }

  onBack(): void {
    wheel.clear(this)
    this.#askForTurn(true)
  }

  onTime(): void {
    if (this.#waitsFor === 'next attempt') this.#askForTurn(true)
    else this.onFailed(new DialError('timeout', `no turn to connect within ${MAX_TURN_WAIT_MS} ms`))
  }

  // — what the connection reports —

  onOpen(connection: Connection): void {
    this.#connection = connection
    this.#dialing = undefined
    this.#openedAt = performance.now()
    const { gate, heartbeat, idleMs } = this.#options
    if (idleMs > 0)
      connection.onIdle(idleMs, () => {
        this.isOfOurs = true
        connection.close(1001, 'idle')
      })
    if (heartbeat) this.#heartbeat = new Heartbeat(connection, heartbeat)
    for (const waiter of this.#takeWaiters()) waiter.sent()
    gate.done(true)
  }

  onFailed(error: DialError): void {
    const { gate } = this.#options
    this.#dialing = undefined
    if (this.#waitsFor) {
      this.#waitsFor = undefined
      gate.leave(this)
      wheel.clear(this)
    } else gate.done(error.failure === 'aborted' ? undefined : !isPassing(error))
    const wait = !this.#isClosed && isPassing(error) ? this.#backoff?.next() : undefined
    if (wait !== undefined) {
      this.#rest(wait)
      return
    }
    const fault = faultOfDial(this.address, error)
    this.#end()
    for (const waiter of this.#takeWaiters()) waiter.failed(fault)
  }

  onMessage(data: Buffer, isBinary: boolean): void {
    if (this.#isClosed) return
    this.#owner.fromBackend(this, data, isBinary, isBinary ? this.#binaryType : this.#textType)
  }

  onDrain(): void {
    this.#owner.linkDrained(this)
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

  #takeWaiters(): Waiter[] {
    this.#waitingBytes = 0
    return this.#waiters.splice(0)
  }
}
