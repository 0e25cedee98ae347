import type { Step } from '../core/step.ts'
import { expression } from '../expressions/expression.ts'
import type { Build } from '../language/declare.ts'
import { mediator } from '../language/declare.ts'
import { attribute, branch, type Config } from '../language/field.ts'
import { boolean, oneOfAnyCase, reference, text } from '../language/types.ts'
import { collectionLoop } from './for-each-collection.ts'
import { loop } from './for-each-loop.ts'

const fields = {
  expression: attribute(expression, {
    doc: 'XPath of the elements, or `json-eval(…)` of the array: the mediators run on the message itself, with one part after another as its payload.',
  }),
  collection: attribute(expression, {
    doc: '`${…}` of the array or the nodes: the mediators run on a copy of the message for each part.',
  }),
  id: attribute(text, { doc: 'Put in front of the names of the properties, with expression.' }),
  key: attribute(reference, { name: 'sequence', doc: 'Sequence to run for each part.' }),
  continueLoopOnFailure: attribute(boolean, {
    doc: 'With expression: whether a part that fails is logged and left out.',
    default: false,
  }),
  parallel: attribute(boolean, {
    name: 'parallel-execution',
    doc: 'With collection: whether the parts go side by side.',
    default: true,
  }),
  updateOriginal: attribute(boolean, {
    name: 'update-original',
    doc: 'With collection: whether what becomes of the parts takes their place.',
    default: true,
  }),
  targetVariable: attribute(text, {
    name: 'target-variable',
    doc: 'With update-original="false": variable that gets what becomes of the parts, in their order.',
  }),
  resultType: attribute(oneOfAnyCase('JSON', 'XML'), {
    name: 'result-content-type',
    doc: 'With target-variable: an array, or an element with the parts in it.',
  }),
  resultElement: attribute(text, {
    name: 'result-enclosing-element',
    doc: 'Name of that element.',
  }),
  counterVariable: attribute(text, {
    name: 'counter-variable',
    doc: 'Variable that counts the parts from 0; only with parallel-execution="false".',
  }),
  continueWithout: attribute(boolean, {
    name: 'continue-without-aggregation',
    doc: 'With collection: whether the message goes on at once and what becomes of the parts is not collected.',
    default: false,
  }),
  inline: branch({ name: 'sequence', doc: 'Mediators to run for each part.' }),
} as const

/** What must not stand in the loop that works on the message itself: the answer would take the message's place. */
const SENDERS: readonly string[] = ['send', 'call', 'callout']

/** Runs mediators for each part of a message. */
export const forEachMediator = mediator({
  element: 'foreach',
  summary: 'Runs mediators once for each part of the payload and puts what they leave in its place.',
  fields,
  notes:
    'With `expression` the parts are worked on one after another; FOREACH_COUNTER counts them and FOREACH_ORIGINAL_MESSAGE holds the payload as it was, both with `id_` in front when there is an id. A drop ends the loop, and the parts not reached are left out. With `collection` each part is a copy: properties and variables set in it are not seen outside, and a call may wait in it. Where one of the copies fails, its fault sequence runs and the message goes no further.',
  example: `<foreach collection="\${payload.items}">
    <sequence>
        <payloadFactory media-type="json">
            <format>{"name": "\${payload.name}"}</format>
        </payloadFactory>
    </sequence>
</foreach>`,
  needsContent: () => true,
  check(config, wrong) {
    const { expression: items, collection, key, inline } = config
    if (items && collection) wrong('<foreach> takes expression or collection, not both.')
    if (!items && !collection) wrong('<foreach> needs expression or collection.', { code: 'missing' })
    if (!key && !inline) wrong('<foreach> needs a <sequence>.', { code: 'missing' })
    if (collection && !config.updateOriginal && !config.continueWithout && !config.targetVariable)
      wrong('<foreach> with update-original="false" needs target-variable.', { code: 'missing' })
    if (collection && config.resultType === 'XML' && config.targetVariable && !config.resultElement)
      wrong('<foreach> with result-content-type="XML" needs result-enclosing-element.', { code: 'missing' })
    if (config.counterVariable && config.parallel)
      wrong('counter-variable counts only with parallel-execution="false".')
    const sender = items && inline?.steps.find(({ declaration }) => SENDERS.includes(declaration.element))
    if (sender)
      wrong(`<${sender.declaration.element}> cannot stand in a foreach with expression.`, {
        hint: 'Use iterate, or foreach with collection.',
        span: sender.span,
      })
  },
  compile(config, build) {
    const body = bodyOf(config, build)
    const { expression: items, collection } = config
    return items
      ? loop({ ...config, expression: items }, body)
      : collectionLoop({ ...config, collection: collection! }, body)
  },
})

function bodyOf({ key, inline }: Pick<Config<typeof fields>, 'key' | 'inline'>, build: Build): Step {
  return inline ? build.branch(inline).run : build.sequence(key!).run
}
