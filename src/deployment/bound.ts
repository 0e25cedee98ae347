import type { BoundTo, ServedService } from '../language/declare.ts'
import type { Diagnostics } from '../language/diagnostic.ts'

/**
 * Puts services that are bound to inbound endpoints where these are: on the listener of one for HTTP, among the APIs
 * of one for WebSockets.
 */
export function bound(services: readonly ServedService[], diagnostics: Diagnostics): ServedService[] {
  // One that takes both requests and WebSockets is there twice.
  const inbounds = Map.groupBy(
    services.filter(({ service }) => service.kind === 'inbound endpoint'),
    ({ service }) => service.name,
  )
  const apis = new Map<ServedService, ServedService[]>()
  const placed = services.flatMap(served => {
    if (!isBound(served.listener)) return [served]
    const { inbound } = served.listener
    const owners = inbounds.get(inbound)
    if (!owners) {
      const { kind, name } = served.service
      const message = `${kind} ${name} is bound to ${inbound}, and no inbound endpoint of that name listens for HTTP or WebSockets.`
      diagnostics.warning(served.span, 'missing-inbound', message)
      return []
    }
    return owners.flatMap(owner => {
      const there = { ...served, listener: owner.listener, http: { ...served.http, inbound } }
      if (!owner.webSocket) return [there]
      apis.set(owner, [...(apis.get(owner) ?? []), there])
      return []
    })
  })
  return placed.map(served => {
    const own = apis.get(served)
    return own ? { ...served, apis: own } : served
  })
}

function isBound(listener: ServedService['listener']): listener is BoundTo {
  return typeof listener === 'object' && 'inbound' in listener
}
