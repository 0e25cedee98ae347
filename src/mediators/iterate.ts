import { expression } from '../expressions/expression.ts'
import { mediator } from '../language/declare.ts'
import { attribute, child } from '../language/field.ts'
import { boolean, text } from '../language/types.ts'
import { Branches, runInTurn } from '../sequences/branch.ts'
import { partsOf } from './parts.ts'
import { compileTarget, GROUP, partProperties, targetFields } from './target.ts'

/** Sends each part of a message its own way. */
export const iterateMediator = mediator({
  element: 'iterate',
  summary: 'Splits the payload: each part an expression selects becomes a message of its own.',
  fields: {
    expression: attribute(expression, {
      doc: 'XPath of the elements, or `json-eval(…)` of the array, to split.',
      required: true,
    }),
    id: attribute(text, { doc: 'Tells the parts of one iterate from those of another, for aggregate.' }),
    continueParent: attribute(boolean, { doc: 'Whether the message itself goes on.', default: false }),
    preservePayload: attribute(boolean, {
      doc: 'Whether each message keeps the whole payload and gets its part at attachPath.',
      default: false,
    }),
    attachPath: attribute(expression, {
      doc: 'Where in the payload the part is put; only with preservePayload.',
    }),
    sequential: attribute(boolean, {
      doc: 'Runs the messages one after another instead of side by side.',
      default: false,
    }),
    target: child(targetFields, { doc: 'Where each message goes.', required: true }),
  },
  notes:
    'The parts are numbered in the property messageSequence, `k/n` from 0, and carry the id of the message they came from in aggregateCorelation; with an id both names end in `.id`. A fault in one stays with it: the fault sequence around the iterate runs on it, and the others go on. Compatibility: mediators behind the iterate run on a part in which a call has waited for an answer.',
  example: `<iterate expression="json-eval($.orders)">
    <target>
        <sequence>
            <send><endpoint><address uri="ws://localhost:8082/websocket"/></endpoint></send>
        </sequence>
    </target>
</iterate>`,
  needsContent: () => true,
  check({ expression: items, preservePayload, attachPath }, wrong) {
    const languages = new Set([items?.language, attachPath?.language])
    if (preservePayload && languages.has('xpath') && languages.has('jsonpath'))
      wrong('attachPath must be in the language of expression: both XPath, or both json-eval.')
  },
  compile({ expression: items, id, continueParent, preservePayload, attachPath, sequential, target }, build) {
    const run = compileTarget(target!, build)
    const names = partProperties(id)
    const split = partsOf(items, preservePayload ? { attachPath } : undefined)
    return ctx => {
      const forks = split(ctx).map(part => ({ ctx: part, run }))
      forks.forEach(({ ctx: part }, i) => {
        part.properties.set(names.position, `${i}/${forks.length}`)
        part.properties.set(names.group, ctx.id)
        // Compatibility: an aggregate without an id collects what has one too.
        part.properties.set(GROUP, ctx.id)
      })
      if (!sequential) return Branches.start(ctx, forks, continueParent)
      return runInTurn(forks).then(through => Branches.ended(ctx, through, continueParent))
    }
  },
})
