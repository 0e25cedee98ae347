import type { MessageContext } from '../core/context.ts'
import type { PropertyValue } from '../core/properties.ts'
import { serializeXml } from '../message/xml/serialize.ts'
import { XmlElement } from '../message/xml/tree.ts'

/** What a configuration computes from a message. Compiled once. */
export interface Expression {
  readonly source: string
  /** Whether evaluating it reads the payload. */
  readonly readsContent: boolean
  /** The string value; null where there is none (a property that is not set). */
  text(ctx: MessageContext): string | null
  /** The value as a condition. */
  boolean(ctx: MessageContext): boolean
  /** The value with its type where it has one: a property as it was set, a JSON value, else the string value. */
  value(ctx: MessageContext): PropertyValue
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
