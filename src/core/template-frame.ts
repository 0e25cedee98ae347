import type { MessageContext } from './context.ts'
import type { PropertyValue } from './properties.ts'

/** A parameter that is evaluated when it is used: it was written as `{{expression}}`. */
export class LateValue {
  readonly evaluate: (ctx: MessageContext) => PropertyValue

  constructor(evaluate: (ctx: MessageContext) => PropertyValue) {
    this.evaluate = evaluate
  }
}

/** The parameters of one call of a template; calls inside it have frames of their own. */
export interface TemplateFrame {
  readonly values: ReadonlyMap<string, PropertyValue | LateValue>
  readonly outer: TemplateFrame | undefined
}
