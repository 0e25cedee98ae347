import { mediator } from '../language/declare.ts'
import { REPLY } from '../sequences/reply.ts'

/** Sends the message back to the client. */
export const respondMediator = mediator({
  element: 'respond',
  summary:
    'Sends the message back to the client at once and ends the sequence; the out sequence does not run.',
  fields: {},
  notes:
    'On a WebSocket the message goes to the session it belongs to, or to all on its path, as the broadcast level says.',
  example: `<respond/>`,
  compile: () => ctx => {
    ctx.direction = 'response'
    return REPLY.run(ctx)
  },
})
