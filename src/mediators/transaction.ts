import { mediator } from '../language/declare.ts'
import { attribute } from '../language/field.ts'
import { oneOf, type Reference, type ValueType } from '../language/types.ts'

const ACTIONS = [
  'new',
  'use-existing-or-new',
  'fault-if-no-tx',
  'commit',
  'rollback',
  'suspend',
  'resume',
] as const
const known = oneOf(...ACTIONS)

const action: ValueType<Reference> = {
  name: known.name,
  parse: (value, setting) => ({ name: known.parse(value, setting), span: setting.span }),
}

/** Stands for a distributed transaction. */
export const transactionMediator = mediator({
  element: 'transaction',
  summary: 'Goes on: there are no distributed transactions, and deployment warns of it.',
  fields: { action: attribute(action, { doc: 'What the original does.', required: true }) },
  example: `<transaction action="commit"/>`,
  compile({ action }, build) {
    build.warning(
      action.span,
      'no-effect',
      `<transaction action="${action.name}"> has no effect: there are no distributed transactions; what was done before a fault stays done.`,
    )
    return () => undefined
  },
})
