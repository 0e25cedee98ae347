import { Fault, type FaultCode } from '../core/fault.ts'
import type { Link, LinkOwner } from '../core/session.ts'
import type { MaybePromise } from '../core/step.ts'
import { withoutCharset } from '../message/content-type.ts'
import type { Connection } from '../websocket/connection.ts'
import { type DialError, type DialEvents, type DialFailure, type Dialing, dial } from '../websocket/dial.ts'
import type { DialOptions } from '../websocket/options.ts'

/** How a link is opened and bounded. */
export interface LinkOptions {
  readonly dial: DialOptions
  /** What may wait for the handshake. */
  readonly queue: { readonly maxMessages: number; readonly maxBytes: number }
  /** Content type of the backend's messages; '' when the handshake settles none. */
  readonly contentType: string
  /** Idle time after which the link is closed, in milliseconds; 0 never. */
  readonly idleMs: number
}

interface Waiter {
  readonly bytes: number
  sent(): void
  failed(fault: Fault): void
}

/** From this many unsent bytes on a link counts as behind, and its source stops reading. */
const BEHIND_BYTES = 1024 * 1024

const FAULTS: Readonly<Record<DialFailure, FaultCode>> = {
  address: 101503,
  dns: 101503,
  refused: 101503,
  network: 101503,
  tls: 101503,
  status: 101503,
  protocol: 101506,
  timeout: 101508,
  aborted: 101507,
}

/**
 * A WebSocket to a backend. Messages given before its handshake is done wait, in order and bounded; if the
 * handshake fails, each is told so. Over when either side has closed; a new one is made for the next message.
 */
export class BackendLink implements Link, DialEvents {
  readonly address: string
  readonly #owner: LinkOwner
  readonly #queue: LinkOptions['queue']
  readonly #idleMs: number
  readonly #ended: () => void
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

  /** Starts connecting. `ended` is called once, when the link can no longer be used. */
  constructor(address: string, owner: LinkOwner, options: LinkOptions, ended: () => void) {
    this.address = address
    this.#owner = owner
    this.#queue = options.queue
    this.#idleMs = options.idleMs
    this.#ended = ended
    this.#binaryType = options.contentType
    this.#textType = withoutCharset(options.contentType)
    const control = owner.controlFromBackend
    if (control) {
      this.onPing = data => control(this, 'ping', data)
      this.onPong = data => control(this, 'pong', data)
    }
    this.#dialing = dial(address, options.dial, this)
  }

  get isOpen(): boolean {
    return this.#connection?.isOpen === true
  }

  /** Whether so much is unsent that the source should stop. */
  get isBehind(): boolean {
    return (this.#connection?.bufferedBytes ?? 0) > BEHIND_BYTES
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
  send(data: Buffer, isBinary: boolean): MaybePromise<void> {
    const connection = this.#connection
    if (connection?.isOpen) return connection.send(data, isBinary)
    if (connection || this.#isClosed) throw new Fault(101505, `the connection to ${this.address} is closing`)
    return this.#wait(data.length).then(() => this.#connection?.send(data, isBinary))
  }

  /** Resolves when the handshake is done. @throws Fault as `send` does */
  opened(): MaybePromise<void> {
    if (this.#connection) return undefined
    return this.#wait(0)
  }

  close(code: number | undefined, reason: string): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#ended()
    this.#dialing?.abort()
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

  #wait(bytes: number): Promise<void> {
    const { maxMessages, maxBytes } = this.#queue
    if (this.#waiters.length >= maxMessages || this.#waitingBytes + bytes > maxBytes) {
      throw new Fault(101509, `${this.#waiters.length} messages already wait for ${this.address}`)
    }
    this.#waitingBytes += bytes
    return new Promise((sent, failed) => this.#waiters.push({ bytes, sent, failed }))
  }

  // — what the connection reports —

  onOpen(connection: Connection): void {
    this.#connection = connection
    this.#dialing = undefined
    if (this.#idleMs > 0) connection.onIdle(this.#idleMs, () => connection.close(1001, 'idle'))
    for (const waiter of this.#takeWaiters()) waiter.sent()
  }

  onFailed(error: DialError): void {
    const message = `cannot connect to ${this.address}: ${error.message}`
    const fault = new Fault(FAULTS[error.failure], message, { cause: error })
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

  onClose(code: number, reason: string, failure?: Error): void {
    if (this.#isClosed) return
    this.#end()
    this.#owner.linkClosed(this, code, failure?.message ?? reason)
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
