import { FreeMarkerError } from './free-marker-text.ts'
import { isHash, isNumber, memberOf, toList, toNumber, toText, type Value } from './free-marker-values.ts'

const MAX_RANGE = 1_000_000

/** Everything from a number on, for `x[3..]`. */
export class OpenRange {
  readonly from: number
  constructor(from: number) {
    this.from = from
  }
}

/**
 * The numbers from one to another: `..`, without the last (`<`, `!`), or so many (`*`).
 * @throws FreeMarkerError for more than a million
 */
export function rangeOf(from: number, to: number, kind: string): number[] {
  const last = kind === '*' ? from + to - Math.sign(to) : kind === '' ? to : to - Math.sign(to - from)
  if ((kind !== '' && from === to && kind !== '*') || (kind === '*' && to === 0)) return []
  const length = Math.abs(last - from) + 1
  if (!(length <= MAX_RANGE)) throw new FreeMarkerError(`a range of more than ${MAX_RANGE} numbers`)
  const step = last < from ? -1 : 1
  return Array.from({ length }, (_, i) => from + i * step)
}

/** What `value[key]` is: a member, an item, a character, or several of them. */
export function itemOf(value: Value, key: Value): Value {
  if (typeof key === 'string') return memberOf(value, key)
  const whole = typeof value === 'string' ? [...value] : toList(value)
  if (key instanceof OpenRange) return parts(value, whole.slice(key.from))
  if (Array.isArray(key))
    return parts(
      value,
      key.map(index => whole[toNumber(index)]),
    )
  return whole[toNumber(key)]
}

function parts(value: Value, items: readonly Value[]): Value {
  return typeof value === 'string' ? items.join('') : items
}

/** Adds numbers, joins lists and hashes, and puts anything else together as text. */
export function add(left: Value, right: Value): Value {
  if (isNumber(left) && isNumber(right)) return toNumber(left) + toNumber(right)
  if (Array.isArray(left) && Array.isArray(right)) return [...left, ...right]
  if (isHash(left) && isHash(right)) return { ...left, ...right }
  return toText(left) + toText(right)
}

/** A number or a date as a number. */
export function toComparable(value: Value): number {
  return value instanceof Date ? value.getTime() : toNumber(value)
}

/** The comparisons of numbers. */
export const COMPARE: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  '<': (a, b) => a < b,
  lt: (a, b) => a < b,
  '<=': (a, b) => a <= b,
  lte: (a, b) => a <= b,
  '>': (a, b) => a > b,
  gt: (a, b) => a > b,
  '>=': (a, b) => a >= b,
  gte: (a, b) => a >= b,
}

/** The operations on numbers that give a number. */
export const COMPUTE: Readonly<Record<string, (a: number, b: number) => number>> = {
  '*': (a, b) => a * b,
  '/': (a, b) => {
    if (b === 0) throw new FreeMarkerError('division by zero')
    return a / b
  },
  '%': (a, b) => {
    if (b === 0) throw new FreeMarkerError('division by zero')
    return Math.trunc(a) % Math.trunc(b)
  },
}

const ESCAPES: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  b: '\b',
  f: '\f',
  l: '<',
  g: '>',
  a: '&',
}

/** Reads the escapes of a text. */
export function withoutEscapes(text: string): string {
  return text.replace(/\\(?:x([\da-fA-F]{1,4})|(.))/gs, (_all, hex?: string, character?: string) =>
    hex !== undefined ? String.fromCharCode(Number.parseInt(hex, 16)) : (ESCAPES[character!] ?? character!),
  )
}
