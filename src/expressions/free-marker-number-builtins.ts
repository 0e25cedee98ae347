import { dateFormat } from './date-format.ts'
import { type BuiltIn, onNumber } from './free-marker-builtin.ts'
import { FreeMarkerError } from './free-marker-text.ts'
import { computerText, formatNumber, kindOf, toText, type Value } from './free-marker-values.ts'

/** The built-ins of numbers. */
export const NUMBER_BUILT_INS: Readonly<Record<string, BuiltIn>> = {
  abs: onNumber(Math.abs),
  round: onNumber(value => Math.floor(value + 0.5)),
  floor: onNumber(Math.floor),
  ceiling: onNumber(Math.ceil),
  int: onNumber(Math.trunc),
  long: onNumber(Math.trunc),
  double: onNumber(value => value),
  is_nan: onNumber(Number.isNaN),
  is_infinite: onNumber(value => Math.abs(value) === Infinity),
  number_to_datetime: onNumber(value => new Date(value)),
  number_to_date: onNumber(value => new Date(value)),
  c: {
    arity: [0, 0],
    apply: value =>
      typeof value === 'boolean'
        ? String(value)
        : typeof value === 'string'
          ? JSON.stringify(value)
          : computerText(value),
  },
  string: {
    arity: [0, 2],
    apply(value, args) {
      if (typeof value === 'boolean')
        return args.length === 2 ? toText(args.at(value ? 0 : 1)) : String(value)
      if (args.length === 0) return toText(value)
      if (value instanceof Date) return formatDate(value, toText(args.at(0)))
      return formatNumber(value, toText(args.at(0)))
    },
  },
}

/** The built-ins of dates. */
export const DATE_BUILT_INS: Readonly<Record<string, BuiltIn>> = {
  date: parseDate('M/d/yy'),
  time: parseDate('h:mm:ss a'),
  datetime: parseDate('M/d/yy, h:mm:ss a'),
  long_date: parseDate('M/d/yy'),
  iso_utc: { arity: [0, 0], apply: value => toDate(value).toISOString().replace('.000Z', 'Z') },
}

function toDate(value: Value): Date {
  if (value instanceof Date) return value
  throw new FreeMarkerError(`a date is expected, and this is ${kindOf(value)}`)
}

function formatDate(date: Date, pattern: string): string {
  if (pattern === 'iso' || pattern === 'xs') return date.toISOString()
  try {
    return dateFormat(pattern).format(date)
  } catch (error) {
    throw new FreeMarkerError((error as Error).message)
  }
}

function parseDate(standard: string): BuiltIn {
  return {
    arity: [0, 1],
    apply(value, args) {
      if (value instanceof Date) return value
      const pattern = args.length > 0 ? toText(args.at(0)) : standard
      try {
        if (pattern !== 'iso' && pattern !== 'xs') return dateFormat(pattern).parse(toText(value)).date
        const date = new Date(toText(value))
        if (Number.isNaN(date.getTime())) throw new Error(`"${toText(value)}" is no ISO 8601 date`)
        return date
      } catch (error) {
        throw new FreeMarkerError((error as Error).message)
      }
    },
  }
}
