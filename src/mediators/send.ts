import type { MessageContext } from '../core/context.ts'
import type { Pipeline } from '../core/ports.ts'
import { type Build, mediator } from '../language/declare.ts'
import { attribute, endpoint } from '../language/field.ts'
import { boolean } from '../language/types.ts'
import { deliverStep } from '../sequences/delivery.ts'
import { REPLY } from '../sequences/reply.ts'
import type { DynamicKey } from './dynamic-key.ts'
import { runNamed, sequenceKey } from './sequence.ts'

/** Hands the message to an endpoint, or back to the client. */
export const sendMediator = mediator({
  element: 'send',
  summary:
    'Hands the message to an endpoint and ends the sequence. A response without an endpoint goes back to the client.',
  fields: {
    receive: attribute(sequenceKey, {
      doc: 'Sequence for the answer, in place of the out sequence; `{expression}` computes it for each message.',
    }),
    buildmessage: attribute(boolean, { doc: 'Reads the payload before sending.', default: false }),
    endpoint: endpoint({
      doc: 'Where to send it, inline or by key. Without one a request goes to the address it is for, and a response back to the client.',
    }),
  },
  notes:
    'A message handed to a WebSocket endpoint without `<correlation>` gets no answer of its own: what the backend sends runs through the out-dispatch sequence. While the link to the backend is being opened the message waits, and the next ones of the same session with it. With `OUT_ONLY` an answer is let go.\n\nCompatibility: a `receive` that comes out empty leaves the answer to the out sequence.',
  example: `<send>
    <endpoint><address uri="ws://localhost:8082/websocket"/></endpoint>
</send>`,
  needsContent: ({ buildmessage }) => buildmessage,
  compile({ endpoint: node, receive }, build) {
    const target = node ? build.endpoint(node) : build.implicitEndpoint()
    const deliver = deliverStep(target, receive && receiverIn(receive, build))
    return node ? deliver : ctx => (ctx.direction === 'response' ? REPLY.run(ctx) : deliver(ctx))
  },
})

function receiverIn(
  { dynamic, reference }: DynamicKey,
  build: Build,
): (ctx: MessageContext) => Pipeline | undefined {
  if (dynamic.fixed !== undefined) {
    const receiver = build.sequence(reference)
    return () => receiver
  }
  return ctx => {
    const name = dynamic.text(ctx)
    return name ? (ctx.deployment.sequence(name) ?? missing(name)) : undefined
  }
}

/** The message was sent all the same: it is the answer that has nowhere to go. */
function missing(name: string): Pipeline {
  return { run: ctx => runNamed(ctx, name) }
}
