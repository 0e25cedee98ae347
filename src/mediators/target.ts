import type { Step } from '../core/step.ts'
import { setToAddress } from '../expressions/to-address.ts'
import type { Build } from '../language/declare.ts'
import { attribute, branch, type Config, endpoint } from '../language/field.ts'
import { reference, text } from '../language/types.ts'
import { deliverStep } from '../sequences/delivery.ts'
import { sequenceKey, sequenceStep } from './sequence.ts'

/** What a `<target>` says of where a branch goes; clone, iterate and the routers share it. */
export const targetFields = {
  to: attribute(text, { doc: 'Address the branch is for, in place of the one of the message.' }),
  soapAction: attribute(text, { doc: 'SOAPAction of the branch.' }),
  sequenceKey: attribute(sequenceKey, { name: 'sequence', doc: 'Sequence the branch runs.' }),
  endpointKey: attribute(reference, { name: 'endpoint', doc: 'Endpoint the branch is sent to.' }),
  inline: branch({ name: 'sequence', doc: 'Mediators the branch runs. Wins over everything else.' }),
  node: endpoint({ doc: 'Endpoint the branch is sent to, inline or by key.' }),
} as const

/** The values of a `<target>`. */
export type TargetConfig = Config<typeof targetFields>

/**
 * Compiles a target into what a branch runs on its own context. Of several ways the first counts: mediators inside,
 * a sequence by name, an endpoint inside, an endpoint by name. A target without any of them lets the branch end.
 */
export function compileTarget(config: TargetConfig, build: Build): Step {
  const { to, soapAction } = config
  const run = wayOf(config, build)
  if (to === undefined && soapAction === undefined) return run
  return ctx => {
    if (to !== undefined) setToAddress(ctx, to)
    if (soapAction !== undefined) {
      ctx.addressing.action = soapAction
      ctx.message.headers.set('SOAPAction', soapAction)
    }
    return run(ctx)
  }
}

function wayOf({ sequenceKey: key, endpointKey, inline, node }: TargetConfig, build: Build): Step {
  if (inline) return build.branch(inline).run
  if (key) return sequenceStep(key, build)
  if (node) return deliverStep(build.endpoint(node))
  if (endpointKey) {
    const { span } = endpointKey
    return deliverStep(
      build.endpoint({ name: undefined, key: endpointKey, kind: undefined, config: undefined, span }),
    )
  }
  return () => undefined
}

/** Property with the id of the message that a part came from. */
export const GROUP = 'aggregateCorelation'

/** Names of the properties that tell the parts of a message apart; an id lets several aggregates tell theirs. */
export function partProperties(id: string | undefined): {
  readonly position: string
  readonly group: string
} {
  const suffix = id === undefined || id === '' ? '' : `.${id}`
  return { position: `messageSequence${suffix}`, group: `${GROUP}${suffix}` }
}
