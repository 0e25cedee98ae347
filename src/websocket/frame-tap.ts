import { CLOSE, TEXT } from './frame-check.ts'
import { headerBytes, MAX_HEADER_BYTES, maskAt, payloadBytes } from './frame-header.ts'

/** A frame as it went over a socket. */
export interface SeenFrame {
  readonly opcode: number
  /** Payload bytes. */
  readonly bytes: number
  readonly isFinal: boolean
  readonly isCompressed: boolean
  /** Whether its payload is text that can be read. */
  readonly isText: boolean
  /** The beginning of the payload, unmasked, where that is to be seen. */
  readonly shown: Buffer
}

const NOTHING = Buffer.alloc(0)

/** The most a close frame has. */
const MAX_CLOSE_BYTES = 125

/** Looks at frames that go over a socket in one direction, and changes nothing. It does not tell whether they are sound. */
export class FrameTap {
  readonly #maxBytes: number
  readonly #seen: (frame: SeenFrame) => void
  readonly #header = new Uint8Array(MAX_HEADER_BYTES)
  #headerBytes = 0
  /** Payload bytes that are still to come. */
  #left = 0
  /** Of the frame under way, as far as it is to be seen. */
  #shown = NOTHING
  #shownBytes = 0
  #frame: Omit<SeenFrame, 'shown'> | undefined
  #mask = 0
  /** Whether the message under way is text that can be read. */
  #isText = false

  /** Shows so many bytes of text, and all of a close frame. */
  constructor(maxBytes: number, seen: (frame: SeenFrame) => void) {
    this.#maxBytes = maxBytes
    this.#seen = seen
  }

  /** Takes what goes over the socket next; it is not kept. */
  push(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length; ) at = this.#frame ? this.#payload(chunk, at) : this.#head(chunk, at)
  }

  #head(chunk: Uint8Array, start: number): number {
    let at = start
    const header = this.#header
    while (at < chunk.length) {
      header[this.#headerBytes++] = chunk[at++]!
      if (this.#headerBytes < 2 || this.#headerBytes < headerBytes(header, 0)) continue
      this.#begin(header)
      break
    }
    return at
  }

  #begin(header: Uint8Array): void {
    const size = this.#headerBytes
    this.#headerBytes = 0
    const first = header[0]!
    const opcode = first & 0x0f
    const isCompressed = (first & 0x40) !== 0
    if (opcode > 0 && opcode < CLOSE) this.#isText = opcode === TEXT && !isCompressed
    const bytes = payloadBytes(header, 0)
    const isText = opcode < CLOSE && this.#isText
    this.#frame = { opcode, bytes, isFinal: (first & 0x80) !== 0, isCompressed, isText }
    this.#left = bytes
    this.#mask = (header[1]! & 0x80) === 0 ? 0 : maskAt(header, size - 4)
    const most = opcode === CLOSE ? MAX_CLOSE_BYTES : isText ? this.#maxBytes : 0
    const shown = Math.min(bytes, most)
    this.#shown = shown === 0 ? NOTHING : Buffer.allocUnsafe(shown)
    this.#shownBytes = 0
    if (shown === 0) this.#tell()
    this.#endIfComplete()
  }

  #payload(chunk: Uint8Array, at: number): number {
    const end = Math.min(chunk.length, at + this.#left)
    this.#left -= end - at
    const wanted = this.#shown.length - this.#shownBytes
    if (wanted > 0) {
      for (let i = at; i < Math.min(end, at + wanted); i++) {
        this.#shown[this.#shownBytes] = chunk[i]! ^ (this.#mask >>> ((this.#shownBytes & 3) * 8))
        this.#shownBytes++
      }
      if (this.#shownBytes === this.#shown.length) this.#tell()
    }
    this.#endIfComplete()
    return end
  }

  #tell(): void {
    this.#seen({ ...this.#frame!, shown: this.#shown })
  }

  #endIfComplete(): void {
    if (this.#left === 0) this.#frame = undefined
  }
}
