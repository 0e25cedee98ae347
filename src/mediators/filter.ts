import type { MessageContext } from '../core/context.ts'
import { expression } from '../expressions/expression.ts'
import { mediator } from '../language/declare.ts'
import { attribute, branch, mediators } from '../language/field.ts'
import { pattern } from '../language/types.ts'

/** Runs one of two branches. */
export const filterMediator = mediator({
  element: 'filter',
  summary: 'Runs its mediators when a condition holds, and those of else when it does not.',
  fields: {
    xpath: attribute(expression, { doc: 'The condition. Wins over source and regex.' }),
    source: attribute(expression, { doc: 'Expression giving the text to look at.' }),
    regex: attribute(pattern, { doc: 'Pattern the whole text must match.' }),
    yes: branch({ name: 'then', key: 'sequence', doc: 'What to run when the condition holds.' }),
    no: branch({
      name: 'else',
      key: 'sequence',
      doc: 'What to run when it does not. Counts only beside then.',
    }),
    steps: mediators({ doc: 'What to run when the condition holds, where there is no then.' }),
  },
  example: `<filter source="get-property('connection.terminate')" regex="true">
    <then><drop/></then>
    <else><respond/></else>
</filter>`,
  notes:
    'Compatibility: as a condition, text that is not empty is true, "false" included; a property that is not set is false.',
  check({ xpath, source, regex, yes, no, steps }, wrong) {
    if (!xpath && !source && !regex) wrong('<filter> needs xpath, or source and regex.', { code: 'missing' })
    else if (!xpath && !source) wrong('<filter> with regex needs source.', { code: 'missing' })
    else if (!xpath && !regex) wrong('<filter> with source needs regex.', { code: 'missing' })
    if (yes && steps.length > 0)
      wrong('Mediators beside <then> never run.', { hint: 'Put them into <then>.' })
    if (no && !yes)
      wrong('<else> counts only beside <then>.', { hint: 'Put the other mediators into <then>.' })
  },
  compile({ xpath, source, regex, yes, no, steps }, build) {
    const onTrue = (yes ? build.branch(yes) : build.pipeline(steps)).run
    const onFalse = build.branch(no).run
    if (xpath) return ctx => (xpath.boolean(ctx) ? onTrue(ctx) : onFalse(ctx))
    const matches = (ctx: MessageContext): boolean => {
      const text = source!.text(ctx)
      return text !== null && regex!.test(text)
    }
    return ctx => (matches(ctx) ? onTrue(ctx) : onFalse(ctx))
  },
})
