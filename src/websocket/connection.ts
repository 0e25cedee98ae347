import type { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { WebSocket } from 'ws'
import { ABNORMAL, cutReason, isSendable } from './close-codes.ts'
import { FrameReader } from './frame-reader.ts'
import { FrameWriter } from './frame-writer.ts'
import type { PushedMessage } from '../core/groups.ts'

/** What the owner of a connection is told. Every connection ends with exactly one `onClose`. */
export interface ConnectionEvents {
  /** A whole text or binary message. The buffer is the receiver's to keep. */
  onMessage(data: Buffer, isBinary: boolean): void
  /** A ping. The owner answers it; without this it is answered here. */
  onPing?(data: Buffer): void
  /** A pong. */
  onPong?(data: Buffer): void
  /** What was written has left; called after `bufferedBytes` was above zero for a while. */
  onDrain?(): void
  /**
   * The connection is over. The code is the peer's, 1005 for a close frame without one, or 1006 for a lost
   * connection; `failure` says why where this side ended it (a frame too large, invalid UTF-8, …).
   */
  onClose(code: number, reason: string, failure?: Error): void
}

const owner = Symbol('connection')
type Owned = EventEmitter & { [owner]?: Connection }

/**
 * The library's WebSocket, which also closes by itself: when the peer does, and on a violation of the protocol.
 * What was sent before leaves first.
 */
export class OrderedWebSocket extends WebSocket {
  override close(code?: number, reason?: string | Buffer): void {
    ;(this as Owned)[owner]?.flush()
    super.close(code, reason)
  }
}

// One function per event for all connections: none is made per session.
let onMessage: (this: Owned, data: unknown, isBinary: boolean) => void
let onPing: (this: Owned, data: Buffer) => void
let onPong: (this: Owned, data: Buffer) => void
let onDrain: (this: Owned) => void
let onError: (this: Owned, error: Error) => void
let onClose: (this: Owned, code: number, reason: Buffer) => void

/** Connections with messages held back in this turn. */
let waiting: Connection[] = []
/** Whether what a socket read is being handled, after which everything waiting leaves. */
let isReading = false

function flushWaiting(): void {
  if (waiting.length === 1) {
    // The usual case, without a new list.
    waiting.pop()!.flush()
    return
  }
  const batch = waiting
  waiting = []
  for (const connection of batch) connection.flush()
}

type DataListener = ((this: Duplex, chunk: Buffer) => void) & { listener?: DataListener }
const framed = new Map<DataListener, DataListener>()

/**
 * Puts our reading before the library's, and our sending behind it: plain messages are taken off what a socket read,
 * the library gets the rest, and what the messages made us send leaves right after. One listener that calls the
 * other costs less than two, and `listener` lets the library take it off.
 */
function frameReads(socket: Duplex): void {
  const [original] = socket.listeners('data') as DataListener[]
  if (!original) return
  let listener = framed.get(original)
  if (!listener) {
    listener = function (chunk) {
      isReading = true
      try {
        const rest = (this as Owned)[owner]!.reader.read(chunk)
        if (rest) original.call(this, rest)
      } finally {
        isReading = false
        if (waiting.length > 0) flushWaiting()
      }
    }
    listener.listener = original
    framed.set(original, listener)
  }
  socket.removeListener('data', original).on('data', listener)
}

/**
 * One WebSocket, either side of it.
 *
 * Messages sent while one read is handled, or within one turn of the event loop, leave in one system call.
 */
export class Connection {
  readonly #webSocket: WebSocket
  readonly #socket: Duplex
  readonly #events: ConnectionEvents
  readonly #writer: FrameWriter
  readonly #isClient: boolean
  /** The subprotocol both sides agreed on; empty when there is none. */
  readonly subprotocol: string
  /** Takes plain messages before the library reads the rest. */
  readonly reader: FrameReader
  #failure: Error | undefined

  constructor(
    webSocket: WebSocket,
    socket: Duplex,
    options: {
      readonly subprotocol: string
      readonly isClient: boolean
      readonly maxMessageBytes: number
    },
    events: ConnectionEvents,
  ) {
    this.#webSocket = webSocket
    this.#socket = socket
    this.#events = events
    this.#writer = new FrameWriter(socket, options.isClient)
    this.#isClient = options.isClient
    this.subprotocol = options.subprotocol
    this.reader = new FrameReader(
      { isMasked: !options.isClient, maxMessageBytes: options.maxMessageBytes },
      events,
    )
    ;(webSocket as Owned)[owner] = this
    ;(socket as Owned)[owner] = this
    const library: EventEmitter = webSocket
    library.on('message', onMessage).on('close', onClose).on('error', onError).on('ping', onPing)
    if (events.onPong) library.on('pong', onPong)
    frameReads(socket)
    if (events.onDrain) socket.on('drain', onDrain)
  }

  /** Whether messages can be sent: the handshake is done and no side has begun to close. */
  get isOpen(): boolean {
    return this.#webSocket.readyState === 1
  }

  /** Bytes accepted by `send` that the operating system has not taken yet. */
  get bufferedBytes(): number {
    return this.#socket.writableLength + this.#writer.bytes
  }

  /**
   * Sends one message; its buffer must not be changed afterwards. A connection that is not open drops it: ask
   * `isOpen` first where that matters.
   */
  send(data: Buffer | string, isBinary: boolean): void {
    if (this.#webSocket.readyState !== 1) return
    this.#hold()
    this.#writer.add(typeof data === 'string' ? Buffer.from(data) : data, isBinary)
  }

  /**
   * Sends a message that goes to many: a server's frame of it is made once for all, and leaves uncompressed. A
   * connection that is not open drops it.
   */
  sendPrepared(message: PushedMessage): void {
    if (this.#isClient) {
      this.send(message.data, message.isBinary)
      return
    }
    if (this.#webSocket.readyState !== 1) return
    this.#hold()
    this.#writer.addFrame(message.frame)
  }

  /** Sends a ping with up to 125 bytes. */
  ping(data?: Buffer): void {
    this.flush()
    if (this.isOpen) this.#webSocket.ping(data)
  }

  /**
   * Sends a pong. It is left out while more than 64 KiB wait to be sent: a peer that pings and does not read must
   * not fill memory, and only the latest ping needs an answer (RFC 6455, 5.5.3).
   */
  pong(data: Buffer): void {
    this.flush()
    if (this.isOpen && this.bufferedBytes < 65_536) this.#webSocket.pong(data)
  }

  /** Calls back when nothing was sent or received for a while. */
  onIdle(idleMs: number, callback: () => void): void {
    ;(this.#socket as Socket).setTimeout(idleMs, callback)
  }

  /**
   * Starts the closing handshake; messages sent before it are delivered first. A code that may not be sent
   * becomes a frame without a status, a long reason is cut. Does nothing when closing has begun.
   */
  close(code?: number, reason = ''): void {
    if (code !== undefined && isSendable(code)) this.#webSocket.close(code, cutReason(reason))
    else this.#webSocket.close()
  }

  /** Cuts the connection without a closing handshake. */
  terminate(): void {
    this.#webSocket.terminate()
  }

  /** Stops reading from the socket; the other side is slowed down by TCP. */
  pause(): void {
    this.#webSocket.pause()
  }

  /** Reads on after `pause`. */
  resume(): void {
    this.#webSocket.resume()
  }

  /** Has what is about to be added leave at the end of the read or turn. */
  #hold(): void {
    if (!this.#writer.isEmpty) return
    waiting.push(this)
    if (!isReading && waiting.length === 1) process.nextTick(flushWaiting)
  }

  /** Writes the messages held back. Called at the end of the read or turn, and before anything else is written. */
  flush(): void {
    this.#writer.flush()
  }

  static {
    onMessage = function (this: Owned, data, isBinary) {
      this[owner]!.#events.onMessage(data as Buffer, isBinary)
    }
    onPing = function (this: Owned, data) {
      const connection = this[owner]!
      if (connection.#events.onPing) connection.#events.onPing(data)
      else connection.pong(data)
    }
    onPong = function (this: Owned, data) {
      this[owner]!.#events.onPong?.(data)
    }
    onDrain = function (this: Owned) {
      this[owner]!.#events.onDrain?.()
    }
    onError = function (this: Owned, error) {
      this[owner]!.#failure = error
    }
    onClose = function (this: Owned, code, reason) {
      const connection = this[owner]!
      const failure = connection.#failure
      connection.#events.onClose(failure ? ABNORMAL : code, reason.toString(), failure)
    }
  }
}
