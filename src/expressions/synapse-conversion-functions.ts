import { isObject } from './jsonpath-steps.ts'
import { truth } from './synapse-arithmetic.ts'
import { type SynapseFunction, takes, textArg } from './synapse-signature.ts'
import {
  describe,
  double,
  fromText,
  isMembers,
  jsonOf,
  kindOf,
  LooseNumber,
  numberOf,
  SynapseError,
  type SynapseValue,
  textForm,
} from './synapse-values.ts'

/** `string`, `integer` and the other functions that make one type of another, or ask for one. */
export const conversionFunctions: Readonly<Record<string, SynapseFunction>> = {
  string: takes(1, 1, textForm),
  integer: takes(1, 1, value => {
    const number = typeof value === 'string' ? fromText(value.trim()) : value
    if (number instanceof LooseNumber) return integerOf(fromText(number.text), value)
    return integerOf(number, value)
  }),
  float: takes(1, 1, value => {
    const number = typeof value === 'string' ? fromText(value.trim()) : value
    return double(numberOf(number, 'float'))
  }),
  boolean: takes(1, 1, value => textForm(value).toLowerCase() === 'true'),
  object: takes(1, 1, value => {
    const found = typeof value === 'string' ? jsonOf(value.replaceAll('\\', ''), 'the text') : value
    if (isMembers(found)) return found
    throw new SynapseError(`${describe(value)} is no object`)
  }),
  array: takes(1, 1, value => {
    const found = typeof value === 'string' ? jsonOf(value.replaceAll('\\', ''), 'the text') : value
    if (Array.isArray(found)) return found
    throw new SynapseError(`${describe(value)} is no array`)
  }),
  isString: takes(1, 1, value => typeof value === 'string'),
  isNumber: takes(1, 1, value => kindOf(value) !== undefined),
  isArray: takes(1, 1, value => Array.isArray(parsed(value))),
  isObject: takes(1, 1, value => isMembers(parsed(value)) || isObject(parsed(value))),
  not: takes(1, 1, value => !truth('not', value)),
}

function integerOf(number: SynapseValue, value: SynapseValue): SynapseValue {
  const kind = kindOf(number)
  if (kind === 'int' || kind === 'long') return number
  throw new SynapseError(`${describe(value)} is no whole number`)
}

function parsed(value: SynapseValue): unknown {
  if (typeof value !== 'string') return value
  try {
    return jsonOf(textArg(value), 'the text')
  } catch {
    return undefined
  }
}
