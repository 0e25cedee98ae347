import type { Duplex } from 'node:stream'

/** As much of what a client sends before its upgrade is answered is taken in; the rest waits in its own machine. */
const MAX_EARLY_BYTES = 64 * 1024

/**
 * Reads the socket of a client whose upgrade is still to be answered. Only so is it noticed when the client leaves;
 * and what it sends already is kept for the connection.
 */
export class EarlyBytes {
  readonly #socket: Duplex
  readonly #gone: () => void
  #chunks: Buffer[] = []
  #bytes = 0
  #isKept = true

  /** Begins to read; `gone` is called when the client leaves. */
  constructor(socket: Duplex, gone: () => void) {
    this.#socket = socket
    this.#gone = gone
    if (socket.destroyed) gone()
    socket.on('data', this.#read).on('end', gone).on('close', gone)
  }

  /** Puts back what was read: the next one to read gets it first, once it resumes. */
  giveBack(): void {
    const socket = this.#socket
    socket.off('data', this.#read).off('end', this.#gone)
    socket.pause()
    if (this.#bytes > 0) socket.unshift(Buffer.concat(this.#chunks))
    this.#chunks = []
  }

  /** Lets go of what was read and what still comes: the client is refused. Unread bytes would cut its answer off. */
  drop(): void {
    this.#isKept = false
    this.#chunks = []
    this.#socket.off('end', this.#gone).off('close', this.#gone).resume()
  }

  /** Watches no more: there is a connection now. */
  done(): void {
    this.#socket.off('close', this.#gone)
  }

  readonly #read = (chunk: Buffer): void => {
    if (!this.#isKept) return
    this.#chunks.push(chunk)
    this.#bytes += chunk.length
    if (this.#bytes >= MAX_EARLY_BYTES) this.#socket.pause()
  }
}
