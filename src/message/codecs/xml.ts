import type { Content } from '../content.ts'
import { ContentError } from '../content-error.ts'
import { parseXml, XmlError } from '../xml/parse.ts'
import { serializeXml } from '../xml/serialize.ts'
import type { XmlElement } from '../xml/tree.ts'
import type { Codec } from './codec.ts'
import { JsonXmlError } from './json-xml-error.ts'
import { originOf, payloadOf, receive, SOAP11, SOAP12, type SoapVersion, wrap } from './soap.ts'
import { inVersion } from './soap-version.ts'
import { xmlToJson } from './xml-to-json.ts'

function readEnvelope(content: Content, version: SoapVersion): XmlElement {
  const text = content.text()
  return isBlank(text) ? wrap([], version) : receive(parse(text), version)
}

function isBlank(text: string): boolean {
  return !/\S/.test(text)
}

/** Compatibility: the parser of the original has this limit too. */
const MAX_ATTRIBUTES = 1_000

function parse(text: string): XmlElement {
  try {
    return parseXml(text, { maxAttributes: MAX_ATTRIBUTES }).documentElement!
  } catch (error) {
    if (!(error instanceof XmlError)) throw error
    throw new ContentError(
      `the payload is no XML: ${error.message} at line ${error.line}, column ${error.column}`,
      error,
    )
  }
}

/**
 * Writes an element of a payload.
 * @throws ContentError when it holds what XML has no form for, such as U+0001
 */
export function writeXml(element: XmlElement): string {
  try {
    return serializeXml(element)
  } catch (error) {
    throw new ContentError(`the payload cannot be written as XML: ${(error as Error).message}`, error)
  }
}

/** Writes what stands in an envelope; '' where nothing does. */
export function writePayload(envelope: XmlElement): string {
  const payload = payloadOf(envelope)
  return payload ? writeXml(payload) : ''
}

/** @throws ContentError for XML that has no JSON form, such as text mixed with elements */
export function payloadToJson(content: Content): unknown {
  const payload = payloadOf(content.envelope())
  try {
    return payload && xmlToJson(payload)
  } catch (error) {
    if (!(error instanceof JsonXmlError)) throw error
    throw new ContentError(`the payload has no JSON form: ${error.message}`, error)
  }
}

/**
 * SOAP 1.1, and plain XML sent as `text/xml`.
 *
 * Compatibility: plain XML that came as `text/xml` leaves as plain XML when a part of it was changed.
 */
export const soap11Codec: Codec = {
  name: 'soap11',
  isJson: () => false,
  isXml: () => true,
  toJson: payloadToJson,
  toEnvelope: content => readEnvelope(content, SOAP11),
  write(content) {
    const envelope = content.envelope()
    const isPlain = originOf(envelope) === 'bare' && content.mediaType === 'text/xml'
    return Buffer.from(isPlain ? writePayload(envelope) : writeXml(inVersion(envelope, SOAP11)))
  },
  describe: content => ({ label: 'Envelope', text: writeXml(content.envelope()) }),
}

/** SOAP 1.2. */
export const soap12Codec: Codec = {
  ...soap11Codec,
  name: 'soap12',
  toEnvelope: content => readEnvelope(content, SOAP12),
  write: content => Buffer.from(writeXml(inVersion(content.envelope(), SOAP12))),
}

/** Plain XML: the payload without an envelope. */
export const xmlCodec: Codec = {
  ...soap11Codec,
  name: 'xml',
  write: content => Buffer.from(writePayload(content.envelope())),
}
