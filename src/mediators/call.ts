import type { MessageContext } from '../core/context.ts'
import type { Endpoint } from '../core/ports.ts'
import type { MaybePromise } from '../core/step.ts'
import { mediator } from '../language/declare.ts'
import { attribute, child, endpoint } from '../language/field.ts'
import { boolean } from '../language/types.ts'
import type { Message } from '../message/message.ts'
import { runBranch } from '../sequences/branch.ts'
import { deliverStep } from '../sequences/delivery.ts'
import { whenWhole } from '../sequences/whole.ts'
import { blockingDelivery } from './blocking.ts'
import { callTargetFields, keeping, keepOriginal, type Original, receiving, restore } from './call-answer.ts'
import { applySource, callSource } from './call-source.ts'

const ONE_CLIENT = 'there is one client for all calls, and nothing to configure'

/** Hands the message to an endpoint and waits for the answer. */
export const callMediator = mediator({
  element: 'call',
  summary: 'Hands the message to an endpoint, waits, and goes on with the answer in its place.',
  fields: {
    blocking: attribute(boolean, {
      doc: 'Keeps the headers of the request, and makes every failure of the backend fault 401002.',
      default: false,
    }),
    endpoint: endpoint({
      doc: 'Where to send it, inline or by key. Without one the message goes to the address it is for.',
    }),
    source: callSource,
    target: child(callTargetFields, { doc: 'Where the answer goes; without it, into the message.' }),
  },
  ignored: {
    initAxis2ClientOptions: ONE_CLIENT,
    axis2xml: ONE_CLIENT,
    repository: ONE_CLIENT,
  },
  notes:
    'Only the message waits: `blocking` holds up no one else. After a call the message is still a request, with payload, headers, status and axis2 scope of the answer; properties and variables stay. With `OUT_ONLY` a copy is sent and the message goes on at once, unchanged. It also goes on unchanged where an endpoint gives no answer, as WebSocket endpoints without `<correlation>` do.\n\nA variable as the target holds `payload`, `headers` and `attributes.statusCode`; with it, or a property, the message stays what it was apart from its status.\n\nCompatibility: a blocking call takes payload, content type and `HTTP_SC` of the answer, and other headers only when `BLOCKING_SENDER_PRESERVE_REQ_HEADERS` is `false`. A status of 400 or more is fault 401002 then, unless the axis2 property `non.error.http.status.codes` lists it.',
  example: `<call>
    <endpoint><address uri="ws://localhost:8082/websocket"/></endpoint>
</call>`,
  needsContent: ({ source, target }) => source !== undefined || target !== undefined,
  check({ target }, wrong, element) {
    if (!target || target.type === 'body') return
    const span = element.children.find(each => each.name === 'target')?.span ?? element.span
    if (!target.to)
      wrong(`<target> of type ${target.type} needs its name as its text.`, { code: 'missing', span })
    else if (target.type === 'property' && target.to.fixed === undefined)
      wrong('The name of a property cannot be computed here.', { span, hint: 'Use a variable.' })
  },
  compile({ endpoint: node, blocking, source, target }, build) {
    const to = node ? build.endpoint(node) : build.implicitEndpoint()
    const deliver = blocking ? blockingDelivery(to, 401002) : delivery(to)
    const oneWay = deliverStep(to)
    const receive = receiving(blocking)
    const keep = keeping(target)
    const goOn = (ctx: MessageContext, original: Original | undefined, answer: Message | undefined): void => {
      ctx.ending = 'delivered'
      if (answer) {
        keep?.(ctx, answer)
        receive(ctx, answer)
      }
      if (original && (keep || !answer)) restore(ctx, original)
    }
    return ctx => {
      const original = source || keep ? keepOriginal(ctx) : undefined
      if (source) applySource(source, ctx)
      if (ctx.isOneWay) {
        return whenWhole(ctx, () => {
          ctx.spawn(runBranch(ctx.fork(), oneWay).then(nothing))
          goOn(ctx, original, undefined)
        })
      }
      const answer = deliver(ctx)
      return answer instanceof Promise
        ? answer.then(message => goOn(ctx, original, message))
        : goOn(ctx, original, answer)
    }
  },
})

function nothing(): void {}

/** A message of a WebSocket that is still coming in is read first: what comes after the call may want it. */
function delivery(to: Endpoint): (ctx: MessageContext) => MaybePromise<Message | undefined> {
  return ctx => {
    const { content } = ctx.message
    if (content.arriving?.isFrame) return content.collect().then(() => to.deliver(ctx))
    return to.deliver(ctx)
  }
}
