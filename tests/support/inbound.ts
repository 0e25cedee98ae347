import { format } from '../../src/language/diagnostic.ts'
import type { WebSocketServiceOptions } from '../../src/websocket/options.ts'
import { deployed } from './mediate.ts'

/** What an inbound endpoint with parameters has come to. */
export interface DeployedInbound {
  /** What its clients get; undefined where it could not be deployed. */
  readonly options: WebSocketServiceOptions | undefined
  /** What was found wrong, as it is shown; '' for nothing. */
  readonly found: string
}

/** Deploys a WebSocket inbound endpoint with parameters; the prefix `o` stands for `urn:o` in expressions. */
export function inbound(parameters: Readonly<Record<string, string>>): DeployedInbound {
  const all = Object.entries({ 'inbound.ws.port': '0', ...parameters })
  const { services, diagnostics } = deployed({
    's.xml': '<sequence name="s"><drop/></sequence>',
    'i.xml': `<inboundEndpoint name="i" protocol="ws" sequence="s" xmlns:o="urn:o">
${all.map(([name, value]) => `<parameter name="${name}">${value}</parameter>`).join('\n')}
</inboundEndpoint>`,
  })
  const found = diagnostics.all().map(each => format(each))
  return { options: services[0]?.webSocket, found: found.join('\n') }
}
