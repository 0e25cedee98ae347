import { randomUUID } from 'node:crypto'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Server as SecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import fastifyWebSocket from '@fastify/websocket'
import Fastify, {
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify'
import type { Logger } from '../core/logger.ts'
import type { Lifecycle } from '../core/ports.ts'
import type { ServedService } from '../language/declare.ts'
import {
  accept,
  acceptOptions,
  announceSubprotocols,
  chooseSubprotocol,
  chosenSubprotocol,
} from '../websocket/accept.ts'
import {
  anyHost,
  type ConnectionOptions,
  type ListenerAddress,
  type ListenerTlsOptions,
} from '../websocket/options.ts'
import { clientAddress } from './client-address.ts'
import { certificateOf } from './client-certificate.ts'
import { answerHttp } from './http.ts'
import { HttpRequest, originForm } from './http-request.ts'
import { HttpRoutes } from './http-routes.ts'
import { RouteTable } from './route-table.ts'
import { ClientSessions } from './sessions.ts'
import { checkClients, renewTls, tlsServerOptions } from './tls-server.ts'

/** What a listener works with, beside its services. */
export interface ListenerOptions {
  readonly limits: ListenerLimits
  readonly log: Logger
  /** Services of the HTTP transport, for inbound endpoints that pass requests on to them. */
  readonly shared?: HttpRoutes
  /** What takes requests that no service is for; without it they are 404. */
  readonly fallback?: ServedService
}

/** The limits of a listener. */
export interface ListenerLimits {
  readonly connection: ConnectionOptions
  /** The largest body of an HTTP request that is read in, in bytes. */
  readonly maxBodyBytes: number
  /** How long nothing may happen on the socket of a request, in milliseconds. */
  readonly socketTimeoutMs: number
}

/** How long a connection is kept for a next request, in milliseconds: longer than usual load balancers do. */
const KEEP_ALIVE_MS = 72_000

/**
 * One listening socket, shared by all services with its address. A catch-all route asks the route table, because
 * routes cannot be added once the server listens.
 */
export class Listener implements Lifecycle {
  readonly #address: ListenerAddress
  readonly #limits: ListenerLimits
  readonly #log: Logger
  readonly #http: HttpRoutes
  readonly #shared: HttpRoutes | undefined
  readonly #fallback: ServedService | undefined
  readonly #webSocket = new RouteTable<ClientSessions>()
  #server: FastifyInstance | undefined
  #isDraining = false

  constructor(address: ListenerAddress, services: readonly ServedService[], options: ListenerOptions) {
    this.#address = address
    this.#limits = options.limits
    this.#log = options.log
    this.#shared = options.shared
    this.#fallback = options.fallback
    this.#http = new HttpRoutes(services.filter(({ webSocket }) => !webSocket))
    for (const served of services) {
      if (served.webSocket) this.#webSocket.add(served.path, new ClientSessions(served))
    }
  }

  /** The port in use; once started. */
  get port(): number {
    return (this.#server?.server.address() as AddressInfo | null)?.port ?? this.#address.port
  }

  get isSecure(): boolean {
    return this.#address.tls !== undefined
  }

  /** @throws Error when the port is taken or may not be used */
  async start(): Promise<void> {
    const { host, port } = this.#address
    const { connection } = this.#limits
    const server = Fastify({
      logger: false,
      forceCloseConnections: 'idle',
      exposeHeadRoutes: false,
      rewriteUrl: ({ url = '/' }) => originForm(url),
      serverFactory: unserved => this.#makeServer(unserved),
      frameworkErrors: (error: FastifyError, request: FastifyRequest, reply: FastifyReply) => {
        // No hook runs for an address that cannot be read, and it is in a hook that refused upgrades are let go of.
        if (isWebSocketUpgrade(request.raw)) reply.raw.once('finish', () => request.raw.socket.destroy())
        void this.#refuseRequest(error, request, reply)
      },
    })
    server.removeAllContentTypeParsers()
    server.addContentTypeParser('*', (_request, _body, done) => done(null))
    await server.register(fastifyWebSocket, {
      // The plugin's types name the module where the class is meant.
      options: acceptOptions(connection) as object,
      preClose: done => done(),
    })
    announceSubprotocols(server.websocketServer)
    server.setErrorHandler((error: FastifyError, request, reply) =>
      this.#refuseRequest(error, request, reply),
    )
    server.addHook('onRequest', async (request, reply) => this.#admit(request, reply))
    server.route({
      method: 'GET',
      url: '/*',
      handler: (request, reply) => this.#answerUnserved(request, reply),
      wsHandler: (webSocket, request) => this.#upgraded(webSocket as never, request),
    })
    server.route({
      method: ['POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS'],
      url: '/*',
      handler: (request, reply) => this.#answerUnserved(request, reply),
    })
    this.#server = server
    await server.listen({ port, host: host ?? anyHost(), backlog: 4096 })
  }

  /** Serves other certificates to those who connect from now on; connections that are there go on. */
  renew(tls: ListenerTlsOptions): void {
    if (this.#server && this.isSecure) renewTls(this.#server.server as unknown as SecureServer, tls)
  }

  async stop(graceMs: number): Promise<void> {
    const server = this.#server
    if (!server) return
    this.#server = undefined
    this.#isDraining = true
    const timeIsUp = new Promise(resolve => setTimeout(resolve, graceMs).unref())
    const closed = server.close()
    // Connections that were busy when the server closed stay open for a next request unless somebody sees to it.
    const closingIdle = setInterval(() => server.server.closeIdleConnections(), 20)
    await Promise.all(this.#webSocket.values().map(sessions => sessions.stop(graceMs)))
    await Promise.race([closed, timeIsUp])
    clearInterval(closingIdle)
    server.server.closeAllConnections()
    await closed
  }

  /** A request that could not be taken in. */
  #refuseRequest(error: FastifyError, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const status = error.statusCode ?? 500
    const { message } = error
    const id = randomUUID()
    this.#log.warn(
      { id, status, code: error.code, client: clientAddress(request.raw) },
      `refused ${request.method} ${pathOf(request.raw)}: ${message}`,
    )
    return refuse(reply, status, status < 500 ? message : 'the request could not be handled', id)
  }

  /** Decides about an upgrade before it is answered. */
  async #admit(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    if (!request.ws) return
    const sessions = this.#webSocket.find(pathOf(request.raw))
    if (this.#isDraining) await refuse(reply, 503, 'the gateway is stopping')
    else if (!sessions) await refuse(reply, 404, 'nothing is served here')
    else if (sessions.options.isSuspended) await refuse(reply, 503, 'the inbound endpoint is suspended')
    else if (request.raw.headers['sec-websocket-version'] !== '13') {
      await refuse(reply.header('Sec-WebSocket-Version', '13'), 426, 'the WebSocket version must be 13')
    } else {
      const status = await sessions.refusalOf(new HttpRequest(request.raw))
      if (status !== undefined) {
        await refuse(reply, status, 'no resource of the API takes a WebSocket here')
        return
      }
      const { subprotocols } = sessions.options
      chooseSubprotocol(request.raw, name => subprotocols.includes(name))
    }
  }

  #upgraded(webSocket: Parameters<typeof accept>[0], { raw }: FastifyRequest): void {
    const path = pathOf(raw)
    const target = raw.url ?? '/'
    const handshake = {
      method: 'GET',
      target,
      path,
      url: `${this.isSecure ? 'wss' : 'ws'}://${raw.headers.host ?? ''}${target}`,
      postfix: '',
      remoteAddress: clientAddress(raw),
      certificate: certificateOf(raw.socket),
      subprotocol: chosenSubprotocol(raw),
    }
    const sessions = this.#webSocket.find(path)!
    const { maxMessageBytes } = this.#limits.connection
    const options = { subprotocol: handshake.subprotocol, maxMessageBytes }
    sessions.open(handshake, new HttpRequest(raw), events => accept(webSocket, raw, options, events))
  }

  /**
   * Makes the server. Requests that a service takes go to it straight: to Fastify falls what nobody serves, and the
   * upgrades.
   */
  #makeServer(unserved: (request: IncomingMessage, response: ServerResponse) => void): Server {
    const { tls } = this.#address
    const options = { shouldUpgradeCallback: isWebSocketUpgrade, requestTimeout: 0 }
    const onRequest = (raw: IncomingMessage, response: ServerResponse): void => {
      if (!this.#take(new HttpRequest(raw), response)) unserved(raw, response)
    }
    // To import a value of node:http as a module loads all it exports, an HTTP client and a WebSocket among them.
    const server = tls
      ? process
          .getBuiltinModule('node:https')
          .createServer({ ...tlsServerOptions(tls), ...options }, onRequest)
      : process.getBuiltinModule('node:http').createServer(options, onRequest)
    if (tls) checkClients(server as SecureServer, tls, this.#log)
    server.keepAliveTimeout = KEEP_ALIVE_MS
    server.timeout = this.#limits.socketTimeoutMs
    return server as Server
  }

  /** Gives a request to its service; false where there is none. */
  #take(request: HttpRequest, response: ServerResponse): boolean {
    const own = this.#http.find(request)
    if (own) {
      const other = own.http?.dispatch?.test(request.target) ? this.#shared?.find(request) : undefined
      if (other) request.inbound = own.service.name
      this.#serve(other ?? own, request, response)
      return true
    }
    if (!this.#fallback || this.#isForWebSockets(request)) return false
    this.#serve(this.#fallback, request, response)
    return true
  }

  #serve(served: ServedService, request: HttpRequest, response: ServerResponse): void {
    const { maxBodyBytes } = this.#limits
    try {
      const answered = answerHttp({ served, request, response, maxBodyBytes })
      if (answered instanceof Promise) answered.catch(error => this.#failed(error, request, response))
    } catch (error) {
      this.#failed(error as Error, request, response)
    }
  }

  /** A bug: the caller gets an answer all the same. */
  #failed(error: Error, request: HttpRequest, response: ServerResponse): void {
    const id = randomUUID()
    this.#log.error({ id, err: error }, `${request.method} ${request.path} could not be handled`)
    if (response.headersSent) {
      response.destroy()
      return
    }
    response.writeHead(500, { 'Content-Type': 'application/json', Connection: 'close' })
    response.end(JSON.stringify({ message: 'the request could not be handled', id }))
  }

  #isForWebSockets({ path, method }: HttpRequest): boolean {
    if (this.#webSocket.values().length === 0) return false
    return this.#webSocket.find(path) !== undefined || (path === '/health' && method === 'GET')
  }

  /** Answers what no service takes. */
  async #answerUnserved({ raw, method }: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const path = pathOf(raw)
    const hasWebSocket = this.#webSocket.values().length > 0
    if (hasWebSocket && path === '/health' && method === 'GET') return reply.code(200).send()
    if (!this.#webSocket.find(path)) return refuse(reply, 404, 'nothing is served here')
    reply.header('Upgrade', 'websocket').header('Connection', 'Upgrade')
    return refuse(reply, 426, 'this is a WebSocket')
  }
}

/** Other upgrades are not made: a client that offers HTTP/2 on the way gets its answer in HTTP/1.1 (RFC 9110, 7.8). */
function isWebSocketUpgrade({ headers }: IncomingMessage): boolean {
  return headers.upgrade?.toLowerCase() === 'websocket'
}

function pathOf(request: IncomingMessage): string {
  const target = request.url ?? '/'
  const query = target.indexOf('?')
  return query < 0 ? target : target.slice(0, query)
}

async function refuse(
  reply: FastifyReply,
  status: number,
  message: string,
  id?: string,
): Promise<FastifyReply> {
  await reply.code(status).header('Content-Type', 'application/json').send(JSON.stringify({ message, id }))
  return reply
}
