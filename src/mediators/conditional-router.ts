import type { MessageContext } from '../core/context.ts'
import { STOP, type Step } from '../core/step.ts'
import { mediator } from '../language/declare.ts'
import { attribute, child, children } from '../language/field.ts'
import { boolean } from '../language/types.ts'
import { runBranch } from '../sequences/branch.ts'
import { condition } from './evaluator.ts'
import { lastWay } from './router.ts'
import { compileTarget, targetFields } from './target.ts'

/** Sends the message along the routes whose condition holds. */
export const conditionalRouterMediator = mediator({
  element: 'conditionalRouter',
  summary: 'Sends the message along the first route whose condition holds, or copies along all of them.',
  fields: {
    continueAfter: attribute(boolean, {
      doc: 'Whether the message goes on behind the routes, whichever was taken.',
      default: false,
    }),
    conditionalRoute: children(
      {
        breakRoute: attribute(boolean, {
          doc: 'Whether routes behind one that was taken are left out.',
          default: true,
        }),
        asynchronous: attribute(boolean, {
          doc: 'Whether the others do not wait for this one.',
          default: false,
        }),
        condition: condition({ doc: 'When to take the route.', required: true }),
        target: child(targetFields, { doc: 'Where the copy goes.', required: true }),
      },
      { doc: 'One way to go. Routes are tried in the order written.' },
    ),
  },
  notes: 'Compatibility: a message that takes no route ends here too, unless continueAfter is true.',
  example: `<conditionalRouter continueAfter="false">
    <conditionalRoute breakRoute="true">
        <condition><match type="header" source="kind" regex="debit|credit"/></condition>
        <target sequence="money"/>
    </conditionalRoute>
</conditionalRouter>`,
  check({ conditionalRoute }, wrong) {
    if (conditionalRoute.length === 0)
      wrong('<conditionalRouter> needs at least one <conditionalRoute>.', { code: 'missing' })
  },
  compile({ continueAfter, conditionalRoute }, build) {
    const routes = conditionalRoute.map(({ breakRoute, asynchronous, condition, target }) => ({
      holds: condition!,
      breakRoute,
      asynchronous,
      run: compileTarget(target!, build),
    }))
    const outcome = continueAfter ? undefined : STOP
    const from = (ctx: MessageContext, start: number): ReturnType<Step> => {
      for (let i = start; i < routes.length; i++) {
        const { holds, breakRoute, asynchronous, run } = routes[i]!
        if (!holds(ctx)) continue
        if (breakRoute && !continueAfter && !asynchronous) return lastWay(ctx, run)
        const branch = runBranch(ctx.fork(), run)
        if (!asynchronous) return branch.then(() => (breakRoute ? outcome : from(ctx, i + 1)))
        ctx.spawn(branch.then(nothing))
        if (breakRoute) return outcome
      }
      return outcome
    }
    return ctx => from(ctx, 0)
  },
})

function nothing(): void {}
