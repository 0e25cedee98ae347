import { Fault } from '../core/fault.ts'
import { type Dynamic, dynamic } from '../expressions/expression.ts'
import { mediator } from '../language/declare.ts'
import { attribute } from '../language/field.ts'
import { Expected, type Reference, type ValueType } from '../language/types.ts'

interface Key {
  readonly dynamic: Dynamic
  readonly reference: Reference
}

const key: ValueType<Key> = {
  name: 'name of a sequence, or {expression}',
  parse(text, setting) {
    const name = text.trim()
    if (name === '') throw new Expected('the name of a sequence, or {expression}')
    return { dynamic: dynamic.parse(name, setting), reference: { name, span: setting.span } }
  },
  readsContent: value => value.dynamic.readsContent,
}

/** Runs another sequence. */
export const sequenceMediator = mediator({
  element: 'sequence',
  summary: 'Runs a named sequence, then goes on.',
  fields: {
    key: attribute(key, {
      doc: 'Name of the sequence; `{expression}` computes it for each message.',
      required: true,
    }),
  },
  unsupported: {
    name: 'a sequence is defined in a file of its own or in <definitions>; use key to run it',
    onError: 'put onError on the sequence that is run',
  },
  example: `<sequence key="audit"/>`,
  // What a name computed per message leads to may read anything.
  needsContent: ({ key }) => key.dynamic.fixed === undefined,
  compile({ key }, build) {
    if (key.dynamic.fixed !== undefined) return build.sequence(key.reference).run
    return ctx => {
      const name = key.dynamic.text(ctx) ?? ''
      const target = ctx.deployment.sequence(name)
      if (!target) throw new Fault(0, `Sequence named ${name} cannot be found`)
      return target.run(ctx)
    }
  },
})
