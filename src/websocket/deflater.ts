import type { DeflateRaw } from 'node:zlib'
import { chunkSizeFor, zlib } from './zlib.ts'
import { endTurn, takeTurn } from './zlib-turns.ts'

/** What a flush ends with, and a message leaves out (RFC 7692, 7.2.1). */
const TRAILER_BYTES = 4

/** How many compressors that remember nothing are kept for whoever comes next, for each size of window. */
const MAX_SPARE = 8

const spare = new Map<number, Compressor[]>()

/** Gets a compressed message, or nothing where it was given up. */
export type Deflated = (data: Buffer | undefined) => void

/** One zlib stream, and the message that goes through it. */
class Compressor {
  readonly #stream: DeflateRaw
  #parts: Buffer[] = []
  #done: Deflated | undefined

  constructor(windowBits: number, isLent: boolean) {
    // With the memory that goes with the window: 256 KiB for 15 bits, 8 KiB for 10.
    const memLevel = Math.min(8, Math.max(1, windowBits - 7))
    this.#stream = zlib().createDeflateRaw({ windowBits, memLevel, chunkSize: chunkSizeFor(isLent) })
    this.#stream.on('data', (part: Buffer) => this.#parts.push(part))
    this.#stream.on('error', () => this.#end(undefined))
  }

  run(data: Buffer, done: Deflated): void {
    this.#done = done
    this.#stream.write(data)
    this.#stream.flush(zlib().constants.Z_SYNC_FLUSH, () => {
      const parts = this.#parts
      this.#parts = []
      const all = parts.length === 1 ? parts[0]! : Buffer.concat(parts)
      this.#end(all.subarray(0, all.length - TRAILER_BYTES))
    })
  }

  /** Forgets what went through. */
  reset(): void {
    this.#stream.reset()
  }

  close(): void {
    this.#stream.close()
    this.#end(undefined)
  }

  #end(data: Buffer | undefined): void {
    const done = this.#done
    this.#done = undefined
    done?.(data)
  }
}

/**
 * Compresses the messages of one direction of a connection (RFC 7692, 7.2.1), one after another. Where each is
 * compressed by itself nothing is kept between them: compressors are lent.
 */
export class Deflater {
  readonly #windowBits: number
  readonly #keepsContext: boolean
  #own: Compressor | undefined
  #isClosed = false

  constructor(windowBits: number, keepsContext: boolean) {
    this.#windowBits = windowBits
    this.#keepsContext = keepsContext
  }

  /** Compresses a message that is not empty; the one before must be done. */
  deflate(data: Buffer, done: Deflated): void {
    takeTurn(() => {
      if (this.#isClosed) {
        endTurn()
        done(undefined)
        return
      }
      const compressor = this.#compressor()
      compressor.run(data, compressed => {
        if (!this.#keepsContext) this.#giveBack(compressor, compressed !== undefined)
        endTurn()
        done(compressed)
      })
    })
  }

  /** Lets go of its memory; a message under way is given up. */
  close(): void {
    this.#isClosed = true
    this.#own?.close()
    this.#own = undefined
  }

  #compressor(): Compressor {
    if (!this.#keepsContext)
      return spare.get(this.#windowBits)?.pop() ?? new Compressor(this.#windowBits, true)
    this.#own ??= new Compressor(this.#windowBits, false)
    return this.#own
  }

  #giveBack(compressor: Compressor, isSound: boolean): void {
    const others = spare.get(this.#windowBits) ?? []
    spare.set(this.#windowBits, others)
    if (!isSound || others.length >= MAX_SPARE) {
      compressor.close()
      return
    }
    compressor.reset()
    others.push(compressor)
  }
}
