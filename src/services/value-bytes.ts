import { serializeXml } from '../message/xml/serialize.ts'
import { XmlElement } from '../message/xml/tree.ts'
import { MAX_REASON_BYTES } from '../websocket/close-codes.ts'

/** A value that cannot be sent, or a call that cannot be meant. */
export class ValueError extends TypeError {
  override readonly name = 'ValueError'
}

/** Whether a value leaves as a text message: bytes alone do not. */
export function isText(value: unknown): boolean {
  return !(value instanceof Uint8Array || value instanceof ArrayBuffer)
}

/** Gives what is sent for a value: text and bytes as they are, an element as XML, all else as JSON. @throws ValueError */
export function bytesOf(value: unknown): Buffer {
  if (typeof value === 'string') return Buffer.from(value)
  if (Buffer.isBuffer(value)) return value
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength)
  if (value instanceof ArrayBuffer) return Buffer.from(value)
  if (value instanceof XmlElement) return Buffer.from(serializeXml(value))
  const text = JSON.stringify(value)
  if (text === undefined) throw new ValueError(`a ${typeof value} cannot be sent`)
  return Buffer.from(text)
}

/** Gives what a ping or pong holds for a value. @throws RangeError for more than 125 bytes, ValueError */
export function controlBytes(value: unknown): Buffer {
  const bytes = bytesOf(value)
  if (bytes.length > MAX_REASON_BYTES + 2) throw new RangeError('a ping or pong holds at most 125 bytes')
  return bytes
}
