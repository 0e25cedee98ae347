import type { MessageContext } from '../core/context.ts'
import type { PropertyValue } from '../core/properties.ts'
import { ExactNumber } from '../message/codecs/exact-number.ts'
import { writeJson } from '../message/codecs/json.ts'
import { serializeXml } from '../message/xml/serialize.ts'
import { XmlElement, type XmlNode } from '../message/xml/tree.ts'
import type { JsonPath } from './jsonpath.ts'
import { xpathText } from './xpath.ts'

/** What a configuration computes from a message. Compiled once. */
export interface Expression {
  readonly source: string
  readonly language: 'property' | 'xpath' | 'jsonpath' | 'synapse'
  /** Whether evaluating it reads the payload. */
  readonly readsContent: boolean
  /** What to tell its author: it can be compiled, and will hardly do what is meant. */
  readonly warnings?: readonly string[]
  /** The string value; null where there is none (a property that is not set). */
  text(ctx: MessageContext): string | null
  /** The value as a condition. */
  boolean(ctx: MessageContext): boolean
  /**
   * The value with its type where it has one: a property as it was set, a JSON value, else the string value. Of
   * `${…}` it is the result itself, XML nodes included, and undefined where there is none.
   */
  value(ctx: MessageContext): PropertyValue
  /**
   * The nodes an XPath selects, in document order; undefined when it gives a value instead. With a root, that
   * envelope is looked into in place of the message's own.
   */
  nodes?(ctx: MessageContext, root?: XmlElement): XmlNode[] | undefined
  /** The path of a `json-eval` on the payload. */
  readonly path?: JsonPath
}

/**
 * Writes a property's value as text: XML as an XPath that selects it would give it, JSON compact, null where there
 * is nothing.
 */
export function textOf(value: PropertyValue, source = ''): string | null {
  if (value === null || value === undefined) return null
  if (typeof value === 'string') return value
  if (typeof value !== 'object' || value instanceof ExactNumber) return String(value)
  const nodes = nodesOf(value)
  if (nodes) return xpathText(nodes, source)
  return writeJson(value instanceof Map ? Object.fromEntries(value) : value)
}

/** Writes a property's value as text in full: an element with its tags. */
export function wholeText(value: PropertyValue): string | null {
  return value instanceof XmlElement ? serializeXml(value) : textOf(value)
}

/** Takes a property's value for nodes: XML, or what an XPath selected. Undefined for anything else. */
export function nodesOf(value: PropertyValue): XmlNode[] | undefined {
  if (value instanceof XmlElement) return [value]
  if (!Array.isArray(value) || value.length === 0) return undefined
  const [first] = value
  const isNode = typeof first === 'object' && first !== null && typeof first.nodeType === 'number'
  return isNode ? value : undefined
}

/** Reads a property's value as a condition, as XPath does: text that is not empty is true. */
export function truthOf(value: PropertyValue): boolean {
  if (typeof value === 'boolean') return value
  const number = value instanceof ExactNumber ? value.valueOf() : value
  if (typeof number === 'number') return number !== 0 && !Number.isNaN(number)
  return value !== null && value !== undefined && value !== ''
}
