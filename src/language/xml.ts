import { createRequire } from 'node:module'
import { parseXml, XmlError } from '../message/xml/parse.ts'
import type { XmlElement } from '../message/xml/tree.ts'
import type { Diagnostics } from './diagnostic.ts'
import type { Source, Span } from './source.ts'

/** An attribute of a configuration, with the places of its name and its value. */
export interface Attribute {
  readonly name: string
  readonly value: string
  readonly nameSpan: Span
  readonly valueSpan: Span
}

/** An element of a configuration, with its place. Both spellings, XML and YAML, are read into this. */
export interface Element {
  readonly name: string
  /** Namespace of the element; '' for none. */
  readonly namespace: string
  readonly attributes: readonly Attribute[]
  readonly children: readonly Element[]
  /** The element's own text, white space at the ends taken off. */
  readonly text: string
  /** The `<name` of the start tag. */
  readonly span: Span
  /** Where the text stands; the start tag where there is none. */
  readonly textSpan: Span
  /** Prefixes in force here. */
  readonly namespaces: ReadonlyMap<string, string>
  /** The element as it would stand in a message. */
  readonly xml: XmlElement
}

/** The namespaces a configuration's elements may be in; the examples of the original product mix these. */
export const SYNAPSE_NAMESPACES: ReadonlySet<string> = new Set([
  '',
  'http://ws.apache.org/ns/synapse',
  'http://synapse.apache.org/ns/2010/04/configuration',
  // Tools write the properties of tasks in it.
  'http://www.wso2.org/products/wso2commons/tasks',
])

/** The namespace of what is said here and means nothing to the original product, which reads past it. */
export const OWN_NAMESPACE = 'urn:myelin'

/** Whether an element belongs to the configuration language. */
export function isSynapse(element: Element): boolean {
  return SYNAPSE_NAMESPACES.has(element.namespace)
}

/** Reads a file; reports what is not well-formed and returns undefined then. */
export function readXml(source: Source, diagnostics: Diagnostics): Element | undefined {
  try {
    return toElement(parseXml(source.text, { positions: true }).documentElement!, source, new Map())
  } catch (error) {
    if (!(error instanceof XmlError)) throw error
    const start = Math.min(error.offset, source.text.length)
    diagnostics.error(
      { source, start, end: start + 1 },
      'malformed-xml',
      `${error.message}.`,
      secondOpinion(source),
    )
    return undefined
  }
}

/** The other parser knows where an unclosed element was opened. */
function secondOpinion(source: Source): string | undefined {
  const { XMLValidator } = createRequire(import.meta.url)(
    'fast-xml-parser',
  ) as typeof import('fast-xml-parser')
  const verdict = XMLValidator.validate(source.text)
  if (verdict === true) return undefined
  const { msg, line, col } = verdict.err
  // It has no place for an empty file.
  if (col === undefined) return undefined
  return `Line ${line}, column ${col}: ${msg}`
}

function toElement(xml: XmlElement, source: Source, outer: ReadonlyMap<string, string>): Element {
  const { start, startTagEnd, end } = xml.span!
  const namespaces = xml.declarations.size > 0 ? new Map([...outer, ...xml.declarations]) : outer
  const nameEnd = start + 1 + xml.nodeName.length
  return {
    name: xml.localName,
    namespace: xml.namespaceURI,
    attributes: readAttributes(source, nameEnd, startTagEnd, xml),
    children: xml.children.map(child => toElement(child, source, namespaces)),
    text: xml.ownText.trim(),
    span: { source, start, end: nameEnd },
    textSpan: textSpan(source, startTagEnd, end, start, nameEnd),
    namespaces,
    xml,
  }
}

function textSpan(source: Source, from: number, to: number, tagStart: number, tagEnd: number): Span {
  const inner = /^\s*(?:<!\[CDATA\[)?\s*([^<]*[^<\s])/.exec(source.text.slice(from, to))
  if (!inner) return { source, start: tagStart, end: tagEnd }
  const start = from + inner[0].length - inner[1]!.length
  return { source, start, end: start + inner[1]!.length }
}

const ATTRIBUTE = /([^\s=/>]+)\s*=\s*("[^"]*"|'[^']*')/g

/** Finds the attributes in a start tag that is known to be well-formed. */
function readAttributes(source: Source, from: number, to: number, xml: XmlElement): Attribute[] {
  const found: Attribute[] = []
  for (const match of source.text.slice(from, to).matchAll(ATTRIBUTE)) {
    const name = match[1]!
    const attribute = xml.attributes.find(candidate => candidate.nodeName === name)
    if (!attribute) continue // a namespace declaration
    const start = from + match.index
    const valueEnd = start + match[0].length - 1
    const valueStart = valueEnd - (match[2]!.length - 2)
    found.push({
      name,
      value: attribute.value,
      nameSpan: { source, start, end: start + name.length },
      valueSpan: { source, start: valueStart, end: Math.max(valueEnd, valueStart + 1) },
    })
  }
  return found
}
