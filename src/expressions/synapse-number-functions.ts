import { decimalOf, roundTo, toNumber } from './decimal.ts'
import { attempt, intArg, numberArg, type SynapseFunction, takes } from './synapse-signature.ts'
import { double, kindOf, numberText, SynapseError, type SynapseValue } from './synapse-values.ts'

/** `abs`, `round` and the other functions on numbers. */
export const numberFunctions: Readonly<Record<string, SynapseFunction>> = {
  abs: keepingKind(Math.abs),
  ceil: keepingKind(Math.ceil),
  floor: keepingKind(Math.floor),
  round: takes(1, 2, round),
  sqrt: takes(1, 1, value => double(Math.sqrt(numberArg(value)))),
  pow: takes(2, 2, (base, exponent) => double(numberArg(base) ** numberArg(exponent))),
  log: takes(1, 2, (value, base) =>
    double(
      base === undefined
        ? Math.log10(numberArg(value))
        : Math.log(numberArg(value)) / Math.log(numberArg(base)),
    ),
  ),
}

/** A double stays one. */
function keepingKind(compute: (value: number) => number): SynapseFunction {
  return takes(1, 1, value => {
    if (typeof value === 'bigint') return value < 0n && compute(-1) > 0 ? -value : value
    const result = compute(numberArg(value))
    return kindOf(value) === 'double' ? double(result) : result
  })
}

function round(value: SynapseValue, places?: SynapseValue): SynapseValue {
  const number = numberArg(value)
  const isWhole = kindOf(value) !== 'double'
  if (places === undefined) return isWhole ? value : Math.round(number)
  const count = intArg(places)
  if (count <= 0) throw new SynapseError('round takes a number of decimals from 1 on')
  if (isWhole) return value
  return double(toNumber(attempt(() => roundTo(decimalOf(numberText(value)), count))))
}
