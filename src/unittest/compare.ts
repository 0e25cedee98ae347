import type { XmlElement } from '../message/xml/tree.ts'
import { jsonOf, xmlOf } from './payload.ts'

/**
 * Whether two payloads say the same. White space without a meaning does not count, nor do the order of JSON keys and
 * of attributes, and the prefixes chosen for namespaces.
 */
export function saysTheSame(expected: string, actual: string): boolean {
  const [expectedXml, actualXml] = [xmlOf(expected), xmlOf(actual)]
  if (expectedXml && actualXml) return isSameElement(expectedXml, actualXml)
  const [expectedJson, actualJson] = [jsonOf(expected), jsonOf(actual)]
  if (expectedJson && actualJson) return isSameJson(expectedJson, actualJson)
  return flat(expected) === flat(actual)
}

function isSameElement(one: XmlElement, other: XmlElement): boolean {
  if (one.localName !== other.localName || one.namespaceURI !== other.namespaceURI) return false
  const [attributes, others] = [attributesOf(one), attributesOf(other)]
  if (attributes.size !== others.size) return false
  for (const [name, value] of attributes) if (others.get(name) !== value) return false
  const [parts, otherParts] = [partsOf(one), partsOf(other)]
  return (
    parts.length === otherParts.length &&
    parts.every((part, index) => {
      const counterpart = otherParts[index]!
      if (typeof part === 'string' || typeof counterpart === 'string') return part === counterpart
      return isSameElement(part, counterpart)
    })
  )
}

function attributesOf({ attributes }: XmlElement): Map<string, string> {
  return new Map(
    attributes.map(({ namespaceURI, localName, value }) => [`${namespaceURI} ${localName}`, value]),
  )
}

/** Elements and texts in order, comments left out; text between elements that is white space alone is none. */
function partsOf(element: XmlElement): (XmlElement | string)[] {
  const parts: (XmlElement | string)[] = []
  for (let child = element.firstChild; child; child = child.nextSibling) {
    if (child.nodeType === 1) parts.push(child)
    else if (child.nodeType === 3) {
      const last = parts.at(-1)
      if (typeof last === 'string') parts[parts.length - 1] = last + child.data
      else parts.push(child.data)
    }
  }
  return parts.map(part => (typeof part === 'string' ? flat(part) : part)).filter(part => part !== '')
}

function isSameJson(one: unknown, other: unknown): boolean {
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null)
    return one === other
  if (Array.isArray(one) !== Array.isArray(other)) return false
  const keys = Object.keys(one)
  return (
    keys.length === Object.keys(other).length &&
    keys.every(
      key =>
        Object.hasOwn(other, key) &&
        isSameJson((one as Record<string, unknown>)[key], (other as Record<string, unknown>)[key]),
    )
  )
}

function flat(text: string): string {
  return text.trim().replace(/\s+/g, ' ')
}
