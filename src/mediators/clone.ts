import type { MessageContext } from '../core/context.ts'
import { Fault } from '../core/fault.ts'
import { isTrue } from '../core/transport-state.ts'
import { type Dynamic, dynamic } from '../expressions/expression.ts'
import { mediator } from '../language/declare.ts'
import { attribute, children } from '../language/field.ts'
import { boolean, text } from '../language/types.ts'
import { Branches, runInTurn } from '../sequences/branch.ts'
import { compileTarget, GROUP, partProperties, targetFields } from './target.ts'

/** How many copies one message may be made into. */
const MAX_COPIES = 10_000

/** Sends copies of the message several ways. */
export const cloneMediator = mediator({
  element: 'clone',
  summary: 'Makes a copy of the message for each target; the copies go their ways side by side.',
  fields: {
    id: attribute(text, { doc: 'Tells the copies of one clone from those of another, for aggregate.' }),
    continueParent: attribute(boolean, { doc: 'Whether the message itself goes on.', default: false }),
    sequential: attribute(boolean, {
      doc: 'Runs the copies one after another instead of side by side.',
      default: false,
    }),
    iterations: attribute(dynamic, {
      doc: `Number of copies the one target gets, 1 to ${MAX_COPIES}; \`{expression}\` computes it.`,
    }),
    target: children(targetFields, { doc: 'Where a copy goes.' }),
  },
  notes:
    'A fault in a copy stays with it: the fault sequence around the clone runs on the copy, and the others go on. Compatibility: mediators behind the clone run on a copy in which a call has waited for an answer. Unless continueParent is true the message itself ends here; an HTTP caller gets the answer one of the copies gives, or 202 when all have ended without one.',
  example: `<clone>
    <target sequence="audit"/>
    <target><endpoint><address uri="ws://localhost:8082/websocket"/></endpoint></target>
</clone>`,
  needsContent: () => true,
  check({ target, iterations }, wrong) {
    if (target.length === 0) wrong('<clone> needs at least one <target>.', { code: 'missing' })
    if (iterations && target.length > 1) wrong('<clone> with iterations takes one <target>.')
  },
  compile({ id, continueParent, sequential, iterations, target }, build) {
    const ways = target.map(config => compileTarget(config, build))
    const names = partProperties(id)
    const copy = (ctx: MessageContext, i: number, of: number): MessageContext => {
      const fork = ctx.fork()
      fork.properties.set(names.position, `${i}/${of}`)
      fork.properties.set(names.group, ctx.id)
      // Compatibility: an aggregate without an id collects what has one too.
      fork.properties.set(GROUP, ctx.id)
      fork.properties.set('CLONED_ITERATION_INDEX', i + 1)
      return fork
    }
    return ctx => {
      const count = iterations ? countOf(iterations, ctx) : ways.length
      const forks = Array.from({ length: count }, (_, i) => ({
        ctx: copy(ctx, i, count),
        run: ways[iterations ? 0 : i]!,
      }))
      if (!sequential) return Branches.start(ctx, forks, continueParent)
      const stopsAtFailure = isTrue(ctx.propertiesIfAny?.get('STOP_TARGET_EXECUTION_ON_FAILURE'))
      return runInTurn(forks, stopsAtFailure).then(through => Branches.ended(ctx, through, continueParent))
    }
  },
})

function countOf(iterations: Dynamic, ctx: MessageContext): number {
  const written = iterations.text(ctx)
  const count = Number(written)
  if (Number.isInteger(count) && count >= 1 && count <= MAX_COPIES) return count
  throw new Fault(0, `clone: iterations is "${written}"; expected a number from 1 to ${MAX_COPIES}`)
}
