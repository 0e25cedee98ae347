import type { MessageContext } from '../core/context.ts'
import type { Pipeline } from '../core/ports.ts'
import type { MaybePromise, Outcome, Step } from '../core/step.ts'
import { cutReason } from '../websocket/close-codes.ts'
import { isBindingFailure } from './binding.ts'
import { statusOfCode } from './error-codes.ts'
import { Rejection, refuse } from './upgrade-answer.ts'

/** What takes the faults of a hook. */
export interface FaultHooks {
  /** Takes what could not be given to this hook, before any other. */
  readonly binding: Pipeline | undefined
  /** Takes every fault. */
  readonly error: Pipeline | undefined
  /** Takes the faults that no hook takes. */
  readonly fault: Pipeline
  /** What the client is closed with where a message does not fit and no hook takes that. */
  readonly bindingCode: number
}

/**
 * Makes what runs when a hook fails. A client whose message does not fit stays where a hook takes the error, and is
 * closed else; one whose hook has failed is closed with 1011 when that has run, or refused where it asks to be let in.
 * Nobody else notices.
 */
export function failing({ binding, error, fault, bindingCode }: FaultHooks): Step {
  return ctx => {
    const cause = ctx.fault?.cause
    if (isBindingFailure(cause)) {
      const taken = binding ?? error
      if (taken) return orClosed(ctx, taken)
      ctx.ending = 'refused'
      ctx.session?.close(bindingCode, cutReason(`data binding failed: ${cause.message}`))
      return undefined
    }
    return ctx.event === 'upgrade' ? refusing(ctx, error ?? fault) : closing(ctx, error ?? fault)
  }
}

/** Who is not let in gets the status that the code of the fault stands for, unless the fault sequence has answered. */
async function refusing(ctx: MessageContext, pipeline: Pipeline): Promise<Outcome> {
  const { fault } = ctx
  const outcome = await pipeline.run(ctx)
  const status = statusOfCode(fault?.code)
  if (status === undefined || ctx.ending !== 'faulted') return outcome
  return refuse(ctx, new Rejection(status, { message: fault!.message }, {}))
}

/** Runs what takes an error; where that fails itself, the client is closed. */
function orClosed(ctx: MessageContext, pipeline: Pipeline): MaybePromise<Outcome> {
  const failed = (thrown: unknown): never => {
    ctx.session?.close(1011, 'unexpected condition')
    throw thrown
  }
  try {
    const outcome = pipeline.run(ctx)
    return outcome instanceof Promise ? outcome.catch(failed) : outcome
  } catch (thrown) {
    return failed(thrown)
  }
}

function closing(ctx: MessageContext, pipeline: Pipeline): MaybePromise<Outcome> {
  const close = (): undefined => {
    // A backend that is away has codes of its own.
    if (!ctx.fault?.isDelivery && ctx.event !== 'close') ctx.session?.close(1011, 'unexpected condition')
  }
  try {
    const outcome = pipeline.run(ctx)
    if (!(outcome instanceof Promise)) {
      close()
      return outcome
    }
    return outcome.finally(close)
  } catch (thrown) {
    close()
    throw thrown
  }
}
