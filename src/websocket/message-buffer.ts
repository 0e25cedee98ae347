/** What a buffer begins with where the size of the message is not known. */
const MIN_BYTES = 1024

/** What is taken at once for a message whose size is only claimed yet. */
const MAX_CLAIMED_BYTES = 128 * 1024

/**
 * Puts a message together of the pieces it comes in, however many they are: it takes at most about twice the memory of
 * what has come, be it in single bytes, and none for what is only announced.
 */
export class MessageBuffer {
  #bytes: Buffer | undefined
  #length = 0

  /** How many bytes there are. */
  get length(): number {
    return this.#length
  }

  /**
   * Adds a piece. `claimed` is what its frame is still to bring, the piece included, and `most` what the whole message
   * can come to.
   */
  add(piece: Buffer, claimed: number, most: number): void {
    const needed = this.#length + piece.length
    const had = this.#bytes
    if (!had || had.length < needed) {
      const wanted = Math.max(needed, MIN_BYTES, had ? had.length * 2 : Math.min(claimed, MAX_CLAIMED_BYTES))
      const grown = Buffer.allocUnsafeSlow(Math.max(needed, Math.min(wanted, most)))
      if (had) grown.set(had.subarray(0, this.#length))
      this.#bytes = grown
    }
    this.#bytes!.set(piece, this.#length)
    this.#length = needed
  }

  /** Gives the message and lets go of it. */
  take(): Buffer {
    const message = this.#bytes ? this.#bytes.subarray(0, this.#length) : Buffer.alloc(0)
    this.#bytes = undefined
    this.#length = 0
    return message
  }
}
