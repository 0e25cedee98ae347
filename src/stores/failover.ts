import { Fault } from '../core/fault.ts'
import type { Service } from '../core/ports.ts'
import type { Attempt, Delivery } from './delivery.ts'
import type { Work } from './processor-run.ts'

/** Moves stored messages to another store, in order, each until that one takes it. */
export function failover(service: Service, target: string, delivery: Delivery): Pick<Work, 'one'> {
  const { counters } = service
  const attempt: Attempt = async ctx => {
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
  }
  return { one: (taken, shift) => delivery.deliver(taken, shift, attempt) }
}
