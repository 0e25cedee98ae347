import type { Span } from '../language/source.ts'
import { type Attribute, type Element, OWN_NAMESPACE } from '../language/xml.ts'
import { XmlElement, XmlText } from '../message/xml/tree.ts'

/** An attribute of an element that is made. */
export interface MadeAttribute {
  readonly name: string
  readonly value: string
  readonly nameSpan: Span
  readonly valueSpan?: Span
}

/** What an element is made of. */
export interface ElementParts {
  readonly name: string
  readonly span: Span
  readonly isOwn?: boolean
  readonly attributes?: readonly MadeAttribute[]
  readonly children?: readonly Element[]
  readonly text?: string
  readonly textSpan?: Span
}

const NO_NAMESPACES: ReadonlyMap<string, string> = new Map()

/** Makes an element of a configuration that was not written as XML; its spans point to what was written. */
export function madeElement({
  name,
  span,
  isOwn,
  attributes = [],
  children = [],
  text = '',
  textSpan,
}: ElementParts): Element {
  const namespace = isOwn === true ? OWN_NAMESPACE : ''
  const xml = new XmlElement(name, namespace)
  for (const attribute of attributes) xml.setAttribute(attribute.name, attribute.value)
  if (text !== '') xml.append(new XmlText(text))
  xml.append(...children.map(child => child.xml))
  const all: Attribute[] = attributes.map(({ valueSpan, ...rest }) => ({
    ...rest,
    valueSpan: valueSpan ?? rest.nameSpan,
  }))
  return {
    name,
    namespace,
    attributes: all,
    children,
    text: text.trim(),
    span,
    textSpan: textSpan ?? span,
    namespaces: NO_NAMESPACES,
    xml,
  }
}
