/** Shorter payloads are left to the library: four bytes at a time pays only for longer ones. */
const MIN_PAYLOAD_BYTES = 256

/** The longest header: two bytes, eight of length, four of mask (RFC 6455, 5.2). */
const MAX_HEADER_BYTES = 14

/**
 * Takes the mask off what a client sends, four bytes at a time and in place, before the library reads it.
 *
 * The library goes byte by byte, a fifth of the cost of relaying 1 KiB (`benchmarks/relay.bench.ts`), but skips a
 * mask of zeros: the payload is unmasked and its mask zeroed. Only frame boundaries are followed here; whatever is
 * wrong with a frame is still there for the library to see. A frame whose header is split over two reads is left as
 * it is.
 */
export class Unmasker {
  /** Payload bytes of the frame under way that are still to come. */
  #left = 0
  /** The mask for the next four of them; 0 where the frame is left to the library. */
  #mask = 0
  /** What came of a header that was split; made when one is. */
  #partial: Uint8Array | undefined
  #partialBytes = 0

  /** Goes through one chunk, in the order the socket read them. */
  unmask(chunk: Buffer): void {
    // The usual chunk: one short frame.
    if (
      this.#left === 0 &&
      this.#partialBytes === 0 &&
      chunk.length === (chunk[1]! & 0x7f) + 6 &&
      chunk.length < 132
    )
      return
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
    this.#left = payloadBytes(chunk, at)
    this.#mask = 0
    if (this.#left >= MIN_PAYLOAD_BYTES && (chunk[at + 1]! & 0x80) !== 0) {
      const mask = at + size - 4
      this.#mask =
        chunk[mask]! | (chunk[mask + 1]! << 8) | (chunk[mask + 2]! << 16) | (chunk[mask + 3]! << 24)
      chunk.fill(0, mask, mask + 4)
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
      this.#left = payloadBytes(header, 0)
      this.#mask = 0
      this.#partialBytes = 0
      break
    }
    return at
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

/** Applies a mask and gives it turned to where it goes on. */
function xor(chunk: Buffer, start: number, end: number, mask: number): number {
  const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.length)
  let i = start
  for (const last = end - 3; i < last; i += 4) view.setInt32(i, view.getInt32(i, true) ^ mask, true)
  const odd = end - i
  for (let shift = 0; i < end; i++, shift += 8) chunk[i] = chunk[i]! ^ ((mask >>> shift) & 0xff)
  return odd === 0 ? mask : (mask >>> (odd * 8)) | (mask << (32 - odd * 8))
}
