import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Server as SecureServer } from 'node:https'
import type { Logger } from '../core/logger.ts'
import type { ListenerTlsOptions, RequestRules } from '../websocket/options.ts'
import { asksForWebSocket } from '../websocket/upgrade-check.ts'
import { RETRY_AFTER_S } from './handshake-refusal.ts'
import { readableHead } from './request-rules.ts'
import { checkClients, tlsServerOptions } from './tls-server.ts'

/** What an HTTP server puts up with. */
export interface HttpServerLimits {
  /** How long nothing may happen on the socket of a request, in milliseconds. */
  readonly socketTimeoutMs: number
  /** How long the head of a request may take to come in, in milliseconds; 0 for ever. */
  readonly headerTimeoutMs: number
  /** The largest head of a request, in bytes. */
  readonly maxHeaderBytes: number
  /** The most header fields of a request; 0 for any number. */
  readonly maxHeaders: number
}

/** What an HTTP server is made with. */
export interface HttpServerOptions {
  readonly limits: HttpServerLimits
  /** Certificates and checks; undefined for a server without TLS. */
  readonly tls: ListenerTlsOptions | undefined
  /** What it asks of requests besides its limits. */
  readonly rules?: RequestRules | undefined
  readonly log: Logger
}

/** How long a connection is kept for a next request, in milliseconds: longer than usual load balancers do. */
const KEEP_ALIVE_MS = 72_000

/** How often requests are looked for whose head takes too long, in milliseconds. */
const HEADER_CHECK_MS = 1_000

/** What is said of a request with more header fields than it may have. */
export const TOO_MANY_HEADERS = 'the request has too many header fields'

/** What is said of a request that comes when no more are taken. */
export const STOPPING = 'the gateway is stopping'

/**
 * Makes a server that gives its requests to `onRequest`; it does not listen yet. How many header fields a request
 * has is for its taker to check, with `hasTooManyHeaders`.
 */
export function makeHttpServer(
  { limits, tls, rules, log }: HttpServerOptions,
  onRequest: (request: IncomingMessage, response: ServerResponse) => void,
): Server {
  const { socketTimeoutMs, headerTimeoutMs, maxHeaderBytes, maxHeaders } = limits
  const options = {
    shouldUpgradeCallback: asksForWebSocket,
    requestTimeout: 0,
    headersTimeout: headerTimeoutMs,
    connectionsCheckingInterval: HEADER_CHECK_MS,
    maxHeaderSize: readableHead(rules, maxHeaderBytes),
  }
  // To import a value of node:http as a module loads all it exports, an HTTP client and a WebSocket among them.
  const server = tls
    ? process.getBuiltinModule('node:https').createServer({ ...tlsServerOptions(tls), ...options }, onRequest)
    : process.getBuiltinModule('node:http').createServer(options, onRequest)
  if (tls) checkClients(server as SecureServer, tls, log)
  server.keepAliveTimeout = KEEP_ALIVE_MS
  // What is beyond this is left out without a word: one more shows that there was more.
  server.maxHeadersCount = maxHeaders === 0 ? 0 : maxHeaders + 1
  server.timeout = socketTimeoutMs
  return server as Server
}

/** Whether a request has more header fields than it may have; 0 for any number. */
export function hasTooManyHeaders({ rawHeaders }: IncomingMessage, maxHeaders: number): boolean {
  return maxHeaders > 0 && rawHeaders.length > 2 * maxHeaders
}

/** Answers a request that has too many header fields. */
export function refuseHeaders(response: ServerResponse): void {
  response.writeHead(431, { 'Content-Type': 'application/json', Connection: 'close' })
  response.end(JSON.stringify({ message: TOO_MANY_HEADERS }))
}

/** Answers a request that comes when no more are taken. */
export function refuseStopping(response: ServerResponse): void {
  response.writeHead(503, {
    'Content-Type': 'application/json',
    'Retry-After': String(RETRY_AFTER_S),
    Connection: 'close',
  })
  response.end(JSON.stringify({ message: STOPPING }))
}
