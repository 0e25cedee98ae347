import type { MessageContext } from '../core/context.ts'
import { Fault } from '../core/fault.ts'
import type { Endpoint, Pipeline } from '../core/ports.ts'
import type { MaybePromise } from '../core/step.ts'
import type { Message } from '../message/message.ts'
import { runFault } from '../sequences/pipeline.ts'
import { whenWhole } from '../sequences/whole.ts'

type Deliver = Endpoint['deliver']

/** Makes an endpoint that does something around another one, and is ready when that one is. */
function around(target: Endpoint, deliver: Deliver, attempt: Deliver): Endpoint {
  return {
    name: target.name,
    get isReady() {
      return target.isReady
    },
    get keepsLinks() {
      return target.keepsLinks
    },
    get describedAt() {
      return target.describedAt
    },
    deliver,
    attempt,
  }
}

/** Makes an endpoint that sets properties before it delivers. */
export function withProperties(target: Endpoint, set: (ctx: MessageContext) => void): Endpoint {
  const behind =
    (deliver: Deliver): Deliver =>
    ctx => {
      set(ctx)
      return deliver(ctx)
    }
  return around(
    target,
    behind(ctx => target.deliver(ctx)),
    behind(ctx => attempt(target, ctx)),
  )
}

/** Makes an endpoint that looks into the payload: it begins once that has come in whole. */
export function withContent(target: Endpoint): Endpoint {
  return around(
    target,
    ctx => whenWhole(ctx, () => target.deliver(ctx)),
    ctx => whenWhole(ctx, () => attempt(target, ctx)),
  )
}

/** What runs for a fault once no other endpoint of a group took the message. */
const handlers = new WeakMap<Fault, Pipeline>()

/** Hands a message to an endpoint of a group: the sequence for its failure, if it has one, is left to the group. */
export function attempt(member: Endpoint, ctx: MessageContext): MaybePromise<Message | undefined> {
  return member.attempt ? member.attempt(ctx) : member.deliver(ctx)
}

/** Makes the fault of a group after that of one of its endpoints: the sequence for that one is to run for it. */
export function inPlaceOf(last: Fault | undefined, fault: Fault): Fault {
  const handler = last && handlers.get(last)
  if (handler) handlers.set(fault, handler)
  return fault
}

/** Runs the sequence that was left to the group, if there is one, and throws what is to leave it. */
export function giveUp(ctx: MessageContext, fault: Fault): MaybePromise<never> {
  const handler = handlers.get(fault)
  if (!handler) throw fault
  return settle(ctx, fault, handler)
}

/** Makes an endpoint whose failures run a sequence; the flow ends with it. */
export function withErrorSequence(target: Endpoint, handler: Pipeline): Endpoint {
  const failed = (ctx: MessageContext, thrown: unknown): MaybePromise<never> => {
    const fault = Fault.from(thrown)
    if (fault.isSettled) throw fault
    return settle(ctx, fault, handler)
  }
  const left = (_ctx: MessageContext, thrown: unknown): never => {
    const fault = Fault.from(thrown)
    if (!handlers.has(fault)) handlers.set(fault, handler)
    throw fault
  }
  return around(
    target,
    catching(ctx => target.deliver(ctx), failed),
    catching(ctx => attempt(target, ctx), left),
  )
}

function settle(ctx: MessageContext, fault: Fault, handler: Pipeline): MaybePromise<never> {
  const settled = new Fault(fault.code, fault.message, { cause: fault, isSettled: true })
  const outcome = runFault(ctx, fault, handler.run)
  if (!(outcome instanceof Promise)) throw settled
  return outcome.then(() => {
    throw settled
  })
}

function catching(
  deliver: Deliver,
  failed: (ctx: MessageContext, thrown: unknown) => MaybePromise<never>,
): Deliver {
  return ctx => {
    let answer: MaybePromise<Message | undefined>
    try {
      answer = deliver(ctx)
    } catch (thrown) {
      return failed(ctx, thrown)
    }
    return answer instanceof Promise ? answer.catch(thrown => failed(ctx, thrown)) : answer
  }
}
