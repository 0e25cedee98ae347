import type { PropertyValue } from '../core/properties.ts'
import { ExactNumber } from '../message/codecs/exact-number.ts'
import { nodesOf, textOf } from './value.ts'
import type { XPathValue } from './xpath.ts'

/** Takes a property for a value of XPath: XML as nodes, JSON as text. */
export function toXPath(value: PropertyValue): XPathValue {
  if (value === undefined || value === null) return null
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value
  if (value instanceof ExactNumber) return value.text
  return nodesOf(value) ?? textOf(value)
}
