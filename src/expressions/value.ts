import type { MessageContext } from '../core/context.ts'
import type { PropertyValue } from '../core/properties.ts'
import { serializeXml } from '../message/xml/serialize.ts'
import { XmlElement, type XmlNode } from '../message/xml/tree.ts'
import type { JsonPath } from './jsonpath.ts'

/** What a configuration computes from a message. Compiled once. */
export interface Expression {
  readonly source: string
  readonly language: 'property' | 'xpath' | 'jsonpath' | 'synapse'
  /** Whether evaluating it reads the payload. */
  readonly readsContent: boolean
  /** The string value; null where there is none (a property that is not set). */
  text(ctx: MessageContext): string | null
  /** The value as a condition. */
  boolean(ctx: MessageContext): boolean
  /** The value with its type where it has one: a property as it was set, a JSON value, else the string value. */
  value(ctx: MessageContext): PropertyValue
  /**
   * The nodes an XPath selects, in document order; undefined when it gives a value instead. With a root, that
   * envelope is looked into in place of the message's own.
   */
  nodes?(ctx: MessageContext, root?: XmlElement): XmlNode[] | undefined
  /** The path of a `json-eval` on the payload. */
  readonly path?: JsonPath
}

/** Writes a property's value as text: XML and JSON serialized, null where there is nothing. */
export function textOf(value: PropertyValue): string | null {
  if (value === null || value === undefined) return null
  if (typeof value === 'string') return value
  if (value instanceof XmlElement) return serializeXml(value)
  if (typeof value === 'object') return JSON.stringify(value)
  return String(value)
}

/** Reads a property's value as a condition, as XPath does: text that is not empty is true. */
export function truthOf(value: PropertyValue): boolean {
  if (typeof value === 'boolean') return value
  if (typeof value === 'number') return value !== 0 && !Number.isNaN(value)
  return value !== null && value !== undefined && value !== ''
}
