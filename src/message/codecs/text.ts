import type { Content } from '../content.ts'
import { XmlElement, XmlText } from '../xml/tree.ts'
import type { Codec } from './codec.ts'
import { jsonCodec, writeJson } from './json.ts'
import { originOf, payloadOf, wrap } from './soap.ts'
import { payloadToJson, soap11Codec, writePayload, writeXml } from './xml.ts'

/** Namespace of the elements that carry text and bytes in a body. */
const PAYLOAD = 'http://ws.apache.org/commons/ns/payload'

function carrier(name: 'text' | 'binary', data: string): XmlElement {
  const element = new XmlElement(name, PAYLOAD)
  element.declare('', PAYLOAD)
  if (data !== '') element.append(new XmlText(data))
  return wrap([element])
}

/** What an envelope carries, if it carries text or bytes. */
function carried(envelope: XmlElement): Buffer | undefined {
  const payload = payloadOf(envelope)
  if (payload?.namespaceURI !== PAYLOAD) return undefined
  if (payload.localName === 'text') return Buffer.from(payload.text)
  return payload.localName === 'binary' ? Buffer.from(payload.text, 'base64') : undefined
}

/** Plain text: XPath sees it as one `<text>` element. JSON written as text is the JSON. */
export const textCodec: Codec = {
  name: 'text',
  isJson: () => false,
  isXml: () => false,
  toJson: () => undefined,
  toEnvelope: content => carrier('text', content.text()),
  write(content) {
    if (content.isJson)
      return Buffer.from(content.form === 'json' ? writeJson(content.json()) : content.text())
    const envelope = content.envelope()
    return carried(envelope) ?? Buffer.from(payloadOf(envelope)?.text ?? '')
  },
  describe: content => ({ label: 'Payload', text: content.text() }),
}

/** Bytes that mean nothing here: XPath sees them as one `<binary>` element in base64. */
export const binaryCodec: Codec = {
  name: 'binary',
  isJson: () => false,
  isXml: () => false,
  toJson: () => undefined,
  toEnvelope: content => carrier('binary', content.bytes.toString('base64')),
  write: content => writeUntyped(content),
  describe: content => ({ label: 'Payload', text: `(${content.bytes.length} bytes)` }),
}

/** Writes a payload as what it is, where its type does not say how: bytes as they are, JSON as JSON, XML as XML. */
function writeUntyped(content: Content): Buffer {
  if (content.form === 'json') return Buffer.from(writeJson(content.json()))
  if (content.form !== 'envelope') return content.bytes
  const envelope = content.envelope()
  const bytes = carried(envelope)
  if (bytes) return bytes
  if (isJsonForm(payloadOf(envelope))) return Buffer.from(writeJson(payloadToJson(content)))
  return Buffer.from(originOf(envelope) === 'enveloped' ? writeXml(envelope) : writePayload(envelope))
}

function isJsonForm(payload: XmlElement | undefined): boolean {
  return payload !== undefined && /^json(?:Object|Array|Value)$/.test(payload.localName)
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
  write: writeUntyped,
  describe: content => ({
    label: 'Payload',
    text: isText(content) ? content.text() : `(${content.bytes.length} bytes)`,
  }),
}

function guess(content: Content): Codec | undefined {
  const first = /\S/.exec(content.text())?.[0]
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
