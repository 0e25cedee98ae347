import { mediator } from '../language/declare.ts'
import { mediators } from '../language/field.ts'

/** Runs mediators in order, as older configurations write it. */
export const rulesMediator = mediator({
  element: 'rules',
  summary: 'Runs its mediators in order; older configurations have it where a sequence stands now.',
  fields: { steps: mediators({ doc: 'What to run.' }) },
  example: `<rules><log level="custom"><property name="step" value="1"/></log></rules>`,
  compile: ({ steps }, build) => build.pipeline(steps).run,
})
