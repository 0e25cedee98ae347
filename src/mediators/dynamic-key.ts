import { type Dynamic, dynamic } from '../expressions/expression.ts'
import type { Reference, ValueType } from '../language/types.ts'

/** Which artifact: known at deployment, or computed per message. */
export interface DynamicKey {
  readonly dynamic: Dynamic
  readonly reference: Reference
}

/** The name of something deployed, or the expression that gives it. */
export function dynamicKey(what: string): ValueType<DynamicKey> {
  return {
    name: `${what}, or {expression}`,
    parse(text, setting) {
      const name = text.trim()
      return { dynamic: dynamic.parse(name, setting), reference: { name, span: setting.span } }
    },
    readsContent: value => value.dynamic.readsContent,
  }
}
