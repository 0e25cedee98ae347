import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
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
import { BodyCodingError } from '../message/http-body.ts'
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
import { answerHttp, type HttpExchange, headOf } from './http.ts'
import { HttpRoutes } from './http-routes.ts'
import { RouteTable } from './route-table.ts'
import { ClientSessions } from './sessions.ts'

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
  /** The largest body of an HTTP request, in bytes. */
  readonly maxBodyBytes: number
}

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
    const { tls, host, port } = this.#address
    const { maxBodyBytes, connection } = this.#limits
    const server = Fastify({
      logger: false,
      bodyLimit: maxBodyBytes,
      forceCloseConnections: 'idle',
      exposeHeadRoutes: false,
      rewriteUrl: originForm,
      frameworkErrors: (error: FastifyError, request: FastifyRequest, reply: FastifyReply) => {
        // No hook runs for an address that cannot be read, and it is in a hook that refused upgrades are let go of.
        if (isWebSocketUpgrade(request.raw)) reply.raw.once('finish', () => request.raw.socket.destroy())
        void this.#refuseRequest(error, request, reply)
      },
      [tls ? 'https' : 'http']: { ...(tls && tlsOptions(tls)), shouldUpgradeCallback: isWebSocketUpgrade },
    } as object)
    server.removeAllContentTypeParsers()
    server.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
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
      handler: (request, reply) => this.#answer(request, reply),
      wsHandler: (webSocket, request) => this.#upgraded(webSocket as never, request),
    })
    server.route({
      method: ['POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS'],
      url: '/*',
      handler: (request, reply) => this.#answer(request, reply),
    })
    this.#server = server
    await server.listen({ port, host: host ?? anyHost(), backlog: 4096 })
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

  /** A request that could not be taken in, such as one with a body over the limit. */
  #refuseRequest(error: FastifyError, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const status = error.statusCode ?? 500
    const message =
      status === 413 ? `the body is larger than ${this.#limits.maxBodyBytes} bytes` : error.message
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
      subprotocol: chosenSubprotocol(raw),
    }
    const sessions = this.#webSocket.find(path)!
    const { maxMessageBytes } = this.#limits.connection
    const options = { subprotocol: handshake.subprotocol, maxMessageBytes }
    sessions.open(handshake, raw.rawHeaders, events => accept(webSocket, raw, options, events))
  }

  async #answer(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const head = headOf(request.raw)
    const { path } = head
    const own = this.#http.find(head)
    if (own) {
      const other = own.http?.dispatch?.test(head.target) ? this.#shared?.find(head) : undefined
      return this.#serve({ served: other ?? own, head, request, reply, inbound: other && own.service.name })
    }
    const hasWebSocket = this.#webSocket.values().length > 0
    if (hasWebSocket && path === '/health' && request.method === 'GET') return reply.code(200).send()
    if (this.#webSocket.find(path)) {
      return refuse(
        reply.header('Upgrade', 'websocket').header('Connection', 'Upgrade'),
        426,
        'this is a WebSocket',
      )
    }
    if (this.#fallback) return this.#serve({ served: this.#fallback, head, request, reply })
    return refuse(reply, 404, 'nothing is served here')
  }

  async #serve(taken: Omit<HttpExchange, 'maxBodyBytes'>): Promise<FastifyReply> {
    const { request, reply } = taken
    try {
      await answerHttp({ ...taken, maxBodyBytes: this.#limits.maxBodyBytes })
      return reply
    } catch (error) {
      if (!(error instanceof BodyCodingError)) throw error
      const { message, name: code, isTooLarge } = error
      const statusCode = isTooLarge ? 413 : 400
      return this.#refuseRequest({ statusCode, message, code } as FastifyError, request, reply)
    }
  }
}

/** Other upgrades are not made: a client that offers HTTP/2 on the way gets its answer in HTTP/1.1 (RFC 9110, 7.8). */
function isWebSocketUpgrade({ headers }: IncomingMessage): boolean {
  return headers.upgrade?.toLowerCase() === 'websocket'
}

/** Takes scheme and host off the target of a client that takes us for a proxy (RFC 9112, 3.2.2). */
function originForm({ url = '/' }: IncomingMessage): string {
  if (url.startsWith('/')) return url
  return url.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i, '') || '/'
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

function tlsOptions(tls: ListenerTlsOptions): object {
  const { requireClientCertificate, ...rest } = tls
  return { ...rest, ...(requireClientCertificate && { requestCert: true, rejectUnauthorized: true }) }
}
