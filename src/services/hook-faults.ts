import type { MessageContext } from '../core/context.ts'
import type { Pipeline } from '../core/ports.ts'
import type { MaybePromise, Outcome, Step } from '../core/step.ts'
import { cutReason } from '../websocket/close-codes.ts'
import { BindingError } from './binding.ts'

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
 * closed else; one whose hook has failed is closed with 1011 when that has run. Nobody else notices.
 */
export function failing({ binding, error, fault, bindingCode }: FaultHooks): Step {
  return ctx => {
    const cause = ctx.fault?.cause
    if (cause instanceof BindingError) {
      const taken = binding ?? error
      if (taken) return taken.run(ctx)
      ctx.ending = 'refused'
      ctx.session?.close(bindingCode, cutReason(`data binding failed: ${cause.message}`))
      return undefined
    }
    return closing(ctx, error ?? fault)
  }
}

function closing(ctx: MessageContext, pipeline: Pipeline): MaybePromise<Outcome> {
  const close = (): undefined => {
    // A backend that is away has codes of its own, and who is not let in yet gets a status.
    if (!ctx.fault?.isDelivery && ctx.event !== 'upgrade' && ctx.event !== 'close')
      ctx.session?.close(1011, 'unexpected condition')
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
