import type { Mediator } from '../language/declare.ts'
import type { Diagnostics } from '../language/diagnostic.ts'
import type { Field, Fields } from '../language/field.ts'
import type { Vocabulary } from '../language/reader.ts'
import { Source, type Span } from '../language/source.ts'
import { type Element, readXml } from '../language/xml.ts'
import { plainOf, type YamlEntry, type YamlNode } from '../language/yaml.ts'
import { type MadeAttribute, madeElement } from './made-element.ts'
import { HAS_OWN_CHILDREN, OWN_CHILDREN } from './own-element.ts'
import { attributeOf, parametersOf } from './yaml-attributes.ts'

/** What makes elements of maps. */
export interface MapReading {
  readonly vocabulary: Vocabulary
  readonly diagnostics: Diagnostics
}

/** What is known of the element that a map stands for. */
interface Known {
  readonly element: string
  readonly fields: Fields
}

/**
 * Makes the elements of mediators from a list of maps with one key each, such as `- log: {level: full}`, of names
 * alone, such as `- respond`, or of one map with one. What a value becomes is read off the declaration of its mediator,
 * so that every mediator can be written so.
 */
export function stepElements(node: YamlNode, reading: MapReading): Element[] {
  if (node.kind === 'list') return node.items.flatMap(item => stepElements(item, reading))
  if (node.kind === 'scalar') {
    if (node.value === null) return []
    return [madeElement({ name: node.text, span: node.span })]
  }
  return node.entries.map(entry => stepElement(entry, reading))
}

function stepElement({ key, keySpan, value }: YamlEntry, reading: MapReading): Element {
  const declaration: Mediator | undefined = reading.vocabulary.mediators.get(key)
  return made(key, keySpan, value, declaration && { element: key, fields: declaration.fields }, reading)
}

/** Makes one element of a name and what it has. */
function made(
  name: string,
  span: Span,
  value: YamlNode,
  known: Known | undefined,
  reading: MapReading,
  isOwn = false,
): Element {
  if (value.kind === 'scalar') return shorthand(name, span, value, known, isOwn, reading)
  if (value.kind === 'list') {
    const direct = fieldOf(known, ({ kind }) => kind === 'mediators' || kind === 'branch')
    if (direct || !known) return madeElement({ name, span, isOwn, children: stepElements(value, reading) })
    const [child] = namedFields(known).filter(([, { kind }]) => kind === 'children')
    const items = child
      ? value.items.map(item => made(child[0], item.span, item, inside(child), reading))
      : stepElements(value, reading)
    return madeElement({ name, span, isOwn, children: items })
  }
  const attributes: MadeAttribute[] = []
  const children: Element[] = []
  let text: { text: string; textSpan: Span } | undefined
  for (const entry of value.entries) {
    const field = known && namedFields(known).find(([field]) => same(field, entry.key))
    const isText =
      known &&
      !field &&
      /^(?:text|value|body)$/.test(entry.key) &&
      fieldOf(known, ({ kind }) => kind === 'body')
    if (isText && entry.value.kind === 'scalar') text = { text: entry.value.text, textSpan: entry.value.span }
    else if (!field && /^(?:steps|do)$/.test(entry.key)) children.push(...stepElements(entry.value, reading))
    else if (takesAttribute(field?.[1], entry.value))
      attributes.push(attributeOf(field?.[0] ?? entry.key, entry))
    else children.push(...childrenOf(name, field, entry, reading))
  }
  return madeElement({ name, span, isOwn, attributes, children, ...text })
}

/** `- sequence: orders` gives the first attribute that must be there, or the text. */
function shorthand(
  name: string,
  span: Span,
  value: Extract<YamlNode, { kind: 'scalar' }>,
  known: Known | undefined,
  isOwn: boolean,
  reading: MapReading,
): Element {
  if (value.value === null) return madeElement({ name, span, isOwn })
  if (name === 'endpoint') return endpointOf(span, value)
  const fields = known ? namedFields(known) : []
  const hasText = known && fieldOf(known, ({ kind }) => kind === 'body' || kind === 'literal')
  const attribute =
    fields.find(([, { kind, isRequired }]) => kind === 'attribute' && isRequired) ??
    (hasText
      ? undefined
      : fields.find(([field, { kind }]) => kind === 'attribute' && /^(?:key|name|target|code)$/.test(field)))
  if (attribute) {
    const given = { name: attribute[0], value: value.text, nameSpan: span, valueSpan: value.span }
    return madeElement({ name, span, isOwn, attributes: [given] })
  }
  const literal = known && fieldOf(known, ({ kind }) => kind === 'literal')
  const xml =
    literal && value.text.trimStart().startsWith('<') ? elementIn(value.text, span, reading) : undefined
  if (xml) return madeElement({ name, span, isOwn, children: [xml] })
  return madeElement({ name, span, isOwn, text: value.text, textSpan: value.span })
}

function childrenOf(
  parent: string,
  field: readonly [string, Field<unknown>] | undefined,
  { key, keySpan, value }: YamlEntry,
  reading: MapReading,
): Element[] {
  const name = field?.[0] ?? key
  const isOwn = HAS_OWN_CHILDREN.has(parent) && OWN_CHILDREN.has(name)
  const kind = field?.[1].kind
  if (kind === 'parameters' || (name === 'parameters' && value.kind === 'map'))
    return [parametersOf(keySpan, value)]
  if (name === 'endpoint') return [endpointIn(keySpan, value, reading)]
  const known = field && inside(field)
  if (kind === 'branch') return [branchOf(name, field![1].key, keySpan, value, reading)]
  if (value.kind === 'list' && (kind === 'children' || kind === undefined))
    return value.items.map(item => made(name, item.span, item, known, reading, isOwn))
  const endpoint = reading.vocabulary.endpoints.get(name)
  const declared: Known | undefined = known ?? endpoint
  // Text that is to be a payload may be written as the value it is.
  if (value.kind !== 'scalar' && (kind === 'literal' || (kind === 'child' && isText(declared)))) {
    const text = JSON.stringify(plainOf(value))
    return [madeElement({ name, span: keySpan, isOwn, text, textSpan: value.span })]
  }
  return [made(name, keySpan, value, declared, reading, isOwn)]
}

function branchOf(
  name: string,
  key: string | undefined,
  span: Span,
  value: YamlNode,
  reading: MapReading,
): Element {
  if (
    value.kind === 'scalar' &&
    value.value !== null &&
    key &&
    !reading.vocabulary.mediators.has(value.text)
  ) {
    const named = { name: key, value: value.text, nameSpan: span, valueSpan: value.span }
    return madeElement({ name, span, attributes: [named] })
  }
  return madeElement({ name, span, children: stepElements(value, reading) })
}

/** An endpoint: the address or the name of one, or a map with its kind. */
export function endpointIn(span: Span, value: YamlNode, reading: MapReading): Element {
  if (value.kind === 'scalar') return endpointOf(span, value)
  const { endpoint } = reading.vocabulary
  return made('endpoint', span, value, { element: 'endpoint', fields: endpoint.fields }, reading)
}

function endpointOf(span: Span, value: Extract<YamlNode, { kind: 'scalar' }>): Element {
  const given = (name: string): MadeAttribute => ({
    name,
    value: value.text,
    nameSpan: span,
    valueSpan: value.span,
  })
  if (!value.text.includes('://')) return madeElement({ name: 'endpoint', span, attributes: [given('key')] })
  const address = madeElement({ name: 'address', span: value.span, attributes: [given('uri')] })
  return madeElement({ name: 'endpoint', span, children: [address] })
}

function takesAttribute(field: Field<unknown> | undefined, value: YamlNode): boolean {
  if (field) return field.kind === 'attribute'
  return value.kind === 'scalar'
}

/** The fields that are written under a name: mediators and text stand in the element itself. */
function namedFields({ fields }: Known): (readonly [string, Field<unknown>])[] {
  return Object.entries(fields)
    .filter(([, { kind }]) => kind !== 'mediators' && kind !== 'body')
    .map(([own, field]) => [field.name ?? own, field] as const)
}

function fieldOf(
  known: Known | undefined,
  fits: (field: Field<unknown>) => boolean,
): Field<unknown> | undefined {
  return known && Object.values(known.fields).find(fits)
}

function inside([element, { fields }]: readonly [string, Field<unknown>]): Known | undefined {
  return fields && { element, fields }
}

function isText(declared: Known | undefined): boolean {
  return (
    declared !== undefined &&
    Object.values(declared.fields).some(({ kind }) => kind === 'body' || kind === 'literal')
  )
}

function same(one: string, other: string): boolean {
  return one === other || one.replaceAll('-', '').toLowerCase() === other.replaceAll('-', '').toLowerCase()
}

function elementIn(text: string, span: Span, { diagnostics }: MapReading): Element | undefined {
  return readXml(new Source(span.source.path, text), diagnostics)
}
