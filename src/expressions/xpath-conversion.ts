import { inDocumentOrder } from '../message/xml/order.ts'
import type { XPathValue } from './xpath.ts'
import { library, MISSING, nodeSet, type Value } from './xpath-library.ts'

/** Turns a value of a caller into one of the library. */
export function toLibrary(value: XPathValue): Value {
  if (value === null) return MISSING
  if (typeof value === 'string') return new library.XString(value)
  if (typeof value === 'number') return new library.XNumber(value)
  if (typeof value === 'boolean') return new library.XBoolean(value)
  return nodeSet(value.length > 1 ? inDocumentOrder([...value]) : value)
}

/** Turns a value of the library into one of a caller. */
export function fromLibrary(value: Value): XPathValue {
  if (value === MISSING) return null
  if (value instanceof library.XNodeSet) return value.nodes
  if (value instanceof library.XString) return value.str
  if (value instanceof library.XNumber) return value.num
  return value.booleanValue()
}
