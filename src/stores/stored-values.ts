import type { PropertyValue } from '../core/properties.ts'
import { ExactNumber } from '../message/codecs/exact-number.ts'
import { parseXml } from '../message/xml/parse.ts'
import { serializeXml } from '../message/xml/serialize.ts'
import { XmlElement } from '../message/xml/tree.ts'

/** A value as it stands in a record: what JSON has no form for is an object with one member that says what it is. */
export type WrittenValue = string | number | boolean | null | { readonly [kind: string]: unknown }

/** As deep as the payloads that are read. */
const MAX_DEPTH = 500

/** Thrown for a value that has no form outside the process. */
class NotKept extends Error {}

/** Writes a value for a record; undefined where it has no form outside the process, such as an open stream. */
export function writeValue(value: PropertyValue): WrittenValue | undefined {
  try {
    return write(value, 0)
  } catch (error) {
    if (error instanceof NotKept) return undefined
    throw error
  }
}

/** Reads a value that `writeValue` wrote. @throws Error where it did not write it */
export function readValue(written: unknown): PropertyValue {
  if (typeof written !== 'object' || written === null) return written
  const [member] = Object.entries(written)
  const read = member && READERS[member[0]]
  if (!read) throw new Error(`a value of an unknown kind: ${member?.[0] ?? 'none'}`)
  return read(member[1] as never)
}

function write(value: unknown, depth: number): WrittenValue {
  if (depth > MAX_DEPTH) throw new NotKept()
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0) ? value : { number: numberText(value) }
    case 'bigint':
      return { integer: String(value) }
    case 'undefined':
      return { nothing: true }
    case 'object':
      return value === null ? null : writeObject(value, depth + 1)
    default:
      throw new NotKept()
  }
}

function numberText(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value)
}

function writeObject(value: object, depth: number): WrittenValue {
  if (Array.isArray(value)) return { list: value.map(item => write(item, depth)) }
  if (value instanceof XmlElement) return { xml: writeElement(value) }
  if (value instanceof ExactNumber) return { exact: value.text }
  if (value instanceof Uint8Array) return { bytes: Buffer.from(value).toString('base64') }
  if (value instanceof Map) return { map: [...value].map(entry => entry.map(each => write(each, depth))) }
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) throw new NotKept()
  return { members: Object.entries(value).map(([name, item]) => [name, write(item, depth)]) }
}

/** Prefixes that only texts in it use, such as that of an `xsi:type`, go with it. */
function writeElement(element: XmlElement): string {
  let whole = element
  if (element.parentNode) {
    whole = element.clone()
    for (const [prefix, uri] of element.namespacesInScope())
      if (whole.lookupNamespace(prefix) === undefined && prefix !== '') whole.declare(prefix, uri)
  }
  try {
    return serializeXml(whole)
  } catch {
    throw new NotKept()
  }
}

const READERS: Readonly<Record<string, (written: never) => PropertyValue>> = {
  number: (text: string) => Number(text),
  integer: (text: string) => BigInt(text),
  nothing: () => undefined,
  list: (items: readonly unknown[]) => items.map(readValue),
  xml: (text: string) => detached(text),
  exact: (text: string) => new ExactNumber(text),
  bytes: (text: string) => Buffer.from(text, 'base64'),
  map: (items: readonly [unknown, unknown][]) =>
    new Map(items.map(([key, item]) => [readValue(key), readValue(item)])),
  members: (items: readonly [string, unknown][]) =>
    Object.fromEntries(items.map(([name, item]) => [name, readValue(item)])),
}

function detached(text: string): XmlElement {
  const element = parseXml(text).documentElement!
  element.remove()
  return element
}
