import type { PushedMessage } from '../core/groups.ts'
import { writeHeader } from './frame-writer.ts'

/** The longest header without a mask: two bytes and eight of length. */
const MAX_HEADER_BYTES = 10

/**
 * A message for many clients. Its frame is made when the first of them takes it, and every one gets that same memory:
 * a server does not mask, so the bytes are the same for all (RFC 6455, 5.1).
 */
export class PreparedFrame implements PushedMessage {
  readonly data: Buffer
  readonly isBinary: boolean
  #frame: Buffer | undefined

  /** Takes a message; its buffer must never change. */
  constructor(data: Buffer, isBinary: boolean) {
    this.data = data
    this.isBinary = isBinary
  }

  /** Header and payload, uncompressed. */
  get frame(): Buffer {
    this.#frame ??= encode(this.data, this.isBinary)
    return this.#frame
  }
}

function encode(data: Buffer, isBinary: boolean): Buffer {
  const { length } = data
  const frame = Buffer.allocUnsafeSlow(MAX_HEADER_BYTES + length)
  const start = writeHeader(frame, 0, isBinary ? 0x82 : 0x81, length, false)
  frame.set(data, start)
  return frame.subarray(0, start + length)
}
