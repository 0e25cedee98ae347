import { mediator } from '../language/declare.ts'
import { mediators } from '../language/field.ts'

/** Runs for requests only. */
export const inMediator = mediator({
  element: 'in',
  summary: 'Runs its mediators for requests, and goes on without them for responses.',
  fields: { steps: mediators({ doc: 'What to run.' }) },
  example: `<in><property name="OUT_ONLY" value="true"/></in>`,
  compile({ steps }, build) {
    const { run } = build.pipeline(steps)
    return ctx => (ctx.direction === 'request' ? run(ctx) : undefined)
  },
})

/** Runs for responses only. */
export const outMediator = mediator({
  element: 'out',
  summary: 'Runs its mediators for responses, and goes on without them for requests.',
  fields: { steps: mediators({ doc: 'What to run.' }) },
  example: `<out><send/></out>`,
  compile({ steps }, build) {
    const { run } = build.pipeline(steps)
    return ctx => (ctx.direction === 'response' ? run(ctx) : undefined)
  },
})
