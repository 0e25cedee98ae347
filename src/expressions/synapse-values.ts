import { LateValue } from '../core/template-frame.ts'
import { ExactNumber } from '../message/codecs/exact-number.ts'
import { parseJson, writeJson } from '../message/codecs/json.ts'
import { serializeXml } from '../message/xml/serialize.ts'
import { XmlElement, type XmlNode } from '../message/xml/tree.ts'
import { isObject } from './jsonpath-steps.ts'
import { javaDoubleText } from './number-text.ts'

/**
 * A value while a `${…}` expression is evaluated. Whole numbers are a number, or a bigint where a number would
 * not do; numbers with a fraction are a number too; `5.0`, which JavaScript cannot tell from 5, is an
 * `ExactNumber`. Beside these there are strings, booleans, null, JSON objects and arrays, XML elements, and lists
 * of XML nodes.
 */
export type SynapseValue = unknown

/** Says why a `${…}` expression has no value. */
export class SynapseError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'SynapseError'
  }
}

/** A number that is an item of a JSON array. It is whole and not whole at once: arithmetic makes it a double. */
export class LooseNumber {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

/** What a number counts as. */
export type NumberKind = 'int' | 'long' | 'double'

/** Tells what kind of number a value is; undefined when it is none. */
export function kindOf(value: SynapseValue): NumberKind | undefined {
  if (typeof value === 'number') {
    if ((value | 0) === value) return 'int'
    return Number.isInteger(value) ? 'long' : 'double'
  }
  if (typeof value === 'bigint') return 'long'
  return value instanceof ExactNumber || value instanceof LooseNumber ? 'double' : undefined
}

/** Makes a double: `5` becomes `5.0`. */
export function double(value: number): SynapseValue {
  return Number.isInteger(value) ? new ExactNumber(javaDoubleText(value)) : value
}

/** Makes a whole number of a bigint: a number where that is exact. */
export function whole(value: bigint): number | bigint {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value
}

/** Gives the nearest JavaScript number. @throws SynapseError when the value is no number */
export function numberOf(value: SynapseValue, what: string): number {
  if (typeof value === 'number') return value
  if (kindOf(value) === undefined) throw new SynapseError(`${what} takes a number, not ${describe(value)}`)
  return Number(numberText(value))
}

/** Writes the digits of a number. */
export function numberText(value: SynapseValue): string {
  return value instanceof ExactNumber || value instanceof LooseNumber ? value.text : String(value)
}

/** Takes a value found in JSON for one to compute with. An item of an array stays written as it was. */
export function fromJson(value: unknown, isItem: boolean): SynapseValue {
  if (isItem && (typeof value === 'number' || value instanceof ExactNumber)) {
    return new LooseNumber(String(value))
  }
  if (value === undefined) throw new SynapseError('there is no value')
  return value instanceof ExactNumber ? normalize(value) : value
}

/** A whole number loses its exponent, and a fraction the zeros at its end; more digits than a double has stay. */
function normalize({ text }: ExactNumber): SynapseValue {
  const [, digits = '', fraction = '', exponent = '0'] = /^(-?\d+)(?:\.(\d+))?(?:[eE](.+))?$/.exec(text) ?? []
  const places = Number(exponent) - fraction.length
  if (places >= 0 && places < 400) return whole(BigInt(digits + fraction) * 10n ** BigInt(places))
  const nearest = Number(text)
  if (Number.isInteger(nearest) && Math.abs(nearest) < 1e7) return double(nearest)
  const kept = fraction.replace(/0+$/, '').length + digits.replace(/^-?0*/, '').length
  return kept > 17 ? new ExactNumber(text) : double(nearest)
}

/** Takes the text of a header or a property for a number where it is one. */
export function fromText(text: string): SynapseValue {
  if (!/^[+-]?(?:\d|\.\d)/.test(text)) return text
  if (/^[+-]?\d{1,19}$/.test(text)) return whole(BigInt(text.replace('+', '')))
  if (!/^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(text)) return text
  return double(Number(text))
}

/** Reads a number as an expression writes it; one too big for a long is a double. */
export function literalNumber(text: string): SynapseValue {
  if (text.includes('.')) return double(Number(text))
  const value = BigInt(text)
  return BigInt.asIntN(64, value) === value ? whole(value) : double(Number(text))
}

/** Takes a property, a variable or a parameter for a value to compute with. */
export function fromProperty(value: unknown): SynapseValue {
  if (typeof value === 'string') return fromText(value)
  return value instanceof ExactNumber ? normalize(value) : value
}

/** Reads JSON out of text. @throws SynapseError when it is none */
export function jsonOf(text: string, what: string): unknown {
  try {
    return parseJson(text)
  } catch {
    throw new SynapseError(`${what} is no JSON`)
  }
}

/**
 * Writes a value as text: doubles as Java does, JSON compact, XML serialized.
 * Compatibility: a string in a pair of quotes loses them.
 */
export function textForm(value: SynapseValue): string {
  switch (typeof value) {
    case 'string':
      return unquoted(value)
    case 'number':
      return Number.isInteger(value) ? String(value) : javaDoubleText(value)
    case 'object':
      return value === null ? 'null' : objectText(value)
    default:
      return String(value)
  }
}

function unquoted(text: string): string {
  const first = text[0]
  const isQuoted = text.length > 1 && (first === '"' || first === "'") && text.endsWith(first)
  return isQuoted ? text.slice(1, -1) : text
}

function objectText(value: object): string {
  if (value instanceof ExactNumber || value instanceof LooseNumber) return value.text
  if (value instanceof XmlElement) return serializeXml(value)
  if (isNodeList(value)) return `[${value.map(nodeText).join(', ')}]`
  return jsonTextOf(value)
}

/** Writes JSON; of a map of values too. */
export function jsonTextOf(value: unknown): string {
  return writeJson(value instanceof Map ? Object.fromEntries(value) : value)
}

/** Writes a node as it stands in a list. */
export function nodeText(node: XmlNode): string {
  if (node.nodeType === 1) return serializeXml(node)
  return node.nodeType === 9
    ? node.documentElement
      ? serializeXml(node.documentElement)
      : ''
    : node.nodeValue
}

/** Whether a value is a list of XML nodes, as a property or an XPath gives it. */
export function isNodeList(value: unknown): value is XmlNode[] {
  if (!Array.isArray(value) || value.length === 0) return false
  const [first] = value
  return typeof first === 'object' && first !== null && typeof first.nodeType === 'number'
}

/** Whether a value is a JSON object or a map of values. */
export function isMembers(value: unknown): boolean {
  return value instanceof Map || (isObject(value) && !(value instanceof XmlElement) && !isLoose(value))
}

function isLoose(value: unknown): boolean {
  return value instanceof LooseNumber || value instanceof LateValue
}

/** Names a value in a message about it. */
export function describe(value: SynapseValue): string {
  if (value === null || value === undefined) return 'null'
  if (typeof value === 'string') return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value)
  if (typeof value === 'boolean' || kindOf(value) !== undefined) return textForm(value)
  if (value instanceof XmlElement || isNodeList(value)) return 'XML'
  return Array.isArray(value) ? 'an array' : 'an object'
}
