import type { XmlAttribute, XmlElement } from '../xml/tree.ts'
import { numberOf } from './exact-number.ts'
import { XSI } from './json-to-xml.ts'
import { JsonXmlError, MAX_DEPTH } from './json-xml-error.ts'
import { type JsonXmlOptions, jsonXmlOptions } from './json-xml-options.ts'
import { keyOfName } from './xml-names.ts'

const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/
const WRAPPERS: ReadonlySet<string> = new Set(['jsonObject', 'jsonArray', 'jsonElement', 'jsonValue'])

/**
 * Gives the JSON value of an element, by the defaults of WSO2: wrappers made by `jsonToXml` vanish and any other
 * element becomes a key; namespaces are dropped; attributes become `"@name"` strings, and the text beside them
 * `"$"`; siblings of one name become an array, a single one only behind `<?xml-multiple name?>`; an empty element
 * is null; texts that look like a number, a boolean or null become one, as an `ExactNumber` if need be.
 *
 * Siblings of one name with others in between share one array too: as members they would overwrite each other.
 * @throws JsonXmlError on text next to elements, and on elements nested more than 500 deep
 */
export function xmlToJson(element: XmlElement, options: JsonXmlOptions = jsonXmlOptions()): unknown {
  switch (element.localName) {
    case 'jsonArray':
      return itemsOf(element, 1, options)
    case 'jsonValue':
      return scalarValue(element.ownText)
    case 'jsonObject':
    case 'jsonElement':
      return objectOf(element, 1, options)
    default:
      return put({}, nameOf(element, options), contentOf(element, 1, options))
  }
}

function objectOf(element: XmlElement, depth: number, options: JsonXmlOptions): unknown {
  const value = contentOf(element, depth, options)
  return value === null || value === '' ? {} : value
}

function itemsOf(array: XmlElement, depth: number, options: JsonXmlOptions): unknown[] {
  return array.children.map(item => {
    const value = contentOf(item, depth + 1, options)
    return WRAPPERS.has(item.localName) ? value : put({}, nameOf(item, options), value)
  })
}

function contentOf(element: XmlElement, depth: number, options: JsonXmlOptions): unknown {
  if (depth > MAX_DEPTH) throw new JsonXmlError(`elements are nested more than ${MAX_DEPTH} deep`)
  if (options.usesNil && isNil(element)) return null
  const text = element.ownText
  const first = element.firstElement
  if (first && text.trim() !== '') {
    throw new JsonXmlError(`<${element.nodeName}> has text next to elements, which JSON has no form for`)
  }
  const alone = element.attributes.length === 0 && !hasDeclarations(element, options)
  if (alone && first?.localName === 'jsonArray' && isOnlyElement(first))
    return itemsOf(first, depth + 1, options)
  if (alone && first?.localName === 'jsonObject') {
    if (isOnlyElement(first)) return objectOf(first, depth + 1, options)
    // Several objects put into one element, as aggregate does: the wrappers vanish, and an array is left.
    const all = element.children
    if (all.every(({ localName }) => localName === 'jsonObject'))
      return all.map(each => objectOf(each, depth + 1, options))
  }
  if (alone && !first && !hasHint(element, options)) return textValue(text, options)
  const members = {}
  putDeclarations(members, element, options)
  for (const attribute of element.attributes) put(members, `@${nameOf(attribute, options)}`, attribute.value)
  if (!first && text.trim() !== '') put(members, '$', primitive(text, options))
  addChildren(members, element, depth, options)
  return members
}

function textValue(text: string, options: JsonXmlOptions): unknown {
  if (text.trim() !== '') return primitive(text, options)
  return options.emptyIsNull ? null : ''
}

function addChildren(members: object, element: XmlElement, depth: number, options: JsonXmlOptions): void {
  let hinted: string | undefined
  for (let node = element.firstChild; node; node = node.nextSibling) {
    if (node.nodeType === 7 && node.target === 'xml-multiple' && options.readsArrayHints) {
      hinted = keyOfName(node.data.trim())
      if (hinted !== '' && !Object.hasOwn(members, hinted)) put(members, hinted, new Items())
    } else if (node.nodeType === 1) {
      const key = nameOf(node, options)
      const value = contentOf(node, depth + 1, options)
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

function hasHint(element: XmlElement, { readsArrayHints }: JsonXmlOptions): boolean {
  if (!readsArrayHints) return false
  for (let node = element.firstChild; node; node = node.nextSibling)
    if (node.nodeType === 7 && node.target === 'xml-multiple') return true
  return false
}

function isNil(element: XmlElement): boolean {
  const nil = element.getAttribute('nil', XSI)
  return nil === 'true' || nil === '1'
}

function isOnlyElement(element: XmlElement): boolean {
  for (let node = element.nextSibling; node; node = node.nextSibling) if (node.nodeType === 1) return false
  return true
}

function nameOf(node: XmlElement | XmlAttribute, options: JsonXmlOptions): string {
  const key = keyOfName(node.localName)
  return options.keepsPrefixes && node.prefix !== '' ? node.prefix + options.prefixSeparator + key : key
}

function hasDeclarations(element: XmlElement, options: JsonXmlOptions): boolean {
  return options.keepsPrefixes && options.writesDeclarations && element.declarations.size > 0
}

function putDeclarations(members: object, element: XmlElement, options: JsonXmlOptions): void {
  if (!hasDeclarations(element, options)) return
  for (const [prefix, uri] of element.declarations)
    put(members, prefix === '' ? '@xmlns' : `@xmlns${options.prefixSeparator}${prefix}`, uri)
}

/** Sets an own member even if it is called `__proto__`. */
function put(members: object, key: string, value: unknown): object {
  if (key !== '__proto__') (members as Record<string, unknown>)[key] = value
  else Object.defineProperty(members, key, { value, writable: true, enumerable: true, configurable: true })
  return members
}

function primitive(
  text: string,
  { findsPrimitives, staysText, replaced, replacement }: JsonXmlOptions,
): unknown {
  if (staysText?.test(text)) return replaced ? text.replace(replaced, replacement) : text
  if (!findsPrimitives) return text
  if (text === 'true') return true
  if (text === 'false') return false
  if (text === 'null') return null
  return NUMBER.test(text) ? numberOf(text) : text
}

/** The text of `jsonValue` is JSON; one that was put there by a mediator may be bare. */
function scalarValue(text: string): unknown {
  if (text.trim() === '' || text === 'null') return null
  if (text === 'true' || text === 'false') return text === 'true'
  if (NUMBER.test(text)) return numberOf(text)
  if (!text.startsWith('"')) return text
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
