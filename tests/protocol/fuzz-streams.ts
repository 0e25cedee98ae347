// Streams of frames that were right before something happened to them.
import { constants, deflateRawSync } from 'node:zlib'
import { BINARY, CLOSE, CONTINUATION, closePayload, encodeFrame, PING, PONG, TEXT } from './raw-frames.ts'

/** Numbers that look random and are the same again for the same seed. */
export class Random {
  #state: number

  constructor(seed: number) {
    this.#state = seed | 0 || 1
  }

  /** A whole number below a limit. */
  below(limit: number): number {
    // xorshift, 32 bits
    this.#state ^= this.#state << 13
    this.#state ^= this.#state >>> 17
    this.#state ^= this.#state << 5
    return (this.#state >>> 0) % limit
  }

  /** Whether something with a chance of one in so many happens. */
  oneIn(many: number): boolean {
    return this.below(many) === 0
  }

  pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)]!
  }
}

/** A message of a stream as it was before anything happened to it. */
export interface Meant {
  readonly data: Buffer
  readonly isBinary: boolean
}

/** Frames, encoded, and what they mean as long as they are whole. */
export interface Stream {
  readonly frames: Buffer[]
  readonly meant: readonly Meant[]
}

const SIZES = [0, 1, 2, 5, 30, 100, 125, 126, 127, 200, 1000, 4000]
const LETTERS = ['a', 'ü', '注', '😀', ' ', 'z']

function payloadOf(random: Random, isBinary: boolean): Buffer {
  const size = random.oneIn(400) ? 65_530 + random.below(12) : random.pick(SIZES)
  if (!isBinary) {
    const letter = random.pick(LETTERS)
    return Buffer.from(letter.repeat(Math.ceil(size / Buffer.byteLength(letter))))
  }
  const data = Buffer.allocUnsafe(size)
  for (let i = 0; i < size; i++) data[i] = (i * 7 + random.below(3)) & 0xff
  return data
}

/** Makes a stream that is right; it may end with a close frame. */
export function makeStream(random: Random, count: number, isClient: boolean, isDeflating: boolean): Stream {
  const frames: Buffer[] = []
  const meant: Meant[] = []
  const control = (): void => {
    const opcode = random.oneIn(2) ? PING : PONG
    frames.push(encodeFrame({ opcode, payload: Buffer.alloc(random.below(126), 112) }, isClient))
  }
  while (frames.length < count) {
    if (random.oneIn(8)) control()
    const isBinary = random.oneIn(2)
    const data = payloadOf(random, isBinary)
    meant.push({ data, isBinary })
    const isCompressed = isDeflating && random.oneIn(3)
    const sent = isCompressed
      ? deflateRawSync(data, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4)
      : data
    const parts = random.oneIn(3) ? 1 + random.below(6) : 1
    for (let i = 0; i < parts; i++) {
      const payload = sent.subarray(
        Math.floor((sent.length * i) / parts),
        Math.floor((sent.length * (i + 1)) / parts),
      )
      const opcode = i > 0 ? CONTINUATION : isBinary ? BINARY : TEXT
      const rsv = isCompressed && i === 0 ? 4 : 0
      frames.push(encodeFrame({ opcode, rsv, fin: i === parts - 1, payload }, isClient))
      if (i < parts - 1 && random.oneIn(6)) control()
    }
  }
  if (random.oneIn(2)) {
    const code = random.pick([1000, 1001, 1011, 3000, 4999])
    frames.push(encodeFrame({ opcode: CLOSE, payload: closePayload(code, 'bye') }, isClient))
  }
  return { frames, meant }
}

/** Does something to a stream; gives its bytes, and whether they are still as they were. */
export function mutate(random: Random, { frames }: Stream): { bytes: Buffer; isWhole: boolean } {
  const list = [...frames]
  const at = random.below(list.length)
  switch (random.below(8)) {
    case 0:
      return { bytes: Buffer.concat(list), isWhole: true }
    case 1: {
      const bytes = Buffer.concat(list)
      for (let i = 1 + random.below(4); i > 0; i--) bytes[random.below(bytes.length)]! ^= 1 << random.below(8)
      return { bytes, isWhole: false }
    }
    case 2: {
      // A bit of a header is more likely to matter.
      const frame = Buffer.from(list[at]!)
      frame[random.below(Math.min(frame.length, 4))]! ^= 1 << random.below(8)
      list[at] = frame
      break
    }
    case 3:
      return {
        bytes: Buffer.concat(list).subarray(0, 1 + random.below(Buffer.concat(list).length)),
        isWhole: false,
      }
    case 4:
      list.splice(at, 1)
      break
    case 5:
      list.splice(at, 0, list[random.below(list.length)]!)
      break
    case 6: {
      const other = random.below(list.length)
      ;[list[at], list[other]] = [list[other]!, list[at]!]
      break
    }
    default: {
      const noise = Buffer.allocUnsafe(1 + random.below(40))
      for (let i = 0; i < noise.length; i++) noise[i] = random.below(256)
      list.splice(at, 0, noise)
    }
  }
  return { bytes: Buffer.concat(list), isWhole: false }
}

/** Cuts bytes into pieces; each is memory of its own, as what a socket reads is. */
export function cutUp(random: Random, bytes: Buffer): Buffer[] {
  const pieces: Buffer[] = []
  const most = random.pick([1, 7, 100, 1500, 65_536])
  for (let at = 0; at < bytes.length; ) {
    const end = Math.min(bytes.length, at + 1 + random.below(most))
    pieces.push(Buffer.from(bytes.subarray(at, end)))
    at = end
  }
  return pieces
}
