import type { CompressedFrames, PushedMessage } from '../core/groups.ts'
import { Deflater, deflateNow } from './deflater.ts'
import { unmaskedFrame } from './frame-writer.ts'

/** Up to so many bytes are compressed at once, which takes less than a turn elsewhere does. */
const MAX_AT_ONCE_BYTES = 16 * 1024

const COMPRESSED_TEXT = 0xc1
const COMPRESSED_BINARY = 0xc2

/**
 * Compresses a message that goes to many, once for each size of window among them. It refers to nothing that was sent
 * before, so all can read it, whatever else they were sent (RFC 7692, 7.2.1).
 */
export class SharedDeflate implements CompressedFrames {
  readonly #message: PushedMessage
  /** By the bits of the window. */
  readonly #made: (Buffer | undefined)[] = []
  readonly #waiting = new Map<number, (() => void)[]>()

  constructor(message: PushedMessage) {
    this.#message = message
  }

  at(windowBits: number): Buffer | undefined {
    const { data } = this.#message
    if (!this.#made[windowBits] && data.length <= MAX_AT_ONCE_BYTES)
      this.#made[windowBits] = this.#smaller(deflateNow(data, windowBits))
    return this.#made[windowBits]
  }

  whenMade(windowBits: number, done: () => void): void {
    const known = this.#waiting.get(windowBits)
    if (known) {
      known.push(done)
      return
    }
    const waiting = [done]
    this.#waiting.set(windowBits, waiting)
    new Deflater(windowBits, false).deflate(this.#message.data, compressed => {
      this.#made[windowBits] = this.#smaller(compressed)
      this.#waiting.delete(windowBits)
      for (const tell of waiting) tell()
    })
  }

  #smaller(compressed: Buffer | undefined): Buffer {
    const { data, frame, isBinary } = this.#message
    if (!compressed || compressed.length >= data.length) return frame
    return unmaskedFrame(isBinary ? COMPRESSED_BINARY : COMPRESSED_TEXT, compressed)
  }
}
