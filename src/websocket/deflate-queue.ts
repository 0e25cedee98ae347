import type { PushedMessage } from '../core/groups.ts'
import type { Agreement } from './compression.ts'
import { Deflater } from './deflater.ts'

/** What waits to be written. */
interface Waiting {
  readonly data: Buffer
  readonly isBinary: boolean
  readonly isToCompress: boolean
  /** Set where it goes to many. */
  readonly shared?: PushedMessage
}

/** Where messages go on. */
export interface DeflateQueueEvents {
  /** A message in its turn, compressed where that makes it smaller. */
  onMessage(payload: Buffer, isBinary: boolean, isCompressed: boolean): void
  /** The frame of a message that goes to many, in its turn. */
  onFrame(frame: Buffer): void
  /** Nothing waits any more. */
  onIdle(): void
}

/** Compresses the messages a connection sends, and keeps their order: those that stay as they are wait for others. */
export class DeflateQueue {
  readonly #deflater: Deflater
  readonly #windowBits: number
  readonly #thresholdBytes: number
  readonly #keepsContext: boolean
  readonly #events: DeflateQueueEvents
  #waiting: Waiting[] = []
  #bytes = 0
  #isClosed = false

  constructor({ thresholdBytes, deflate }: Agreement, events: DeflateQueueEvents) {
    this.#deflater = new Deflater(deflate.windowBits, deflate.keepsContext)
    this.#windowBits = deflate.windowBits
    this.#thresholdBytes = Math.max(1, thresholdBytes)
    this.#keepsContext = deflate.keepsContext
    this.#events = events
  }

  /** Payload bytes that wait, before they are compressed. */
  get bytes(): number {
    return this.#bytes
  }

  /** Whether messages wait. */
  get isBusy(): boolean {
    return this.#waiting.length > 0
  }

  /** Takes a message that is to be compressed, or stands behind one that is; false where it can leave as it is. */
  add(data: Buffer, isBinary: boolean, isToCompress: boolean): boolean {
    const isLarge = isToCompress && data.length >= this.#thresholdBytes
    if (!isLarge && !this.isBusy) return false
    this.#waiting.push({ data, isBinary, isToCompress: isLarge })
    this.#bytes += data.length
    if (this.#waiting.length === 1) this.#pump()
    return true
  }

  /** Takes a message that goes to many; gives its frame, or nothing where it has to wait. */
  share(message: PushedMessage): Buffer | undefined {
    const { data, isBinary } = message
    if (!this.isBusy) {
      const frame = this.#frameOf(message)
      if (frame) return frame
    }
    this.#waiting.push({ data, isBinary, isToCompress: false, shared: message })
    this.#bytes += data.length
    if (this.#waiting.length === 1) this.#pump()
    return undefined
  }

  /** Gives up what waits and lets go of all memory. */
  close(): void {
    this.#isClosed = true
    this.#waiting = []
    this.#bytes = 0
    this.#deflater.close()
  }

  #pump(): void {
    for (let next = this.#waiting[0]; next; next = this.#waiting[0]) {
      if (next.isToCompress) {
        this.#deflater.deflate(next.data, compressed => this.#deflated(compressed))
        return
      }
      if (!next.shared) this.#done(next.data, false)
      else if (!this.#sent(next.shared)) return
    }
    if (!this.#isClosed) this.#events.onIdle()
  }

  /** Sends a message that goes to many, whose turn it is; false where it is being compressed. */
  #sent(message: PushedMessage): boolean {
    const frame = this.#frameOf(message)
    if (!frame) {
      message.compressed?.whenMade(this.#windowBits, () => {
        if (!this.#isClosed) this.#pump()
      })
      return false
    }
    this.#waiting.shift()
    this.#bytes -= message.data.length
    this.#events.onFrame(frame)
    return true
  }

  #frameOf(message: PushedMessage): Buffer | undefined {
    const { data, frame } = message
    if (data.length < this.#thresholdBytes) return frame
    const { compressed } = message
    if (!compressed) return frame
    const shared = compressed.at(this.#windowBits)
    // The peer remembers this message now, and we do not: nothing may refer to what came before it.
    if (shared && shared !== frame && this.#keepsContext) this.#deflater.forget()
    return shared
  }

  #deflated(compressed: Buffer | undefined): void {
    const next = this.#waiting[0]
    if (this.#isClosed || !next) return
    // What the peer has in its memory must be what we have in ours.
    const isSmaller = compressed !== undefined && (this.#keepsContext || compressed.length < next.data.length)
    this.#done(isSmaller ? compressed : next.data, isSmaller)
    this.#pump()
  }

  #done(payload: Buffer, isCompressed: boolean): void {
    const { data, isBinary } = this.#waiting.shift()!
    this.#bytes -= data.length
    this.#events.onMessage(payload, isBinary, isCompressed)
  }
}
