import type { CompressedFrames, PushedMessage } from '../core/groups.ts'
import { unmaskedFrame } from './frame-writer.ts'
import { SharedDeflate } from './shared-deflate.ts'

/**
 * A message for many clients. Its frame is made when the first of them takes it, and every one gets that same memory:
 * a server does not mask, so the bytes are the same for all (RFC 6455, 5.1).
 */
export class PreparedFrame implements PushedMessage {
  readonly data: Buffer
  readonly isBinary: boolean
  readonly mayCompress: boolean
  #frame: Buffer | undefined
  #compressed: CompressedFrames | undefined

  /** Takes a message; its buffer must never change. */
  constructor(data: Buffer, isBinary: boolean, mayCompress = true) {
    this.data = data
    this.isBinary = isBinary
    this.mayCompress = mayCompress
  }

  /** Header and payload, uncompressed. */
  get frame(): Buffer {
    this.#frame ??= unmaskedFrame(this.isBinary ? 0x82 : 0x81, this.data)
    return this.#frame
  }

  get compressed(): CompressedFrames | undefined {
    if (this.mayCompress) this.#compressed ??= new SharedDeflate(this)
    return this.#compressed
  }
}
