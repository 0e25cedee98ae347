import type { MessageContext } from '../core/context.ts'
import { Fault } from '../core/fault.ts'
import { type MaybePromise, type Outcome, STOP } from '../core/step.ts'
import { mediator } from '../language/declare.ts'
import { attribute, endpoint } from '../language/field.ts'
import { boolean } from '../language/types.ts'
import type { Message } from '../message/message.ts'

/** Hands the message to an endpoint, or back to the client. */
export const sendMediator = mediator({
  element: 'send',
  summary:
    'Hands the message to an endpoint and ends the sequence. A response without an endpoint goes back to the client.',
  fields: {
    buildmessage: attribute(boolean, { doc: 'Reads the payload before sending.', default: false }),
    endpoint: endpoint({ doc: 'Where to send it, inline or by key.' }),
  },
  unsupported: {
    receive: 'sequences for one response come with a later version; use the out sequence of the service',
  },
  notes:
    'A message handed to a WebSocket endpoint gets no answer of its own: what the backend sends runs through the out-dispatch sequence. While the link to the backend is being opened the message waits, and the next ones of the same session with it.',
  example: `<send>
    <endpoint><address uri="ws://localhost:8082/websocket"/></endpoint>
</send>`,
  needsContent: ({ buildmessage }) => buildmessage,
  compile({ endpoint: node }, build) {
    if (!node) return sendBack
    const target = build.endpoint(node)
    return ctx => {
      const answer = target.deliver(ctx)
      return answer instanceof Promise ? answer.then(message => keep(ctx, message)) : keep(ctx, answer)
    }
  },
})

function keep(ctx: MessageContext, answer: Message | undefined): typeof STOP {
  ctx.ending = 'delivered'
  ctx.reply = answer
  return STOP
}

/** Compatibility: without an endpoint a response goes back, and a request has nowhere to go. */
function sendBack(ctx: MessageContext): MaybePromise<Outcome> {
  if (ctx.direction === 'request')
    throw new Fault(0, 'send has no endpoint, and the message no address to go to')
  ctx.ending = 'answered'
  const sent = ctx.origin.reply(ctx)
  return sent instanceof Promise ? sent.then(() => STOP) : STOP
}
