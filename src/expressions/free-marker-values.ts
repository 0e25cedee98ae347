import { ExactNumber } from '../message/codecs/json-xml.ts'
import { serializeXml } from '../message/xml/serialize.ts'
import type { XmlNode } from '../message/xml/tree.ts'
import { dateFormat } from './date-format.ts'
import { FreeMarkerError } from './free-marker-text.ts'
import { plainDigits } from './number-text.ts'

/** A method of a built-in, with its arguments evaluated. */
export type Method = (args: readonly Value[]) => Value

/** A value in a template; undefined and null are no value. A plain object is a hash. */
export type Value = unknown

/** What a member access on XML gives: nodes in document order. One node counts as its text. */
export class Nodes {
  readonly nodes: readonly XmlNode[]

  constructor(nodes: readonly XmlNode[]) {
    this.nodes = nodes
  }

  /** The text of the one node. */
  text(): string {
    const [only, ...more] = this.nodes
    if (!only || more.length > 0)
      throw new FreeMarkerError(`a text is expected, and there are ${this.nodes.length} XML nodes`)
    return textOfNode(only)
  }

  /** Child elements by name, `*` for all, `**` for all below, `@name` for attributes; `@@…` about the node itself. */
  member(name: string): Value {
    if (name === '@@markup') return this.nodes.map(node => serializeXml(node)).join('')
    if (name === '@@text') return this.nodes.map(textOfNode).join('')
    if (name === '@@local_name' || name === '@@qname') return this.nodes[0] && nameOfNode(this.nodes[0], name)
    return new Nodes(this.nodes.flatMap(node => inside(node, name)))
  }

  /** The nodes one by one, as a list. */
  items(): Nodes[] {
    return this.nodes.map(node => new Nodes([node]))
  }
}

function textOfNode(node: XmlNode): string {
  return node.nodeType === 1 || node.nodeType === 9 ? node.text : (node.nodeValue ?? '')
}

function nameOfNode(node: XmlNode, which: string): string {
  return node.nodeType === 1 && which === '@@local_name' ? node.localName : node.nodeName
}

function inside(node: XmlNode, name: string): XmlNode[] {
  if (node.nodeType !== 1) return []
  if (name === '**') return node.children.flatMap(child => [child, ...inside(child, '**')])
  const wanted = name.slice(name.lastIndexOf(':') + 1)
  if (!name.startsWith('@')) return node.children.filter(child => name === '*' || child.localName === wanted)
  const attribute = wanted.replace(/^@/, '')
  return node.attributes.filter(
    each => attribute === '@' || attribute === '*' || each.localName === attribute,
  )
}

/** Whether there is a value; XML that was not found is none. */
export function exists(value: Value): boolean {
  return value !== undefined && value !== null && !(value instanceof Nodes && value.nodes.length === 0)
}

/** Whether a value is a hash. */
export function isHash(value: Value): value is Readonly<Record<string, Value>> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
}

/** Whether a value is a number; big and exact ones count. */
export function isNumber(value: Value): boolean {
  return typeof value === 'number' || typeof value === 'bigint' || value instanceof ExactNumber
}

/** A value as a list. */
export function toList(value: Value): readonly Value[] {
  if (Array.isArray(value)) return value
  if (value instanceof Nodes) return value.items()
  throw new FreeMarkerError(`a sequence is expected, and this is ${kindOf(value)}`)
}

/** A value as a number; texts are none, XML is. */
export function toNumber(value: Value): number {
  if (isNumber(value)) return Number(value)
  if (value instanceof Nodes && /^\s*[+-]?\d/.test(value.text())) return Number(value.text())
  throw new FreeMarkerError(`a number is expected, and this is ${kindOf(value)}`)
}

/** A value as a condition. */
export function toBoolean(value: Value): boolean {
  if (typeof value === 'boolean') return value
  throw new FreeMarkerError(`a boolean is expected, and this is ${kindOf(value)}`)
}

/** A value as text, as `${…}` writes it; numbers as the pattern says. */
export function toText(value: Value, numberFormat = ''): string {
  if (typeof value === 'string') return value
  if (isNumber(value)) return formatNumber(value, numberFormat)
  if (typeof value === 'boolean') return String(value)
  if (value instanceof Nodes) return value.text()
  if (value instanceof Date) return dateFormat('MMM d, yyyy, h:mm:ss a').format(value)
  throw new FreeMarkerError(`a text is expected, and this is ${kindOf(value)}`)
}

/** What a value is, for people. */
export function kindOf(value: Value): string {
  if (!exists(value)) return 'nothing'
  if (Array.isArray(value)) return 'a sequence'
  if (value instanceof Nodes)
    return value.nodes.length === 1 ? 'an XML node' : `${value.nodes.length} XML nodes`
  if (isNumber(value)) return 'a number'
  if (value instanceof Date) return 'a date'
  return typeof value === 'object' ? 'a hash' : typeof value === 'function' ? 'a method' : `a ${typeof value}`
}

/** Compares for `==`; only values of one kind can be compared. */
export function areEqual(left: Value, right: Value): boolean {
  if (isNumber(left) || isNumber(right)) return toNumber(left) === toNumber(right)
  if (left instanceof Date && right instanceof Date) return left.getTime() === right.getTime()
  if (typeof left === 'boolean' && typeof right === 'boolean') return left === right
  const isText = (value: Value): boolean => typeof value === 'string' || value instanceof Nodes
  if (isText(left) && isText(right)) return toText(left) === toText(right)
  throw new FreeMarkerError(`${kindOf(left)} and ${kindOf(right)} cannot be compared`)
}

/**
 * Writes a number. Without a pattern it has groups of three and up to three decimals, `1,234.568`; `computer` writes
 * it plainly, other patterns are those of Java's DecimalFormat.
 */
export function formatNumber(value: Value, pattern = ''): string {
  if (pattern === 'computer' || pattern === 'c') return computerText(value)
  if (pattern === '' || pattern === 'number') return decimalText(toNumber(value), '#,##0.###')
  if (pattern === 'percent') return decimalText(toNumber(value), '#,##0%')
  if (pattern === 'currency') return `$${decimalText(toNumber(value), '#,##0.00')}`
  return decimalText(toNumber(value), pattern)
}

/** Digits alone, never an exponent. */
export function computerText(value: Value): string {
  if (typeof value === 'bigint') return String(value)
  const number = toNumber(value)
  if (Number.isNaN(number)) return 'NaN'
  return Number.isFinite(number) ? plainDigits(number) : number > 0 ? 'INF' : '-INF'
}

const PATTERN = /^((?:'[^']*'|[^#0,.'])*)([#,]*[0,]*)(?:\.(0*)(#*))?(%?)(.*)$/s

function decimalText(value: number, pattern: string): string {
  const [, prefix = '', whole = '', zeros = '', hashes = '', percent = '', suffix = ''] =
    PATTERN.exec(pattern.split(';')[0] ?? '') ?? []
  const groups = whole.includes(',') ? whole.length - whole.lastIndexOf(',') - 1 : 0
  const leastDigits = whole.replace(/[^0]/g, '').length
  const scaled = percent ? value * 100 : value
  if (!Number.isFinite(scaled)) return Number.isNaN(scaled) ? 'NaN' : scaled > 0 ? '∞' : '-∞'
  const rounded = roundHalfEven(Math.abs(scaled), zeros.length + hashes.length)
  const [digits = '', decimals = ''] = rounded.split('.')
  const kept = decimals.slice(0, zeros.length) + decimals.slice(zeros.length).replace(/0+$/, '')
  const padded = (leastDigits === 0 && digits === '0' && kept !== '' ? '' : digits).padStart(leastDigits, '0')
  const grouped = groups > 0 ? padded.replace(new RegExp(`\\B(?=(?:\\d{${groups}})+$)`, 'g'), ',') : padded
  const sign = scaled < 0 && /[1-9]/.test(rounded) ? '-' : ''
  const unquote = (text: string): string => text.replaceAll("'", '')
  return `${sign}${unquote(prefix)}${grouped}${kept && `.${kept}`}${percent}${unquote(suffix)}`
}

/** Java rounds a half to the even neighbour, by the digits the number is written with. */
function roundHalfEven(value: number, places: number): string {
  const [whole = '', fraction = ''] = plainDigits(value).split('.')
  if (fraction.length <= places) return `${whole}.${fraction.padEnd(places, '0')}`
  const rest = fraction.slice(places)
  const kept = BigInt(whole + fraction.slice(0, places))
  const isHalf = /^50*$/.test(rest)
  const up = isHalf ? kept % 2n === 1n : rest[0]! >= '5'
  const digits = String(up ? kept + 1n : kept).padStart(places + 1, '0')
  return `${digits.slice(0, digits.length - places)}.${digits.slice(digits.length - places)}`
}

/** Named values that are looked up when they are asked for, such as the properties of a message. */
export class Lookup {
  readonly member: (name: string) => Value

  constructor(member: (name: string) => Value) {
    this.member = member
  }
}

/** Reads a member of a hash, or what XML has by that name; undefined where there is none. */
export function memberOf(value: Value, name: string): Value {
  if (value instanceof Nodes || value instanceof Lookup) return value.member(name)
  if (isHash(value)) return Object.hasOwn(value, name) ? value[name] : undefined
  throw new FreeMarkerError(`.${name} needs a hash, and this is ${kindOf(value)}`)
}
