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

/** Takes a mask off in place, four bytes at a time, and gives it turned to where it goes on. */
export function unmask(chunk: Buffer, start: number, end: number, mask: number): number {
  const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.length)
  let i = start
  for (const last = end - 3; i < last; i += 4) view.setInt32(i, view.getInt32(i, true) ^ mask, true)
  const odd = end - i
  for (let shift = 0; i < end; i++, shift += 8) chunk[i] = chunk[i]! ^ ((mask >>> shift) & 0xff)
  return odd === 0 ? mask : (mask >>> (odd * 8)) | (mask << (32 - odd * 8))
}
