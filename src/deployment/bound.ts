import type { BoundTo, ServedService } from '../language/declare.ts'
import type { Diagnostics } from '../language/diagnostic.ts'

/** Puts services that are bound to HTTP inbound endpoints on the listeners of these. */
export function bound(services: readonly ServedService[], diagnostics: Diagnostics): ServedService[] {
  const inbounds = new Map(
    services
      .filter(({ service, webSocket }) => service.kind === 'inbound endpoint' && !webSocket)
      .map(served => [served.service.name, served]),
  )
  return services.flatMap(served => {
    if (!isBound(served.listener)) return [served]
    const { inbound } = served.listener
    const owner = inbounds.get(inbound)
    if (owner) return [{ ...served, listener: owner.listener, http: { ...served.http, inbound } }]
    const { kind, name } = served.service
    const message = `${kind} ${name} is bound to ${inbound}, and no HTTP inbound endpoint of that name listens.`
    diagnostics.warning(served.span, 'missing-inbound', message)
    return []
  })
}

function isBound(listener: ServedService['listener']): listener is BoundTo {
  return typeof listener === 'object' && 'inbound' in listener
}
