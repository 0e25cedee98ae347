import type { MessageContext } from '../core/context.ts'
import { Fault } from '../core/fault.ts'
import type { Pipeline } from '../core/ports.ts'
import type { MaybePromise } from '../core/step.ts'
import { leaveFault } from './pipeline.ts'

/**
 * Takes a message through its hook and, when `send` left a reply, through the outflow. It never throws: what no
 * fault sequence handled ends here, and is in `ctx.fault`. Counts the message under what became of it, once all
 * that was made of it has ended.
 */
export function exchange(ctx: MessageContext, hook: Pipeline): MaybePromise<void> {
  try {
    const outcome = hook.run(ctx)
    if (outcome instanceof Promise)
      return outcome
        .then(() => runReply(ctx))
        .then(() => finish(ctx))
        .catch(thrown => unhandled(ctx, thrown))
    const replied = runReply(ctx)
    if (replied instanceof Promise)
      return replied.then(() => finish(ctx)).catch(thrown => unhandled(ctx, thrown))
    return finish(ctx)
  } catch (thrown) {
    return unhandled(ctx, thrown)
  }
}

/**
 * Runs what `send` left: the answer of the backend goes through its `receive` sequence, or the outflow, and so on
 * for what these send in turn.
 */
export function runReply(ctx: MessageContext): MaybePromise<void> {
  while (ctx.reply) {
    const { reply, receiver } = ctx
    ctx.reply = undefined
    ctx.receiver = undefined
    ctx.receive(reply)
    ctx.direction = 'response'
    const outcome = (receiver ?? ctx.service.outflow).run(ctx)
    if (outcome instanceof Promise) return outcome.then(() => runReply(ctx))
  }
}

function finish(ctx: MessageContext): MaybePromise<void> {
  const shared = ctx.exchangeIfAny
  if (!shared) return end(ctx)
  if (shared.background.size > 0) return Promise.all(shared.background).then(() => finish(ctx))
  if (shared.ending && (ctx.ending === 'dropped' || shared.ending === 'answered')) ctx.ending = shared.ending
  if (shared.fault && !ctx.fault) {
    ctx.fault = shared.fault
    ctx.isFaultHandled = false
  }
  return end(ctx)
}

function end(ctx: MessageContext): void {
  try {
    ctx.origin.ended(ctx)
    for (const callback of ctx.exchangeIfAny?.atEnd ?? []) callback()
  } catch (thrown) {
    // It has ended all the same: it is counted, once, and what waits behind it goes on.
    ctx.ending = 'faulted'
    ctx.log.error({ err: thrown, message: ctx.id }, `${ctx.service.label}the end of a message failed`)
  }
  ctx.service.counters.end(ctx.ending)
}

function unhandled(ctx: MessageContext, thrown: unknown): MaybePromise<void> {
  const fault = Fault.from(thrown)
  if (!fault.isSettled) leaveFault(ctx, fault)
  return finish(ctx)
}
