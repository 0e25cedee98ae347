import type { Pipeline } from '../core/ports.ts'
import { stopAfter } from '../core/step.ts'

/** Sends the message back to whoever the exchange began with, as it is. */
export const REPLY: Pipeline = {
  run(ctx) {
    ctx.ending = 'answered'
    return stopAfter(ctx.origin.reply(ctx))
  },
}
