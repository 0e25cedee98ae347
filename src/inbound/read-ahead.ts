/** So much is read of a source whose messages wait, in bytes. */
const MAX_AHEAD_BYTES = 64 * 1024

/** What a message that waits counts for beside its bytes. */
const MESSAGE_BYTES = 512

/**
 * How far a source is read on while its messages wait for the one that is under way: a little, for only who reads
 * notices that a peer closes or is gone.
 */
export class ReadAhead {
  #isWaiting = false
  #bytes = 0
  /** Whether enough was read: the source is to be stopped. */
  isFull = false

  /** The messages wait from now on. */
  begin(): void {
    this.#isWaiting = true
  }

  /** They go on. */
  end(): void {
    this.#isWaiting = false
    this.#bytes = 0
    this.isFull = false
  }

  /** Counts a message that was read; true when it was the last one for now. */
  take(bytes: number): boolean {
    if (!this.#isWaiting || this.isFull) return false
    this.#bytes += bytes + MESSAGE_BYTES
    this.isFull = this.#bytes > MAX_AHEAD_BYTES
    return this.isFull
  }
}
