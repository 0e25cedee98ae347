import type { ServedService } from '../language/declare.ts'
import type { Diagnostics } from '../language/diagnostic.ts'
import type { ListenerAddress } from '../websocket/options.ts'

/** A listening socket to open, and what is served on it. */
export interface ListenerPlan {
  readonly address: ListenerAddress
  readonly services: readonly ServedService[]
  /** What takes requests that no service is for. */
  readonly fallback?: ServedService
}

/** The sockets all HTTP services share; undefined for one that is not there. */
export type SharedListeners = Readonly<Record<'http' | 'https', ListenerAddress | undefined>>

/**
 * Works out the sockets that services need. The sequence `main` takes what no service is for on those of the HTTP
 * transport; it has one opened only where nothing else is served.
 * @throws Error when one port is to be served with different TLS settings
 */
export function planListeners(
  services: readonly ServedService[],
  main: ServedService | undefined,
  shared: SharedListeners,
): ListenerPlan[] {
  // Port 0 asks for one of its own.
  const keyOf = (address: ListenerAddress): string | ListenerAddress =>
    address.port === 0 ? address : `${address.host ?? ''}:${address.port}`
  const groups = new Map<string | ListenerAddress, { address: ListenerAddress; services: ServedService[] }>()
  for (const served of services) {
    const { listener } = served
    if (listener === 'inbound endpoints') continue
    const address =
      typeof listener === 'string' ? shared[listener] : 'inbound' in listener ? undefined : listener
    if (!address) continue
    const group = groups.get(keyOf(address)) ?? { address, services: [] }
    if (!isSameTls(group.address, address))
      throw new Error(
        `${served.service.kind} ${served.service.name} cannot listen on port ${address.port}: it is served with other TLS settings already`,
      )
    groups.set(keyOf(address), group)
    if (address.rules && !group.address.rules) group.address = { ...group.address, rules: address.rules }
    group.services.push(served)
  }
  if (main && services.length === 0) {
    for (const address of [shared.http, shared.https])
      if (address) groups.set(keyOf(address), { address, services: [main] })
  }
  const common = [shared.http, shared.https].flatMap(address => (address ? [keyOf(address)] : []))
  return [...groups].map(([key, group]) => ({
    ...group,
    ...(main && common.includes(key) && { fallback: main }),
  }))
}

/** One port has one certificate, and one set of rules: a service that shares a port with another, and not these, is left out. */
export function withOneTls(services: readonly ServedService[], diagnostics: Diagnostics): ServedService[] {
  const first = new Map<string, { served: ServedService; address: ListenerAddress }>()
  return services.filter(served => {
    const { listener: address, service, span } = served
    if (typeof address !== 'object' || !('port' in address) || address.port === 0) return true
    const key = `${address.host ?? ''}:${address.port}`
    const other = first.get(key)
    if (!other) first.set(key, { served, address })
    if (!other) return true
    if (isSameTls(other.address, address)) {
      const clash = rulesClash(other.address, address)
      if (clash)
        diagnostics.report({
          severity: 'error',
          code: 'listener-clash',
          span,
          message: `${service.name} would be served on port ${address.port}, where ${other.served.service.name} says other things of server, http1Settings or requestLimits; it is left out.`,
          hint: 'Say them in one of the services, or the same in both.',
          related: [{ message: 'The first is here', span: other.served.span }],
        })
      else if (address.rules) first.set(key, { served, address })
      return !clash
    }
    diagnostics.report({
      severity: 'error',
      code: 'tls-clash',
      span,
      message: `${service.name} would be served on port ${address.port}, where ${other.served.service.name} has other TLS settings; it is left out.`,
      hint: 'Give one another port, or both the same key store and trust store.',
      related: [{ message: 'The first is here', span: other.served.span }],
    })
    return false
  })
}

/** Whether two addresses have the same certificates and checks. */
export function isSameTls({ tls: one }: ListenerAddress, { tls: other }: ListenerAddress): boolean {
  return one === other || JSON.stringify(one) === JSON.stringify(other)
}

/** Who says nothing goes along with who does. */
function rulesClash(one: ListenerAddress, other: ListenerAddress): boolean {
  return one.rules !== undefined && other.rules !== undefined && !hasSameRules(one, other)
}

/** Whether two addresses ask the same of their requests. */
export function hasSameRules({ rules: one }: ListenerAddress, { rules: other }: ListenerAddress): boolean {
  return one === other || JSON.stringify(one) === JSON.stringify(other)
}
