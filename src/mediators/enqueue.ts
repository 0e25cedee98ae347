import { STOP } from '../core/step.ts'
import { mediator } from '../language/declare.ts'
import { attribute } from '../language/field.ts'
import { reference } from '../language/types.ts'
import { runBranch } from '../sequences/branch.ts'

const NO_EXECUTORS = 'there are no threads to give priorities to; the sequence starts at once'

/** Runs a sequence with the message, beside what called it. */
export const enqueueMediator = mediator({
  element: 'enqueue',
  summary: 'Starts a sequence with the message on its own and ends it here.',
  fields: { sequence: attribute(reference, { doc: 'Sequence to run.', required: true }) },
  ignored: { executor: NO_EXECUTORS, priority: NO_EXECUTORS },
  notes:
    'The exchange of the caller ends when the sequence has: no more of them are under way than there are callers.',
  example: `<enqueue sequence="audit"/>`,
  compile({ sequence }, build) {
    const { run } = build.sequence(sequence)
    return ctx => {
      ctx.spawn(runBranch(ctx.fork(), run).then(nothing))
      return STOP
    }
  },
})

function nothing(): void {}
