import { XmlAttribute, XmlElement, XmlText } from '../xml/tree.ts'

/** Says why a value has no counterpart in the other format. */
export class JsonXmlError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'JsonXmlError'
  }
}

/**
 * A number from XML whose digits a JavaScript number would change, such as `1.50` or a 20-digit account number.
 * It computes and compares like the nearest number, and `JSON.stringify` writes the digits as they were.
 */
export class ExactNumber {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }

  valueOf(): number {
    return Number(this.text)
  }

  toString(): string {
    return this.text
  }

  toJSON(): unknown {
    return JSON.rawJSON(this.text)
  }
}

declare global {
  interface JSON {
    /** ECMAScript 2026: a value that `stringify` writes as this text. */
    rawJSON(text: string): unknown
  }
}

const MAX_DEPTH = 500
const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/
const NCNAME = /^[\p{L}_][\p{L}\p{N}\p{M}._\-·]*$/u
const DIGIT = '_JsonReader_PD_'
const DOLLAR = '_JsonReader_PS_'
const WRAPPERS: ReadonlySet<string> = new Set(['jsonObject', 'jsonArray', 'jsonElement', 'jsonValue'])

/**
 * Gives the XML form of a JSON value, as XPath sees a JSON payload: `jsonObject`, `jsonArray` with `jsonElement`
 * children, or `jsonValue` with the JSON text of a scalar. `"@a"` is an attribute and `"$"` the text.
 *
 * Compatibility: a key that begins with a digit or `$` gets a prefix, null is an empty element, and an empty
 * array inside an object leaves nothing behind.
 * @throws JsonXmlError when a key cannot be a name, or values are nested more than 500 deep
 */
export function jsonToXml(value: unknown): XmlElement {
  if (Array.isArray(value)) return arrayElement(value, 1)
  if (isObject(value)) return objectElement('jsonObject', value, 1)
  return textElement('jsonValue', JSON.stringify(value) ?? '')
}

function arrayElement(items: readonly unknown[], depth: number): XmlElement {
  const element = new XmlElement('jsonArray')
  for (const item of items) element.append(valueElement('jsonElement', item, depth + 1))
  return element
}

function valueElement(name: string, value: unknown, depth: number): XmlElement {
  if (depth > MAX_DEPTH) throw new JsonXmlError(`values are nested more than ${MAX_DEPTH} deep`)
  if (isObject(value)) return objectElement(name, value, depth)
  if (!Array.isArray(value)) return textElement(name, scalarText(value))
  const element = new XmlElement(name)
  element.append(arrayElement(value, depth + 1))
  return element
}

function objectElement(name: string, members: object, depth: number): XmlElement {
  const element = new XmlElement(name)
  for (const [key, value] of Object.entries(members)) {
    if (key === '$') appendText(element, scalarOf(key, value))
    else if (key.startsWith('@')) {
      // Keys are unique, so the attribute cannot be there yet.
      element.addAttribute(new XmlAttribute(attributeName(key), scalarOf(key, value)))
    } else if (Array.isArray(value)) {
      for (const item of value) element.append(valueElement(elementName(key), item, depth + 1))
    } else element.append(valueElement(elementName(key), value, depth + 1))
  }
  return element
}

function textElement(name: string, text: string): XmlElement {
  const element = new XmlElement(name)
  appendText(element, text)
  return element
}

function appendText(element: XmlElement, text: string): void {
  if (text !== '') element.append(new XmlText(text))
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

function elementName(key: string): string {
  const name = /^\d/.test(key) ? DIGIT + key : key.startsWith('$') ? DOLLAR + key.slice(1) : key
  if (NCNAME.test(name)) return name
  throw new JsonXmlError(
    `the JSON key ${JSON.stringify(key)} cannot be the name of an XML element; it may have letters, digits, "_", "-" and "."`,
  )
}

function attributeName(key: string): string {
  const name = key.slice(1)
  if (NCNAME.test(name) && name !== 'xmlns') return name
  throw new JsonXmlError(`the JSON key ${JSON.stringify(key)} cannot be the name of an XML attribute`)
}

/**
 * Gives the JSON value of an element, by the defaults of WSO2: wrappers made by `jsonToXml` vanish and any other
 * element becomes a key; namespaces are dropped; attributes become `"@name"` strings, and the text beside them
 * `"$"`; siblings of one name become an array, a single one only behind `<?xml-multiple name?>`; an empty element
 * is null; texts that look like a number, a boolean or null become one, as {@link ExactNumber} if need be.
 *
 * Siblings of one name with others in between share one array too: as members they would overwrite each other.
 * @throws JsonXmlError on text next to elements, and on elements nested more than 500 deep
 */
export function xmlToJson(element: XmlElement): unknown {
  switch (element.localName) {
    case 'jsonArray':
      return itemsOf(element, 1)
    case 'jsonValue':
      return scalarValue(element.ownText)
    case 'jsonObject':
    case 'jsonElement':
      return contentOf(element, 1) ?? {}
    default:
      return put({}, nameOf(element), contentOf(element, 1))
  }
}

function itemsOf(array: XmlElement, depth: number): unknown[] {
  return array.children.map(item => {
    const value = contentOf(item, depth + 1)
    return WRAPPERS.has(item.localName) ? value : put({}, nameOf(item), value)
  })
}

function contentOf(element: XmlElement, depth: number): unknown {
  if (depth > MAX_DEPTH) throw new JsonXmlError(`elements are nested more than ${MAX_DEPTH} deep`)
  const text = element.ownText
  const first = element.firstElement
  if (first && text.trim() !== '') {
    throw new JsonXmlError(`<${element.nodeName}> has text next to elements, which JSON has no form for`)
  }
  const alone = element.attributes.length === 0
  if (alone && first?.localName === 'jsonArray' && isOnlyElement(first)) return itemsOf(first, depth + 1)
  if (alone && first?.localName === 'jsonObject' && isOnlyElement(first)) {
    return contentOf(first, depth + 1) ?? {}
  }
  if (alone && !first && !hasHint(element)) return text.trim() === '' ? null : primitive(text)
  const members = {}
  for (const attribute of element.attributes) put(members, `@${attribute.localName}`, attribute.value)
  if (!first && text.trim() !== '') put(members, '$', primitive(text))
  addChildren(members, element, depth)
  return members
}

function addChildren(members: object, element: XmlElement, depth: number): void {
  let hinted: string | undefined
  for (let node = element.firstChild; node; node = node.nextSibling) {
    if (node.nodeType === 7 && node.target === 'xml-multiple') {
      hinted = keyOf(node.data.trim())
      if (hinted !== '' && !Object.hasOwn(members, hinted)) put(members, hinted, new Items())
    } else if (node.nodeType === 1) {
      const key = nameOf(node)
      const value = contentOf(node, depth + 1)
      const present: unknown = Object.hasOwn(members, key) ? (members as Record<string, unknown>)[key] : NONE
      if (present instanceof Items) present.push(value)
      else if (present !== NONE) put(members, key, Items.of(present, value))
      else put(members, key, hinted === '' ? Items.of(value) : value)
      hinted = undefined
    }
  }
  for (const [key, value] of Object.entries(members))
    if (value instanceof Items) put(members, key, [...value])
}

/** An array made of siblings, to tell it from an array that is the value of one of them. */
class Items extends Array<unknown> {}

const NONE = Symbol('none')

function hasHint(element: XmlElement): boolean {
  return element.childNodes.some(node => node.nodeType === 7 && node.target === 'xml-multiple')
}

function isOnlyElement(element: XmlElement): boolean {
  for (let node = element.nextSibling; node; node = node.nextSibling) if (node.nodeType === 1) return false
  return true
}

function nameOf(element: XmlElement): string {
  return keyOf(element.localName)
}

function keyOf(name: string): string {
  if (name.startsWith(DIGIT)) return name.slice(DIGIT.length)
  return name.startsWith(DOLLAR) ? `$${name.slice(DOLLAR.length)}` : name
}

/** Sets an own member even if it is called `__proto__`. */
function put(members: object, key: string, value: unknown): object {
  if (key !== '__proto__') (members as Record<string, unknown>)[key] = value
  else Object.defineProperty(members, key, { value, writable: true, enumerable: true, configurable: true })
  return members
}

function primitive(text: string): unknown {
  if (text === 'true') return true
  if (text === 'false') return false
  if (text === 'null') return null
  if (!NUMBER.test(text)) return text
  const number = Number(text)
  return String(number) === text ? number : new ExactNumber(text)
}

/** The text of `jsonValue` is JSON; one that was put there by a mediator may be bare. */
function scalarValue(text: string): unknown {
  if (!text.startsWith('"')) return text.trim() === '' ? null : primitive(text)
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
