import { randomFillSync } from 'node:crypto'
import type { Duplex } from 'node:stream'
import { mask, wordsOf } from './frame-header.ts'

/** Frames up to this size are put together in one block of memory, which is used again and again. */
const SCRATCH_BYTES = 64 * 1024

/** Two bytes, eight of length, four of mask. */
const MAX_HEADER_BYTES = 14

/** Stands where the first byte of a header would: what is to be written has its header already. */
const WHOLE = -1

let scratch = Buffer.allocUnsafeSlow(SCRATCH_BYTES)
let scratchWords = wordsOf(scratch)
/** Where its free part begins: what is before waits for a slow socket to take it. */
let free = 0

/** Takes a new block where the free part is too small: many slow sockets share one. */
function makeRoom(bytes: number): void {
  if (free + bytes <= SCRATCH_BYTES) return
  scratch = Buffer.allocUnsafeSlow(SCRATCH_BYTES)
  scratchWords = wordsOf(scratch)
  free = 0
}

/** Masks must be unpredictable (RFC 6455, 5.3); they are drawn in bulk. */
const masks = new Int32Array(2048)
let nextMask = masks.length

function drawMask(): number {
  if (nextMask === masks.length) {
    randomFillSync(masks)
    nextMask = 0
  }
  return masks[nextMask++]!
}

/**
 * Writes whole frames (RFC 6455, 5.2) to a socket. Frames added before a `flush` leave in one block, thus one system
 * call (`benchmarks/relay.bench.ts`).
 */
export class FrameWriter {
  readonly #socket: Duplex
  readonly #isMasking: boolean
  readonly #payloads: Buffer[] = []
  readonly #opcodes: number[] = []
  #bytes = 0

  /** A client masks what it sends, a server does not. */
  constructor(socket: Duplex, isMasking: boolean) {
    this.#socket = socket
    this.#isMasking = isMasking
  }

  /** Payload bytes that wait for `flush`. */
  get bytes(): number {
    return this.#bytes
  }

  /** Takes a message. Its buffer must not change before `flush`. */
  add(payload: Buffer, isBinary: boolean): void {
    this.#payloads.push(payload)
    this.#opcodes.push(isBinary ? 0x82 : 0x81)
    this.#bytes += payload.length
  }

  /** Takes what is to be in a frame of its own, whose first byte is given: control frames, and compressed messages. */
  addFirst(first: number, payload: Buffer): void {
    this.#payloads.push(payload)
    this.#opcodes.push(first)
    this.#bytes += payload.length
  }

  /** Takes a message that is a frame already, as a server sends it. Its buffer must never change. */
  addFrame(frame: Buffer): void {
    this.#payloads.push(frame)
    this.#opcodes.push(WHOLE)
    this.#bytes += frame.length
  }

  /** Writes what was added. */
  flush(): void {
    const payloads = this.#payloads
    const count = payloads.length
    if (count === 0) return
    if (count === 1 && this.#opcodes[0] === WHOLE) {
      // Usual for a broadcast: its frame is in memory once, whoever is slow to take it.
      this.#bytes = 0
      this.#opcodes.pop()
      this.#socket.write(payloads.pop()!)
      return
    }
    const most = this.#bytes + count * MAX_HEADER_BYTES
    this.#bytes = 0
    if (most <= SCRATCH_BYTES) {
      makeRoom(most)
      let end = free
      for (let i = 0; i < count; i++) end = this.#encode(payloads[i]!, this.#opcodes[i]!, end)
      this.#writeScratch(end)
    } else {
      this.#socket.cork()
      this.#writeBlocks(payloads)
      this.#socket.uncork()
    }
    this.#empty()
  }

  /** Takes the messages off one by one: a list that is cut to nothing loses its memory, and asks for it anew. */
  #empty(): void {
    while (this.#payloads.pop() !== undefined) this.#opcodes.pop()
  }

  /** More than one block: the system gets them in one call all the same. */
  #writeBlocks(payloads: readonly Buffer[]): void {
    let end = free
    payloads.forEach((payload, i) => {
      const opcode = this.#opcodes[i]!
      const size = payload.length + MAX_HEADER_BYTES
      if (end + size > SCRATCH_BYTES) {
        if (end > free) this.#writeScratch(end)
        if (size <= SCRATCH_BYTES) makeRoom(size)
        end = free
      }
      if (size > SCRATCH_BYTES) this.#writeLarge(payload, opcode)
      else end = this.#encode(payload, opcode, end)
    })
    if (end > free) this.#writeScratch(end)
  }

  /** Writes the block up to a place. Memory the operating system has not taken yet is left to it. */
  #writeScratch(end: number): void {
    this.#socket.write(scratch.subarray(free, end))
    if (this.#socket.writableLength > 0) free = end
  }

  /** A frame too large for the block: masked in memory of its own, or written as it is behind its header. */
  #writeLarge(payload: Buffer, opcode: number): void {
    if (opcode === WHOLE) {
      this.#socket.write(payload)
      return
    }
    const { length } = payload
    const frame = Buffer.allocUnsafeSlow((length < 65536 ? 4 : 10) + (this.#isMasking ? 4 + length : 0))
    const end = writeHeader(frame, 0, opcode, length, this.#isMasking)
    if (this.#isMasking) {
      writeMasked(frame, wordsOf(frame), end, payload)
      this.#socket.write(frame)
      return
    }
    this.#socket.write(frame)
    this.#socket.write(payload)
  }

  #encode(payload: Buffer, opcode: number, start: number): number {
    if (opcode === WHOLE) {
      scratch.set(payload, start)
      return start + payload.length
    }
    const at = writeHeader(scratch, start, opcode, payload.length, this.#isMasking)
    if (this.#isMasking) return writeMasked(scratch, scratchWords, at, payload)
    scratch.set(payload, at)
    return at + payload.length
  }
}

/** Writes the header of a frame (RFC 6455, 5.2) but for the mask; gives the place behind it. */
export function writeHeader(
  target: Buffer,
  at: number,
  opcode: number,
  length: number,
  isMasking: boolean,
): number {
  const maskBit = isMasking ? 0x80 : 0
  target[at] = opcode
  if (length < 126) {
    target[at + 1] = maskBit | length
    return at + 2
  }
  if (length < 65536) {
    target[at + 1] = maskBit | 126
    target[at + 2] = length >>> 8
    target[at + 3] = length & 0xff
    return at + 4
  }
  target[at + 1] = maskBit | 127
  target.writeUInt32BE(Math.floor(length / 2 ** 32), at + 2)
  target.writeUInt32BE(length >>> 0, at + 6)
  return at + 10
}

/** Makes a whole frame as a server sends it; the first byte has the opcode and its flags. */
export function unmaskedFrame(first: number, payload: Buffer): Buffer {
  const { length } = payload
  const frame = Buffer.allocUnsafeSlow((length < 126 ? 2 : length < 65536 ? 4 : 10) + length)
  frame.set(payload, writeHeader(frame, 0, first, length, false))
  return frame
}

/** Writes a mask and the payload under it. */
function writeMasked(target: Buffer, words: Int32Array, at: number, payload: Buffer): number {
  const key = drawMask()
  target[at] = key & 0xff
  target[at + 1] = (key >>> 8) & 0xff
  target[at + 2] = (key >>> 16) & 0xff
  target[at + 3] = key >>> 24
  const start = at + 4
  const end = start + payload.length
  target.set(payload, start)
  mask(target, words, start, end, key)
  return end
}
