import { isUtf8 } from 'node:buffer'
import type { Duplex } from 'node:stream'
import type { ConnectionEvents, ConnectionStart } from './connection-events.ts'
import { takeDirectly } from './direct-reads.ts'
import { FrameReader, type FrameReceiver } from './frame-reader.ts'
import { Inflater } from './inflater.ts'
import { beginRead, endRead } from './turn.ts'
import { badData, type Violation } from './violation.ts'

const incoming = Symbol('incoming')
type Read = Duplex & { [incoming]?: Incoming }

// One function for all connections: none is made per session.
let onData: (this: Read, chunk: Buffer) => void

/** A read that brings this much brings all it has room for: there is more. */
const FULL_READ_BYTES = 65_536
const MAX_FULL_READS = 4

/** The connection that is read. */
export interface IncomingOwner extends FrameReceiver {
  /** The socket is closed, and all it brought was handled. */
  onAllRead(): void
}

/** What comes over one socket: hands it to the frame reader, and reads on as the messages and their owner let it. */
export class Incoming {
  readonly #socket: Duplex
  readonly #events: ConnectionEvents
  readonly #owner: IncomingOwner
  readonly #reader: FrameReader
  readonly #inflater: Inflater | undefined
  /** What was read and stands behind a message being inflated. */
  #unread: Buffer | undefined
  /** How many reads in a row brought all they had room for. */
  #fullReads = 0
  #isSocketClosed = false
  /** Whether nothing that comes counts any more. */
  #isOver = false
  /** Whether reading is stopped. */
  isPaused = false

  /** Begins to read in the next turn. */
  constructor(socket: Duplex, start: ConnectionStart, events: ConnectionEvents, owner: IncomingOwner) {
    this.#socket = socket
    this.#events = events
    this.#owner = owner
    const { isClient, maxMessageBytes, maxFrameBytes = maxMessageBytes, compression } = start
    this.#reader = new FrameReader(
      { isMasked: !isClient, maxMessageBytes, maxFrameBytes, takesCompressed: compression !== undefined },
      events,
      owner,
    )
    if (compression) {
      const { windowBits, keepsContext } = compression.inflate
      this.#inflater = new Inflater(windowBits, keepsContext, maxMessageBytes)
    }
    ;(socket as Read)[incoming] = this
    socket.on('data', onData)
    takeDirectly(socket, onData)
  }

  /** Stops reading from the socket. */
  pause(): void {
    if (this.#isSocketClosed || this.#isOver) return
    this.isPaused = true
    this.#socket.pause()
  }

  /** Reads on after `pause`. */
  resume(): void {
    this.isPaused = false
    if (this.#unread || this.#reader.isWaiting) this.#readOn()
    else this.#socket.resume()
  }

  /** Inflates a message, and reads on behind it. */
  inflate(data: Buffer, isBinary: boolean): void {
    this.#socket.pause()
    this.#inflater!.inflate(data, (message, violation) => this.#inflated(message, violation, isBinary))
  }

  /** Handles nothing more: the socket is about to be cut. */
  stop(): void {
    this.#isOver = true
    this.#reader.stop()
  }

  /** Reads only to see the end: nothing that comes counts any more. */
  discard(): void {
    this.stop()
    this.#unread = undefined
    this.isPaused = false
    const socket = this.#socket
    // A chunk is being handled: the socket goes on after it.
    process.nextTick(() => socket.resume())
  }

  /** The socket is closed. What came before a reset counts, even where reading was stopped. */
  socketClosed(): void {
    const socket = this.#socket
    this.#isSocketClosed = true
    socket.off('data', onData)
    const { readableLength } = socket
    const rest = readableLength > 0 && !this.#isOver ? (socket.read(readableLength) as Buffer | null) : null
    if (rest) this.#unread = this.#unread ? Buffer.concat([this.#unread, rest]) : rest
    this.#readOn()
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
    this.#owner.onViolation(violation)
  }

  /** Goes on with what was read already, then with the socket. */
  #readOn(): void {
    while (this.#unread && !this.#reader.isWaiting && (!this.isPaused || this.#isSocketClosed)) {
      const chunk = this.#unread
      this.#unread = undefined
      this.#unread = this.#reader.read(chunk)
    }
    if (this.#unread || this.#reader.isWaiting) return
    if (this.#isSocketClosed) this.#end()
    else if (!this.isPaused) this.#socket.resume()
  }

  /**
   * Lets the others have their turn: a socket that brings more than one read takes would be read up to thirty times in
   * a row (`benchmarks/slow-readers.bench.ts`).
   */
  #rest(): void {
    this.#fullReads = 0
    if (this.isPaused || this.#isSocketClosed || this.#isOver) return
    this.#socket.pause()
    setImmediate(() => {
      if (!this.isPaused && !this.#isSocketClosed) this.#readOn()
    })
  }

  #end(): void {
    this.#inflater?.close()
    this.#owner.onAllRead()
  }

  static {
    onData = function (this: Read, chunk) {
      const read = this[incoming]!
      beginRead()
      try {
        const before = read.#unread
        read.#unread = read.#reader.read(before ? Buffer.concat([before, chunk]) : chunk)
      } finally {
        endRead()
      }
      if (chunk.length < FULL_READ_BYTES) read.#fullReads = 0
      else if (++read.#fullReads >= MAX_FULL_READS) read.#rest()
    }
  }
}
