import { endianness } from 'node:os'

/** The longest header: two bytes, eight of length, four of mask (RFC 6455, 5.2). */
export const MAX_HEADER_BYTES = 14

/** How long the header at a place is, by its second byte. */
export function headerBytes(bytes: Uint8Array, at: number): number {
  const second = bytes[at + 1] ?? 0
  const length = second & 0x7f
  return 2 + (length === 126 ? 2 : length === 127 ? 8 : 0) + ((second & 0x80) === 0 ? 0 : 4)
}

/** The length a complete header gives; above 2^53 it is no longer exact. */
export function payloadBytes(bytes: Uint8Array, at: number): number {
  const length = bytes[at + 1]! & 0x7f
  if (length < 126) return length
  if (length === 126) return (bytes[at + 2]! << 8) | bytes[at + 3]!
  let long = 0
  for (let i = at + 2; i < at + 10; i++) long = long * 256 + bytes[i]!
  return long
}

/** Whether a length is written in the fewest bytes, as it must be (RFC 6455, 5.2). */
export function isMinimal(second: number, length: number): boolean {
  const short = second & 0x7f
  return short < 126 || (short === 126 ? length > 125 : length > 65535)
}

/** The mask that stands at a place, as a number. */
export function maskAt(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
}

/** Whether the lowest byte of a word stands first, as it does in a mask. */
const isLittleEndian = endianness() === 'LE'

/** The bytes of a block as words, to be masked four at a time; made once for all that is in it. */
export function wordsOf(block: Uint8Array): Int32Array {
  const start = block.byteOffset & ~3
  return new Int32Array(block.buffer as ArrayBuffer, start, (block.byteOffset + block.length - start) >>> 2)
}

/** Puts a mask on a part of a block, or takes it off, and gives it turned to where it goes on. */
export function mask(block: Uint8Array, words: Int32Array, start: number, end: number, key: number): number {
  // Words begin at multiples of four in the memory, not in the block.
  const shift = block.byteOffset & 3
  let turned = key
  let i = start
  for (; i < end && (!isLittleEndian || ((i + shift) & 3) !== 0); i++) {
    block[i] = block[i]! ^ (turned & 0xff)
    turned = (turned >>> 8) | (turned << 24)
  }
  if (i === end) return turned
  const last = (end + shift) >>> 2
  for (let word = (i + shift) >>> 2; word < last; word++) words[word] = words[word]! ^ turned
  for (i = Math.max(i, (last << 2) - shift); i < end; i++) {
    block[i] = block[i]! ^ (turned & 0xff)
    turned = (turned >>> 8) | (turned << 24)
  }
  return turned
}
