import type { MessageContext } from '../core/context.ts'
import { type MaybePromise, STOP, type Step, stopAfter } from '../core/step.ts'
import { expression } from '../expressions/expression.ts'
import { mediator } from '../language/declare.ts'
import { attribute, child, children } from '../language/field.ts'
import { boolean, pattern } from '../language/types.ts'
import { runBranch } from '../sequences/branch.ts'
import { compileTarget, targetFields } from './target.ts'

/** Sends the message along the routes that match. */
export const routerMediator = mediator({
  element: 'router',
  summary: 'Sends the message along the first route that matches, or copies along all that do.',
  fields: {
    continueAfter: attribute(boolean, {
      doc: 'Whether the message goes on behind the routes, whichever matched.',
      default: false,
    }),
    route: children(
      {
        expression: attribute(expression, { doc: 'What the route depends on.', required: true }),
        match: attribute(pattern, {
          doc: 'Pattern the whole text of the expression must match; without it the expression is a condition.',
        }),
        breakRouter: attribute(boolean, {
          doc: 'Whether routes behind a match are left out.',
          default: true,
        }),
        target: child(targetFields, { doc: 'Where the copy goes.', required: true }),
      },
      { doc: 'One way to go. Routes are tried in the order written, one after another.' },
    ),
  },
  notes: 'Compatibility: a message that no route matches ends here too, unless continueAfter is true.',
  example: `<router>
    <route expression="json-eval($.kind)" match="debit|credit"><target sequence="money"/></route>
</router>`,
  check({ route }, wrong) {
    if (route.length === 0) wrong('<router> needs at least one <route>.', { code: 'missing' })
  },
  compile({ continueAfter, route }, build) {
    const routes = route.map(({ expression, match, breakRouter, target }) => ({
      matches: (ctx: MessageContext): boolean => {
        if (!match) return expression.boolean(ctx)
        const text = expression.text(ctx)
        return text !== null && match.test(text)
      },
      breakRouter,
      run: compileTarget(target!, build),
    }))
    const outcome = continueAfter ? undefined : STOP
    const from = (ctx: MessageContext, start: number): ReturnType<Step> => {
      for (let i = start; i < routes.length; i++) {
        const { matches, breakRouter, run } = routes[i]!
        if (!matches(ctx)) continue
        if (breakRouter && !continueAfter) return lastWay(ctx, run)
        return runBranch(ctx.fork(), run).then(() => (breakRouter ? outcome : from(ctx, i + 1)))
      }
      return outcome
    }
    return ctx => from(ctx, 0)
  },
})

/** A message that goes on nowhere else takes the way itself, and ends with it. */
export function lastWay(ctx: MessageContext, run: Step): MaybePromise<typeof STOP> {
  return stopAfter(run(ctx))
}
