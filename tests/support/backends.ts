import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import { createServer as createTlsServer, type ServerOptions } from 'node:https'
import {
  type AddressInfo,
  createServer as createTcpServer,
  type Socket,
  type Server as TcpServer,
} from 'node:net'
import { type WebSocket, WebSocketServer } from 'ws'
import { type Closed, Frames } from './clients.ts'

/** One connection to a backend. */
export class BackendConnection {
  readonly webSocket: WebSocket
  readonly request: IncomingMessage
  readonly received = new Frames()
  /** Resolves when the connection is over. */
  readonly closed: Promise<Closed>

  constructor(webSocket: WebSocket, request: IncomingMessage) {
    this.webSocket = webSocket
    this.request = request
    this.closed = new Promise(resolve =>
      webSocket.on('close', (code, reason) => {
        this.received.end(`the connection was closed with ${code} ${reason}`)
        resolve({ code, reason: reason.toString() })
      }),
    )
  }
}

/** How a backend behaves. */
export interface BackendOptions {
  /** Answers a message; without it messages are only kept. */
  readonly answer?: (data: Buffer, isBinary: boolean, connection: BackendConnection) => void
  /** Runs when a client has connected. */
  readonly greet?: (connection: BackendConnection) => void
  /** The subprotocol chosen, from what the client offers. */
  readonly choose?: (offered: string | undefined) => string | undefined
  /** Handshakes wait for it. */
  readonly gate?: Promise<unknown>
  readonly port?: number
  readonly tls?: ServerOptions
}

/** A WebSocket server that keeps what it gets. Going out of scope cuts its connections and frees the port. */
export class Backend implements AsyncDisposable {
  readonly connections: BackendConnection[] = []
  /** What came over all connections. */
  readonly received = new Frames()
  readonly #server: Server
  readonly #scheme: string
  readonly #sockets = new Set<Socket>()
  #onConnection: (() => void)[] = []
  #accepted = 0

  constructor(server: Server, scheme: string) {
    this.#server = server
    this.#scheme = scheme
    server.on('connection', socket => {
      this.#accepted++
      this.#sockets.add(socket)
      socket.on('close', () => this.#sockets.delete(socket))
    })
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  get url(): string {
    return `${this.#scheme}://localhost:${this.port}/websocket`
  }

  /** Connections there are now, with and without a handshake. */
  get open(): number {
    return this.#sockets.size
  }

  /** TCP connections there have been. */
  get accepted(): number {
    return this.#accepted
  }

  /** Waits for a connection, the first unless told. */
  async connection(number = 1): Promise<BackendConnection> {
    while (this.connections.length < number) {
      await new Promise<void>(resolve => this.#onConnection.push(resolve))
    }
    return this.connections[number - 1]!
  }

  joined(connection: BackendConnection): void {
    this.connections.push(connection)
    for (const wake of this.#onConnection.splice(0)) wake()
  }

  /** Cuts every connection and frees the port, as a process that is killed does. */
  async kill(): Promise<void> {
    if (!this.#server.listening) return
    const closed = once(this.#server, 'close')
    this.#server.close()
    for (const socket of this.#sockets) socket.resetAndDestroy()
    await closed
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill()
  }
}

/** Starts a backend that keeps what it gets. */
export async function startBackend(options: BackendOptions = {}): Promise<Backend> {
  const { answer, greet, choose, gate, port = 0, tls } = options
  const server = tls ? createTlsServer(tls) : createServer()
  const backend = new Backend(server as Server, tls ? 'wss' : 'ws')
  const webSockets = new WebSocketServer({ noServer: true, maxPayload: 0, clientTracking: false })
  const chosen = new WeakMap<IncomingMessage, string>()
  webSockets.on('headers', (headers, request) => {
    const name = chosen.get(request)
    if (name !== undefined) headers.push(`Sec-WebSocket-Protocol: ${name}`)
  })
  server.on('upgrade', async (request, socket, head) => {
    socket.on('error', () => {})
    await gate
    const name = choose?.(request.headers['sec-websocket-protocol'])
    // The library refuses subprotocols that are no tokens, so the header is kept from it.
    delete request.headers['sec-websocket-protocol']
    if (name !== undefined) chosen.set(request, name)
    webSockets.handleUpgrade(request, socket, head, webSocket => {
      const connection = new BackendConnection(webSocket, request)
      webSocket.on('error', () => {})
      webSocket.on('message', (data: Buffer, isBinary) => {
        connection.received.add(data, isBinary)
        backend.received.add(data, isBinary)
        answer?.(data, isBinary, connection)
      })
      backend.joined(connection)
      greet?.(connection)
    })
  })
  await once(server.listen(port, '127.0.0.1'), 'listening')
  return backend
}

/** Starts a backend that sends back what it gets. */
export function startEcho(options: BackendOptions = {}): Promise<Backend> {
  return startBackend({
    answer: (data, isBinary, { webSocket }) => webSocket.send(data, { binary: isBinary }),
    ...options,
  })
}

/** Starts a backend that answers text in upper case, and sends binary messages back. */
export function startUpper(options: BackendOptions = {}): Promise<Backend> {
  return startBackend({
    answer: (data, isBinary, { webSocket }) =>
      webSocket.send(isBinary ? data : data.toString().toUpperCase()),
    ...options,
  })
}

/** A server below WebSocket, for backends that do not behave. */
export class RawBackend implements AsyncDisposable {
  readonly sockets: Socket[] = []
  readonly #server: TcpServer

  constructor(server: TcpServer) {
    this.#server = server
    server.on('connection', socket => this.sockets.push(socket.on('error', () => {})))
  }

  get url(): string {
    return `ws://127.0.0.1:${(this.#server.address() as AddressInfo).port}/websocket`
  }

  /** Connections there are now. */
  get open(): number {
    return this.sockets.filter(socket => !socket.destroyed).length
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, 'close')
    this.#server.close()
    for (const socket of this.sockets) socket.destroy()
    await closed
  }
}

/** Starts a server that takes connections and never says anything. */
export function startSilent(): Promise<RawBackend> {
  return startRaw(socket => socket.resume())
}

/** Starts a server that answers every request with a status. */
export function startRefusing(status: number): Promise<RawBackend> {
  const answer = `HTTP/1.1 ${status} No\r\nContent-Length: 0\r\n\r\n`
  return startRaw(socket => socket.once('data', () => socket.write(answer)))
}

/** Starts a server that does with each connection what it is told. */
export async function startRaw(act: (socket: Socket) => void): Promise<RawBackend> {
  const server = createTcpServer(act)
  const backend = new RawBackend(server)
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return backend
}

/** A port nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createTcpServer()
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  await once(server.close(), 'close')
  return port
}
