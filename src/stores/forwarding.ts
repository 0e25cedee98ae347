import type { MessageContext } from '../core/context.ts'
import { Fault } from '../core/fault.ts'
import type { Endpoint, Pipeline, Service } from '../core/ports.ts'
import type { Message } from '../message/message.ts'
import type { Deactivation } from './deactivation.ts'
import type { Delivery } from './delivery.ts'
import { inject } from './inject.ts'
import type { Work } from './processor-run.ts'
import type { StoredMessage } from './stored-message.ts'

/** How a forwarding processor is set up. */
export interface Forwarding {
  /** Name of the endpoint; without one the property `target.endpoint` of each message names it. */
  readonly target: string | undefined
  readonly successCodes: ReadonlySet<number>
  readonly replySequence: Pipeline | undefined
  readonly delivery: Delivery
  readonly deactivation: Deactivation
}

/** Sends stored messages to an endpoint, in order, each until it is delivered. */
export function forwarding(service: Service, setup: Forwarding): Pick<Work, 'one'> {
  const { delivery, deactivation } = setup
  return {
    async one(taken, shift) {
      const name = setup.target ?? targetOf(taken.message, service)
      const endpoint = name === undefined ? undefined : service.deployment.endpoint(name)
      if (endpoint) {
        await delivery.deliver(taken, shift, ctx => attempt(ctx, endpoint, setup))
        return
      }
      const reason = name === undefined ? 'no endpoint is named to send to' : `there is no endpoint ${name}`
      await deactivation.at(taken.message, reason, new Fault(305100, reason))
    },
  }
}

function targetOf(message: StoredMessage, service: Service): string | undefined {
  const name = message.restore(service).properties.get('target.endpoint')
  return typeof name === 'string' && name.trim() !== '' ? name.trim() : undefined
}

async function attempt(
  ctx: MessageContext,
  endpoint: Endpoint,
  { successCodes, replySequence }: Forwarding,
): Promise<Fault | undefined> {
  const { counters } = ctx.service
  counters.received++
  const takesReply = replySequence !== undefined && !ctx.isOneWay
  let answer: Message | undefined
  try {
    const delivered = endpoint.deliver(ctx)
    answer = delivered instanceof Promise ? await delivered : delivered
    if (answer?.content.isArriving) await comeIn(answer, takesReply || isFailure(answer, successCodes))
  } catch (thrown) {
    counters.ended.faulted++
    ctx.properties.set('blocking.sender.error', 'true')
    return asBlocking(Fault.from(thrown))
  }
  if (answer && isFailure(answer, successCodes)) {
    counters.ended.faulted++
    const { status, reason } = answer
    ctx.receive(answer)
    ctx.properties.set('blocking.sender.error', 'true')
    return new Fault(401002, `the backend answered ${status}${reason ? ` ${reason}` : ''}`, {
      detail: textOf(answer),
    })
  }
  counters.ended.delivered++
  // Compatibility: the original stops the processor at an answer that no sequence takes; here it is let go of.
  if (!answer || !takesReply || isAcknowledgement(answer)) return undefined
  ctx.receive(answer)
  ctx.direction = 'response'
  await inject(ctx, replySequence)
  return undefined
}

/** An answer nobody wants may break off: the message is delivered all the same. */
async function comeIn({ content }: Message, isWanted: boolean): Promise<void> {
  try {
    await content.collect()
  } catch (error) {
    if (isWanted) throw error
  }
}

/** Its charset may be one that nobody knows. */
function textOf({ content }: Message): string {
  try {
    return content.text()
  } catch {
    return ''
  }
}

/** Transports other than HTTP have no status: whatever comes back is a success. */
function isFailure({ status }: Message, successCodes: ReadonlySet<number>): boolean {
  return status !== undefined && (status < 200 || status >= 300) && !successCodes.has(status)
}

/** Compatibility: a message is forwarded by a blocking call, and what its backend does wrong has the code of these. */
function asBlocking(fault: Fault): Fault {
  if (!fault.isDelivery) return fault
  return new Fault(401002, fault.message, { detail: fault.detail, cause: fault })
}

/** A message that was taken in and not answered. */
function isAcknowledgement({ status, content }: Message): boolean {
  return status === 202 && content.isEmpty
}
