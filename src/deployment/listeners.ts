import type { ServedService } from '../language/declare.ts'
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
    const address =
      typeof listener === 'string' ? shared[listener] : 'inbound' in listener ? undefined : listener
    if (!address) continue
    const group = groups.get(keyOf(address)) ?? { address, services: [] }
    groups.set(keyOf(address), group)
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
