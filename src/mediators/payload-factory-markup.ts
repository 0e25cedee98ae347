import { parseJson } from '../message/codecs/json.ts'
import { JsonXmlError, jsonToXml, xmlToJson } from '../message/codecs/json-xml.ts'
import { ContentError } from '../message/content-error.ts'
import { parseXml, XmlError } from '../message/xml/parse.ts'
import { serializeXml, xmlAttributeText } from '../message/xml/serialize.ts'
import { XmlElement, type XmlNode } from '../message/xml/tree.ts'

/** The start tag of an element that fragments are read in, with the namespaces in force where they are put. */
export function frameOf(namespaces: ReadonlyMap<string, string>): string {
  let tag = '<frame'
  for (const [prefix, uri] of namespaces)
    tag += ` ${prefix === '' ? 'xmlns' : `xmlns:${prefix}`}="${xmlAttributeText(uri)}"`
  return `${tag}>`
}

/** The frame where no prefix means anything. */
export const BARE_FRAME = '<frame>'

/** Reads text that is XML, one element or several, into an element around them; undefined for any other text. */
export function parseMarkup(text: string, frame = BARE_FRAME): XmlElement | undefined {
  if (!looksLikeXml(text)) return undefined
  try {
    const read = readFragment(text, frame)
    return read.firstElement && read
  } catch (error) {
    if (error instanceof XmlError) return undefined
    throw error
  }
}

/**
 * Reads what stands between the tags of an element.
 * @throws XmlError when it is not well-formed
 */
export function readFragment(text: string, frame = BARE_FRAME): XmlElement {
  return parseXml(`${frame}${text.replace(/^\s*<\?xml[^>]*\?>/, '')}</frame>`).documentElement!
}

/** Whether text begins and ends as XML does. */
export function looksLikeXml(text: string): boolean {
  return /^\s*</.test(text) && />\s*$/.test(text)
}

/** Whether text begins as a JSON object or array does. */
export function looksLikeJson(text: string): boolean {
  return /^\s*[{[]/.test(text)
}

/** The JSON text of XML; undefined where it has no JSON form. */
export function jsonOfMarkup(frame: XmlElement): string | undefined {
  const [only, ...more] = frame.children
  if (!only) return undefined
  try {
    if (more.length === 0) return JSON.stringify(xmlToJson(only))
    const all = new XmlElement('jsonObject')
    all.append(...frame.childNodes)
    return JSON.stringify(xmlToJson(all))
  } catch (error) {
    if (error instanceof JsonXmlError) return undefined
    throw error
  }
}

/** The elements a JSON value becomes in XML, in an element around them; undefined for text that is no JSON. */
export function markupOfJson(text: string): XmlElement | undefined {
  let value: unknown
  try {
    value = parseJson(text)
  } catch (error) {
    if (error instanceof ContentError) return undefined
    throw error
  }
  return elementsOf(value)
}

/**
 * The elements a JSON value becomes in XML, in an element around them.
 * @throws ContentError where it has no XML form
 */
export function elementsOf(value: unknown): XmlElement {
  try {
    return jsonToXml(value)
  } catch (error) {
    if (error instanceof JsonXmlError)
      throw new ContentError(`a value has no XML form: ${error.message}`, error)
    throw error
  }
}

/** The XML text of a value that is an element or a list of nodes; undefined for any other value. */
export function xmlTextOf(value: unknown): string | undefined {
  if (value instanceof XmlElement) return serializeXml(value)
  if (!Array.isArray(value) || value.length === 0 || !value.every(isNode)) return undefined
  return value.map(node => (node.nodeType === 1 ? serializeXml(node) : (node.nodeValue ?? ''))).join('')
}

function isNode(value: unknown): value is XmlNode {
  return typeof value === 'object' && value !== null && 'nodeType' in value
}
