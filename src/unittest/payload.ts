import { isEnvelope, SOAP12 } from '../message/codecs/soap.ts'
import { parseXml } from '../message/xml/parse.ts'
import type { XmlElement } from '../message/xml/tree.ts'

/** Tells the media type of a payload that nobody gave one: XML, an envelope of either version, JSON, or text. */
export function mediaTypeOfPayload(payload: string): string {
  const root = xmlOf(payload)
  if (root) {
    if (!isEnvelope(root)) return 'application/xml'
    return root.namespaceURI === SOAP12 ? 'application/soap+xml' : 'text/xml'
  }
  return jsonOf(payload) === undefined ? 'text/plain' : 'application/json'
}

/** Reads a text as XML; undefined when it is none. */
export function xmlOf(text: string): XmlElement | undefined {
  if (!text.trimStart().startsWith('<')) return undefined
  try {
    return parseXml(text.trim()).documentElement ?? undefined
  } catch {
    return undefined
  }
}

/** Reads a text as a JSON object or list; undefined when it is none. */
export function jsonOf(text: string): object | undefined {
  if (!/^\s*[{[]/.test(text)) return undefined
  try {
    return JSON.parse(text) as object
  } catch {
    return undefined
  }
}
