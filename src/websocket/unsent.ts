import type { Duplex } from 'node:stream'
import { backlog } from './backlog.ts'
import type { DeflateQueue } from './deflate-queue.ts'
import type { OutgoingStream } from './outgoing-stream.ts'

/** The default of `Connection.maxUnsentBytes`. */
export const MAX_UNSENT_BYTES = 16 * 1024

const NOTHING = Buffer.alloc(0)

/** Who is told how far a peer is behind. */
export interface UnsentOwner {
  /** More waits than there may be. */
  onBehind(): void
  /** Some of what waited has left. */
  onTaken(): void
  /** All of it has. */
  onDrain(): void
}

/** What a connection has written, or is compressing, that the operating system has not taken: counted for the process. */
export class Unsent {
  readonly #socket: Duplex
  readonly #owner: UnsentOwner
  /** Set where messages may be compressed, and while one is sent piece by piece: all others go there. */
  deflating: DeflateQueue | OutgoingStream | undefined
  /** From how many bytes on the peer counts as behind. Default 16 KiB. */
  maxBytes = MAX_UNSENT_BYTES
  /** Whether `onBehind` was told, and `onDrain` not yet. */
  isBehind = false
  /** What of it is counted in the backlog of the process. */
  #countedBytes = 0
  /** Whether a write will tell when what was written before it has left. */
  #isAwaited = false

  constructor(socket: Duplex, owner: UnsentOwner) {
    this.#socket = socket
    this.#owner = owner
  }

  get bytes(): number {
    return this.#socket.writableLength + (this.deflating?.bytes ?? 0)
  }

  /** Whether something was counted that has not left. */
  get isCounted(): boolean {
    return this.#countedBytes > 0
  }

  /** Counts what the operating system has not taken, and sees to being called when it has. */
  count(): void {
    const unsent = this.bytes
    // Nothing can be written behind the end, nor waited for.
    if (this.#countedBytes === 0 && !this.#socket.writable) return
    this.#await()
    backlog.change(unsent - this.#countedBytes)
    this.#countedBytes = unsent
    if (this.isBehind || unsent <= Math.min(this.maxBytes, backlog.free)) return
    this.isBehind = true
    this.#owner.onBehind()
  }

  /** The socket is closed: nothing will be taken any more. */
  close(): void {
    if (this.#isAwaited || this.#countedBytes === 0) return
    this.#forget()
  }

  /** What was there when the waiting began has been taken, or never will be. */
  #taken(): void {
    this.#forget()
    if (this.#socket.destroyed) return
    this.#owner.onTaken()
    if (this.bytes > 0) {
      this.count()
      return
    }
    this.isBehind = false
    this.#owner.onDrain()
  }

  #forget(): void {
    backlog.change(-this.#countedBytes)
    this.#countedBytes = 0
  }

  /** Sees to being told when what was written has left. Messages being compressed say so themselves. */
  #await(): void {
    if (this.#isAwaited || this.deflating?.isBusy || !this.#socket.writable) return
    this.#isAwaited = true
    this.#socket.write(NOTHING, () => {
      this.#isAwaited = false
      this.#taken()
    })
  }
}
