import type { MessageContext } from '../core/context.ts'
import { compileJsonPath, composeJsonPath, type JsonPath, JsonPathSyntaxError } from './jsonpath.ts'
import { isPathFunction, type PathFunction } from './jsonpath-functions.ts'
import type { Step } from './jsonpath-steps.ts'
import { remembered } from './remembered.ts'
import { SynapseSyntaxError } from './synapse-lexer.ts'
import type { SynapseStep, SynapseTerm } from './synapse-term.ts'
import {
  describe,
  double,
  fromJson,
  kindOf,
  numberText,
  SynapseError,
  type SynapseValue,
} from './synapse-values.ts'

/** Evaluates a part of an expression. @throws SynapseError when it has no value */
export type Evaluate = (ctx: MessageContext) => SynapseValue

/** Follows a path into a value. @throws SynapseError when it leads nowhere */
export type Follow = (root: unknown, ctx: MessageContext) => SynapseValue

/**
 * Compiles the path behind an access. Where an index or a filter depends on the message, only that step is made
 * per message.
 * @throws SynapseSyntaxError when a filter cannot be compiled
 */
export function compilePath(
  steps: readonly SynapseStep[],
  text: string,
  compile: (term: SynapseTerm) => Evaluate,
): Follow {
  const last = steps[steps.length - 1]
  const fn = last?.kind === 'function' && isPathFunction(last.name) ? last.name : undefined
  const isItem = last === undefined || (last.kind === 'index' && isItemIndex(last.items))
  const places = (fn ? steps.slice(0, -1) : steps).map(step => compileStep(step, compile))
  const isFixed = places.every(place => typeof place !== 'function')
  if (!isFixed) {
    return (root, ctx) => {
      const now = places.map(place => (typeof place === 'function' ? place(ctx) : place))
      return result(composeJsonPath(now, fn), root, fn, isItem, text)
    }
  }
  const path = composeJsonPath(places as readonly Step[], fn)
  return root => result(path, root, fn, isItem, text)
}

function result(
  path: JsonPath,
  root: unknown,
  fn: PathFunction | undefined,
  isItem: boolean,
  text: string,
): SynapseValue {
  const value = path.read(root)
  if (value === undefined) throw new SynapseError(`${text} leads nowhere`)
  if (typeof value === 'number' && fn && /^(?:min|max|avg|sum|stddev)$/.test(fn)) return double(value)
  return fromJson(value, isItem && path.definite)
}

/** `[0]`, and not `["name"]`. */
function isItemIndex(items: readonly SynapseTerm[]): boolean {
  const [only] = items
  return (
    items.length === 1 && only !== undefined && !(only.kind === 'literal' && typeof only.value === 'string')
  )
}

type Place = Step | ((ctx: MessageContext) => Step)

function compileStep(step: SynapseStep, compile: (term: SynapseTerm) => Evaluate): Place {
  switch (step.kind) {
    case 'name':
      return { kind: 'names', names: [step.name], merged: false, deep: step.deep }
    case 'wildcard':
      return { kind: 'wildcard', deep: step.deep }
    case 'index':
      return fixedOrNot(step.items, compile, values => keyStep(values))
    case 'slice': {
      const bounds = [step.from, step.to].map(bound => bound ?? NO_BOUND)
      return fixedOrNot(bounds, compile, ([from, to]) => ({
        kind: 'slice',
        from: from === null ? undefined : indexOf(from),
        to: to === null ? undefined : indexOf(to),
        deep: false,
      }))
    }
    case 'filter':
      return compileFilter(step.parts, step.offset, compile)
    case 'function':
      throw new Error(`${step.name}() stands at the end of a path`)
  }
}

const NO_BOUND: SynapseTerm = { kind: 'literal', text: '', value: null }

function fixedOrNot(
  terms: readonly SynapseTerm[],
  compile: (term: SynapseTerm) => Evaluate,
  make: (values: readonly SynapseValue[]) => Step,
): Place {
  const isFixed = terms.every(term => term.kind === 'literal' || isNegative(term))
  const values = terms.map(compile)
  // A fixed index reads nothing of a message.
  if (isFixed) return make(values.map(value => value(undefined as never)))
  return ctx => make(values.map(value => value(ctx)))
}

/** `-1`, which may have been written with a space. */
function isNegative(term: SynapseTerm): boolean {
  return term.kind === 'operation' && term.left.kind === 'literal' && term.right.kind === 'literal'
}

function keyStep(values: readonly SynapseValue[]): Step {
  if (values.every(value => typeof value === 'string')) {
    return { kind: 'names', names: values as string[], merged: false, deep: false }
  }
  return { kind: 'indexes', indexes: values.map(indexOf), deep: false }
}

function indexOf(value: SynapseValue): number {
  const index = kindOf(value) === undefined ? Number.NaN : Number(numberText(value))
  if (Number.isInteger(index)) return index
  throw new SynapseError(`${describe(value)} is no index`)
}

/** The text of a filter is compiled once; with values in it, once for each that is met. */
function compileFilter(
  parts: readonly (string | SynapseTerm)[],
  offset: number,
  compile: (term: SynapseTerm) => Evaluate,
): Place {
  if (parts.every(part => typeof part === 'string')) {
    try {
      return filterStep(parts.join(''))
    } catch (error) {
      throw new SynapseSyntaxError(`the filter is not right: ${(error as Error).message}`, offset)
    }
  }
  const pieces = parts.map(part => (typeof part === 'string' ? part : compile(part)))
  const stepOf = remembered(filterStep)
  return ctx => {
    const text = pieces.map(piece => (typeof piece === 'string' ? piece : literal(piece(ctx)))).join('')
    return stepOf(text)
  }
}

function filterStep(text: string): Step {
  try {
    return compileJsonPath(`$[?(${text})]`).steps[0] as Step
  } catch (error) {
    if (!(error instanceof JsonPathSyntaxError)) throw error
    throw new SynapseError(error.message)
  }
}

/** Writes a value as a filter reads it: what is in a text cannot become part of the filter. */
function literal(value: SynapseValue): string {
  if (typeof value === 'string') return `'${value.replace(/[\\']/g, '\\$&')}'`
  if (typeof value === 'boolean' || value === null) return String(value)
  if (kindOf(value) !== undefined) return numberText(value)
  if (Array.isArray(value)) return `[${value.map(literal).join(',')}]`
  throw new SynapseError(`${describe(value)} cannot be compared in a filter`)
}
