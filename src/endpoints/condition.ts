import { expression } from '../expressions/expression.ts'
import type { Expression } from '../expressions/value.ts'
import type { ValueType } from '../language/types.ts'

/** An expression; a JSONPath may stand as it is. */
export const condition: ValueType<Expression> = {
  name: 'expression',
  parse(value, setting) {
    const text = value.trim()
    return expression.parse(/^\$[.[]/.test(text) ? `json-eval(${text})` : text, setting)
  },
  readsContent: value => value.readsContent,
  warnings: value => value.warnings ?? [],
}
