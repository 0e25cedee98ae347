import type { MessageContext } from '../core/context.ts'
import type { MaybePromise, Step } from '../core/step.ts'

/**
 * Makes a step that begins once the payload has come in whole. The compiler does so with every step that looks into
 * the payload: mediators never meet one that is arriving, and where none looks it is passed on as it comes.
 */
export function whole(step: Step): Step {
  return ctx => {
    const { content } = ctx.message
    return content.isArriving ? content.collect().then(() => step(ctx)) : step(ctx)
  }
}

/** Does something with a message once its payload has come in whole. */
export function whenWhole<T>(ctx: MessageContext, act: () => MaybePromise<T>): MaybePromise<T> {
  const { content } = ctx.message
  return content.isArriving ? content.collect().then(act) : act()
}
