import type { MessageContext } from '../core/context.ts'
import { Fault } from '../core/fault.ts'
import type { Endpoint, Pipeline, Service } from '../core/ports.ts'
import type { Message } from '../message/message.ts'
import { type DeliveryRules, deactivate, deliverStored, restored } from './delivery.ts'
import { inject, type ProcessorState, type Work } from './processor.ts'

/** How a forwarding processor is set up. */
export interface Forwarding {
  /** Name of the endpoint; without one the property `target.endpoint` of each message names it. */
  readonly target: string | undefined
  readonly successCodes: ReadonlySet<number>
  readonly replySequence: Pipeline | undefined
  readonly rules: DeliveryRules
}

/** Sends stored messages to an endpoint, in order, each until it is delivered. */
export function forwarding(service: Service, state: ProcessorState, setup: Forwarding): Work {
  const { rules } = setup
  return {
    async one(message, store, signal) {
      const probe = restored(message, service)
      const name = setup.target ?? probe.properties.get('target.endpoint')
      const endpoint = typeof name === 'string' ? service.deployment.endpoint(name) : undefined
      if (!endpoint) {
        const reason =
          name === undefined ? 'no endpoint is named to send to' : `there is no endpoint ${String(name)}`
        await deactivate(probe, state, rules.deactivateSequence, reason)
        return
      }
      await deliverStored(message, store, { service, state, rules, signal }, ctx =>
        attempt(ctx, endpoint, setup),
      )
    },
  }
}

async function attempt(
  ctx: MessageContext,
  endpoint: Endpoint,
  { successCodes, replySequence }: Forwarding,
): Promise<Fault | undefined> {
  const { counters } = ctx.service
  counters.received++
  let answer: Message | undefined
  try {
    answer = await endpoint.deliver(ctx)
  } catch (thrown) {
    counters.ended.faulted++
    ctx.properties.set('blocking.sender.error', 'true')
    return Fault.from(thrown)
  }
  const failure = answer && failureOf(answer, successCodes)
  if (answer && failure) {
    counters.ended.faulted++
    ctx.receive(answer)
    ctx.properties.set('blocking.sender.error', 'true')
    return failure
  }
  counters.ended.delivered++
  // Compatibility: the original stops the processor at an answer that no sequence takes; here it is let go of.
  if (!answer || !replySequence || ctx.isOneWay || isAcknowledgement(answer)) return undefined
  ctx.receive(answer)
  ctx.direction = 'response'
  await inject(ctx, replySequence)
  return undefined
}

/** Transports other than HTTP have no status: whatever comes back is a success. */
function failureOf({ status, reason }: Message, successCodes: ReadonlySet<number>): Fault | undefined {
  if (status === undefined || (status >= 200 && status < 300) || successCodes.has(status)) return undefined
  return new Fault(401002, `the backend answered ${status}${reason ? ` ${reason}` : ''}`)
}

/** A message that was taken in and not answered. */
function isAcknowledgement({ status, content }: Message): boolean {
  return status === 202 && content.isEmpty
}
