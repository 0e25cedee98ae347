import type { MessageContext } from '../core/context.ts'
import { Fault } from '../core/fault.ts'
import type { Pipeline } from '../core/ports.ts'
import type { MaybePromise } from '../core/step.ts'

/**
 * Takes a message through its hook and, when `send` left a reply, through the outflow. It never throws: what no
 * fault sequence handled ends here, and is in `ctx.fault`. Counts the message under what became of it.
 */
export function exchange(ctx: MessageContext, hook: Pipeline): MaybePromise<void> {
  try {
    const outcome = hook.run(ctx)
    if (outcome instanceof Promise)
      return outcome.then(() => reply(ctx)).catch(thrown => unhandled(ctx, thrown))
    const replied = reply(ctx)
    return replied instanceof Promise ? replied.catch(thrown => unhandled(ctx, thrown)) : replied
  } catch (thrown) {
    return unhandled(ctx, thrown)
  }
}

function reply(ctx: MessageContext): MaybePromise<void> {
  if (!ctx.reply) return finish(ctx)
  ctx.message = ctx.reply
  ctx.reply = undefined
  ctx.direction = 'response'
  const outcome = ctx.service.outflow.run(ctx)
  if (outcome instanceof Promise) return outcome.then(() => finish(ctx))
  return finish(ctx)
}

function finish(ctx: MessageContext): void {
  ctx.origin.ended(ctx)
  ctx.service.counters.ended[ctx.ending]++
}

function unhandled(ctx: MessageContext, thrown: unknown): void {
  const fault = Fault.from(thrown)
  ctx.fault = fault
  ctx.isFaultHandled = false
  ctx.ending = 'faulted'
  ctx.log.error(
    { code: fault.code, message: ctx.id, err: fault.cause instanceof Error ? fault.cause : fault },
    `${ctx.service.label}fault ${fault.code} that no fault sequence handled: ${fault.message}`,
  )
  finish(ctx)
}
