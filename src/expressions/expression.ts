import type { MessageContext } from '../core/context.ts'
import { Expected, type Setting, type ValueType } from '../language/types.ts'
import { jsonEval } from './json-eval.ts'
import { propertyExpression } from './properties.ts'
import type { Expression } from './value.ts'
import { xpathExpression } from './xpath-expression.ts'

/**
 * Compiles an expression: `json-eval(…)` is JSONPath, everything else XPath 1.0.
 * @throws Expected when it cannot be compiled
 */
export function compileExpression(source: string, setting: Setting): Expression {
  const trimmed = source.trim()
  if (trimmed === '') throw new Expected('an expression')
  if (/^\$\{.*\}$/s.test(trimmed)) {
    throw new Expected('an XPath or json-eval(…) expression', '${…} expressions are not supported yet.')
  }
  if (trimmed.startsWith('json-eval(')) return jsonEval(trimmed)
  return propertyExpression(trimmed) ?? xpathExpression(trimmed, setting.namespaces)
}

/** An expression as the value of a field. */
export const expression: ValueType<Expression> = {
  name: 'expression',
  parse: compileExpression,
  readsContent: value => value.readsContent,
}

/** Text that is either fixed or, written in braces, computed per message. */
export interface Dynamic {
  readonly fixed: string | undefined
  readonly readsContent: boolean
  text(ctx: MessageContext): string | null
}

/** A name or text that may be written as `{expression}`. */
export const dynamic: ValueType<Dynamic> = {
  name: 'text or {expression}',
  parse(source, setting) {
    if (!/^\{.*\}$/s.test(source)) return { fixed: source, readsContent: false, text: () => source }
    const inner = compileExpression(source.slice(1, -1), setting)
    return { fixed: undefined, readsContent: inner.readsContent, text: ctx => inner.text(ctx) }
  },
  readsContent: value => value.readsContent,
}
