import { isUtf8 } from 'node:buffer'

/** Shorter pieces are checked byte by byte: a view of them would cost more. */
const MIN_VIEW_BYTES = 32

/**
 * Checks text that comes in pieces, cut anywhere. It says no at the first byte that no continuation can make good, so
 * that a connection need not wait for the end of a message to be refused (RFC 6455, 8.1).
 */
export class Utf8Check {
  /** Continuation bytes the character under way still needs, and what the next of them may be. */
  #needed = 0
  #low = 0x80
  #high = 0xbf

  /** Whether no character is under way. */
  get isComplete(): boolean {
    return this.#needed === 0
  }

  /** Begins a new text. */
  reset(): void {
    this.#needed = 0
    this.#low = 0x80
    this.#high = 0xbf
  }

  /** Takes the next piece; false where it cannot be UTF-8. */
  push(piece: Buffer): boolean {
    let at = 0
    while (this.#needed > 0 && at < piece.length) if (!this.#take(piece[at++]!)) return false
    const end = piece.length - (piece.length - at < MIN_VIEW_BYTES ? piece.length - at : cutOff(piece, at))
    if (end > at && !isUtf8(at === 0 && end === piece.length ? piece : piece.subarray(at, end))) return false
    for (let i = Math.max(at, end); i < piece.length; i++) if (!this.#take(piece[i]!)) return false
    return true
  }

  #take(byte: number): boolean {
    if (this.#needed > 0) {
      if (byte < this.#low || byte > this.#high) return false
      this.#needed--
      this.#low = 0x80
      this.#high = 0xbf
      return true
    }
    if (byte < 0x80) return true
    if (byte < 0xc2 || byte > 0xf4) return false
    this.#needed = byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3
    // No overlong forms, no surrogates, nothing above U+10FFFF (RFC 3629, 4).
    if (byte === 0xe0) this.#low = 0xa0
    else if (byte === 0xed) this.#high = 0x9f
    else if (byte === 0xf0) this.#low = 0x90
    else if (byte === 0xf4) this.#high = 0x8f
    return true
  }
}

/** How many bytes at the end are the beginning of a character that goes on after it. */
function cutOff(bytes: Buffer, from: number): number {
  for (let back = 1; back <= 3 && bytes.length - back >= from; back++) {
    const byte = bytes[bytes.length - back]!
    if (byte < 0x80) return 0
    if (byte < 0xc0) continue
    const length = byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4
    return length > back ? back : 0
  }
  return 0
}
