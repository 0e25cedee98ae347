import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { ServerOptions, WebSocket, WebSocketServer } from 'ws'
import { type Accepted, acceptOffer } from './compression.ts'
import { Connection, type ConnectionEvents } from './connection.ts'
import { type FrameLog, logFrames } from './frame-log.ts'
import { type CompressionOptions, type ConnectionOptions, DEFAULT_CONNECTION_OPTIONS } from './options.ts'
import { Upgraded } from './upgraded.ts'

const chosenProtocol = Symbol('chosen subprotocol')
const agreedCompression = Symbol('agreed compression')
const moreHeaders = Symbol('more headers')
type Request = IncomingMessage & {
  [chosenProtocol]?: string
  [agreedCompression]?: Accepted
  [moreHeaders]?: readonly string[]
}

/** Gives the settings of the server that upgrades. It does that alone: it reads and writes no frames. */
export function acceptOptions(): ServerOptions {
  return { perMessageDeflate: false, clientTracking: false, autoPong: false, WebSocket: Upgraded }
}

/** Prepares a server for what is chosen by `chooseSubprotocol` and `chooseCompression`. */
export function announceChoices(server: WebSocketServer): void {
  server.on('headers', (headers: string[], request: Request) => {
    const chosen = request[chosenProtocol]
    if (chosen) headers.push(`Sec-WebSocket-Protocol: ${chosen}`)
    const agreed = request[agreedCompression]
    if (agreed) headers.push(`Sec-WebSocket-Extensions: ${agreed.header}`)
    const more = request[moreHeaders]
    if (more) headers.push(...more)
  })
}

/**
 * Takes the first of the client's offers to compress that can be taken, and remembers it for the 101 answer. Without
 * options, or where none can be, the upgrade goes on without. False where the header is malformed: the handshake fails
 * then (RFC 6455, 9.1).
 */
export function chooseCompression(
  request: IncomingMessage,
  options: CompressionOptions | undefined,
): boolean {
  const header = request.headers['sec-websocket-extensions']
  if (header === undefined) return true
  const accepted = acceptOffer(header, options)
  if (accepted === 'malformed') return false
  if (accepted) (request as Request)[agreedCompression] = accepted
  return true
}

/**
 * Chooses the first of the client's subprotocols that is served, and remembers it for the 101 answer.
 *
 * The header is read and taken off here because the library refuses what is no token, and
 * `synapse(contentType='application/json')` is none. Returns '' when nothing fits: the upgrade goes on without
 * a subprotocol (RFC 6455, 4.2.2).
 */
export function chooseSubprotocol(request: IncomingMessage, isServed: (name: string) => boolean): string {
  const chosen = takeSubprotocols(request).find(isServed) ?? ''
  answerSubprotocol(request, chosen)
  return chosen
}

/** Takes the list of the client's subprotocols off a request; see `chooseSubprotocol`. */
export function takeSubprotocols(request: IncomingMessage): string[] {
  const header = request.headers['sec-websocket-protocol']
  if (header === undefined) return []
  delete request.headers['sec-websocket-protocol']
  return splitSubprotocols(header)
}

/** Remembers further headers for the 101 answer, each as a line. */
export function answerHeaders(request: IncomingMessage, lines: readonly string[]): void {
  if (lines.length > 0) (request as Request)[moreHeaders] = lines
}

/** Remembers a subprotocol for the 101 answer; '' for none. */
export function answerSubprotocol(request: IncomingMessage, name: string): void {
  ;(request as Request)[chosenProtocol] = name
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
 * Makes a connection of an upgraded client, with what was chosen for it. What only the upgrade needed is let go of: the
 * response that was never sent (`benchmarks/memory.bench.ts`).
 */
export function accept(
  webSocket: WebSocket,
  request: IncomingMessage,
  options: Partial<ConnectionOptions> & { readonly subprotocol: string },
  events: ConnectionEvents,
  frameLog?: FrameLog,
): Connection {
  const { socket } = webSocket as Upgraded
  if (frameLog) logFrames(socket, frameLog)
  ;(socket as Duplex & { _httpMessage?: ServerResponse | null })._httpMessage?.detachSocket(request.socket)
  const compression = (request as Request)[agreedCompression]?.agreement
  return new Connection(
    socket,
    { ...DEFAULT_CONNECTION_OPTIONS, ...options, compression, isClient: false },
    events,
  )
}
