import type { ChannelModel, ChannelServer, PlacedChannel } from '../core/channel-model.ts'
import type { ServedService } from '../language/declare.ts'
import type { SharedListeners } from './listeners.ts'

/** Says what WebSocket clients find where; what is served at several places is there once. */
export function servedChannels(
  services: readonly ServedService[],
  shared: SharedListeners,
  host: string,
): PlacedChannel[] {
  const placed = new Map<string, { channel: ChannelModel; servers: Map<string, ChannelServer> }>()
  for (const served of services) {
    if (!served.webSocket) continue
    const server = serverOf(served, shared, host)
    if (!server) continue
    const channels = [served, ...(served.apis ?? [])].flatMap(each => each.channels?.() ?? [])
    for (const channel of channels) {
      const key = `${channel.kind} ${channel.name} ${channel.address}`
      const known = placed.get(key) ?? { channel, servers: new Map<string, ChannelServer>() }
      placed.set(key, known)
      known.servers.set(`${server.isSecure} ${server.port}`, server)
    }
  }
  return [...placed]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, { channel, servers }]) => ({ channel, servers: [...servers.values()] }))
}

/** Undefined where nothing listens for it. Those that share a listener get the same one. */
function serverOf(
  { listener }: ServedService,
  shared: SharedListeners,
  host: string,
): ChannelServer | undefined {
  const address =
    typeof listener === 'object'
      ? 'port' in listener
        ? listener
        : undefined
      : listener === 'inbound endpoints'
        ? undefined
        : shared[listener]
  if (!address) return undefined
  const { port, tls } = address
  const isBoundToOne = address.host !== undefined && !/^(?:0\.0\.0\.0|::|)$/.test(address.host)
  return {
    host: host === '' ? (isBoundToOne ? address.host! : 'localhost') : host,
    port,
    isSecure: tls !== undefined,
    ...(tls?.requireClientCertificate && { clientCertificates: 'required' }),
    ...(!tls?.requireClientCertificate && tls?.asksClientCertificate && { clientCertificates: 'optional' }),
  }
}
