import type { Arguments, BuiltIn } from './free-marker-builtin.ts'
import type { Scope } from './free-marker-scope.ts'
import { FreeMarkerError } from './free-marker-text.ts'
import { exists, Nodes, type Value } from './free-marker-values.ts'

/** A compiled expression of a template. */
export type Evaluate = (scope: Scope) => Value

/** An expression that was read, and what matters about how it was written. */
export interface Read {
  readonly evaluate: Evaluate
  /** Set for a bare name. */
  readonly name?: string
  readonly isParenthesized?: boolean
}

/** Applies a built-in; without a value only where it has an answer to that. */
export function applied(
  operand: Read,
  name: string,
  builtIn: BuiltIn,
  args: readonly Evaluate[],
  place: { line: number; column: number; offset: number },
): Evaluate {
  const evaluate =
    builtIn.takesNothing && operand.isParenthesized ? tolerant(operand.evaluate) : operand.evaluate
  return scope => {
    const value = evaluate(scope)
    if (!builtIn.takesNothing && !exists(value) && !(value instanceof Nodes))
      throw new FreeMarkerError(`there is nothing before ?${name}`, place)
    const given: Arguments = { length: args.length, at: i => args[i]?.(scope) }
    return builtIn.apply(value, given)
  }
}

/** With brackets around, everything inside may be missing. */
export function tolerant(evaluate: Evaluate): Evaluate {
  return scope => {
    try {
      return evaluate(scope)
    } catch (error) {
      if (error instanceof FreeMarkerError) return undefined
      throw error
    }
  }
}

/** Whether there is a value. */
export function existence(operand: Read): Evaluate {
  const evaluate = operand.isParenthesized ? tolerant(operand.evaluate) : operand.evaluate
  return scope => exists(evaluate(scope))
}

/**
 * The value, if there is one.
 * @throws FreeMarkerError with the message where there is none
 */
export function present(
  value: Value,
  message: () => string,
  place: { line: number; column: number; offset: number },
): Value {
  if (exists(value) || value instanceof Nodes) return value
  throw new FreeMarkerError(message(), place)
}
