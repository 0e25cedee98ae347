import type { FaultHandlers, MessageContext } from '../core/context.ts'
import { Fault } from '../core/fault.ts'
import type { Ending } from '../core/metrics.ts'
import type { Pipeline } from '../core/ports.ts'
import { runReply } from './exchange.ts'
import { runFault } from './pipeline.ts'

/**
 * Takes a fork of a message through a pipeline and, when `send` left a reply, through the outflow. It never throws:
 * a fault runs the fault sequences around the place the fork was made, on the fork, and stays in the branch.
 *
 * What became of the fork counts for the exchange it belongs to.
 */
export async function runBranch(ctx: MessageContext, pipeline: Pipeline): Promise<void> {
  const { handlers } = ctx
  // Faults do not leave the branch: the guards around the fork see them only through the handlers.
  try {
    await pipeline.run(ctx)
    await runReply(ctx)
  } catch (thrown) {
    await runHandlers(ctx, Fault.from(thrown), handlers)
  }
  note(ctx)
}

/** Runs the fault sequences of a context, innermost first, until one of them ends without a fault. */
export async function runHandlers(
  ctx: MessageContext,
  first: Fault,
  handlers: FaultHandlers | undefined,
): Promise<void> {
  let fault = first
  for (let handler = handlers; handler; handler = handler.outer) {
    try {
      ctx.handlers = handler.outer
      await runFault(ctx, fault, handler.run)
      await runReply(ctx)
      return
    } catch (thrown) {
      fault = Fault.from(thrown)
    }
  }
  ctx.fault = fault
  ctx.isFaultHandled = false
  ctx.ending = 'faulted'
  ctx.log.error(
    { code: fault.code, message: ctx.id, err: fault.cause instanceof Error ? fault.cause : fault },
    `${ctx.service.label}fault ${fault.code} that no fault sequence handled: ${fault.message}`,
  )
}

/** What counts most of the ways the parts of a message ended. */
const RANK: readonly Ending[] = ['dropped', 'discarded', 'accepted', 'faulted', 'delivered', 'answered']

/** Keeps the ending of a branch, and a fault nobody handled, for the exchange as a whole. */
function note(ctx: MessageContext): void {
  const { exchange } = ctx
  if (RANK.indexOf(ctx.ending) > RANK.indexOf(exchange.ending ?? 'dropped')) exchange.ending = ctx.ending
  if (ctx.fault && !ctx.isFaultHandled) exchange.fault ??= ctx.fault
}
