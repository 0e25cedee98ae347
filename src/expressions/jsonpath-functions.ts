import { ExactNumber } from '../message/codecs/exact-number.ts'
import { isObject } from './jsonpath-steps.ts'

type Apply = (value: unknown, args: readonly unknown[]) => unknown

const FUNCTIONS = {
  length: sizeOf,
  size: sizeOf,
  keys: value => (isObject(value) ? Object.keys(value) : null),
  min: (value, args) => compute(value, args, all => all.reduce((a, b) => Math.min(a, b))),
  max: (value, args) => compute(value, args, all => all.reduce((a, b) => Math.max(a, b))),
  sum: (value, args) => compute(value, args, sum),
  avg: (value, args) => compute(value, args, average),
  stddev: (value, args) => compute(value, args, deviation),
  concat: (value, args) => {
    const texts = Array.isArray(value) ? value.filter(item => typeof item === 'string') : []
    return [...texts, ...args.flat()].map(String).join('')
  },
  append: (value, args) => (Array.isArray(value) ? [...value, ...args] : value),
  first: value => itemAt(value, 0),
  last: value => itemAt(value, -1),
  index: (value, [at]) => itemAt(value, at),
} as const satisfies Record<string, Apply>

/** The name of a function that can stand at the end of a path. */
export type PathFunction = keyof typeof FUNCTIONS

/** Whether a path can end with this function. */
export function isPathFunction(name: string): name is PathFunction {
  return Object.hasOwn(FUNCTIONS, name)
}

/**
 * Applies a function to what the path before it found. The value is left as it is. undefined when there is
 * nothing to compute with, as for the sum of no numbers.
 */
export function applyFunction(name: PathFunction, value: unknown, args: readonly unknown[]): unknown {
  const apply: Apply = FUNCTIONS[name]
  return apply(value, args)
}

/** Compatibility: only arrays and objects have a length; a text has none. */
function sizeOf(value: unknown): number | null {
  if (Array.isArray(value)) return value.length
  return isObject(value) ? Object.keys(value).length : null
}

/** Takes the numbers of the array and of the arguments; whatever is no number is passed over. */
function compute(
  value: unknown,
  args: readonly unknown[],
  how: (numbers: readonly number[]) => number,
): number | undefined {
  const given = [...(Array.isArray(value) ? value : []), ...args.flat()]
  const numbers = given.map(item => (item instanceof ExactNumber ? item.valueOf() : item))
  const kept = numbers.filter(item => typeof item === 'number')
  return kept.length === 0 ? undefined : how(kept)
}

function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0)
}

function average(values: readonly number[]): number {
  return sum(values) / values.length
}

function deviation(values: readonly number[]): number {
  const middle = average(values)
  return Math.sqrt(average(values.map(value => (value - middle) ** 2)))
}

function itemAt(value: unknown, index: unknown): unknown {
  return Array.isArray(value) && typeof index === 'number' ? value.at(index) : undefined
}
