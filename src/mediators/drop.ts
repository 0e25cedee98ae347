import { STOP } from '../core/step.ts'
import { mediator } from '../language/declare.ts'

/** Ends the message. */
export const dropMediator = mediator({
  element: 'drop',
  summary: 'Ends the message here. An HTTP caller without an answer gets 202.',
  fields: {},
  example: `<drop/>`,
  compile: () => ctx => {
    ctx.ending = 'dropped'
    return STOP
  },
})
