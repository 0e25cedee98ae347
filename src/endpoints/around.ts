import type { MessageContext } from '../core/context.ts'
import { Fault } from '../core/fault.ts'
import type { Endpoint, Pipeline } from '../core/ports.ts'
import type { MaybePromise } from '../core/step.ts'
import type { Message } from '../message/message.ts'
import { runFault } from '../sequences/pipeline.ts'

/** Makes an endpoint that does something around another one, and is ready when that one is. */
function around(target: Endpoint, deliver: Endpoint['deliver']): Endpoint {
  return {
    name: target.name,
    get isReady() {
      return target.isReady
    },
    get keepsLinks() {
      return target.keepsLinks
    },
    deliver,
  }
}

/** Makes an endpoint that sets properties before it delivers. */
export function withProperties(target: Endpoint, set: (ctx: MessageContext) => void): Endpoint {
  return around(target, ctx => {
    set(ctx)
    return target.deliver(ctx)
  })
}

/** Makes an endpoint whose failures run a sequence; the flow ends with it. */
export function withErrorSequence(target: Endpoint, handler: Pipeline): Endpoint {
  const failed = (ctx: MessageContext, thrown: unknown): MaybePromise<never> => {
    const fault = Fault.from(thrown)
    if (fault.isSettled) throw fault
    const settled = new Fault(fault.code, fault.message, { cause: fault, isSettled: true })
    const outcome = runFault(ctx, fault, handler.run)
    if (!(outcome instanceof Promise)) throw settled
    return outcome.then(() => {
      throw settled
    })
  }
  return around(target, ctx => {
    let answer: MaybePromise<Message | undefined>
    try {
      answer = target.deliver(ctx)
    } catch (thrown) {
      return failed(ctx, thrown)
    }
    return answer instanceof Promise ? answer.catch(thrown => failed(ctx, thrown)) : answer
  })
}
