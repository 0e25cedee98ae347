import { isUtf8 } from 'node:buffer'
import { isSendable, NO_STATUS } from './close-codes.ts'
import {
  BINARY,
  CLOSE,
  type FrameRules,
  frameProblem,
  MAX_CONTROL_BYTES,
  PING,
  PONG,
  TEXT,
} from './frame-check.ts'
import {
  headerBytes,
  isMinimal,
  MAX_HEADER_BYTES,
  mask,
  maskAt,
  payloadBytes,
  wordsOf,
} from './frame-header.ts'
import { MessageBuffer } from './message-buffer.ts'
import { STREAM_FROM_BYTES } from './message-stream.ts'
import { Utf8Check } from './utf8-check.ts'
import { badData, protocolError, tooLarge, type Violation } from './violation.ts'

/** What a frame reader is told about its connection. */
export interface FrameReaderOptions extends FrameRules {
  /** The most one frame may carry. */
  readonly maxFrameBytes: number
  /** The most a message may have, all its fragments together. */
  readonly maxMessageBytes: number
}

/** Who gets the messages. */
export interface MessageReceiver {
  onMessage(data: Buffer, isBinary: boolean): void
  /**
   * A message is not complete, and so long already that it need not be joined: gives who takes its pieces as they come.
   * Without one it is joined. One that breaks off is not told of.
   */
  onLongMessage?(isBinary: boolean): MessageSink | undefined
  /** From how many bytes on a message counts as long; default 64 KiB. */
  readonly streamFromBytes?: number | undefined
}

/** Who takes a message piece by piece; the pieces are theirs. */
export interface MessageSink {
  push(piece: Buffer): void
  end(): void
}

/** Who gets all that is no plain message. */
export interface FrameReceiver {
  onPingFrame(data: Buffer): void
  onPongFrame(data: Buffer): void
  /** A close frame; 1005 is one without a code. Nothing is read after it. */
  onCloseFrame(code: number, reason: string): void
  /** The payload of a whole compressed message. Nothing is read before `proceed`. */
  onCompressed(data: Buffer, isBinary: boolean): void
  /** What ends the reading. */
  onViolation(violation: Violation): void
}

/**
 * Reads the frames a socket brings, cut anywhere (RFC 6455, 5), and gives the messages in order.
 *
 * Whole, unfragmented messages, which is what most connections carry, are given as they lie in what was read. The
 * pieces of all others are put together as they come: what counts is their bytes, never their number. A peer is
 * refused as soon as it can be seen to be wrong, before the payload where the header shows it.
 */
export class FrameReader {
  readonly #options: FrameReaderOptions
  readonly #isMasked: boolean
  readonly #maxPlainBytes: number
  readonly #messages: MessageReceiver
  readonly #frames: FrameReceiver
  #isWaiting = false
  #isOver = false
  /** What came of a header that was split over two reads; made when one is. */
  #partial: Uint8Array | undefined
  #partialBytes = 0
  /** The chunk that is read, as words; made when a mask is to be taken off. */
  #words: Int32Array | undefined

  // — the frame under way —
  /** Payload bytes that are still to come. */
  #left = 0
  /** The mask for the next four of them. */
  #mask = 0
  /** The first byte of its header. */
  #first = 0
  /** The payload of a control frame that came in pieces. */
  #control: MessageBuffer | undefined

  // — the message under way —
  /** Text or binary while fragments are still to come; else 0. */
  #opcode = 0
  #isCompressed = false
  #message: MessageBuffer | undefined
  /** Who takes it piece by piece, and how many bytes they have. */
  #sink: MessageSink | undefined
  #passedBytes = 0
  #isOffered = false
  #text: Utf8Check | undefined

  constructor(options: FrameReaderOptions, messages: MessageReceiver, frames: FrameReceiver) {
    this.#options = options
    this.#isMasked = options.isMasked
    this.#maxPlainBytes = Math.min(options.maxFrameBytes, options.maxMessageBytes)
    this.#messages = messages
    this.#frames = frames
  }

  /** Whether a compressed message was given and `proceed` not called since. */
  get isWaiting(): boolean {
    return this.#isWaiting
  }

  /** Reads on after a compressed message. */
  proceed(): void {
    this.#isWaiting = false
  }

  /** Reads nothing more. */
  stop(): void {
    this.#isOver = true
    this.#message = undefined
    this.#sink = undefined
    this.#partial = undefined
  }

  /** Reads a chunk, which is then the reader's; gives what stands behind a compressed message, if anything. */
  read(chunk: Buffer): Buffer | undefined {
    let at = 0
    this.#words = undefined
    while (at < chunk.length) {
      if (this.#isOver) return undefined
      if (this.#isWaiting) return chunk.subarray(at)
      if (this.#left > 0) at = this.#readPayload(chunk, at)
      else if (this.#partialBytes > 0) at = this.#readRest(chunk, at)
      else {
        const next = this.#opcode === 0 ? this.#takeMessage(chunk, at) : at
        at = next > at ? next : this.#readHeader(chunk, at)
      }
    }
    return undefined
  }

  /** Delivers the message at a place and gives the place after it; the same place where there is no plain one. */
  #takeMessage(chunk: Buffer, at: number): number {
    const first = chunk[at]!
    if (first !== 0x81 && first !== 0x82) return at
    const size = headerBytes(chunk, at)
    if (at + size > chunk.length || (chunk[at + 1]! & 0x80) !== (this.#isMasked ? 0x80 : 0)) return at
    const length = payloadBytes(chunk, at)
    const start = at + size
    const end = start + length
    if (end > chunk.length || length > this.#maxPlainBytes || !isMinimal(chunk[at + 1]!, length)) return at
    if (this.#isMasked) this.#unmask(chunk, start, end, maskAt(chunk, start - 4))
    const payload = chunk.subarray(start, end)
    if (first === 0x81 && !isUtf8(payload)) return this.#refuse(badData('the text is no UTF-8'), chunk)
    this.#messages.onMessage(payload, first === 0x82)
    return end
  }

  /** Takes a mask off a part of the chunk that is read. */
  #unmask(chunk: Buffer, start: number, end: number, key: number): number {
    this.#words ??= wordsOf(chunk)
    return mask(chunk, this.#words, start, end, key)
  }

  #readHeader(chunk: Buffer, at: number): number {
    const available = chunk.length - at
    if (available < 2 || available < headerBytes(chunk, at)) {
      this.#partial ??= new Uint8Array(MAX_HEADER_BYTES)
      this.#partial.set(chunk.subarray(at))
      this.#partialBytes = available
      if (available >= 2) this.#check(chunk[at]!, chunk[at + 1]!)
      return chunk.length
    }
    const end = at + headerBytes(chunk, at)
    this.#begin(chunk, at)
    return end
  }

  /** Goes on with a header that began in the chunk before. */
  #readRest(chunk: Buffer, start: number): number {
    const header = this.#partial!
    let at = start
    while (at < chunk.length) {
      header[this.#partialBytes++] = chunk[at++]!
      if (this.#partialBytes === 2) this.#check(header[0]!, header[1]!)
      if (this.#isOver) break
      if (this.#partialBytes < 2 || this.#partialBytes < headerBytes(header, 0)) continue
      this.#partialBytes = 0
      this.#begin(header, 0)
      break
    }
    return at
  }

  /** Looks at the two bytes every header begins with; false where they are wrong. */
  #check(first: number, second: number): boolean {
    const problem = frameProblem(first, second, this.#options, this.#opcode !== 0)
    return problem === undefined || this.#wrong(problem)
  }

  /** Begins a frame whose header is complete. */
  #begin(header: Uint8Array, at: number): void {
    const first = header[at]!
    const second = header[at + 1]!
    if (!this.#check(first, second)) return
    if ((second & 0x7f) === 127 && header[at + 2]! >= 0x80) {
      this.#wrong('the highest bit of a length is set')
      return
    }
    const length = payloadBytes(header, at)
    if (!isMinimal(second, length)) {
      this.#wrong('a length is written in more bytes than it needs')
      return
    }
    const opcode = first & 0x0f
    if (opcode < CLOSE && !this.#beginData(first, length)) return
    this.#first = first
    this.#left = length
    this.#mask = this.#isMasked ? maskAt(header, at + headerBytes(header, at) - 4) : 0
    if (length === 0) this.#endFrame(undefined)
  }

  #beginData(first: number, length: number): boolean {
    const { maxFrameBytes, maxMessageBytes } = this.#options
    const had = this.#opcode === 0 ? 0 : this.#passedBytes + (this.#message?.length ?? 0)
    if (had + length > maxMessageBytes) return this.#violated(tooLarge('message', maxMessageBytes))
    if (length > maxFrameBytes) return this.#violated(tooLarge('frame', maxFrameBytes))
    const opcode = first & 0x0f
    if (opcode === 0) return true
    this.#opcode = opcode
    this.#isCompressed = (first & 0x40) !== 0
    if (opcode === TEXT && !this.#isCompressed) {
      this.#text ??= new Utf8Check()
      this.#text.reset()
    }
    return true
  }

  #readPayload(chunk: Buffer, at: number): number {
    const end = Math.min(chunk.length, at + this.#left)
    const claimed = this.#left
    this.#left -= end - at
    if (this.#mask !== 0) this.#mask = this.#unmask(chunk, at, end, this.#mask)
    const piece = chunk.subarray(at, end)
    if ((this.#first & 0x0f) >= CLOSE) {
      if (this.#left === 0 && !this.#control) this.#endFrame(piece)
      else {
        this.#control ??= new MessageBuffer()
        this.#control.add(piece, claimed, MAX_CONTROL_BYTES)
        if (this.#left === 0) this.#endFrame(undefined)
      }
      return end
    }
    if (this.#opcode === TEXT && !this.#isCompressed && !this.#text!.push(piece))
      return this.#refuse(badData('the text is no UTF-8'), chunk)
    if (this.#sink) {
      this.#passedBytes += piece.length
      this.#sink.push(piece)
      if (this.#left === 0) this.#endFrame(undefined)
      return end
    }
    const isFinal = (this.#first & 0x80) !== 0
    const had = this.#message?.length ?? 0
    if (isFinal && had === 0 && this.#left === 0) this.#endFrame(piece)
    else {
      this.#message ??= new MessageBuffer()
      this.#message.add(piece, claimed, isFinal ? had + claimed : this.#options.maxMessageBytes)
      if (this.#left === 0) this.#endFrame(undefined)
      // One that comes in one frame is joined: many a peer that sends none does not read fragments.
      const isFragmented = !isFinal || (this.#first & 0x0f) === 0
      const from = this.#messages.streamFromBytes ?? STREAM_FROM_BYTES
      if (isFragmented && !this.#isOffered && (this.#message?.length ?? 0) >= from) this.#offer()
    }
    return end
  }

  /** Has a message that is long, and not complete, taken piece by piece, where somebody does. */
  #offer(): void {
    this.#isOffered = true
    if (this.#isCompressed || this.#isOver || !this.#messages.onLongMessage) return
    const sink = this.#messages.onLongMessage(this.#opcode === BINARY)
    if (!sink) return
    const soFar = this.#message!.take()
    this.#message = undefined
    this.#passedBytes = soFar.length
    this.#sink = sink
    sink.push(soFar)
  }

  /** Ends a frame; `whole` is its payload, or its message, where that is in one piece. */
  #endFrame(whole: Buffer | undefined): void {
    const opcode = this.#first & 0x0f
    if (opcode >= CLOSE) {
      const payload = whole ?? this.#control?.take() ?? Buffer.alloc(0)
      this.#control = undefined
      this.#endControl(opcode, payload)
      return
    }
    if ((this.#first & 0x80) === 0) return
    const isBinary = this.#opcode === BINARY
    this.#opcode = 0
    this.#isOffered = false
    if (this.#sink) {
      this.#endPassed(this.#sink, isBinary)
      return
    }
    const data = whole ?? this.#message?.take() ?? Buffer.alloc(0)
    this.#message = undefined
    if (this.#isCompressed) {
      this.#isWaiting = true
      this.#frames.onCompressed(data, isBinary)
    } else if (isBinary || this.#text!.isComplete) this.#messages.onMessage(data, isBinary)
    else this.#violated(badData('the text ends inside a character'))
  }

  #endPassed(sink: MessageSink, isBinary: boolean): void {
    this.#sink = undefined
    this.#passedBytes = 0
    if (isBinary || this.#text!.isComplete) sink.end()
    else this.#violated(badData('the text ends inside a character'))
  }

  #endControl(opcode: number, payload: Buffer): void {
    if (opcode === PING) this.#frames.onPingFrame(payload)
    else if (opcode === PONG) this.#frames.onPongFrame(payload)
    else this.#endWithClose(payload)
  }

  #endWithClose(payload: Buffer): void {
    const code = payload.length === 0 ? NO_STATUS : payload.readUInt16BE(0)
    const reason = payload.subarray(2)
    if (payload.length > 0 && !isSendable(code)) this.#wrong(`the close code ${code} may not be sent`)
    else if (!isUtf8(reason)) this.#violated(badData('the reason of a close frame is no UTF-8'))
    else {
      this.stop()
      this.#frames.onCloseFrame(code, reason.toString())
    }
  }

  #wrong(message: string): false {
    return this.#violated(protocolError(message))
  }

  #violated(violation: Violation): false {
    this.stop()
    this.#frames.onViolation(violation)
    return false
  }

  #refuse(violation: Violation, chunk: Buffer): number {
    this.#violated(violation)
    return chunk.length
  }
}
