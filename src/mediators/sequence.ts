import type { MessageContext } from '../core/context.ts'
import { Fault } from '../core/fault.ts'
import type { Step } from '../core/step.ts'
import { type Build, mediator } from '../language/declare.ts'
import { attribute } from '../language/field.ts'
import { type DynamicKey, dynamicKey } from './dynamic-key.ts'

/** The name of a sequence, or the expression that gives it. An empty name deploys; reaching it is a fault. */
export const sequenceKey = dynamicKey('name of a sequence')

/** Runs another sequence. */
export const sequenceMediator = mediator({
  element: 'sequence',
  summary: 'Runs a named sequence, then goes on.',
  fields: {
    key: attribute(sequenceKey, {
      doc: 'Name of the sequence; `{expression}` computes it for each message.',
      required: true,
    }),
  },
  unsupported: {
    name: 'a sequence is defined in a file of its own or in <definitions>; use key to run it',
    onError: 'put onError on the sequence that is run',
  },
  example: `<sequence key="audit"/>`,
  compile: ({ key }, build) => sequenceStep(key, build),
})

/** Makes the step that runs a sequence. */
export function sequenceStep({ dynamic, reference }: DynamicKey, build: Build): Step {
  if (dynamic.fixed !== undefined) return build.sequence(reference).run
  return ctx => runNamed(ctx, dynamic.text(ctx) ?? '')
}

/** Runs a sequence by a name that only the message knows. @throws Fault 0 where there is none */
export function runNamed(ctx: MessageContext, name: string): ReturnType<Step> {
  const target = ctx.deployment.sequence(name)
  if (!target) throw new Fault(0, `Sequence named ${name} cannot be found`)
  return target.run(ctx)
}
