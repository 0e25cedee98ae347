import type { XmlAttribute, XmlElement } from '../message/xml/tree.ts'
import type { KnownName, MappingSchema } from './datamapper-schema.ts'

/** The text of an element that has attributes or children too. */
export const ELEMENT_TEXT = '_ELEMVAL'
/** What stands in front of the names of attributes. */
export const ATTRIBUTE = 'attr_'

/** Makes the value a mapping works on of an element: by the schema, which leaves out what it does not know. */
export function xmlInput(element: XmlElement, schema: MappingSchema): unknown {
  if (schema.isArray) return [xmlInput(element, schema.items)]
  if (!schema.isObject) return primitive(element.text, schema.type)
  const value: Record<string, unknown> = {}
  for (const known of schema.attributes) {
    const found = element.attributes.find(attribute => fits(attribute, known))
    if (found) value[ATTRIBUTE + known.key] = primitive(found.value, known.schema.type)
  }
  const children = element.children
  for (const known of schema.properties) {
    if (known.name === ELEMENT_TEXT) continue
    const found = children.filter(child => fits(child, known))
    if (known.schema.isArray) {
      if (found.length > 0) value[known.key] = found.map(child => xmlInput(child, known.schema.items))
    } else if (found[0]) value[known.key] = xmlInput(found[0], known.schema)
  }
  const text = element.ownText
  if (/\S/.test(text)) value[ELEMENT_TEXT] = primitive(text, textType(schema))
  return value
}

function textType(schema: MappingSchema): string {
  return schema.properties.find(({ name }) => name === ELEMENT_TEXT)?.schema.type ?? ''
}

function fits(
  { localName, namespaceURI }: XmlElement | XmlAttribute,
  { local, namespace }: KnownName,
): boolean {
  // A name without a prefix is one of any namespace: the schema says nothing of default namespaces.
  return localName === local && (namespace === undefined || namespace === '' || namespace === namespaceURI)
}

/** A text as what the schema says it is; one that is not so stays a text. */
function primitive(text: string, type: string): unknown {
  const plain = text.trim()
  switch (type) {
    case 'number':
    case 'integer': {
      if (plain === '') return null
      const number = Number(plain)
      return Number.isFinite(number) ? number : text
    }
    case 'boolean':
      return plain === 'true' || plain === 'false' ? plain === 'true' : plain === '' ? null : text
    default:
      return text
  }
}

/**
 * Makes the value a mapping works on of CSV: an object for each line, with the columns the schema names. A first line
 * of just these names says in which order they come.
 */
export function csvInput(text: string, schema: MappingSchema): unknown {
  const holder = schema.isArray ? undefined : schema.properties.find(known => known.schema.isArray)
  const columns = (holder?.schema ?? schema).items.properties
  const lines = readCsv(text)
  const first = lines[0]?.map(name => columns.find(known => known.name === name.trim()))
  const isHeader = first !== undefined && first.length > 0 && first.every(known => known !== undefined)
  const order = isHeader ? first : columns
  const rows = (isHeader ? lines.slice(1) : lines).map(line =>
    Object.fromEntries(
      order.flatMap(({ key, schema: column }, at) =>
        line[at] === undefined ? [] : [[key, primitive(line[at], column.type)]],
      ),
    ),
  )
  return holder ? { [holder.key]: rows } : rows
}

/** Reads CSV as RFC 4180 says; empty lines count for nothing, and a quote nobody closes ends with the text. */
function readCsv(text: string): string[][] {
  const lines: string[][] = []
  let line: string[] = []
  const endLine = (): void => {
    if (line.length > 1 || line[0] !== '') lines.push(line)
    line = []
  }
  const bare = /[^,\r\n]*/y
  const separator = /,|\r\n?|\n|$/y
  for (let at = text.startsWith('\ufeff') ? 1 : 0; at < text.length; ) {
    let field = ''
    if (text[at] === '"') {
      for (let isOpen = true; isOpen; ) {
        const end = text.indexOf('"', at + 1)
        field += text.slice(at + 1, end < 0 ? text.length : end)
        at = end < 0 ? text.length : end + 1
        isOpen = text[at] === '"'
        if (isOpen) field += '"'
      }
    }
    bare.lastIndex = at
    field += bare.exec(text)![0]
    line.push(field)
    separator.lastIndex = bare.lastIndex
    const [end] = separator.exec(text)!
    at = separator.lastIndex
    if (end !== ',') endLine()
    else if (at === text.length) {
      line.push('')
      endLine()
    }
  }
  return lines
}
