import { Fault } from '../core/fault.ts'
import { dynamic } from '../expressions/expression.ts'
import { mediator } from '../language/declare.ts'
import { attribute } from '../language/field.ts'
import { text } from '../language/types.ts'

const DEFAULT_MESSAGE = 'Error occurred in the mediation flow'

/** Raises a fault. */
export const throwErrorMediator = mediator({
  element: 'throwError',
  summary: 'Raises a fault, which runs the nearest fault sequence.',
  fields: {
    type: attribute(text, { doc: 'What ERROR_CODE becomes.', default: 'ANY' }),
    errorMessage: attribute(dynamic, {
      doc: `What ERROR_MESSAGE becomes; \`{expression}\` computes it. Default "${DEFAULT_MESSAGE}".`,
    }),
  },
  example: `<throwError type="ORDER:UNKNOWN" errorMessage="{$ctx:reason}"/>`,
  compile: ({ type, errorMessage }) => {
    const code = type === '' ? 'ANY' : type
    return ctx => {
      throw new Fault(code, errorMessage?.text(ctx) || DEFAULT_MESSAGE)
    }
  },
})
