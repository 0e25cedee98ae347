import type { MessageContext } from '../core/context.ts'
import type { Step } from '../core/step.ts'
import type { Bind, View } from './binding.ts'
import { withCode } from './error-codes.ts'

/** What a message is where a hook takes it as one of these. */
const TYPES: Readonly<Partial<Record<View, string>>> = {
  text: 'text/plain',
  json: 'application/json',
  xml: 'application/xml',
}

/** Makes the step in front of mediators: they take a message as it is, once it is known that it fits, or as the hook says. */
export function bindingStep(bind: Bind, view: View | undefined): Step {
  const mediaType = view && TYPES[view]
  const take = (ctx: MessageContext): void => {
    const { message } = ctx
    try {
      bind(message.content)
    } catch (thrown) {
      throw withCode(thrown)
    }
    if (mediaType !== undefined) message.content = message.content.withType(mediaType)
  }
  return ctx => {
    const { content } = ctx.message
    return content.isArriving ? content.collect().then(() => take(ctx)) : take(ctx)
  }
}
