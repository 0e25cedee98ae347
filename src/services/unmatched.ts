import type { MessageContext } from '../core/context.ts'
import type { Pipeline } from '../core/ports.ts'

/** How often it is said that no hook takes a message, in milliseconds. */
const SAID_EVERY_MS = 1_000

/** Counts the messages that no hook takes and says so, now and then; `hook` may answer them. */
export function unmatchedPipeline(label: string, hook: Pipeline | undefined): Pipeline {
  let saidAt = -Infinity
  let unsaid = 0
  const tell = (ctx: MessageContext): void => {
    const now = performance.now()
    if (now - saidAt < SAID_EVERY_MS) {
      unsaid++
      return
    }
    const more = unsaid > 0 ? `, nor ${unsaid} before it` : ''
    ctx.log.warn({ session: ctx.session?.id }, `${label}no hook takes a ${ctx.frame ?? ''} message${more}`)
    saidAt = now
    unsaid = 0
  }
  return {
    run(ctx) {
      ctx.service.counters.unmatched++
      tell(ctx)
      return hook?.run(ctx)
    },
  }
}
