import type { MessageContext } from '../core/context.ts'
import { Expected, type Setting, type ValueType } from '../language/types.ts'
import { jsonEval } from './json-eval.ts'
import { propertyExpression } from './properties.ts'
import { synapseExpression } from './synapse.ts'
import type { Expression } from './value.ts'
import { xpathExpression } from './xpath-expression.ts'

/**
 * Compiles an expression: `json-eval(…)` is JSONPath, `${…}` has a language of its own, everything else is XPath.
 * @throws Expected when it cannot be compiled
 */
export function compileExpression(source: string, setting: Setting): Expression {
  const trimmed = source.trim()
  if (trimmed === '') throw new Expected('an expression')
  if (trimmed.startsWith('${') && trimmed.endsWith('}')) return synapseExpression(trimmed, setting)
  if (trimmed.startsWith('json-eval(')) return jsonEval(trimmed, inner => compileExpression(inner, setting))
  return propertyExpression(trimmed) ?? xpathExpression(trimmed, setting.namespaces)
}

/** An expression as the value of a field. */
export const expression: ValueType<Expression> = {
  name: 'expression',
  parse: compileExpression,
  readsContent: value => value.readsContent,
  warnings: value => value.warnings ?? [],
}

/** Text that is either fixed or, written in braces, computed per message. */
export interface Dynamic {
  readonly fixed: string | undefined
  readonly readsContent: boolean
  readonly warnings?: readonly string[]
  text(ctx: MessageContext): string | null
}

/** A name or text that may be written as `{expression}`. */
export const dynamic: ValueType<Dynamic> = {
  name: 'text or {expression}',
  parse(source, setting) {
    if (!/^\{.*\}$/s.test(source)) return { fixed: source, readsContent: false, text: () => source }
    const inner = compileExpression(source.slice(1, -1), setting)
    const { readsContent, warnings = [] } = inner
    return { fixed: undefined, readsContent, warnings, text: ctx => inner.text(ctx) }
  },
  readsContent: value => value.readsContent,
  warnings: value => value.warnings ?? [],
}
