import type { MessageContext } from '../core/context.ts'
import { Fault } from '../core/fault.ts'
import type { Pipeline } from '../core/ports.ts'
import { type MaybePromise, type Outcome, STOP } from '../core/step.ts'
import { artifact } from '../language/declare.ts'
import { attribute, mediators } from '../language/field.ts'
import { statistics, trace } from '../language/observation.ts'
import { name, reference } from '../language/types.ts'
import { guarded } from './pipeline.ts'
import { whole } from './whole.ts'

/** Named mediators in order. */
export const sequenceArtifact = artifact({
  element: 'sequence',
  folder: 'sequences',
  space: 'entry',
  summary: 'Named mediators that run in order; artifacts and other sequences refer to it by name.',
  fields: {
    name: attribute(name, { doc: 'Name it is referred to by.', required: true }),
    onError: attribute(reference, { doc: 'Sequence to run when a mediator in this one fails.' }),
    trace,
    statistics,
    steps: mediators({ doc: 'What to run.' }),
  },
  unsupported: {
    key: 'a sequence that is defined here needs a name; references stand inside other sequences',
  },
  example: `<sequence name="toBackend" xmlns="http://ws.apache.org/ns/synapse">
    <property name="OUT_ONLY" value="true"/>
    <send><endpoint><address uri="ws://localhost:8082/websocket"/></endpoint></send>
</sequence>`,
  nameOf: config => config.name ?? '',
  compile({ steps, onError }, build) {
    const inner = build.pipeline(steps)
    const handler = onError && build.errorSequence(onError)
    return { sequence: handler ? guarded(inner, handler) : inner }
  },
})

/** How deep sequences may stand inside each other before that is a fault. */
const MAX_DEPTH = 200

/** The place of a sequence before it is compiled: what refers to it keeps this, so that circles are legal. */
export class SequenceCell implements Pipeline {
  readonly name: string
  #target: Pipeline | undefined

  constructor(name: string) {
    this.name = name
  }

  /** Puts the compiled sequence in. */
  fill(target: Pipeline): void {
    this.#target = target
  }

  /** @throws Fault 0 when sequences call each other in a circle, or the sequence had errors and was left out. */
  readonly run = (ctx: MessageContext): MaybePromise<Outcome> => {
    if (!this.#target) throw new Fault(0, `sequence ${this.name} was left out because of its errors`)
    if (ctx.depth >= MAX_DEPTH)
      throw new Fault(
        0,
        `sequence ${this.name} stands inside more than ${MAX_DEPTH} others: they run in a circle`,
      )
    ctx.depth++
    let outcome: MaybePromise<Outcome>
    try {
      outcome = this.#target.run(ctx)
    } catch (thrown) {
      ctx.depth--
      throw thrown
    }
    if (outcome instanceof Promise)
      return outcome.then(
        value => left(ctx, value),
        thrown => {
          ctx.depth--
          throw thrown
        },
      )
    return left(ctx, outcome)
  }
}

/** Leaves the sequence, with the message and with the branches that go on behind it. */
function left(ctx: MessageContext, outcome: Outcome): Outcome {
  ctx.depth--
  return outcome === undefined || outcome === STOP ? outcome : outcome.advance(leave)
}

function leave(ctx: MessageContext): undefined {
  ctx.depth--
}

/**
 * The fault sequence of a deployment that defines none: logs the message in full with the error, and drops it.
 * The original product has the same one. An HTTP caller gets the answer for a fault that nobody handled.
 */
export function builtInFault(describe: (ctx: MessageContext) => string): Pipeline {
  return {
    run: whole(ctx => {
      const { log, service, properties } = ctx
      ctx.isFaultHandled = false
      const code = String(properties.get('ERROR_CODE'))
      const message = String(properties.get('ERROR_MESSAGE'))
      log.info(
        { sequence: 'fault' },
        `${service.label}${describe(ctx)}, MESSAGE = Executing default 'fault' sequence, ERROR_CODE = ${code}, ERROR_MESSAGE = ${message}`,
      )
      return STOP
    }),
  }
}
