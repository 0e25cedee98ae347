import { expression } from '../expressions/expression.ts'
import { mediator } from '../language/declare.ts'
import { attribute, branch, children, mediators } from '../language/field.ts'
import { pattern } from '../language/types.ts'

/** Chooses one of several ways by the text of an expression. */
export const switchMediator = mediator({
  element: 'switch',
  summary: 'Takes the first case whose pattern matches a value of the message.',
  fields: {
    source: attribute(expression, { doc: 'Expression giving the value to look at.', required: true }),
    case: children(
      {
        regex: attribute(pattern, { doc: 'Pattern the whole value must match.', required: true }),
        steps: mediators({ doc: 'What to run when it matches.' }),
      },
      { doc: 'One way to go. Cases are tried in the order written.' },
    ),
    default: branch({ doc: 'What to run when no case matches, or there is no value.' }),
  },
  example: `<switch source="json-eval($.kind)">
    <case regex="debit|credit"><sequence key="money"/></case>
    <default><drop/></default>
</switch>`,
  check({ case: cases, default: otherwise }, wrong) {
    if (cases.length === 0 && !otherwise) wrong('<switch> needs at least one <case>.', { code: 'missing' })
  },
  compile({ source, case: cases, default: otherwise }, build, span) {
    if (cases.length === 0) build.warning(span, 'no-case', '<switch> has no <case>: its default always runs.')
    const ways = cases.map(({ regex, steps }) => ({ regex, run: build.pipeline(steps).run }))
    const fallback = build.branch(otherwise).run
    return ctx => {
      const value = source.text(ctx)
      if (value !== null) for (const { regex, run } of ways) if (regex.test(value)) return run(ctx)
      return fallback(ctx)
    }
  },
})
