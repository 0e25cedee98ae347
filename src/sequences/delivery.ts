import type { MessageContext } from '../core/context.ts'
import type { Endpoint, Pipeline } from '../core/ports.ts'
import { STOP, type Step } from '../core/step.ts'
import type { Message } from '../message/message.ts'

/**
 * Makes the step that hands a message to an endpoint, keeps the answer for the out sequence, or for what the second
 * argument finds in its place, and stops. With `OUT_ONLY` an answer is let go.
 */
export function deliverStep(
  endpoint: Endpoint,
  receiverOf?: (ctx: MessageContext) => Pipeline | undefined,
): Step {
  return ctx => {
    const receiver = receiverOf?.(ctx)
    const answer = endpoint.deliver(ctx)
    return answer instanceof Promise
      ? answer.then(message => keep(ctx, message, receiver))
      : keep(ctx, answer, receiver)
  }
}

function keep(ctx: MessageContext, answer: Message | undefined, receiver: Pipeline | undefined): typeof STOP {
  ctx.ending = 'delivered'
  ctx.reply = ctx.isOneWay ? undefined : answer
  ctx.receiver = receiver
  return STOP
}
