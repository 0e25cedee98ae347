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
    const memLevel = memLevelFor(windowBits)
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

/** With the memory that goes with the window: 256 KiB for 15 bits, 8 KiB for 10. */
function memLevelFor(windowBits: number): number {
  return Math.min(8, Math.max(1, windowBits - 7))
}

/** Compresses a small message that is not empty by itself, without letting others have their turn. */
export function deflateNow(data: Buffer, windowBits: number): Buffer {
  const { constants, deflateRawSync } = zlib()
  const memLevel = memLevelFor(windowBits)
  const all = deflateRawSync(data, { windowBits, memLevel, finishFlush: constants.Z_SYNC_FLUSH })
  return all.subarray(0, all.length - TRAILER_BYTES)
}

/**
 * Compresses the messages of one direction of a connection (RFC 7692, 7.2.1), one after another. Where each is
 * compressed by itself nothing is kept between them: compressors are lent.
 */
export class Deflater {
  readonly #windowBits: number
  readonly #keepsContext: boolean
  #own: Compressor | undefined
  /** Whether nothing went through it since it was made or reset. */
  #isOwnFresh = true
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

  /** Refers to nothing that came before any more. No message may be under way. */
  forget(): void {
    if (this.#isOwnFresh) return
    this.#own?.reset()
    this.#isOwnFresh = true
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
    this.#isOwnFresh = false
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
