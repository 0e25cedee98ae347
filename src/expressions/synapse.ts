import type { MessageContext } from '../core/context.ts'
import { Expected, type Setting } from '../language/types.ts'
import { ExactNumber } from '../message/codecs/exact-number.ts'
import { compileAccess } from './synapse-access.ts'
import { OPERATIONS, truth } from './synapse-arithmetic.ts'
import { doubtsOf, partsOf } from './synapse-check.ts'
import { SPECIAL_FUNCTIONS, SYNAPSE_FUNCTIONS } from './synapse-functions.ts'
import { parseSynapse, SynapseSyntaxError } from './synapse-parser.ts'
import { compilePath, type Evaluate } from './synapse-path.ts'
import { compileSpecial, xpathNodes, xpathReadsContent } from './synapse-special.ts'
import type { SynapseCall, SynapseTerm } from './synapse-term.ts'
import { kindOf, LooseNumber, SynapseError, type SynapseValue, textForm } from './synapse-values.ts'
import type { Expression } from './value.ts'

/**
 * Compiles a `${…}` expression to closures. What cannot be evaluated for a message is logged as a warning, and has
 * the text '' and no value; nothing is thrown.
 * @throws Expected with the column when it cannot be compiled
 */
export function synapseExpression(source: string, setting: Setting): Expression {
  const inner = source.slice(2, -1)
  const { namespaces } = setting
  return explaining(inner, () => {
    const term = parseSynapse(inner)
    const compile = (part: SynapseTerm): Evaluate => compileTerm(part, compile, namespaces)
    const evaluate = compile(term)
    const native = isXPath(term) ? xpathNodes(term, compile, namespaces) : evaluate
    const text = (ctx: MessageContext): string => {
      try {
        return textForm(evaluate(ctx))
      } catch (error) {
        report(ctx, inner, error)
        return ''
      }
    }
    return {
      source,
      language: 'synapse',
      readsContent: partsOf(term).some(part => readsContent(part, namespaces)),
      warnings: doubtsOf(term),
      text,
      boolean: ctx => text(ctx).toLowerCase() === 'true',
      value(ctx) {
        try {
          return nativeOf(native(ctx))
        } catch (error) {
          report(ctx, inner, error)
          return undefined
        }
      },
    }
  })
}

/** Turns what is wrong with an expression into something to tell its author. */
function explaining<T>(inner: string, compile: () => T): T {
  try {
    return compile()
  } catch (error) {
    if (error instanceof SynapseSyntaxError) {
      // Columns count from 1, and `${` stands in front.
      throw new Expected(
        `a \${…} expression (${error.message})`,
        `Column ${error.offset + 3} of \${${inner}}.`,
      )
    }
    if (error instanceof SynapseError) throw new Expected(`a \${…} expression (${error.message})`)
    throw error
  }
}

function report(ctx: MessageContext, inner: string, error: unknown): void {
  const cause = error instanceof Error ? error.message : String(error)
  ctx.log.warn(
    { message: ctx.id },
    `${ctx.service.label}Error evaluating expression: ${inner} cause : ${cause}`,
  )
}

/** The value as others know it. */
function nativeOf(value: SynapseValue): unknown {
  if (typeof value === 'bigint') return new ExactNumber(String(value))
  if (!(value instanceof LooseNumber)) return value
  const number = Number(value.text)
  return String(number) === value.text ? number : new ExactNumber(value.text)
}

function isXPath(term: SynapseTerm): term is SynapseCall {
  return term.kind === 'call' && term.name === 'xpath' && (term.args.length === 1 || term.args.length === 2)
}

type Namespaces = ReadonlyMap<string, string>

function readsContent(term: SynapseTerm, namespaces: Namespaces): boolean {
  if (term.kind === 'access') return term.source === 'payload'
  return isXPath(term) && xpathReadsContent(term, namespaces)
}

function compileTerm(
  term: SynapseTerm,
  compile: (term: SynapseTerm) => Evaluate,
  namespaces: Namespaces,
): Evaluate {
  switch (term.kind) {
    case 'literal': {
      const { value } = term
      return () => value
    }
    case 'list': {
      const items = term.items.map(compile)
      return ctx => items.map(item => listItem(item(ctx)))
    }
    case 'operation': {
      const apply = OPERATIONS[term.operator]
      const left = compile(term.left)
      const right = compile(term.right)
      const takesNull = term.operator === '==' || term.operator === '!='
      return ctx => {
        const [a, b] = [left(ctx), right(ctx)]
        if (!takesNull && (a === null || b === null)) {
          throw new SynapseError(`"${term.operator}" does not take null`)
        }
        return apply(a, b)
      }
    }
    case 'choice': {
      const condition = compile(term.condition)
      const yes = compile(term.yes)
      const no = compile(term.no)
      return ctx => (truth('"?"', condition(ctx)) ? yes(ctx) : no(ctx))
    }
    case 'access':
      return compileAccess(term, compile)
    case 'call':
      return compileCall(term, compile, namespaces)
  }
}

/** Compatibility: numbers are kept in a list, all else becomes text. */
function listItem(value: SynapseValue): unknown {
  if (value === null) throw new SynapseError('a list takes no null')
  return kindOf(value) === undefined ? textForm(value) : nativeOf(value)
}

function compileCall(
  call: SynapseCall,
  compile: (term: SynapseTerm) => Evaluate,
  namespaces: Namespaces,
): Evaluate {
  const { name, text, path } = call
  const special = SPECIAL_FUNCTIONS[name]
  const [min, max] = special ?? [SYNAPSE_FUNCTIONS[name]!.min, SYNAPSE_FUNCTIONS[name]!.max]
  const count = call.args.length
  if (count < min || count > max) {
    return () => {
      throw new SynapseError(
        `${name}() takes ${min === max ? min : `${min} to ${max}`} arguments, not ${count}`,
      )
    }
  }
  if (special) return compileSpecial(call, compile, namespaces)
  const { apply } = SYNAPSE_FUNCTIONS[name]!
  const args = call.args.map(compile)
  const result: Evaluate = ctx => {
    const values = args.map(arg => arg(ctx))
    if (values.includes(null)) throw new SynapseError(`${name}() does not take null`)
    return apply(values)
  }
  if (path.length === 0) return result
  const follow = compilePath(path, text, compile)
  return ctx => follow(result(ctx), ctx)
}
