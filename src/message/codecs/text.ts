import type { Content } from '../content.ts'
import { XmlElement, XmlText } from '../xml/tree.ts'
import type { Codec } from './codec.ts'
import { jsonCodec } from './json.ts'
import { payloadOf, wrap } from './soap.ts'
import { soap11Codec } from './xml.ts'

/** Namespace of the elements that carry text and bytes in a body. */
const PAYLOAD = 'http://ws.apache.org/commons/ns/payload'

function carrier(name: 'text' | 'binary', data: string): XmlElement {
  const element = new XmlElement(name, PAYLOAD)
  element.declare('', PAYLOAD)
  if (data !== '') element.append(new XmlText(data))
  return wrap([element])
}

/** Plain text: XPath sees it as one `<text>` element. */
export const textCodec: Codec = {
  name: 'text',
  isJson: () => false,
  isXml: () => false,
  toJson: () => undefined,
  toEnvelope: content => carrier('text', content.text()),
  write: content => Buffer.from(payloadOf(content.envelope())?.text ?? ''),
  describe: content => ({ label: 'Payload', text: content.text() }),
}

/** Bytes that mean nothing here: XPath sees them as one `<binary>` element in base64. */
export const binaryCodec: Codec = {
  name: 'binary',
  isJson: () => false,
  isXml: () => false,
  toJson: () => undefined,
  toEnvelope: content => carrier('binary', content.bytes.toString('base64')),
  write: content => content.bytes,
  describe: content => ({ label: 'Payload', text: `(${content.bytes.length} bytes)` }),
}

/**
 * A payload nobody named a type for, such as a WebSocket message without a subprotocol.
 *
 * Compatibility: the original sees nothing in it. Here JSON and XML are recognised by their first character and
 * read if they are well-formed, so that an expression that asks gets an answer.
 */
export const untypedCodec: Codec = {
  name: 'untyped',
  isJson: content => guess(content) === jsonCodec,
  isXml: content => guess(content) === soap11Codec,
  toJson: content => attempt(() => guess(content)?.toJson(content)),
  toEnvelope: content => attempt(() => guess(content)?.toEnvelope(content)) ?? wrap([]),
  write: content => content.bytes,
  describe: content => ({
    label: 'Payload',
    text: isText(content) ? content.text() : `(${content.bytes.length} bytes)`,
  }),
}

function guess(content: Content): Codec | undefined {
  const first = /^\s*(\S)/.exec(content.text())?.[1]
  if (first === '<') return soap11Codec
  return first === '{' || first === '[' ? jsonCodec : undefined
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}

function isText(content: Content): boolean {
  return !content.text().includes('\ufffd')
}
