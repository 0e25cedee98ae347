// Frames as bytes, written and read without anything of the product: RFC 6455, 5.2.

/** One frame, as it is to be written: right or wrong. */
export interface RawFrame {
  /** Default true. */
  readonly fin?: boolean
  /** The three reserved bits; 4 is RSV1. Default 0. */
  readonly rsv?: number
  readonly opcode: number
  readonly payload?: Buffer
  /** Whether it is masked where its sender should not, or not where it should. */
  readonly isMaskWrong?: boolean
  /** The key to mask with; default one of the place. */
  readonly key?: readonly number[]
  /** How many bits the length takes, where not as few as can be. */
  readonly lengthBits?: 7 | 16 | 64
  /** The length to claim, where it is not that of the payload. */
  readonly claimed?: bigint
}

export const CONTINUATION = 0
export const TEXT = 1
export const BINARY = 2
export const CLOSE = 8
export const PING = 9
export const PONG = 10

let seed = 0x2f6e2b1

/** Gives the next of a row of numbers that looks random and is always the same. */
export function nextRandom(): number {
  seed ^= seed << 13
  seed ^= seed >>> 17
  seed ^= seed << 5
  return seed >>> 0
}

/** Writes a frame as a client sends it, masked, or as a server does. */
export function encodeFrame(frame: RawFrame, isClient: boolean): Buffer {
  const { fin = true, rsv = 0, opcode, payload = Buffer.alloc(0), claimed = BigInt(payload.length) } = frame
  const isMasked = isClient !== (frame.isMaskWrong === true)
  const bits = frame.lengthBits ?? (claimed < 126n ? 7 : claimed < 65536n ? 16 : 64)
  const first = (fin ? 0x80 : 0) | (rsv << 4) | opcode
  const short = bits === 7 ? Number(claimed) : bits === 16 ? 126 : 127
  const head = [Buffer.from([first, (isMasked ? 0x80 : 0) | short])]
  if (bits === 16) head.push(Buffer.from([Number(claimed >> 8n), Number(claimed & 0xffn)]))
  if (bits === 64) {
    const long = Buffer.alloc(8)
    long.writeBigUInt64BE(claimed)
    head.push(long)
  }
  if (!isMasked) return Buffer.concat([...head, payload])
  const key = frame.key ?? [
    nextRandom() & 0xff,
    nextRandom() & 0xff,
    nextRandom() & 0xff,
    nextRandom() & 0xff,
  ]
  const masked = Buffer.alloc(payload.length)
  for (let i = 0; i < payload.length; i++) masked[i] = payload[i]! ^ key[i & 3]!
  return Buffer.concat([...head, Buffer.from(key), masked])
}

/** One frame that came. */
export interface ReadFrame {
  readonly fin: boolean
  readonly rsv: number
  readonly opcode: number
  readonly isMasked: boolean
  readonly payload: Buffer
}

/** Reads frames from what a socket brings. */
export class RawFrameParser {
  #bytes: Buffer = Buffer.alloc(0)

  /** Takes bytes and gives the frames that are complete. */
  push(chunk: Buffer): ReadFrame[] {
    this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk])
    const frames: ReadFrame[] = []
    for (let frame = this.#next(); frame; frame = this.#next()) frames.push(frame)
    return frames
  }

  #next(): ReadFrame | undefined {
    const bytes = this.#bytes
    if (bytes.length < 2) return undefined
    const isMasked = (bytes[1]! & 0x80) !== 0
    const short = bytes[1]! & 0x7f
    const extended = short === 126 ? 2 : short === 127 ? 8 : 0
    const start = 2 + extended + (isMasked ? 4 : 0)
    if (bytes.length < start) return undefined
    const length =
      short < 126 ? short : short === 126 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2))
    if (bytes.length < start + length) return undefined
    const payload = Buffer.from(bytes.subarray(start, start + length))
    if (isMasked) for (let i = 0; i < length; i++) payload[i] = payload[i]! ^ bytes[start - 4 + (i & 3)]!
    this.#bytes = bytes.subarray(start + length)
    const first = bytes[0]!
    return { fin: first >= 0x80, rsv: (first >> 4) & 7, opcode: first & 0x0f, isMasked, payload }
  }
}

/** The payload of a close frame. */
export function closePayload(code: number, reason: string | Buffer = ''): Buffer {
  return Buffer.concat([Buffer.from([code >> 8, code & 0xff]), Buffer.from(reason as string)])
}
