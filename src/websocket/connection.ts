import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { PushedMessage } from '../core/groups.ts'
import { ABNORMAL, NO_STATUS } from './close-codes.ts'
import { ClosingHandshake, type ClosingOwner } from './closing-handshake.ts'
import type { Agreement } from './compression.ts'
import type { ConnectionEvents, ConnectionStart } from './connection-events.ts'
import { DeflateQueue } from './deflate-queue.ts'
import { FrameWriter } from './frame-writer.ts'
import { Incoming, type IncomingOwner } from './incoming.ts'
import { type Later, OutgoingStream, type StreamConnection } from './outgoing-stream.ts'
import { takenBytes } from './taken-bytes.ts'
import { flushLater, type HeldBack } from './turn.ts'
import { Unsent, type UnsentOwner } from './unsent.ts'
import type { Violation } from './violation.ts'

export type { ConnectionEvents, ConnectionStart } from './connection-events.ts'
export { MAX_UNSENT_BYTES } from './unsent.ts'

const owner = Symbol('connection')
type Owned = Duplex & { [owner]?: Connection }

// One function per event for all connections: none is made per session.
let onEnd: (this: Owned) => void
let onSocketClose: (this: Owned) => void
let onError: (this: Owned) => void

/** A peer that leaves this much unread gets no more pongs. */
const MAX_PONG_BACKLOG_BYTES = 65_536

const PING = 0x89
const PONG = 0x8a
const COMPRESSED = 0x40

const NOTHING = Buffer.alloc(0)

/**
 * One WebSocket, either side of it.
 *
 * Messages sent while one read is handled, or within one turn of the event loop, leave in one system call.
 */
export class Connection implements IncomingOwner, ClosingOwner, HeldBack, UnsentOwner, StreamConnection {
  readonly #socket: Duplex
  readonly #events: ConnectionEvents
  readonly #writer: FrameWriter
  readonly #incoming: Incoming
  readonly #unsent: Unsent
  readonly #closing: ClosingHandshake
  readonly #isClient: boolean
  /** How long the peer may take to answer our close frame, in milliseconds; `close` begins to count. */
  closeTimeoutMs: number
  /** The subprotocol both sides agreed on; empty when there is none. */
  readonly subprotocol: string
  /** Whether messages may be compressed, as both sides agreed. */
  readonly isCompressing: boolean
  /** Whether neither side has begun to close. */
  #isOpen = true
  /** The latest ping that could not be answered yet. */
  #latePong: Buffer | undefined
  /** Whether something is to leave at the end of the read or turn. */
  #isHeld = false
  /** A frame for many, where nothing else is to leave: most broadcasts find that. It is kept where it is at hand. */
  #parked: Buffer | undefined

  /** Takes a socket whose handshake is done, and begins to read it in the next turn. */
  constructor(socket: Duplex, start: ConnectionStart, events: ConnectionEvents) {
    this.#socket = socket
    this.#events = events
    this.#isClient = start.isClient
    this.closeTimeoutMs = start.closeTimeoutMs
    this.subprotocol = start.subprotocol
    this.#writer = new FrameWriter(socket, start.isClient)
    this.#unsent = new Unsent(socket, this)
    this.#closing = new ClosingHandshake(socket, start.isClient, this)
    this.isCompressing = start.compression !== undefined
    if (start.compression) this.#compress(start.compression)
    ;(socket as Socket).setTimeout(0)
    ;(socket as Socket).setNoDelay()
    ;(socket as Owned)[owner] = this
    socket.on('error', onError).on('close', onSocketClose).on('end', onEnd)
    this.#incoming = new Incoming(socket, start, events, this)
  }

  #compress(agreement: Agreement): void {
    this.#unsent.deflating = new DeflateQueue(agreement, {
      onMessage: (payload, isBinary, isCompressed) => {
        if (!this.#socket.writable) return
        this.#hold()
        this.#writer.addFirst((isBinary ? 0x82 : 0x81) | (isCompressed ? COMPRESSED : 0), payload)
      },
      onFrame: frame => {
        if (!this.#socket.writable) return
        this.#hold()
        this.#writer.addFrame(frame)
      },
      onIdle: () => {
        this.flush()
        this.#closing.sendWaiting()
        // What was counted as waiting here waits in the socket now, or not at all.
        if (this.#unsent.isCounted) this.#unsent.count()
      },
    })
  }

  /** Whether messages can be sent: the handshake is done and no side has begun to close. */
  get isOpen(): boolean {
    return this.#isOpen
  }

  /** Bytes accepted by `send` that the operating system has not taken yet. */
  get bufferedBytes(): number {
    const { deflating, isCounted } = this.#unsent
    // The usual case, without a look at the socket: a broadcast asks this of thousands.
    if (!this.#isHeld && !isCounted && !deflating) return 0
    const behind = deflating instanceof OutgoingStream ? deflating.waitingBytes : 0
    return this.unsentBytes + this.#writer.bytes + (this.#parked?.length ?? 0) + behind
  }

  /** Bytes written, or being compressed, that the operating system has not taken yet. */
  get unsentBytes(): number {
    return this.#unsent.bytes
  }

  /** From how many unsent bytes on the peer counts as behind. Default 16 KiB. */
  get maxUnsentBytes(): number {
    return this.#unsent.maxBytes
  }

  set maxUnsentBytes(bytes: number) {
    this.#unsent.maxBytes = bytes
  }

  /** Whether the peer is behind: `onBehind` was told, and `onDrain` not yet. */
  get isBehind(): boolean {
    return this.#unsent.isBehind
  }

  /** Bytes that came from the peer so far, those of TLS and of control frames included. */
  get receivedBytes(): number {
    return (this.#socket as Socket).bytesRead
  }

  /** Bytes the operating system has taken so far. */
  get takenBytes(): number {
    return takenBytes(this.#socket as Socket)
  }

  /** Whether reading is stopped: nothing can come then, not even the answer to a ping. */
  get isPaused(): boolean {
    return this.#incoming.isPaused
  }

  /**
   * Sends one message; its buffer must not be changed afterwards. A connection that is not open drops it: ask
   * `isOpen` first where that matters. Where compression was agreed on it is compressed, if it is large enough and
   * `mayCompress` does not say otherwise.
   */
  send(data: Buffer | string, isBinary: boolean, mayCompress = true): void {
    if (!this.#isOpen) return
    const bytes = typeof data === 'string' ? Buffer.from(data) : data
    if (this.#unsent.deflating?.add(bytes, isBinary, mayCompress)) {
      this.#unsent.count()
      return
    }
    this.#hold()
    this.#writer.add(bytes, isBinary)
  }

  /**
   * Sends a message that goes to many: a server's frame of it is made once for all, compressed or not. A connection
   * that is not open drops it.
   */
  sendPrepared(message: PushedMessage): void {
    if (this.#isClient) {
      this.send(message.data, message.isBinary, message.compressed !== undefined)
      return
    }
    if (!this.#isOpen) return
    const { deflating } = this.#unsent
    const frame = deflating ? deflating.share(message) : message.frame
    if (!frame) {
      this.#unsent.count()
      return
    }
    if (this.#isHeld) {
      this.#hold()
      this.#writer.addFrame(frame)
    } else {
      this.#isHeld = true
      this.#parked = frame
      flushLater(this)
    }
  }

  /**
   * Begins a message that is sent piece by piece; others wait for its end. Undefined where that cannot be: compression was
   * agreed on, another one is under way, or it is not open.
   */
  startMessage(isBinary: boolean): OutgoingStream | undefined {
    if (!this.#isOpen || this.#unsent.deflating) return undefined
    const stream = new OutgoingStream(this, isBinary, this.#unsent.maxBytes)
    this.#unsent.deflating = stream
    return stream
  }

  sendFragment(first: number, payload: Buffer): void {
    this.#hold()
    this.#writer.addFirst(first, payload)
    this.flush()
  }

  streamFilled(): void {
    this.#events.onBehind?.()
  }

  streamEnded(waiting: readonly Later[]): void {
    this.#unsent.deflating = undefined
    for (const later of waiting) {
      if ('shared' in later) this.sendPrepared(later.shared)
      else this.send(later.data, later.isBinary, later.mayCompress)
    }
    this.flush()
    if (!this.#unsent.isBehind) this.#events.onDrain?.()
  }

  /** Sends a ping with up to 125 bytes. */
  ping(data: Buffer = NOTHING): void {
    if (this.#isOpen) this.sendControl(PING, data)
  }

  sendControl(first: number, payload: Buffer): void {
    this.#unpark()
    this.#writer.addFirst(first, payload)
    this.flush()
  }

  /**
   * Sends a pong. While more than 64 KiB wait to be sent only the latest is kept, to be sent later: a peer that pings
   * and does not read must not fill memory, and only the latest ping needs an answer (RFC 6455, 5.5.3).
   */
  pong(data: Buffer): void {
    if (!this.#isOpen) return
    if (this.#writer.bytes >= MAX_PONG_BACKLOG_BYTES) this.flush()
    if (this.#socket.writableLength >= MAX_PONG_BACKLOG_BYTES) {
      this.#latePong = data
      return
    }
    this.#latePong = undefined
    this.#hold()
    this.#writer.addFirst(PONG, data)
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
    if (!this.#isOpen) return
    this.#isOpen = false
    this.#latePong = undefined
    this.#closing.begin(code, reason, this.#unsent.deflating?.isBusy === true)
  }

  /** Cuts the connection without a closing handshake. */
  terminate(): void {
    this.#isOpen = false
    this.#incoming.stop()
    this.#socket.destroy()
  }

  /** Cuts a connection whose peer is not there any more; `onClose` tells why. */
  abandon(failure: Error): void {
    this.#closing.failure = failure
    this.terminate()
  }

  /**
   * Finds out whether a connection that is not read was reset: the system would say so to who reads. An empty write
   * fails then, and puts nothing on the wire otherwise.
   */
  probe(): void {
    if (this.isPaused && this.#socket.writableLength === 0) this.#socket.write(NOTHING)
  }

  /** Stops reading from the socket; the other side is slowed down by TCP. */
  pause(): void {
    this.#incoming.pause()
  }

  /** Reads on after `pause`. */
  resume(): void {
    this.#incoming.resume()
  }

  /** Has what is about to be added leave at the end of the read or turn. */
  #hold(): void {
    if (this.#isHeld) {
      this.#unpark()
      return
    }
    this.#isHeld = true
    flushLater(this)
  }

  /** The frame that waited alone does so no more. */
  #unpark(): void {
    if (!this.#parked) return
    this.#writer.addFrame(this.#parked)
    this.#parked = undefined
  }

  /** Writes the messages held back. Called at the end of the read or turn, and before anything else is written. */
  flush(): void {
    this.#isHeld = false
    if (this.#parked) {
      const frame = this.#parked
      this.#parked = undefined
      this.#socket.write(frame)
    } else this.#writer.flush()
    if (this.#socket.writableLength > 0) this.#unsent.count()
  }

  // — what becomes of what was written —

  onBehind(): void {
    this.#events.onBehind?.()
  }

  onTaken(): void {
    if (this.#latePong && this.#socket.writableLength < MAX_PONG_BACKLOG_BYTES) this.pong(this.#latePong)
  }

  onDrain(): void {
    const { deflating } = this.#unsent
    if (deflating instanceof OutgoingStream && deflating.isFull) return
    this.#events.onDrain?.()
  }

  // — what the reader finds —

  onPingFrame(data: Buffer): void {
    if (this.#events.onPing) this.#events.onPing(data)
    else this.pong(data)
  }

  onPongFrame(data: Buffer): void {
    this.#events.onPong?.(data)
  }

  onCloseFrame(code: number, reason: string): void {
    this.#closing.came(code, reason)
    this.#incoming.discard()
    if (this.#isOpen) this.close(code === NO_STATUS ? undefined : code, reason)
    else this.#closing.proceed()
    this.#events.onClosing?.(code, reason)
  }

  onViolation(violation: Violation): void {
    this.#closing.failed(violation)
    this.#incoming.discard()
    if (this.#isOpen) this.close(violation.closeCode)
    else this.#closing.proceed()
  }

  onCompressed(data: Buffer, isBinary: boolean): void {
    this.#incoming.inflate(data, isBinary)
  }

  // — the end —

  #socketClosed(): void {
    this.#isOpen = false
    this.#closing.stop()
    this.#unsent.deflating?.close()
    this.#unsent.close()
    this.#incoming.socketClosed()
  }

  onAllRead(): void {
    const { code, reason, failure } = this.#closing
    this.#events.onClose(failure ? ABNORMAL : code, failure ? '' : reason, failure)
  }

  static {
    onEnd = function (this: Owned) {
      const connection = this[owner]!
      connection.flush()
      connection.#isOpen = false
      this.end()
    }
    onSocketClose = function (this: Owned) {
      this[owner]!.#socketClosed()
    }
    // Why a socket failed is of no use to anybody: that it did is told by its end.
    onError = function (this: Owned) {
      this.destroy()
    }
  }
}
