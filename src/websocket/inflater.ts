import type { InflateRaw } from 'node:zlib'
import { badData, tooLarge, type Violation } from './violation.ts'
import { chunkSizeFor, zlib } from './zlib.ts'
import { endTurn, takeTurn } from './zlib-turns.ts'

/** What a message leaves out at its end (RFC 7692, 7.2.2). */
const TRAILER = Buffer.from([0, 0, 0xff, 0xff])

/** An empty block: nothing comes out for it, unless it is read in the middle of another one. */
const PROBE = Buffer.from([0, 0, 0, 0xff, 0xff])
const BROKEN_OFF = 'compressed data breaks off'

/** The farthest anything refers back. */
const MAX_WINDOW_BYTES = 32 * 1024

/** How often one message may say that its data ends, and go on: each time costs a new stream. */
const MAX_ENDS = 256

/** How many decompressors that remember nothing are kept for whoever comes next, for each size of window. */
const MAX_SPARE = 8

const spare = new Map<number, Decompressor[]>()

/** Gets an inflated message, or why there is none; neither where it was given up. */
export type Inflated = (data: Buffer | undefined, violation: Violation | undefined) => void

/** One zlib stream, and the message that goes through it. */
class Decompressor {
  readonly #stream: InflateRaw
  #parts: Buffer[] = []
  #bytes = 0
  #maxBytes = 0
  #done: ((violation: Violation | undefined) => void) | undefined
  /** Whether the data said that it ends, or is wrong: nothing can follow then. */
  isSpent = false
  /** Whether it began with something to refer to, which `reset` would bring back: it must not go to anybody else. */
  readonly hasDictionary: boolean
  #readBefore = 0
  #isProbing = false

  constructor(windowBits: number, isLent: boolean, dictionary?: Buffer) {
    this.hasDictionary = dictionary !== undefined
    this.#stream = zlib().createInflateRaw({
      windowBits,
      chunkSize: chunkSizeFor(isLent),
      ...(dictionary && { dictionary }),
    })
    this.#stream.on('data', (part: Buffer) => this.#add(part))
    this.#stream.on('end', () => this.#spent(undefined))
    this.#stream.on('error', () => this.#spent(badData('compressed data cannot be inflated')))
  }

  /** How much of what it was given last it has read. */
  get read(): number {
    return this.#stream.bytesWritten - this.#readBefore
  }

  /** Inflates up to a number of bytes; what came out is there to be taken. */
  run(data: Buffer, maxBytes: number, done: (violation: Violation | undefined) => void): void {
    this.#done = done
    this.#maxBytes = maxBytes
    this.#readBefore = this.#stream.bytesWritten
    this.#stream.write(data)
    this.#stream.flush(() => {
      if (this.read < data.length) this.isSpent = true
      if (this.isSpent) this.#end(undefined)
      else this.#probe()
    })
  }

  /** Whether a block is complete zlib does not tell: one more that is empty shows it. */
  #probe(): void {
    const bytes = this.#bytes
    this.#isProbing = true
    this.#stream.write(PROBE)
    this.#stream.flush(() => {
      this.#isProbing = false
      this.#end(this.#bytes > bytes ? badData(BROKEN_OFF) : undefined)
    })
  }

  take(): Buffer[] {
    const parts = this.#parts
    this.#parts = []
    this.#bytes = 0
    return parts
  }

  reset(): void {
    this.#stream.reset()
  }

  close(): void {
    this.isSpent = true
    this.#stream.close()
  }

  #add(part: Buffer): void {
    if (this.isSpent) return
    this.#bytes += part.length
    if (this.#bytes <= this.#maxBytes) {
      this.#parts.push(part)
      return
    }
    this.#parts = []
    this.close()
    this.#end(tooLarge('message', this.#maxBytes))
  }

  #spent(violation: Violation | undefined): void {
    this.isSpent = true
    this.#end(this.#isProbing ? badData(BROKEN_OFF) : violation)
  }

  #end(violation: Violation | undefined): void {
    const done = this.#done
    this.#done = undefined
    done?.(violation)
  }
}

/**
 * Inflates the messages of one direction of a connection (RFC 7692, 7.2.2), one after another, up to a number of bytes
 * each: of one that holds more no more is inflated. Where each was compressed by itself nothing is kept between them.
 */
export class Inflater {
  readonly #windowBits: number
  readonly #keepsContext: boolean
  readonly #maxBytes: number
  #own: Decompressor | undefined
  #isRunning = false
  #isClosed = false

  constructor(windowBits: number, keepsContext: boolean, maxBytes: number) {
    this.#windowBits = windowBits
    this.#keepsContext = keepsContext
    this.#maxBytes = maxBytes
  }

  /** Inflates the payload of a message; the one before must be done. */
  inflate(payload: Buffer, done: Inflated): void {
    takeTurn(() => {
      if (this.#isClosed) {
        endTurn()
        done(undefined, undefined)
        return
      }
      // Some write nothing at all for nothing.
      if (payload.length === 0) {
        endTurn()
        done(payload, undefined)
        return
      }
      this.#isRunning = true
      const data = Buffer.concat([payload, TRAILER])
      this.#run(this.#decompressor(), { data, parts: [], ends: 0 }, (inflated, violation) => {
        this.#isRunning = false
        if (this.#isClosed) this.close()
        endTurn()
        done(inflated, violation)
      })
    })
  }

  /** Lets go of its memory, once the message under way is through. */
  close(): void {
    this.#isClosed = true
    if (this.#isRunning) return
    this.#own?.close()
    this.#own = undefined
  }

  #run(decompressor: Decompressor, { data, parts, ends }: Progress, done: Inflated): void {
    const had = parts.reduce((sum, part) => sum + part.length, 0)
    decompressor.run(data, this.#maxBytes - had, violation => {
      const rest = decompressor.isSpent && !violation ? data.subarray(decompressor.read) : NOTHING
      parts.push(...decompressor.take())
      if (!this.#keepsContext) this.#giveBack(decompressor)
      else if (decompressor.isSpent) this.#own = undefined
      if (violation) done(undefined, violation.limit ? tooLarge('message', this.#maxBytes) : violation)
      else if (rest.length === 0) done(parts.length === 1 ? parts[0]! : Buffer.concat(parts), undefined)
      else if (ends >= MAX_ENDS) done(undefined, badData('compressed data ends too often'))
      else {
        // Where the end of the message is the end of its data what was left out at the end is no part of it.
        const next = rest.length === TRAILER.length ? NOTHING : rest
        this.#run(this.#following(parts), { data: next, parts, ends: ends + 1 }, done)
      }
    })
  }

  /** Data may say that it ends and go on (RFC 7692, 7.2.3.4); what follows may refer back to what was before. */
  #following(parts: readonly Buffer[]): Decompressor {
    const last: Buffer[] = []
    let bytes = 0
    for (let i = parts.length - 1; i >= 0 && bytes < MAX_WINDOW_BYTES; i--) {
      last.unshift(parts[i]!)
      bytes += parts[i]!.length
    }
    const next = new Decompressor(
      this.#windowBits,
      !this.#keepsContext,
      Buffer.concat(last).subarray(-MAX_WINDOW_BYTES),
    )
    if (this.#keepsContext) this.#own = next
    return next
  }

  #decompressor(): Decompressor {
    if (!this.#keepsContext)
      return spare.get(this.#windowBits)?.pop() ?? new Decompressor(this.#windowBits, true)
    this.#own ??= new Decompressor(this.#windowBits, false)
    return this.#own
  }

  #giveBack(decompressor: Decompressor): void {
    const others = spare.get(this.#windowBits) ?? []
    spare.set(this.#windowBits, others)
    if (decompressor.isSpent || decompressor.hasDictionary || others.length >= MAX_SPARE) {
      decompressor.close()
      return
    }
    decompressor.reset()
    others.push(decompressor)
  }
}

/** How far a message has come. */
interface Progress {
  readonly data: Buffer
  readonly parts: Buffer[]
  /** How often its data has ended. */
  readonly ends: number
}

const NOTHING = Buffer.alloc(0)
