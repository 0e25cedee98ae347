import { setTimeout as pause } from 'node:timers/promises'
import type { ProcessorControl } from '../../core/ports.ts'
import { type Api, fieldOf, listed, queryOf, refuse } from '../api.ts'

/** Compatibility: what the kinds are called in lists. */
const TYPES: Readonly<Record<string, string>> = {
  forwarding: 'Scheduled-message-forwarding-processor',
  failover: 'Failover-scheduled-message-forwarding-processor',
  sampling: 'Message-sampling-processor',
}

/** How long it may take until a state is kept; where it is kept may be away. */
const KEPT_WITHIN_MS = 2_000
const NOT_KEPT = 'that is not kept yet, and is tried again: other processes, and a restart, do not know of it'

const STATES: Readonly<Record<string, boolean>> = { active: true, inactive: false }

/** Tells of message processors, and switches them on and off. */
export function processorRoutes({ on, gateway }: Api): void {
  const find = (name: unknown): ProcessorControl | undefined =>
    gateway.processors.find(processor => processor.name === name)
  on('/message-processors', {
    GET(request, reply) {
      const name = queryOf(request, 'name')
      if (name === undefined) return listed(request, gateway.processors.map(shown), each => each.name)
      const found = find(name)
      return found ? { ...shown(found), messageStore: found.store } : reply.code(404).send()
    },
    async POST(request, reply) {
      const found = find(fieldOf(request, 'name'))
      const status = fieldOf(request, 'status')
      if (!found) return refuse(reply, 404, 'there is no message processor of that name')
      const isActive = typeof status === 'string' ? STATES[status] : undefined
      if (isActive === undefined)
        return refuse(reply, 400, `status is ${JSON.stringify(status)}; expected active or inactive`)
      const kept = found.switchTo(isActive).then(() => true)
      const isKept = await Promise.race([kept, pause(KEPT_WITHIN_MS, false, { ref: false })])
      const Message = `${found.name} : is ${isActive ? 'activated' : 'deactivated'}`
      return isKept ? { Message } : { Message: `${Message}; ${NOT_KEPT}` }
    },
  })
}

function shown({ name, kind, isActive }: ProcessorControl): {
  readonly name: string
  readonly type: string
  readonly status: string
} {
  return { name, type: TYPES[kind] ?? kind, status: isActive ? 'active' : 'inactive' }
}
