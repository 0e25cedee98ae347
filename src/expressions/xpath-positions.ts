import { coreFunction } from './xpath-functions.ts'
import { type BinaryExpr, type Evaluable, library } from './xpath-library.ts'

const ARITHMETIC = [
  library.PlusOperation,
  library.MinusOperation,
  library.MultiplyOperation,
  library.DivOperation,
  library.ModOperation,
]

/** Whether a predicate depends on where a node stands among the others: `[2]`, `[last()]`, `[$n]`. */
export function isPositional(predicate: Evaluable): boolean {
  return mayBeNumber(predicate) || asksPosition(predicate)
}

/** Takes an expression for an operation on two others. */
export function asBinary(expr: object): BinaryExpr | undefined {
  return 'lhs' in expr && 'rhs' in expr ? (expr as BinaryExpr) : undefined
}

/** Splits a name at the colon. */
export function splitName(name: string): { prefix: string | undefined; local: string } {
  const colon = name.indexOf(':')
  return colon < 0
    ? { prefix: undefined, local: name }
    : { prefix: name.slice(0, colon), local: name.slice(colon + 1) }
}

/** The number of a predicate such as `[3]`. */
export function literalPosition(expr: Evaluable | undefined): number | undefined {
  const inner = expr && unwrap(expr)
  return inner instanceof library.XNumber && Number.isInteger(inner.num) && inner.num > 0
    ? inner.num
    : undefined
}

/** The parser wraps every value into a path without steps. */
function unwrap(expr: Evaluable): Evaluable {
  if (!(expr instanceof library.PathExpr)) return expr
  const { filter, filterPredicates, locationPath } = expr
  return filter && !locationPath && !filterPredicates?.length ? unwrap(filter) : expr
}

/** Whether a predicate may turn out to be a number, which then is a position. */
function mayBeNumber(expr: Evaluable): boolean {
  const inner = unwrap(expr)
  if (inner instanceof library.FunctionCall) {
    return coreFunction(splitName(inner.functionName).local)?.isNumber ?? true
  }
  return (
    inner instanceof library.XNumber ||
    inner instanceof library.VariableReference ||
    inner instanceof library.UnaryMinusOperation ||
    ARITHMETIC.some(operation => inner instanceof operation)
  )
}

/** Whether an expression calls `position()` or `last()` for the node at hand, not for nodes of a path in it. */
function asksPosition(expr: Evaluable): boolean {
  const inner = unwrap(expr)
  if (inner instanceof library.PathExpr) return inner.filter !== undefined && asksPosition(inner.filter)
  if (inner instanceof library.FunctionCall) {
    const core = coreFunction(splitName(inner.functionName).local)
    return core?.isPosition === true || inner.arguments.some(asksPosition)
  }
  if (inner instanceof library.UnaryMinusOperation) return asksPosition(inner.rhs)
  const operation = asBinary(inner)
  return operation !== undefined && (asksPosition(operation.lhs) || asksPosition(operation.rhs))
}
