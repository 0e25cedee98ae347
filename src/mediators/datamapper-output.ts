import { ExactNumber } from '../message/codecs/exact-number.ts'
import { isNcName } from '../message/codecs/xml-names.ts'
import { XmlElement, XmlText } from '../message/xml/tree.ts'
import { ATTRIBUTE, ELEMENT_TEXT } from './datamapper-input.ts'
import { type MappingSchema, scriptName } from './datamapper-schema.ts'

/** Namespace of the element that carries text in a body. */
const PAYLOAD = 'http://ws.apache.org/commons/ns/payload'

/** The element that carries a text. */
export function textElement(data: string): XmlElement {
  const element = new XmlElement('text', PAYLOAD)
  element.declare('', PAYLOAD)
  if (data !== '') element.append(new XmlText(data))
  return element
}

/**
 * Makes XML of what a mapping gave: the outermost element is called as the schema says, and prefixes of names stand
 * for the namespaces it declares.
 * @throws Error for a name that cannot be one of XML, and for several outermost elements
 */
export function xmlOutput(value: unknown, schema: MappingSchema): XmlElement {
  const values = Array.isArray(value) ? value : [value]
  if (values.length !== 1)
    throw new Error(`it gave ${values.length} elements, where one can be the outermost`)
  const { local, namespace = '', prefix } = schema.rootName
  checkName(local)
  const root = new XmlElement(local, namespace, namespace === '' ? '' : prefix)
  fill(root, values[0], schema.isArray ? schema.items : schema)
  return root
}

function fill(element: XmlElement, value: unknown, schema: MappingSchema): void {
  if (!isObject(value)) {
    if (value !== null && value !== '') element.append(new XmlText(String(value)))
    return
  }
  for (const [key, member] of Object.entries(value)) {
    if (key === ELEMENT_TEXT) fill(element, member, schema)
    else if (key.startsWith(ATTRIBUTE)) {
      const { local, namespace, prefix } = nameOf(key.slice(ATTRIBUTE.length), schema.attributes, schema)
      element.setAttribute(local, String(member ?? ''), namespace, prefix)
    } else {
      const known = schema.properties.find(each => each.key === key || each.name === key)?.schema
      const below = known?.isArray ? known.items : known
      for (const each of Array.isArray(member) ? member : [member]) {
        const { local, namespace, prefix } = nameOf(key, schema.properties, schema)
        const child = new XmlElement(local, namespace, prefix)
        element.append(child)
        fill(child, each, below ?? schema.unknown)
      }
    }
  }
}

/** Numbers whose digits were kept are objects too. */
function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !(value instanceof ExactNumber)
}

interface XmlName {
  readonly local: string
  readonly namespace: string
  readonly prefix: string
}

/** The name a key of a mapping stands for: one of the schema, else one whose prefix it declares, else itself. */
function nameOf(key: string, known: MappingSchema['properties'], schema: MappingSchema): XmlName {
  const found = known.find(each => each.key === key || each.name === key)
  const written = found?.name ?? key
  let prefix = written.includes(':') ? written.slice(0, written.lastIndexOf(':')) : ''
  let local = written.slice(prefix === '' ? 0 : prefix.length + 1)
  if (!found && prefix === '') {
    const declared = [...schema.namespaces.keys()].find(
      each => each !== '' && key.startsWith(`${scriptName(each)}_`),
    )
    if (declared !== undefined) {
      prefix = declared
      local = key.slice(scriptName(declared).length + 1)
    }
    local = local.replaceAll('_EnC0DeCHaRHyPh3n_', '-')
  }
  checkName(local)
  const namespace = schema.namespaces.get(prefix) ?? ''
  return { local, namespace, prefix: namespace === '' ? '' : prefix }
}

function checkName(name: string): void {
  if (!isNcName(name))
    throw new Error(`${JSON.stringify(name)} cannot be the name of an element or attribute`)
}

/** Makes CSV of what a mapping gave: a line for each object, or for the one there is. */
export function csvOutput(value: unknown): string {
  return rowsOf(value)
    .map(row => `${row.map(quoted).join(',')}\n`)
    .join('')
}

function rowsOf(value: unknown): string[][] {
  if (Array.isArray(value)) return value.flatMap(rowsOf)
  if (!isObject(value)) return [[String(value ?? '')]]
  const members: unknown[] = Object.values(value)
  const lists = members.filter(member => Array.isArray(member))
  if (lists.length > 0 && lists.length === members.length) return lists.flatMap(rowsOf)
  return [members.flatMap(fieldsOf)]
}

function fieldsOf(value: unknown): string[] {
  if (!isObject(value)) return [String(value ?? '')]
  return Object.values(value).flatMap(fieldsOf)
}

function quoted(field: string): string {
  return /[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field
}
