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
import type { Handshake } from '../core/session.ts'
import type { ServedService } from '../language/declare.ts'
import {
  accept,
  acceptOptions,
  announceChoices,
  answerSubprotocol,
  chooseCompression,
  chosenSubprotocol,
  takeSubprotocols,
} from '../websocket/accept.ts'
import type { Connection, ConnectionEvents } from '../websocket/connection.ts'
import {
  anyHost,
  type ConnectionOptions,
  type ListenerAddress,
  type ListenerTlsOptions,
} from '../websocket/options.ts'
import { asksForWebSocket, upgradeProblem } from '../websocket/upgrade-check.ts'
import type { ClosedAtOnce } from './admission.ts'
import { clientAddress } from './client-address.ts'
import { certificateOf } from './client-certificate.ts'
import { holdUpgrade, type LetIn } from './held-upgrade.ts'
import { answerHttp } from './http.ts'
import { HttpRequest, originForm } from './http-request.ts'
import { HttpRoutes } from './http-routes.ts'
import { RouteTable } from './route-table.ts'
import { ClientSessions } from './sessions.ts'
import { checkClients, renewTls, tlsServerOptions } from './tls-server.ts'
import type { TrustedProxies } from './trusted-proxies.ts'

/** What a listener works with, beside its services. */
export interface ListenerOptions {
  readonly limits: ListenerLimits
  readonly log: Logger
  /** Services of the HTTP transport, for inbound endpoints that pass requests on to them. */
  readonly shared?: HttpRoutes
  /** What takes requests that no service is for; without it they are 404. */
  readonly fallback?: ServedService
  /** Whose word is taken for where a request comes from. */
  readonly proxies?: TrustedProxies
}

/** The limits of a listener. */
export interface ListenerLimits {
  readonly connection: ConnectionOptions
  /** The largest body of an HTTP request that is read in, in bytes. */
  readonly maxBodyBytes: number
  /** How long nothing may happen on the socket of a request, in milliseconds. */
  readonly socketTimeoutMs: number
  /** How long the head of a request may take to come in, in milliseconds; 0 for ever. */
  readonly headerTimeoutMs: number
  /** The largest head of a request, in bytes. */
  readonly maxHeaderBytes: number
  /** The most header fields of a request; 0 for any number. */
  readonly maxHeaders: number
}

/** How long a connection is kept for a next request, in milliseconds: longer than usual load balancers do. */
const KEEP_ALIVE_MS = 72_000

/** Listens to nothing: the connection is closing. */
const DEAF = { onMessage(): void {}, onClose(): void {} }

/** How often requests are looked for whose head takes too long, in milliseconds. */
const HEADER_CHECK_MS = 1_000

const TOO_MANY_HEADERS = 'the request has too many header fields'

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
  readonly #proxies: TrustedProxies | undefined
  /** Upgrades that are made only to be closed, with what they are told. */
  readonly #unwanted = new WeakMap<IncomingMessage, ClosedAtOnce>()
  /** Upgrades of clients that had to wait for them. */
  readonly #letIn = new WeakMap<IncomingMessage, LetIn>()
  readonly #webSocket = new RouteTable<ClientSessions>()
  #server: FastifyInstance | undefined
  #isDraining = false

  constructor(address: ListenerAddress, services: readonly ServedService[], options: ListenerOptions) {
    this.#address = address
    this.#limits = options.limits
    this.#log = options.log
    this.#shared = options.shared
    this.#fallback = options.fallback
    this.#proxies = options.proxies
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
    const server = Fastify({
      logger: false,
      forceCloseConnections: 'idle',
      exposeHeadRoutes: false,
      rewriteUrl: ({ url = '/' }) => originForm(url),
      serverFactory: unserved => this.#makeServer(unserved),
      frameworkErrors: (error: FastifyError, request: FastifyRequest, reply: FastifyReply) => {
        // No hook runs for an address that cannot be read, and it is in a hook that refused upgrades are let go of.
        if (asksForWebSocket(request.raw)) reply.raw.once('finish', () => request.raw.socket.destroy())
        void this.#refuseRequest(error, request, reply)
      },
    })
    server.removeAllContentTypeParsers()
    server.addContentTypeParser('*', (_request, _body, done) => done(null))
    await server.register(fastifyWebSocket, {
      // The plugin's types name the module where the class is meant.
      options: acceptOptions() as object,
      preClose: done => done(),
    })
    announceChoices(server.websocketServer)
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
      { id, status, code: error.code, client: clientAddress(request.raw, this.#proxies) },
      `refused ${request.method} ${pathOf(request.raw)}: ${message}`,
    )
    return refuse(reply, status, status < 500 ? message : 'the request could not be handled', id)
  }

  /** Decides about an upgrade before it is answered. */
  async #admit(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    if (!request.ws) return
    const sessions = this.#webSocket.find(pathOf(request.raw))
    if (this.#hasTooManyHeaders(request.raw)) await refuse(reply, 431, TOO_MANY_HEADERS)
    else if (this.#isDraining) await refuse(reply, 503, 'the gateway is stopping')
    else if (!sessions) await refuse(reply, 404, 'nothing is served here')
    else if (sessions.options.isSuspended) await refuse(reply, 503, 'the inbound endpoint is suspended')
    else if (!(await this.#isWellAsked(request.raw, sessions, reply))) return
    else {
      const head = new HttpRequest(request.raw, this.#proxies)
      const status = await sessions.refusalOf(head)
      if (status !== undefined) {
        await refuse(reply, status, 'no resource of the API takes a WebSocket here')
        return
      }
      const admission = sessions.admit(head)
      if (admission && 'status' in admission) {
        const { status, reason, retryAfterSeconds, id } = admission
        if (retryAfterSeconds !== undefined) reply.header('Retry-After', String(retryAfterSeconds))
        await refuse(reply, status, reason, id)
        return
      }
      if (admission) this.#unwanted.set(request.raw, admission)
      const offered = takeSubprotocols(request.raw)
      const { subprotocols, handshake } = sessions.options
      answerSubprotocol(request.raw, offered.find(name => subprotocols.includes(name)) ?? '')
      if (handshake.isHeld && !admission) await this.#hold(sessions, head, offered, reply)
    }
  }

  /** Whether a request for an upgrade is as it has to be; one that is not is refused. */
  async #isWellAsked(raw: IncomingMessage, sessions: ClientSessions, reply: FastifyReply): Promise<boolean> {
    const problem = upgradeProblem(raw)
    if (problem) {
      if (problem.header) reply.header(...problem.header)
      await refuse(reply, problem.status, problem.message)
    } else if (!chooseCompression(raw, sessions.options.compression))
      await refuse(reply, 400, 'the header Sec-WebSocket-Extensions is malformed')
    // What else the client would change to is of no interest, and the library wants one name alone.
    else raw.headers.upgrade = 'websocket'
    return !reply.sent
  }

  /** Has a client wait until it is known whether it is let in. */
  async #hold(
    sessions: ClientSessions,
    head: HttpRequest,
    offered: readonly string[],
    reply: FastifyReply,
  ): Promise<void> {
    const { raw } = head
    const outcome = await holdUpgrade(sessions, this.#handshakeOf(head), head, offered)
    if (outcome === 'gone') {
      reply.hijack()
      raw.socket.destroy()
    } else if ('upgraded' in outcome) {
      answerSubprotocol(raw, outcome.subprotocol)
      this.#letIn.set(raw, outcome)
    } else {
      const { status, reason, headers, body } = outcome
      if (reason !== undefined) reply.raw.statusMessage = reason.replace(/[^\t\x20-\x7e\x80-\xff]/g, '')
      await reply.code(status).headers(headers).send(body)
    }
  }

  #upgraded(webSocket: Parameters<typeof accept>[0], { raw }: FastifyRequest): void {
    const unwanted = this.#unwanted.get(raw)
    if (unwanted) {
      accept(webSocket, raw, { ...this.#limits.connection, subprotocol: '' }, DEAF).close(
        unwanted.code,
        unwanted.reason,
      )
      return
    }
    const head = new HttpRequest(raw, this.#proxies)
    const sessions = this.#webSocket.find(pathOf(raw))!
    const { connection } = sessions.options
    const options = { ...this.#limits.connection, ...connection, subprotocol: chosenSubprotocol(raw) }
    const connect = (events: ConnectionEvents): Connection => accept(webSocket, raw, options, events)
    const letIn = this.#letIn.get(raw)
    if (letIn) letIn.upgraded(connect)
    else sessions.open(this.#handshakeOf(head), head, connect)
  }

  #handshakeOf(head: HttpRequest): Handshake {
    const { raw } = head
    const target = raw.url ?? '/'
    return {
      method: 'GET',
      target,
      path: pathOf(raw),
      url: `${head.isSecure ? 'wss' : 'ws'}://${head.host}${target}`,
      postfix: '',
      remoteAddress: head.remoteAddress,
      certificate: certificateOf(raw.socket),
      subprotocol: chosenSubprotocol(raw),
    }
  }

  /**
   * Makes the server. Requests that a service takes go to it straight: to Fastify falls what nobody serves, and the
   * upgrades.
   */
  #makeServer(unserved: (request: IncomingMessage, response: ServerResponse) => void): Server {
    const { tls } = this.#address
    const { headerTimeoutMs, maxHeaderBytes, maxHeaders } = this.#limits
    const options = {
      shouldUpgradeCallback: asksForWebSocket,
      requestTimeout: 0,
      headersTimeout: headerTimeoutMs,
      connectionsCheckingInterval: HEADER_CHECK_MS,
      maxHeaderSize: maxHeaderBytes,
    }
    const onRequest = (raw: IncomingMessage, response: ServerResponse): void => {
      if (this.#hasTooManyHeaders(raw)) refuseHeaders(response)
      else if (!this.#take(new HttpRequest(raw, this.#proxies), response)) unserved(raw, response)
    }
    // To import a value of node:http as a module loads all it exports, an HTTP client and a WebSocket among them.
    const server = tls
      ? process
          .getBuiltinModule('node:https')
          .createServer({ ...tlsServerOptions(tls), ...options }, onRequest)
      : process.getBuiltinModule('node:http').createServer(options, onRequest)
    if (tls) checkClients(server as SecureServer, tls, this.#log)
    server.keepAliveTimeout = KEEP_ALIVE_MS
    // What is beyond this is left out without a word: one more shows that there was more.
    server.maxHeadersCount = maxHeaders === 0 ? 0 : maxHeaders + 1
    server.timeout = this.#limits.socketTimeoutMs
    return server as Server
  }

  #hasTooManyHeaders({ rawHeaders }: IncomingMessage): boolean {
    const { maxHeaders } = this.#limits
    return maxHeaders > 0 && rawHeaders.length > 2 * maxHeaders
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

function refuseHeaders(response: ServerResponse): void {
  response.writeHead(431, { 'Content-Type': 'application/json', Connection: 'close' })
  response.end(JSON.stringify({ message: TOO_MANY_HEADERS }))
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
