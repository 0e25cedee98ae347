/** The default of `Backlog.maxBytes`. */
export const DEFAULT_MAX_BACKLOG_BYTES = 256 * 1024 * 1024

/**
 * Counts the bytes that wait in memory to be sent, over all connections, and says how many more may.
 *
 * Each who waits may hold as much as is still free. So while there is room nobody is held up, and as it gets scarce
 * those who hold most are stopped first, down to everybody when there is none left.
 */
export class Backlog {
  /** What may wait together, in bytes. */
  maxBytes = DEFAULT_MAX_BACKLOG_BYTES
  #bytes = 0

  /** What waits now, in bytes. */
  get bytes(): number {
    return this.#bytes
  }

  /** What may come on top, in bytes; 0 when there is no room. */
  get free(): number {
    return Math.max(0, this.maxBytes - this.#bytes)
  }

  /** Counts bytes that have begun to wait, or fewer than none where some have left. */
  change(bytes: number): void {
    this.#bytes += bytes
  }
}

/** The backlog of the process. */
export const backlog = new Backlog()

/** Sets how much may wait in the process, in bytes; 0 for as much as there is memory. */
export function limitBacklog(maxBytes: number): void {
  backlog.maxBytes = maxBytes === 0 ? Number.POSITIVE_INFINITY : maxBytes
}
