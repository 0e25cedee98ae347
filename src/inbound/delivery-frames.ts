import { Content } from '../message/content.ts'
import { memberText } from './member-text.ts'

/** The longest id of a client, in characters. */
const MAX_ID = 128

/** What is wrong with a frame, as its client is told. */
export interface BadFrame {
  readonly problem: 'bad-frame' | 'bad-id'
  readonly reason: string
}

/** A frame of a client that numbers its messages. */
export type ClientFrame =
  | { readonly hello: string }
  | { readonly number: number; readonly content: Content }
  | BadFrame

/** Reads a frame; `textType` is the content type of text that comes without one. */
export function readClientFrame(text: string, textType: string): ClientFrame {
  const frame = parsed(text)
  if (typeof frame !== 'object' || frame === null || Array.isArray(frame))
    return bad('a frame is a JSON object, as text')
  const { hello, seq, data, bytes, type } = frame as Readonly<Record<string, unknown>>
  if (seq === undefined && hello !== undefined) return helloOf(hello)
  if (hello !== undefined) return bad('hello and seq are two frames')
  if (!Number.isSafeInteger(seq) || (seq as number) < 1)
    return bad('seq is a whole number from 1 to 9007199254740991')
  if ((data === undefined) === (bytes === undefined)) return bad('a message has data, or else bytes')
  if (type !== undefined && !isContentType(type)) return bad('type is a content type such as application/xml')
  const number = seq as number
  if (bytes !== undefined) {
    if (!isBase64(bytes)) return bad('bytes are text in base64')
    return { number, content: Content.received(Buffer.from(bytes, 'base64'), type ?? BINARY) }
  }
  if (typeof data === 'string')
    return { number, content: Content.received(Buffer.from(data), type ?? textType) }
  // The text as it came: numbers and the order of members are what the client wrote.
  const json = memberText(text, 'data')
  return { number, content: Content.received(Buffer.from(json), type ?? 'application/json') }
}

/** Gives the frame for a message that a client is sent: it cannot be taken for one of the protocol's own. */
export function messageFrame(data: Buffer, isBinary: boolean): Buffer {
  if (isBinary) return Buffer.from(`{"bytes":"${data.toString('base64')}"}`)
  const text = data.toString()
  return Buffer.from(`{"data":${parsed(text) === undefined ? JSON.stringify(text) : text}}`)
}

/** Gives the frame for something that went wrong. */
export function errorFrame(code: string, more: Readonly<Record<string, string | number>> = {}): string {
  return JSON.stringify({ error: { code, ...more } })
}

const BINARY = 'application/octet-stream'

function helloOf(hello: unknown): ClientFrame {
  const isFit =
    typeof hello === 'string' &&
    hello !== '' &&
    hello.length <= MAX_ID &&
    hello.isWellFormed() &&
    !/\p{Cc}/u.test(hello)
  if (isFit) return { hello }
  return {
    problem: 'bad-id',
    reason: `an id has 1 to ${MAX_ID} characters, none of them a control character`,
  }
}

function bad(reason: string): BadFrame {
  return { problem: 'bad-frame', reason }
}

/** Undefined where it is no JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** It may become a header, so that it must hold nothing else. */
function isContentType(type: unknown): type is string {
  return typeof type === 'string' && type.length <= 255 && CONTENT_TYPE.test(type)
}

const CONTENT_TYPE = /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+(?: ?; ?[\w-]+=(?:[\w!#$&^.+:/-]+|"[ !#-[\]-~]*"))*$/

function isBase64(value: unknown): value is string {
  return typeof value === 'string' && value.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(value)
}
