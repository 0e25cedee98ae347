import { XmlAttribute, XmlElement, XmlProcessingInstruction, XmlText } from '../xml/tree.ts'
import { ExactNumber } from './exact-number.ts'
import { JsonXmlError, MAX_DEPTH, MAX_NODES } from './json-xml-error.ts'
import { type JsonXmlOptions, jsonXmlOptions } from './json-xml-options.ts'
import { escapedNameOfKey, isNcName, nameOfKey } from './xml-names.ts'

/** Namespace of `xsi:nil`. */
export const XSI = 'http://www.w3.org/2001/XMLSchema-instance'

/**
 * Gives the XML form of a JSON value, as XPath sees a JSON payload: `jsonObject`, `jsonArray` with `jsonElement`
 * children, or `jsonValue` with the JSON text of a scalar. `"@a"` is an attribute and `"$"` the text.
 *
 * Compatibility: a key that begins with a digit or `$` gets a prefix, null is an empty element, and an empty
 * array inside an object leaves nothing behind.
 * @throws JsonXmlError when a key cannot be a name, values are nested more than 500 deep, or there would be more
 * than 500,000 elements, attributes and texts
 */
export function jsonToXml(value: unknown, options: JsonXmlOptions = jsonXmlOptions()): XmlElement {
  made = 0
  if (Array.isArray(value)) return arrayElement(value, 1, options)
  if (isObject(value)) return objectElement('jsonObject', value, 1, options)
  return textElement('jsonValue', JSON.stringify(value) ?? '')
}

/** Elements, attributes and texts of the translation that is going on; there is never more than one. */
let made = 0

/** Makes room for a node more; `others` are to come with it, so that nothing is made of what cannot be finished. */
function count(others = 0): void {
  if (++made + others > MAX_NODES)
    throw new JsonXmlError(`there are more than ${MAX_NODES} elements, attributes and texts in it`)
}

function arrayElement(items: readonly unknown[], depth: number, options: JsonXmlOptions): XmlElement {
  count(items.length)
  const element = new XmlElement('jsonArray')
  for (const item of items) element.append(valueElement('jsonElement', item, depth + 1, options))
  return element
}

function valueElement(name: string, value: unknown, depth: number, options: JsonXmlOptions): XmlElement {
  if (depth > MAX_DEPTH) throw new JsonXmlError(`values are nested more than ${MAX_DEPTH} deep`)
  if (isObject(value)) return objectElement(name, value, depth, options)
  if (Array.isArray(value)) {
    count()
    const element = new XmlElement(name)
    element.append(arrayElement(value, depth + 1, options))
    return element
  }
  count()
  const element = textElement(name, scalarText(value))
  if (value === null && options.usesNil) element.addAttribute(new XmlAttribute('nil', 'true', XSI, 'xsi'))
  return element
}

function objectElement(name: string, members: object, depth: number, options: JsonXmlOptions): XmlElement {
  count(Object.keys(members).length)
  const element = new XmlElement(name)
  for (const [key, value] of Object.entries(members)) {
    if (key === '$') appendText(element, scalarOf(key, value))
    else if (key.startsWith('@')) {
      count()
      // Keys are unique, so the attribute cannot be there yet.
      element.addAttribute(new XmlAttribute(attributeName(key, options), scalarOf(key, value)))
    } else appendMember(element, elementName(key, options), value, depth, options)
  }
  return element
}

function appendMember(
  element: XmlElement,
  name: string,
  value: unknown,
  depth: number,
  options: JsonXmlOptions,
): void {
  if (!Array.isArray(value)) {
    element.append(valueElement(name, value, depth + 1, options))
    return
  }
  if (options.writesArrayHints) element.append(new XmlProcessingInstruction('xml-multiple', name))
  count(value.length)
  for (const item of value) element.append(valueElement(name, item, depth + 1, options))
}

function textElement(name: string, text: string): XmlElement {
  const element = new XmlElement(name)
  appendText(element, text)
  return element
}

function appendText(element: XmlElement, text: string): void {
  if (text === '') return
  count()
  element.append(new XmlText(text))
}

function isObject(value: unknown): value is object {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof ExactNumber)
  )
}

function scalarText(value: unknown): string {
  return value === null || value === undefined ? '' : String(value)
}

function scalarOf(key: string, value: unknown): string {
  if (!isObject(value) && !Array.isArray(value)) return scalarText(value)
  throw new JsonXmlError(
    `the JSON key ${JSON.stringify(key)} stands for a text in XML, and its value is not one`,
  )
}

function elementName(key: string, { escapesNames }: JsonXmlOptions): string {
  const name = escapesNames && key !== '' ? escapedNameOfKey(key) : nameOfKey(key)
  if (isNcName(name)) return name
  throw new JsonXmlError(
    `the JSON key ${JSON.stringify(key)} cannot be the name of an XML element; it may have letters, digits, "_", "-" and "."`,
  )
}

function attributeName(key: string, { escapesNames }: JsonXmlOptions): string {
  const given = key.slice(1)
  const name = escapesNames && given !== '' ? escapedNameOfKey(given) : given
  if (isNcName(name) && name !== 'xmlns') return name
  throw new JsonXmlError(`the JSON key ${JSON.stringify(key)} cannot be the name of an XML attribute`)
}
