import { dynamic, expression } from '../expressions/expression.ts'
import { mediator } from '../language/declare.ts'
import { attribute, child, mediators } from '../language/field.ts'
import { reference, text } from '../language/types.ts'
import { Groups } from './aggregate-groups.ts'
import { merger } from './aggregate-merge.ts'

/** Puts the parts of a message together again. */
export const aggregateMediator = mediator({
  element: 'aggregate',
  summary: 'Collects the messages that clone or iterate made, or their answers, and puts them into one.',
  fields: {
    id: attribute(text, { doc: 'The id of the clone or iterate whose messages are collected.' }),
    correlateOn: child(
      {
        expression: attribute(expression, {
          doc: 'Messages for which it holds belong together.',
          required: true,
        }),
      },
      { doc: 'Collects messages of whatever origin; messageCount with min or max is needed then.' },
    ),
    condition: child(
      {
        timeout: attribute(text, { doc: 'Seconds after the first message at which it is complete anyway.' }),
        messageCount: child(
          {
            min: attribute(dynamic, { doc: 'It is complete with so many messages; -1 does not count them.' }),
            max: attribute(dynamic, { doc: 'It takes so many messages at most; -1 any number.' }),
          },
          { doc: 'How many messages make it complete.' },
        ),
      },
      { name: 'completeCondition', doc: 'When it is complete; default when all parts are there.' },
    ),
    onComplete: child(
      {
        expression: attribute(expression, {
          doc: 'What to take of each message: XPath, or `json-eval(…)`.',
          required: true,
        }),
        sequence: attribute(reference, { doc: 'Sequence to run with the result.' }),
        enclosingElementProperty: attribute(text, {
          doc: 'Property with an XML element that what was taken is put into.',
        }),
        aggregateElementType: attribute(dynamic, {
          doc: 'For JSON: `root`, the default, gives an array of what was taken, `child` one object of its members.',
        }),
        steps: mediators({ doc: 'What to run with the result.' }),
      },
      { doc: 'What happens with what was collected.', required: true },
    ),
  },
  notes:
    'It is complete when all parts are there, when `min` is reached, when `max` is reached, or when the time is up: whatever comes first. Messages that come later are dropped. Mediators behind the aggregate run on the last message, with the result as its payload. A message that was not made by clone or iterate passes through. Compatibility: a `min` below the number of parts completes early. Where the parts end before it is complete, and no timeout is set, a warning is logged and the parts are given up; the original keeps them for ever.',
  example: `<aggregate>
    <completeCondition timeout="10"/>
    <onComplete expression="json-eval($)">
        <respond/>
    </onComplete>
</aggregate>`,
  needsContent: () => true,
  check({ correlateOn, condition }, wrong) {
    const { timeout } = condition ?? {}
    if (timeout !== undefined && !/^\s*\d+\s*$/.test(timeout))
      wrong(`timeout is "${timeout}"; expected a number of seconds.`, { code: 'bad-value' })
    const count = condition?.messageCount
    if (correlateOn && !count?.min && !count?.max)
      wrong('<aggregate> with correlateOn needs a messageCount with min or max.', { code: 'missing' })
  },
  compile({ id, correlateOn, condition, onComplete }, build) {
    const { sequence, steps } = onComplete!
    const groups = new Groups({
      id,
      correlateOn: correlateOn?.expression,
      timeoutMs: Number(condition?.timeout ?? 0) * 1000,
      min: condition?.messageCount?.min,
      max: condition?.messageCount?.max,
      merge: merger(onComplete!),
      run: (sequence ? build.sequence(sequence) : build.pipeline(steps)).run,
      isEmpty: !sequence && steps.length === 0,
    })
    return ctx => {
      const key = groups.keyOf(ctx)
      return key === undefined ? undefined : groups.add(key, ctx)
    }
  },
})
