import type { MessageContext } from '../core/context.ts'
import type { Fault } from '../core/fault.ts'
import type { Pipeline, Service } from '../core/ports.ts'
import { enterFault } from '../sequences/pipeline.ts'
import { pause } from '../sequences/repeating.ts'
import { inject, type ProcessorState } from './processor.ts'
import type { ReadableStore } from './readable-store.ts'
import type { StoredMessage } from './stored-message.ts'

/** How often a message is tried, and what becomes of one that cannot be delivered. */
export interface DeliveryRules {
  /** -1 tries for ever. */
  readonly maxAttempts: number
  readonly retryMs: number
  /** Drop it after its attempts, rather than stop. */
  readonly drops: boolean
  readonly failed: { put(ctx: MessageContext): Promise<void> } | undefined
  readonly faultSequence: Pipeline | undefined
  readonly deactivateSequence: Pipeline | undefined
}

/** One attempt: undefined when it succeeded, the fault when not. It never throws. */
export type Attempt = (ctx: MessageContext) => Promise<Fault | undefined>

/** Tries a message until it is delivered, its attempts are used up, or the processor stops. */
export async function deliverStored(
  message: StoredMessage,
  store: ReadableStore,
  context: {
    readonly service: Service
    readonly state: ProcessorState
    readonly rules: DeliveryRules
    readonly signal: AbortSignal
  },
  attempt: Attempt,
): Promise<void> {
  const { service, state, rules, signal } = context
  for (let attempts = 1; state.isActive; attempts++) {
    const ctx = restored(message, service)
    const fault = await attempt(ctx)
    if (!fault) {
      await store.remove(message, 'delivered')
      return
    }
    service.log.warn({ message: message.id }, `${service.label}attempt ${attempts} failed: ${fault.message}`)
    if (rules.faultSequence) {
      enterFault(ctx, fault)
      await inject(ctx, rules.faultSequence)
    }
    if (!state.isActive) return
    if (rules.maxAttempts >= 0 && attempts >= rules.maxAttempts) {
      await giveUp(message, store, context)
      return
    }
    if (!(await pause(rules.retryMs, signal))) return
  }
}

async function giveUp(
  message: StoredMessage,
  store: ReadableStore,
  { service, state, rules }: { service: Service; state: ProcessorState; rules: DeliveryRules },
): Promise<void> {
  if (rules.failed) {
    try {
      await rules.failed.put(restored(message, service))
      await store.remove(message, 'moved')
      return
    } catch (error) {
      service.log.error(
        { err: error, message: message.id },
        `${service.label}the store for failed messages did not take it`,
      )
    }
  } else if (rules.drops) {
    await store.remove(message, 'dropped')
    service.log.warn(
      { message: message.id },
      `${service.label}the message is dropped: its attempts are used up`,
    )
    return
  }
  await deactivate(
    restored(message, service),
    state,
    rules.deactivateSequence,
    'the attempts for a message are used up',
  )
}

/** Stops a processor; the message it stopped at goes through a sequence, and stays in the store. */
export async function deactivate(
  ctx: MessageContext,
  state: ProcessorState,
  sequence: Pipeline | undefined,
  reason: string,
): Promise<void> {
  state.isActive = false
  ctx.log.error({ message: ctx.id }, `${ctx.service.label}it is deactivated: ${reason}`)
  await inject(ctx, sequence)
}

/** A fresh copy of a stored message that says who works on it. */
export function restored(message: StoredMessage, service: Service): MessageContext {
  const ctx = message.restore(service)
  ctx.properties.set('message.processor.name', service.name)
  ctx.properties.set('ARTIFACT_NAME', `messageprocessor${service.name}`)
  return ctx
}
