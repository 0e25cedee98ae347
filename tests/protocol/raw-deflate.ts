// Compression of messages (RFC 7692, 7.2), by zlib alone.
import { constants, createDeflateRaw, createInflateRaw } from 'node:zlib'

const TRAILER = Buffer.from([0, 0, 0xff, 0xff])

/** How one direction compresses. */
export interface RawDeflateOptions {
  readonly windowBits: number
  readonly keepsContext: boolean
}

/** Compresses messages, one after another. */
export async function deflateAll(
  messages: readonly Buffer[],
  { windowBits, keepsContext }: RawDeflateOptions,
): Promise<Buffer[]> {
  let stream = createDeflateRaw({ windowBits })
  const compressed: Buffer[] = []
  for (const message of messages) {
    if (!keepsContext) stream = createDeflateRaw({ windowBits })
    const parts: Buffer[] = []
    const take = (part: Buffer): void => void parts.push(part)
    stream.on('data', take)
    stream.write(message)
    await new Promise<void>(resolve => stream.flush(constants.Z_SYNC_FLUSH, resolve))
    stream.off('data', take)
    compressed.push(Buffer.concat(parts).subarray(0, -TRAILER.length))
  }
  return compressed
}

/** Inflates messages, one after another; undefined entries are left. */
export async function inflateAll(
  payloads: readonly Buffer[],
  { windowBits, keepsContext }: RawDeflateOptions,
): Promise<Buffer[]> {
  let stream = createInflateRaw({ windowBits })
  const messages: Buffer[] = []
  for (const payload of payloads) {
    if (!keepsContext) stream = createInflateRaw({ windowBits })
    const parts: Buffer[] = []
    const take = (part: Buffer): void => void parts.push(part)
    let fail: (error: Error) => void = () => {}
    const failed = new Promise<never>((_resolve, reject) => {
      fail = reject
    })
    stream.once('error', fail)
    stream.on('data', take)
    stream.write(payload)
    stream.write(TRAILER)
    await Promise.race([new Promise<void>(resolve => stream.flush(resolve)), failed])
    stream.off('data', take).off('error', fail)
    messages.push(Buffer.concat(parts))
  }
  return messages
}
