import { randomFillSync } from 'node:crypto'
import type { Duplex } from 'node:stream'

/** Frames up to this size are put together in one block of memory, which is used again and again. */
const SCRATCH_BYTES = 64 * 1024

/** Two bytes, eight of length, four of mask. */
const MAX_HEADER_BYTES = 14

/** Stands where the first byte of a header would: what is to be written has its header already. */
const WHOLE = 0

let scratch = Buffer.allocUnsafeSlow(SCRATCH_BYTES)
let scratchView = new DataView(scratch.buffer)
/** Where its free part begins: what is before waits for a slow socket to take it. */
let free = 0

/** Takes a new block where the free part is too small: many slow sockets share one. */
function makeRoom(bytes: number): void {
  if (free + bytes <= SCRATCH_BYTES) return
  scratch = Buffer.allocUnsafeSlow(SCRATCH_BYTES)
  scratchView = new DataView(scratch.buffer)
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

  /** Whether nothing waits for `flush`. */
  get isEmpty(): boolean {
    return this.#payloads.length === 0
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
    const view = new DataView(frame.buffer)
    const end = writeHeader(frame, view, 0, opcode, length, this.#isMasking)
    if (this.#isMasking) {
      writeMasked(frame, view, end, payload)
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
    const at = writeHeader(scratch, scratchView, start, opcode, payload.length, this.#isMasking)
    if (this.#isMasking) return writeMasked(scratch, scratchView, at, payload)
    scratch.set(payload, at)
    return at + payload.length
  }
}

/** Writes the header of a frame (RFC 6455, 5.2) but for the mask; gives the place behind it. */
export function writeHeader(
  target: Buffer,
  view: DataView,
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
    view.setUint16(at + 2, length)
    return at + 4
  }
  target[at + 1] = maskBit | 127
  view.setUint32(at + 2, Math.floor(length / 2 ** 32))
  view.setUint32(at + 6, length >>> 0)
  return at + 10
}

/** Writes a mask and the payload under it, four bytes at a time. */
function writeMasked(target: Buffer, view: DataView, at: number, payload: Buffer): number {
  const mask = drawMask()
  view.setInt32(at, mask, true)
  const start = at + 4
  const end = start + payload.length
  target.set(payload, start)
  let i = start
  for (const last = end - 3; i < last; i += 4) view.setInt32(i, view.getInt32(i, true) ^ mask, true)
  for (let shift = 0; i < end; i++, shift += 8) target[i] = target[i]! ^ ((mask >>> shift) & 0xff)
  return end
}
