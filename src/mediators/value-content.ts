import type { PropertyValue } from '../core/properties.ts'
import { nodesOf, textOf } from '../expressions/value.ts'
import { ExactNumber } from '../message/codecs/exact-number.ts'
import { cloneJson } from '../message/codecs/json.ts'
import { bodyOf, payloadOf } from '../message/codecs/soap.ts'
import { Content } from '../message/content.ts'
import { parseXml } from '../message/xml/parse.ts'
import { XmlElement } from '../message/xml/tree.ts'

/**
 * Makes a payload of a value: XML of an element or the first of several, JSON of an object or array, and of text
 * what it reads as. An element takes the place of the payload in the envelope there is, so that SOAP stays SOAP.
 */
export function contentOf(value: PropertyValue, present: Content): Content {
  const [first] = nodesOf(value) ?? []
  if (first?.nodeType === 1) return withPayload(present, first.clone())
  const isJson = typeof value === 'object' && value !== null && !first && !(value instanceof ExactNumber)
  if (isJson) return Content.ofJson(cloneJson(value))
  const text = textOf(value) ?? ''
  const type = typeOf(text)
  return type === 'application/xml'
    ? withPayload(present, parseXml(text).documentElement!)
    : Content.ofText(text, type)
}

/** Gives a payload as the value of a property: JSON and XML as they are, text for everything else. */
export function payloadValue(content: Content): PropertyValue {
  if (content.isJson) return cloneJson(content.json())
  if (content.isXml) return payloadOf(content.envelope())?.clone() ?? ''
  return content.text()
}

/** Copies a value that may stand in a payload: what is changed there later does not change the copy. */
export function copyOf(value: PropertyValue): PropertyValue {
  if (typeof value !== 'object' || value instanceof Map) return value
  if (value instanceof XmlElement) return value.clone()
  return nodesOf(value)?.map(node => (node.nodeType === 1 ? node.clone() : node)) ?? cloneJson(value)
}

function withPayload(present: Content, payload: XmlElement): Content {
  if (!present.isXml) return Content.ofPayload(payload)
  const content = present.share()
  const body = bodyOf(content.editEnvelope())
  if (!body) return Content.ofPayload(payload)
  body.setText('')
  body.append(payload)
  return content
}

/** JSON objects and arrays, and XML, are told by reading them. */
function typeOf(text: string): string {
  const first = /^\s*(\S)/.exec(text)?.[1]
  try {
    if (first === '{' || first === '[') {
      JSON.parse(text)
      return 'application/json'
    }
    if (first === '<') {
      parseXml(text)
      return 'application/xml'
    }
  } catch {
    return 'text/plain'
  }
  return 'text/plain'
}
