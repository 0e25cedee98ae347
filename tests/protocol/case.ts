import { BINARY, CONTINUATION, type RawFrame, TEXT } from './raw-frames.ts'

/** A message, whole and as it was before it was compressed. */
export interface RawMessage {
  readonly data: Buffer
  readonly isBinary: boolean
}

/** What one sends: a frame, or bytes that are none. */
export type Piece = RawFrame | Buffer

/** Which parameters of permessage-deflate are agreed on. */
export interface DeflateParameters {
  readonly serverNoContext?: boolean
  readonly clientNoContext?: boolean
  readonly serverBits?: number
  readonly clientBits?: number
}

/** What is sent to one side, and what has to come of it. */
export interface Case {
  readonly name: string
  /** What is sent; `compress` does it with what was agreed on, in the direction of the sender. */
  readonly send: readonly Piece[] | ((compress: Compress) => Promise<readonly Piece[]>)
  /** How many bytes are written at a time; default all together. */
  readonly chop?: number
  /** The messages that arrive. */
  readonly messages?: readonly RawMessage[]
  /** The payloads of the pongs that come back, all of them. */
  readonly pongs?: readonly Buffer[]
  /** Instead: the payload of the last pong; others may be left out. */
  readonly lastPong?: Buffer
  /** The close frame that comes: its code, or none. Without it the sender closes, and 1000 comes back. */
  readonly close?: number | 'without a code'
  readonly reason?: string
  /** Whether compression must have been agreed on, and how; or must not. */
  readonly deflate?: DeflateParameters | 'none'
  /** Whether it is for limits: messages of at most 2,000 bytes in frames of at most 1,200. */
  readonly isLimited?: boolean
}

/** Compresses messages, one after another. */
export type Compress = (messages: readonly Buffer[]) => Promise<readonly Buffer[]>

/** Cases that belong together. */
export interface CaseGroup {
  readonly group: string
  readonly cases: readonly Case[]
}

/** A text message. */
export function text(data: string | Buffer): RawMessage {
  return { data: Buffer.from(data as string), isBinary: false }
}

/** A binary message. */
export function binary(data: Buffer): RawMessage {
  return { data, isBinary: true }
}

/** Bytes that differ from place to place; as text they are letters. */
export function bytes(length: number, isBinary: boolean, seed = 0): Buffer {
  const data = Buffer.allocUnsafe(length)
  for (let i = 0; i < length; i++) {
    const value = (i * 31 + (i >> 7) * 17 + seed * 101) >>> 0
    data[i] = isBinary ? value & 0xff : 97 + (value % 26)
  }
  return data
}

/** Text that compresses a little, as real text does. */
export function words(length: number, seed = 1): Buffer {
  const data = Buffer.allocUnsafe(length)
  let state = seed * 2654435761
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0
    data[i] = (state >>> 16) % 6 === 0 ? 32 : 97 + ((state >>> 20) % 9)
  }
  return data
}

/** The frames of a message, cut at places; `rsv` stands in the first of them. */
export function fragments({ data, isBinary }: RawMessage, cuts: readonly number[], rsv = 0): RawFrame[] {
  const places = [0, ...cuts, data.length]
  return places.slice(1).map((end, i) => ({
    opcode: i > 0 ? CONTINUATION : isBinary ? BINARY : TEXT,
    fin: i === places.length - 2,
    rsv: i === 0 ? rsv : 0,
    payload: data.subarray(places[i], end),
  }))
}

/** The places that cut a message into pieces of a size. */
export function every(size: number, length: number): number[] {
  const cuts: number[] = []
  for (let at = size; at < length; at += size) cuts.push(at)
  return cuts
}
