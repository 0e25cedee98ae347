import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { ServerOptions, WebSocket, WebSocketServer } from 'ws'
import { Connection, type ConnectionEvents, OrderedWebSocket } from './connection.ts'
import type { ConnectionOptions } from './options.ts'

const chosenProtocol = Symbol('chosen subprotocol')
type Request = IncomingMessage & { [chosenProtocol]?: string }

/** Gives the settings of the server that upgrades: no compression, our limits, no list of clients of its own. */
export function acceptOptions(options: ConnectionOptions): ServerOptions {
  return {
    perMessageDeflate: false,
    clientTracking: false,
    autoPong: false,
    WebSocket: OrderedWebSocket,
    maxPayload: options.maxMessageBytes,
    // Typed from the version that introduced it on.
    ...({ closeTimeout: options.closeTimeoutMs } as ServerOptions),
  }
}

/** Prepares a server for subprotocols that are chosen by `chooseSubprotocol`. */
export function announceSubprotocols(server: WebSocketServer): void {
  server.on('headers', (headers: string[], request: Request) => {
    const chosen = request[chosenProtocol]
    if (chosen) headers.push(`Sec-WebSocket-Protocol: ${chosen}`)
  })
}

/**
 * Chooses the first of the client's subprotocols that is served, and remembers it for the 101 answer.
 *
 * The header is read and taken off here because the library refuses what is no token, and
 * `synapse(contentType='application/json')` is none. Returns '' when nothing fits: the upgrade goes on without
 * a subprotocol (RFC 6455, 4.2.2).
 */
export function chooseSubprotocol(request: IncomingMessage, isServed: (name: string) => boolean): string {
  const header = request.headers['sec-websocket-protocol']
  if (header === undefined) return ''
  delete request.headers['sec-websocket-protocol']
  const chosen = splitSubprotocols(header).find(isServed) ?? ''
  ;(request as Request)[chosenProtocol] = chosen
  return chosen
}

/** Gives what `chooseSubprotocol` chose for a request. */
export function chosenSubprotocol(request: IncomingMessage): string {
  return (request as Request)[chosenProtocol] ?? ''
}

/** Splits a `Sec-WebSocket-Protocol` header at its commas, but not at those inside quotes or brackets. */
export function splitSubprotocols(header: string): string[] {
  const names: string[] = []
  let start = 0
  let end = ''
  for (let i = 0; i < header.length; i++) {
    const character = header[i]!
    if (end !== '') {
      if (character === end) end = ''
    } else if (character === "'" || character === '"') end = character
    else if (character === '(') end = ')'
    else if (character === ',') {
      names.push(header.slice(start, i))
      start = i + 1
    }
  }
  names.push(header.slice(start))
  return names.map(name => name.trim()).filter(name => name !== '')
}

/**
 * Makes a connection of an upgraded client. What only the upgrade needed is let go of: the response that was never
 * sent, and the listener that keeps request and response (`benchmarks/memory.bench.ts`).
 */
export function accept(
  webSocket: WebSocket,
  request: IncomingMessage,
  options: { readonly subprotocol: string; readonly maxMessageBytes: number },
  events: ConnectionEvents,
): Connection {
  const socket = request.socket as Duplex & { _httpMessage?: ServerResponse | null }
  socket._httpMessage?.detachSocket(request.socket)
  // The connection listens for errors from here on.
  webSocket.removeAllListeners('error')
  return new Connection(webSocket, socket, { ...options, isClient: false }, events)
}
