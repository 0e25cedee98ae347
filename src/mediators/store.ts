import type { MessageContext } from '../core/context.ts'
import { Fault } from '../core/fault.ts'
import type { MessageStore } from '../core/ports.ts'
import type { MaybePromise, Outcome, Step } from '../core/step.ts'
import { type Build, mediator } from '../language/declare.ts'
import { attribute } from '../language/field.ts'
import { reference } from '../language/types.ts'
import { type DynamicKey, dynamicKey } from './dynamic-key.ts'

/** The store is full or away: it may take the message later. */
const STORE_AWAY = 306000

const storeKey = dynamicKey('name of a message store')

/** Puts a copy of the message into a message store. */
export const storeMediator = mediator({
  element: 'store',
  summary: 'Puts a copy of the message into a message store, then goes on.',
  fields: {
    messageStore: attribute(storeKey, {
      doc: 'Name of the store; `{expression}` computes it for each message.',
      required: true,
    }),
    sequence: attribute(reference, {
      doc: 'Sequence to run first; the message goes on even if it ends there.',
    }),
  },
  notes:
    'The copy has payload, headers and properties of its own. An HTTP caller whose message ends behind the store gets 202. A store that cannot take the message is a fault, and `HTTP_SC` is 500 then; it is 503 where the store is full or away (fault 306000), and so is the answer of a fault that nobody handles, with `Retry-After`.\n\nCompatibility: in the original `HTTP_SC` is 500 in any case.',
  example: `<store messageStore="orders"/>`,
  needsContent: () => true,
  compile({ messageStore, sequence }, build) {
    const storeOf = storeIn(messageStore, build)
    const put = (ctx: MessageContext): MaybePromise<void> => {
      try {
        const stored = storeOf(ctx).put(ctx.fork())
        if (stored instanceof Promise) return stored.then(() => kept(ctx), failed(ctx))
        return kept(ctx)
      } catch (thrown) {
        return failed(ctx)(thrown)
      }
    }
    if (!sequence) return put
    const first: Step = build.sequence(sequence).run
    return ctx => {
      const outcome: MaybePromise<Outcome> = first(ctx)
      return outcome instanceof Promise ? outcome.then(() => put(ctx)) : put(ctx)
    }
  },
})

/** @throws Fault 0 per message, where there is no store of the name computed */
function storeIn({ dynamic, reference }: DynamicKey, build: Build): (ctx: MessageContext) => MessageStore {
  if (dynamic.fixed !== undefined) {
    const store = build.messageStore(reference)
    return () => store
  }
  return ctx => {
    const name = dynamic.text(ctx) ?? ''
    const store = ctx.deployment.messageStore(name)
    if (!store) throw new Fault(0, `Message Store ${name} does not exist.`)
    return store
  }
}

function kept(ctx: MessageContext): void {
  ctx.ending = 'delivered'
}

function failed(ctx: MessageContext): (thrown: unknown) => never {
  return thrown => {
    ctx.transport.status = thrown instanceof Fault && thrown.code === STORE_AWAY ? 503 : 500
    throw thrown
  }
}
