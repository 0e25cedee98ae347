import type { Build } from '../language/declare.ts'
import { HttpClient } from './http-client.ts'
import { SharedLinks } from './shared-links.ts'
import { WebSocketEndpoint } from './websocket.ts'

/** The HTTP client of the process: it outlives deployments, and its connections with it. */
export function httpClient(build: Build): HttpClient {
  return build.resource('connections to HTTP backends', () => new HttpClient(build.settings.httpClient))
}

/** Makes the endpoint at a WebSocket address. */
export function webSocketTo(address: string, name: string, build: Build): WebSocketEndpoint {
  const shared = build.resource('links shared by callers without a session', () => new SharedLinks())
  return new WebSocketEndpoint(name || address, address, build.settings.webSocket, shared)
}
