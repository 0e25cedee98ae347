import { isUtf8 } from 'node:buffer'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { PushedMessage } from '../core/groups.ts'
import { ABNORMAL, cutReason, isSendable, NO_STATUS } from './close-codes.ts'
import type { Agreement } from './compression.ts'
import type { ConnectionEvents, ConnectionStart } from './connection-events.ts'
import { DeflateQueue } from './deflate-queue.ts'
import { FrameReader, type FrameReceiver } from './frame-reader.ts'
import { FrameWriter } from './frame-writer.ts'
import { Inflater } from './inflater.ts'
import { beginRead, endRead, flushLater, type HeldBack } from './turn.ts'
import { Unsent, type UnsentOwner } from './unsent.ts'
import { badData, type Violation } from './violation.ts'

export type { ConnectionEvents, ConnectionStart } from './connection-events.ts'
export { MAX_UNSENT_BYTES } from './unsent.ts'

const owner = Symbol('connection')
type Owned = Duplex & { [owner]?: Connection }

// One function per event for all connections: none is made per session.
let onData: (this: Owned, chunk: Buffer) => void
let onEnd: (this: Owned) => void
let onSocketClose: (this: Owned) => void
let onError: (this: Owned) => void

/** How long a client waits for the server to close the socket first, who has the port to spare (RFC 6455, 7.1.1). */
const SERVER_CLOSES_MS = 1_000

/** A peer that leaves this much unread gets no more pongs. */
const MAX_PONG_BACKLOG_BYTES = 65_536

const PING = 0x89
const PONG = 0x8a
const CLOSE = 0x88
const COMPRESSED = 0x40

const NOTHING = Buffer.alloc(0)

/** A read that brings this much brings all it has room for: there is more. */
const FULL_READ_BYTES = 65_536
const MAX_FULL_READS = 4

/**
 * One WebSocket, either side of it.
 *
 * Messages sent while one read is handled, or within one turn of the event loop, leave in one system call.
 */
export class Connection implements FrameReceiver, HeldBack, UnsentOwner {
  readonly #socket: Duplex
  readonly #events: ConnectionEvents
  readonly #writer: FrameWriter
  readonly #reader: FrameReader
  readonly #isClient: boolean
  readonly #closeTimeoutMs: number
  /** The subprotocol both sides agreed on; empty when there is none. */
  readonly subprotocol: string
  /** Whether neither side has begun to close. */
  #isOpen = true
  #isPaused = false
  #isCloseSent = false
  #hasClose = false
  #code = ABNORMAL
  #reason = ''
  #failure: Error | undefined
  #timer: NodeJS.Timeout | undefined
  /** The latest ping that could not be answered yet. */
  #latePong: Buffer | undefined
  #inflater: Inflater | undefined
  /** The payload of the close frame that waits for messages being compressed. */
  #goodbye: Buffer | undefined
  /** What was read and stands behind a message being inflated. */
  #unread: Buffer | undefined
  #isSocketClosed = false
  /** How many reads in a row brought all they had room for. */
  #fullReads = 0
  readonly #unsent: Unsent

  /** Takes a socket whose handshake is done, and begins to read it in the next turn. */
  constructor(socket: Duplex, start: ConnectionStart, events: ConnectionEvents) {
    this.#socket = socket
    this.#events = events
    this.#isClient = start.isClient
    this.#closeTimeoutMs = start.closeTimeoutMs
    this.subprotocol = start.subprotocol
    this.#writer = new FrameWriter(socket, start.isClient)
    this.#unsent = new Unsent(socket, this)
    const { maxMessageBytes, maxFrameBytes = maxMessageBytes, compression } = start
    this.#reader = new FrameReader(
      {
        isMasked: !start.isClient,
        maxMessageBytes,
        maxFrameBytes,
        takesCompressed: compression !== undefined,
      },
      events,
      this,
    )
    if (compression) this.#compress(compression, maxMessageBytes)
    ;(socket as Socket).setTimeout(0)
    ;(socket as Socket).setNoDelay()
    ;(socket as Owned)[owner] = this
    socket.on('error', onError).on('close', onSocketClose).on('end', onEnd).on('data', onData)
  }

  #compress(agreement: Agreement, maxMessageBytes: number): void {
    const { inflate } = agreement
    this.#inflater = new Inflater(inflate.windowBits, inflate.keepsContext, maxMessageBytes)
    this.#unsent.deflating = new DeflateQueue(agreement, {
      onMessage: (payload, isBinary, isCompressed) => {
        if (!this.#socket.writable) return
        this.#hold()
        this.#writer.addFirst((isBinary ? 0x82 : 0x81) | (isCompressed ? COMPRESSED : 0), payload)
      },
      onIdle: () => {
        this.flush()
        if (this.#goodbye) this.#sendClose(this.#goodbye)
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
    return this.unsentBytes + this.#writer.bytes
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
    return (this.#socket as Socket).bytesWritten - this.#socket.writableLength
  }

  /** Whether reading is stopped: nothing can come then, not even the answer to a ping. */
  get isPaused(): boolean {
    return this.#isPaused
  }

  /** Whether messages may be compressed, as both sides agreed. */
  get isCompressing(): boolean {
    return this.#unsent.deflating !== undefined
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
   * Sends a message that goes to many: a server's frame of it is made once for all, and leaves uncompressed. A
   * connection that is not open drops it.
   */
  sendPrepared(message: PushedMessage): void {
    if (this.#isClient || this.#unsent.deflating?.isBusy) {
      this.send(message.data, message.isBinary, false)
      return
    }
    if (!this.#isOpen) return
    this.#hold()
    this.#writer.addFrame(message.frame)
  }

  /** Sends a ping with up to 125 bytes. */
  ping(data: Buffer = NOTHING): void {
    if (!this.#isOpen) return
    this.#writer.addFirst(PING, data)
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
    const payload = code !== undefined && isSendable(code) ? closePayload(code, cutReason(reason)) : NOTHING
    if (this.#unsent.deflating?.isBusy) this.#goodbye = payload
    else this.#sendClose(payload)
  }

  /** Cuts the connection without a closing handshake. */
  terminate(): void {
    this.#isOpen = false
    this.#reader.stop()
    this.#socket.destroy()
  }

  /** Cuts a connection whose peer is not there any more; `onClose` tells why. */
  abandon(failure: Error): void {
    this.#failure = failure
    this.terminate()
  }

  /**
   * Finds out whether a connection that is not read was reset: the system would say so to who reads. An empty write
   * fails then, and puts nothing on the wire otherwise.
   */
  probe(): void {
    if (this.#isPaused && this.#socket.writableLength === 0) this.#socket.write(NOTHING)
  }

  /** Stops reading from the socket; the other side is slowed down by TCP. */
  pause(): void {
    if (this.#isSocketClosed || this.#isDiscarding) return
    this.#isPaused = true
    this.#socket.pause()
  }

  /** Reads on after `pause`. */
  resume(): void {
    this.#isPaused = false
    if (this.#unread || this.#reader.isWaiting) this.#readOn()
    else this.#socket.resume()
  }

  /**
   * Lets the others have their turn: a socket that brings more than one read takes would be read up to thirty times in
   * a row (`benchmarks/slow-readers.bench.ts`).
   */
  #rest(): void {
    this.#fullReads = 0
    if (this.#isPaused || this.#isSocketClosed || this.#isDiscarding) return
    this.#socket.pause()
    setImmediate(() => {
      if (!this.#isPaused && !this.#isSocketClosed) this.#readOn()
    })
  }

  /** Has what is about to be added leave at the end of the read or turn. */
  #hold(): void {
    if (this.#writer.isEmpty) flushLater(this)
  }

  /** Writes the messages held back. Called at the end of the read or turn, and before anything else is written. */
  flush(): void {
    this.#writer.flush()
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
    this.#hasClose = true
    this.#code = code
    this.#reason = reason
    this.#discard()
    if (this.#isOpen) this.close(code === NO_STATUS ? undefined : code, reason)
    else if (this.#isCloseSent) this.#finish()
    this.#events.onClosing?.(code, reason)
  }

  onViolation(violation: Violation): void {
    this.#failure ??= violation
    this.#discard()
    if (this.#isOpen) this.close(violation.closeCode)
    else if (this.#isCloseSent) this.#finish()
  }

  onCompressed(data: Buffer, isBinary: boolean): void {
    this.#socket.pause()
    this.#inflater!.inflate(data, (message, violation) => this.#inflated(message, violation, isBinary))
  }

  #inflated(message: Buffer | undefined, violation: Violation | undefined, isBinary: boolean): void {
    beginRead()
    try {
      if (violation) this.#refuse(violation)
      else if (message && !isBinary && !isUtf8(message)) this.#refuse(badData('the text is no UTF-8'))
      else if (message) this.#events.onMessage(message, isBinary)
      this.#reader.proceed()
      this.#readOn()
    } finally {
      endRead()
    }
  }

  #refuse(violation: Violation): void {
    this.#reader.stop()
    this.onViolation(violation)
  }

  /** Goes on with what was read already, then with the socket. */
  #readOn(): void {
    while (this.#unread && !this.#reader.isWaiting && (!this.#isPaused || this.#isSocketClosed)) {
      const chunk = this.#unread
      this.#unread = undefined
      this.#unread = this.#reader.read(chunk)
    }
    if (this.#unread || this.#reader.isWaiting) return
    if (this.#isSocketClosed) this.#end()
    else if (!this.#isPaused) this.#socket.resume()
  }

  // — the end —

  get #isDiscarding(): boolean {
    return this.#hasClose || this.#failure !== undefined
  }

  /** Reads only to see the end: nothing that comes counts any more. */
  #discard(): void {
    this.#reader.stop()
    this.#unread = undefined
    this.#isPaused = false
    const socket = this.#socket
    // A chunk is being handled: the socket goes on after it.
    process.nextTick(() => socket.resume())
  }

  #sendClose(payload: Buffer): void {
    this.#goodbye = undefined
    if (this.#isSocketClosed) return
    this.#cutIn(this.#closeTimeoutMs)
    if (!this.#socket.writable) return
    this.#writer.addFirst(CLOSE, payload)
    this.flush()
    this.#isCloseSent = true
    if (this.#isDiscarding) this.#finish()
  }

  /** Both have said goodbye, or one has no more to say: the server closes the socket. */
  #finish(): void {
    if (!this.#isClient || this.#failure) {
      this.#socket.end()
      return
    }
    clearTimeout(this.#timer)
    this.#timer = setTimeout(
      () => {
        this.#socket.end()
        this.#cutIn(this.#closeTimeoutMs)
      },
      Math.min(SERVER_CLOSES_MS, this.#closeTimeoutMs),
    )
  }

  #cutIn(ms: number): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#socket.destroy(), ms)
  }

  #socketClosed(): void {
    const socket = this.#socket
    this.#isOpen = false
    this.#isSocketClosed = true
    this.#goodbye = undefined
    clearTimeout(this.#timer)
    this.#unsent.deflating?.close()
    this.#unsent.close()
    // What came before a reset counts, even where reading was stopped.
    socket.off('data', onData)
    const { readableLength } = socket
    const rest =
      readableLength > 0 && !this.#isDiscarding ? (socket.read(readableLength) as Buffer | null) : null
    if (rest) this.#unread = this.#unread ? Buffer.concat([this.#unread, rest]) : rest
    this.#readOn()
  }

  #end(): void {
    this.#inflater?.close()
    const failure = this.#failure
    this.#events.onClose(failure ? ABNORMAL : this.#code, failure ? '' : this.#reason, failure)
  }

  static {
    onData = function (this: Owned, chunk) {
      const connection = this[owner]!
      beginRead()
      try {
        const before = connection.#unread
        connection.#unread = connection.#reader.read(before ? Buffer.concat([before, chunk]) : chunk)
      } finally {
        endRead()
      }
      if (chunk.length < FULL_READ_BYTES) connection.#fullReads = 0
      else if (++connection.#fullReads >= MAX_FULL_READS) connection.#rest()
    }
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

function closePayload(code: number, reason: string): Buffer {
  const payload = Buffer.allocUnsafe(2 + Buffer.byteLength(reason))
  payload.writeUInt16BE(code)
  payload.write(reason, 2)
  return payload
}
