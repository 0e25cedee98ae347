import { Fault } from '../core/fault.ts'
import type { Service } from '../core/ports.ts'
import { type DeliveryRules, deliverStored } from './delivery.ts'
import type { ProcessorState, Work } from './processor.ts'

/** Moves stored messages to another store, in order, each until that one takes it. */
export function failover(
  service: Service,
  state: ProcessorState,
  { target, rules }: { target: string; rules: DeliveryRules },
): Work {
  return {
    one: (message, store, signal) =>
      deliverStored(message, store, { service, state, rules, signal }, async ctx => {
        const { counters } = service
        counters.received++
        try {
          const other = service.deployment.messageStore(target)
          if (!other) throw new Fault(0, `Message Store ${target} does not exist.`)
          await other.put(ctx)
          counters.ended.delivered++
          return undefined
        } catch (thrown) {
          counters.ended.faulted++
          return Fault.from(thrown)
        }
      }),
  }
}
