import * as decimal from './decimal.ts'
import type { SynapseOperator } from './synapse-term.ts'
import {
  describe,
  double,
  kindOf,
  numberOf,
  numberText,
  SynapseError,
  type SynapseValue,
  textForm,
  whole,
} from './synapse-values.ts'

type Operation = (left: SynapseValue, right: SynapseValue) => SynapseValue

/** What each operator does; all throw SynapseError for values they do not take. */
export const OPERATIONS: Readonly<Record<SynapseOperator, Operation>> = {
  '+'(left, right) {
    if (typeof left === 'string' && typeof right === 'string') return left + right
    if (isSmall(left) && isSmall(right)) return left + right
    return compute('+', left, right, (a, b) => a + b, decimal.add)
  },
  '-'(left, right) {
    if (isSmall(left) && isSmall(right)) return left - right
    return compute(
      '-',
      left,
      right,
      (a, b) => a - b,
      (a, b) => decimal.add(a, decimal.negate(b)),
    )
  },
  '*': (left, right) => compute('*', left, right, (a, b) => a * b, decimal.multiply),
  '/': divide,
  '%'(left, right) {
    notZero('%', right)
    return compute('%', left, right, (a, b) => a % b, decimal.remainder)
  },
  '>': (left, right) => order('>', left, right) > 0,
  '<': (left, right) => order('<', left, right) < 0,
  '>=': (left, right) => order('>=', left, right) >= 0,
  '<=': (left, right) => order('<=', left, right) <= 0,
  '==': equals,
  '!=': (left, right) => !equals(left, right),
  and(left, right) {
    const [a, b] = [truth('and', left), truth('and', right)]
    return a && b
  },
  or(left, right) {
    const [a, b] = [truth('or', left), truth('or', right)]
    return a || b
  },
}

/** Takes a value for a condition. @throws SynapseError when it is neither true nor false */
export function truth(what: string, value: SynapseValue): boolean {
  if (typeof value === 'boolean') return value
  const hint = what === 'and' || what === 'or' ? '; comparisons beside it belong in brackets' : ''
  throw new SynapseError(`${what} takes true or false, not ${describe(value)}${hint}`)
}

const SMALL = 2 ** 31

function isSmall(value: SynapseValue): value is number {
  return typeof value === 'number' && Number.isInteger(value) && Math.abs(value) < SMALL
}

function compute(
  operator: SynapseOperator,
  left: SynapseValue,
  right: SynapseValue,
  ofWhole: (a: bigint, b: bigint) => bigint,
  ofDecimal: (a: decimal.Decimal, b: decimal.Decimal) => decimal.Decimal,
): SynapseValue {
  const kinds = [kindFor(operator, left, right), kindFor(operator, right, left)]
  if (!kinds.includes('double')) {
    return whole(BigInt.asIntN(64, ofWhole(BigInt(left as number), BigInt(right as number))))
  }
  return double(decimal.toNumber(ofDecimal(decimalOf(left), decimalOf(right))))
}

function kindFor(operator: SynapseOperator, value: SynapseValue, other: SynapseValue): string {
  const kind = kindOf(value)
  if (kind !== undefined) return kind
  const hint =
    operator === '+' && (typeof value === 'string' || typeof other === 'string')
      ? '; string(…) makes text of a value'
      : ''
  throw new SynapseError(`"${operator}" does not take ${describe(value)} with ${describe(other)}${hint}`)
}

function decimalOf(value: SynapseValue): decimal.Decimal {
  try {
    return decimal.decimalOf(numberText(value))
  } catch (error) {
    throw new SynapseError((error as Error).message)
  }
}

/**
 * Compatibility: two whole numbers give a whole one where that is exact, a long gives a double, and a double is
 * divided as a decimal, rounded to as many places as it has itself.
 */
function divide(left: SynapseValue, right: SynapseValue): SynapseValue {
  const kinds = [kindFor('/', left, right), kindFor('/', right, left)]
  notZero('/', right)
  const [a, b] = [numberOf(left, '/'), numberOf(right, '/')]
  if (!kinds.includes('double')) {
    const exact = a / b
    return Number.isInteger(exact) && !kinds.includes('long') ? exact : double(exact)
  }
  const dividend = decimalOf(left)
  const places = Math.max(1, places10(dividend))
  return double(decimal.toNumber(decimal.divide(dividend, decimalOf(right), places)))
}

/** The places of a decimal without the zeros at its end. */
function places10({ digits, scale }: decimal.Decimal): number {
  let places = scale
  for (let rest = digits; places > 0 && rest % 10n === 0n; rest /= 10n) places--
  return places
}

function notZero(operator: SynapseOperator, value: SynapseValue): void {
  if (numberOf(value, `"${operator}"`) === 0) throw new SynapseError(`"${operator}" by zero`)
}

function order(operator: SynapseOperator, left: SynapseValue, right: SynapseValue): number {
  if (typeof left === 'bigint' && typeof right === 'bigint') return left < right ? -1 : left > right ? 1 : 0
  return numberOf(left, `"${operator}"`) - numberOf(right, `"${operator}"`)
}

/** Compatibility: what two values are written as is compared, so `10 == "10"`, and `2.0 == 2` is false. */
function equals(left: SynapseValue, right: SynapseValue): boolean {
  if (left === null || right === null) return left === right
  if (typeof left === 'number' && typeof right === 'number') return left === right
  return textForm(left) === textForm(right)
}
