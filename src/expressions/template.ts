import type { MessageContext } from '../core/context.ts'
import type { Setting, ValueType } from '../language/types.ts'
import { synapseExpression } from './synapse.ts'
import type { Expression } from './value.ts'

const PLACEHOLDER = /\$\{[^}]+\}/g

/**
 * Splits text at the `${…}` in it, each up to the first `}`. Texts and expressions alternate, empty texts are left
 * out. `value(ctx)` of such an expression has the type of its result; `text(ctx)` is its text.
 * @throws Expected when an expression cannot be compiled
 */
export function parseTemplate(text: string, setting: Setting): readonly (string | Expression)[] {
  const parts: (string | Expression)[] = []
  let from = 0
  for (const { 0: found, index } of text.matchAll(PLACEHOLDER)) {
    if (index > from) parts.push(text.slice(from, index))
    parts.push(synapseExpression(found, setting))
    from = index + found.length
  }
  if (from < text.length) parts.push(text.slice(from))
  return parts
}

/** Text with `${…}` in it. */
export interface Template {
  /** The text, where there is no expression in it. */
  readonly fixed: string | undefined
  readonly readsContent: boolean
  readonly warnings: readonly string[]
  /** The text for a message; an expression that cannot be evaluated is ''. */
  text(ctx: MessageContext): string
}

/**
 * Compiles text with `${…}` in it.
 * @throws Expected when an expression cannot be compiled
 */
export function compileTemplate(text: string, setting: Setting): Template {
  const parts = parseTemplate(text, setting)
  const expressions = parts.filter(part => typeof part !== 'string')
  if (expressions.length === 0) return { fixed: text, readsContent: false, warnings: [], text: () => text }
  return {
    fixed: undefined,
    readsContent: expressions.some(({ readsContent }) => readsContent),
    warnings: expressions.flatMap(({ warnings }) => warnings ?? []),
    text(ctx) {
      let whole = ''
      for (const part of parts) whole += typeof part === 'string' ? part : (part.text(ctx) ?? '')
      return whole
    },
  }
}

/** Text in which `${expression}` is computed for each message. */
export const template: ValueType<Template> = {
  name: 'text with ${expression}',
  parse: compileTemplate,
  readsContent: value => value.readsContent,
  warnings: value => value.warnings,
}
