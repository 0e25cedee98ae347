import { describe, kindOf, numberOf, SynapseError, type SynapseValue } from './synapse-values.ts'

/** A function of `${…}` expressions: none of its arguments is null. */
export interface SynapseFunction {
  readonly min: number
  readonly max: number
  /** @throws SynapseError when an argument is not what it takes */
  apply(args: readonly SynapseValue[]): SynapseValue
}

/** Declares a function that takes from `min` to `max` arguments. */
export function takes(
  min: number,
  max: number,
  apply: (...args: readonly SynapseValue[]) => SynapseValue,
): SynapseFunction {
  return { min, max, apply: args => apply(...args) }
}

/** Declares a function on as many texts. */
export function onText(
  count: number,
  apply: (...texts: readonly [string, string, string]) => SynapseValue,
): SynapseFunction {
  return takes(count, count, (a, b = '', c = '') => apply(textArg(a), textArg(b), textArg(c)))
}

/** Takes an argument for text. @throws SynapseError */
export function textArg(value: SynapseValue): string {
  if (typeof value === 'string') return value
  throw new SynapseError(`text is expected, not ${describe(value)}`)
}

/** Takes an argument for a whole number. @throws SynapseError */
export function intArg(value: SynapseValue): number {
  const number = numberOf(value, 'the function')
  if (kindOf(value) === 'double' && !isLooseWhole(value)) {
    throw new SynapseError(`a whole number is expected, not ${describe(value)}`)
  }
  return number
}

/** An item of a JSON array counts as whole where it is written so. */
function isLooseWhole(value: SynapseValue): boolean {
  return typeof value === 'object' && /^-?\d+$/.test((value as { text: string }).text)
}

/** Takes an argument for a number. @throws SynapseError */
export function numberArg(value: SynapseValue): number {
  return numberOf(value, 'the function')
}

/** Runs what may throw any error, and says what it says. @throws SynapseError */
export function attempt<T>(run: () => T): T {
  try {
    return run()
  } catch (error) {
    throw new SynapseError((error as Error).message)
  }
}
