import { isUtf8 } from 'node:buffer'

/** Shorter payloads of frames that the library reads are left to it: unmasking them here does not pay. */
const MIN_UNMASKED_BYTES = 256

/** The longest header: two bytes, eight of length, four of mask (RFC 6455, 5.2). */
const MAX_HEADER_BYTES = 14

/** What a frame reader is told about its connection. */
export interface FrameReaderOptions {
  /** Whether the peer masks its frames: clients must, servers must not. */
  readonly isMasked: boolean
  /** Longer messages are left to the library, which refuses them. */
  readonly maxMessageBytes: number
}

/** Who gets the plain messages. */
export interface MessageReceiver {
  onMessage(data: Buffer, isBinary: boolean): void
}

/**
 * Takes plain messages off what a socket read before the library sees it: whole, unfragmented, uncompressed text
 * and binary messages of less than 64 KiB, which is what most connections carry. Everything else is handed on
 * untouched: fragments, control frames, long messages, and whatever is wrong with a frame (`benchmarks/relay.bench.ts`).
 *
 * Of what is handed on only the frame boundaries are followed, and masks taken off long payloads, four bytes at a
 * time; a mask of zeros is left, which the library skips.
 */
export class FrameReader {
  readonly #isMasked: boolean
  readonly #maxPlainBytes: number
  readonly #receiver: MessageReceiver
  /** Payload bytes of the library's frame under way that are still to come. */
  #left = 0
  /** The mask for the next four of them; 0 where it stays on. */
  #mask = 0
  /** Whether a fragmented message is under way: no plain message can start then. */
  #isFragmented = false
  /** What came of a header that was split over two reads; made when one is. */
  #partial: Uint8Array | undefined
  #partialBytes = 0

  constructor(options: FrameReaderOptions, receiver: MessageReceiver) {
    this.#isMasked = options.isMasked
    this.#maxPlainBytes = Math.min(options.maxMessageBytes, 65535)
    this.#receiver = receiver
  }

  /** Delivers the plain messages at the start of a chunk; gives what is left for the library, if anything. */
  read(chunk: Buffer): Buffer | undefined {
    let at = 0
    if (this.#left === 0 && this.#partialBytes === 0 && !this.#isFragmented) {
      while (at < chunk.length) {
        const next = this.#takeMessage(chunk, at)
        if (next === at) break
        at = next
      }
      if (at === chunk.length) return undefined
    }
    const rest = at === 0 ? chunk : chunk.subarray(at)
    this.#follow(rest)
    return rest
  }

  /** Delivers the message at a place and gives the place after it; the same place where there is no plain one. */
  #takeMessage(chunk: Buffer, at: number): number {
    const opcode = chunk[at]!
    if (opcode !== 0x81 && opcode !== 0x82) return at
    const size = headerBytes(chunk, at)
    if (at + size > chunk.length || (chunk[at + 1]! & 0x80) !== (this.#isMasked ? 0x80 : 0)) return at
    const length = payloadBytes(chunk, at)
    const start = at + size
    const end = start + length
    if (end > chunk.length || length > this.#maxPlainBytes) return at
    if (this.#isMasked) {
      xor(chunk, start, end, maskAt(chunk, start - 4))
      chunk.fill(0, start - 4, start)
    }
    const payload = chunk.subarray(start, end)
    if (opcode === 0x81 && !isUtf8(payload)) return at
    this.#receiver.onMessage(payload, opcode === 0x82)
    return end
  }

  /** Goes through what the library gets, in the order the socket read it. */
  #follow(chunk: Buffer): void {
    let at = 0
    while (at < chunk.length) {
      if (this.#left > 0) at = this.#payload(chunk, at)
      else if (this.#partialBytes > 0) at = this.#rest(chunk, at)
      else at = this.#header(chunk, at)
    }
  }

  #header(chunk: Buffer, at: number): number {
    const size = headerBytes(chunk, at)
    if (at + 2 > chunk.length || at + size > chunk.length) {
      this.#partial ??= new Uint8Array(MAX_HEADER_BYTES)
      this.#partial.set(chunk.subarray(at))
      this.#partialBytes = chunk.length - at
      return chunk.length
    }
    this.#begin(chunk, at)
    if (this.#left >= MIN_UNMASKED_BYTES && (chunk[at + 1]! & 0x80) !== 0) {
      this.#mask = maskAt(chunk, at + size - 4)
      chunk.fill(0, at + size - 4, at + size)
    }
    return at + size
  }

  /** Goes on with a header that began in the chunk before: only to know where its frame ends. */
  #rest(chunk: Buffer, start: number): number {
    const header = this.#partial!
    let at = start
    while (at < chunk.length) {
      header[this.#partialBytes++] = chunk[at++]!
      if (this.#partialBytes < 2 || this.#partialBytes < headerBytes(header, 0)) continue
      this.#begin(header, 0)
      this.#partialBytes = 0
      break
    }
    return at
  }

  #begin(header: Uint8Array, at: number): void {
    this.#left = payloadBytes(header, at)
    this.#mask = 0
    const first = header[at]!
    // Control frames may stand between the fragments of a message.
    if ((first & 0x08) === 0) this.#isFragmented = (first & 0x80) === 0
  }

  #payload(chunk: Buffer, at: number): number {
    const end = Math.min(chunk.length, at + this.#left)
    this.#left -= end - at
    if (this.#mask !== 0) this.#mask = xor(chunk, at, end, this.#mask)
    return end
  }
}

function headerBytes(bytes: Uint8Array, at: number): number {
  const second = bytes[at + 1] ?? 0
  const length = second & 0x7f
  return 2 + (length === 126 ? 2 : length === 127 ? 8 : 0) + ((second & 0x80) === 0 ? 0 : 4)
}

function payloadBytes(bytes: Uint8Array, at: number): number {
  const length = bytes[at + 1]! & 0x7f
  if (length < 126) return length
  if (length === 126) return (bytes[at + 2]! << 8) | bytes[at + 3]!
  let long = 0
  for (let i = at + 2; i < at + 10; i++) long = long * 256 + bytes[i]!
  return long
}

function maskAt(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
}

/** Applies a mask and gives it turned to where it goes on. */
function xor(chunk: Buffer, start: number, end: number, mask: number): number {
  const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.length)
  let i = start
  for (const last = end - 3; i < last; i += 4) view.setInt32(i, view.getInt32(i, true) ^ mask, true)
  const odd = end - i
  for (let shift = 0; i < end; i++, shift += 8) chunk[i] = chunk[i]! ^ ((mask >>> shift) & 0xff)
  return odd === 0 ? mask : (mask >>> (odd * 8)) | (mask << (32 - odd * 8))
}
