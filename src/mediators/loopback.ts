import type { MessageContext } from '../core/context.ts'
import { type MaybePromise, type Outcome, STOP, stopAfter } from '../core/step.ts'
import { setToAddress } from '../expressions/to-address.ts'
import { mediator } from '../language/declare.ts'

/** Turns a request into its own response. */
export const loopbackMediator = mediator({
  element: 'loopback',
  summary:
    'Turns the request into a response as it is, runs the out sequence for it, and ends the sequence. It ends a response without doing anything.',
  fields: {},
  example: `<loopback/>`,
  compile: () => loopback,
})

function loopback(ctx: MessageContext): MaybePromise<Outcome> {
  if (ctx.direction === 'response') return STOP
  ctx.direction = 'response'
  setToAddress(ctx, undefined)
  return stopAfter(ctx.service.outflow.run(ctx))
}
