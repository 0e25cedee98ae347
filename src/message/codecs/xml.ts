import type { Content } from '../content.ts'
import { ContentError } from '../content-error.ts'
import { parseXml, XmlError } from '../xml/parse.ts'
import { serializeXml } from '../xml/serialize.ts'
import type { XmlElement } from '../xml/tree.ts'
import type { Codec } from './codec.ts'
import { JsonXmlError, xmlToJson } from './json-xml.ts'
import { isEnvelope, payloadOf, SOAP11, SOAP12, wrap } from './soap.ts'

function readEnvelope(content: Content, version: typeof SOAP11 | typeof SOAP12): XmlElement {
  if (content.text().trim() === '') return wrap([], version)
  const root = parse(content.text())
  return isEnvelope(root) ? root : wrap([root], version)
}

function parse(text: string): XmlElement {
  try {
    return parseXml(text).documentElement!
  } catch (error) {
    if (!(error instanceof XmlError)) throw error
    throw new ContentError(
      `the payload is no XML: ${error.message} at line ${error.line}, column ${error.column}`,
      error,
    )
  }
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

/** SOAP 1.1, and plain XML sent as `text/xml`. */
export const soap11Codec: Codec = {
  name: 'soap11',
  isJson: () => false,
  isXml: () => true,
  toJson: payloadToJson,
  toEnvelope: content => readEnvelope(content, SOAP11),
  write: content => Buffer.from(serializeXml(content.envelope())),
  describe: content => ({ label: 'Envelope', text: serializeXml(content.envelope()) }),
}

/** SOAP 1.2. */
export const soap12Codec: Codec = {
  ...soap11Codec,
  name: 'soap12',
  toEnvelope: content => readEnvelope(content, SOAP12),
}

/** Plain XML: the payload without an envelope. */
export const xmlCodec: Codec = {
  ...soap11Codec,
  name: 'xml',
  write(content) {
    const payload = payloadOf(content.envelope())
    return Buffer.from(payload ? serializeXml(payload) : '')
  },
}
