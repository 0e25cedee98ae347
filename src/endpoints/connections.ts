import type { Build } from '../language/declare.ts'
import { type CompressionConfig, compressionFor } from './compression-field.ts'
import { ConnectGates } from './connect-gate.ts'
import { HttpClient } from './http-client.ts'
import { SharedLinks } from './shared-links.ts'
import type { Survival } from './survival-fields.ts'
import { WebSocketEndpoint } from './websocket.ts'

/** The HTTP client of the process: it outlives deployments, and its connections with it. */
export function httpClient(build: Build): HttpClient {
  return build.resource('connections to HTTP backends', () => new HttpClient(build.settings.httpClient))
}

/** What lets attempts to connect to WebSocket backends through: one for the process. */
export function connectGates(build: Build): ConnectGates {
  return build.resource('attempts to connect to WebSocket backends', () => new ConnectGates())
}

/** Makes the endpoint at a WebSocket address. */
export function webSocketTo(
  address: string,
  name: string,
  build: Build,
  survival: Survival = {},
  compression?: CompressionConfig,
): WebSocketEndpoint {
  const shared = build.resource('links shared by callers without a session', () => new SharedLinks())
  const { webSocket } = build.settings
  const settings = { ...webSocket, compression: compressionFor(compression, webSocket.compression) }
  return new WebSocketEndpoint(name || address, address, {
    settings,
    shared,
    survival,
    gates: connectGates(build),
  })
}
