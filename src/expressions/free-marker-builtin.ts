import { toList, toNumber, toText, type Value } from './free-marker-values.ts'

/** The arguments of a built-in; each is evaluated when it is asked for. */
export interface Arguments {
  readonly length: number
  at(index: number): Value
}

/** What stands behind a `?`. */
export interface BuiltIn {
  /** How many arguments it takes, at least and at most. */
  readonly arity: readonly [least: number, most: number]
  /** Whether it has an answer where there is no value. */
  readonly takesNothing?: boolean
  apply(value: Value, args: Arguments): Value
}

/** A built-in of a text. */
export const onText = (change: (text: string) => Value): BuiltIn => ({
  arity: [0, 0],
  apply: value => change(toText(value)),
})

/** A built-in of a text whose arguments are texts. */
export const onTexts = (
  least: number,
  most: number,
  change: (text: string, args: string[]) => Value,
): BuiltIn => ({
  arity: [least, most],
  apply: (value, args) =>
    change(
      toText(value),
      Array.from({ length: args.length }, (_, i) => toText(args.at(i))),
    ),
})

/** A built-in of a number. */
export const onNumber = (change: (number: number) => Value): BuiltIn => ({
  arity: [0, 0],
  apply: value => change(toNumber(value)),
})

/** A built-in of a list. */
export const onList = (change: (list: readonly Value[]) => Value): BuiltIn => ({
  arity: [0, 0],
  apply: value => change(toList(value)),
})

/** A built-in that says what a value is. */
export const test = (holds: (value: Value) => boolean): BuiltIn => ({ arity: [0, 0], apply: holds })
