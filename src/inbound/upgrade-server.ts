import { randomUUID } from 'node:crypto'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import fastifyWebSocket from '@fastify/websocket'
import Fastify, {
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify'
import type { Logger } from '../core/logger.ts'
import { acceptOptions, announceChoices } from '../websocket/accept.ts'
import { anyHost, type ListenerAddress } from '../websocket/options.ts'
import { asksForWebSocket } from '../websocket/upgrade-check.ts'
import { answerClientError } from './client-error.ts'
import type { ClientUpgrades, UpgradeAnswer } from './client-upgrades.ts'
import { HttpRequest, originForm } from './http-request.ts'
import type { Cut, Leave } from './leave.ts'
import { OpenConnections } from './open-connections.ts'
import type { TrustedProxies } from './trusted-proxies.ts'

/** What an upgrade server works with. */
export interface UpgradeServerOptions {
  readonly upgrades: ClientUpgrades
  readonly log: Logger
  /** Whose word is taken for where a request comes from. */
  readonly proxies: TrustedProxies | undefined
  /** Makes the HTTP server below; it hands over the requests that no service takes. */
  readonly makeServer: (unserved: (request: IncomingMessage, response: ServerResponse) => void) => Server
}

/**
 * Takes the upgrades of a listener, and answers the requests that no service takes. Its routes catch all, because none
 * can be added once it listens.
 */
export class UpgradeServer {
  readonly #options: UpgradeServerOptions
  #fastify: FastifyInstance | undefined
  #connections: OpenConnections | undefined
  #closed: Promise<void> | undefined
  #closingIdle: NodeJS.Timeout | undefined
  /** What refused upgrades say in the header Server. */
  #server: string | undefined

  constructor(options: UpgradeServerOptions) {
    this.#options = options
  }

  /** The HTTP server below; from start to stop. */
  get server(): Server | undefined {
    return this.#fastify?.server
  }

  /** Whether it has an answer of its own to a plain request: it is for where a WebSocket is, or for `/health`. */
  concerns({ path, method }: HttpRequest): boolean {
    const { upgrades } = this.#options
    return !upgrades.isEmpty && (upgrades.serves(path) || (path === '/health' && method === 'GET'))
  }

  /** @throws Error when the port is taken or may not be used */
  async start({ host, port, tls, rules }: ListenerAddress): Promise<void> {
    const { upgrades, makeServer } = this.#options
    const fastify = Fastify({
      logger: false,
      forceCloseConnections: 'idle',
      // Its answer would come before the hook in which refused upgrades are let go of: their sockets would stay.
      return503OnClosing: false,
      exposeHeadRoutes: false,
      rewriteUrl: ({ url = '/' }) => originForm(url),
      serverFactory: unserved => makeServer(unserved),
      clientErrorHandler: (error, socket) =>
        answerClientError(error, socket, { log: this.#options.log, rules }),
      frameworkErrors: (error: FastifyError, request: FastifyRequest, reply: FastifyReply) => {
        // No hook runs for an address that cannot be read, and it is in a hook that refused upgrades are let go of.
        if (asksForWebSocket(request.raw)) reply.raw.once('finish', () => request.raw.socket.destroy())
        void this.#refuseRequest(error, request, reply)
      },
    })
    fastify.removeAllContentTypeParsers()
    fastify.addContentTypeParser('*', (_request, _body, done) => done(null))
    await fastify.register(fastifyWebSocket, {
      // The plugin's types name the module where the class is meant.
      options: acceptOptions() as object,
      preClose: done => done(),
    })
    announceChoices(fastify.websocketServer)
    fastify.setErrorHandler((error: FastifyError, request, reply) =>
      this.#refuseRequest(error, request, reply),
    )
    fastify.addHook('onRequest', async (request, reply) => this.#admit(request, reply))
    fastify.route({
      method: 'GET',
      url: '/*',
      handler: (request, reply) => this.#answerUnserved(request, reply),
      wsHandler: (webSocket, { raw }) => upgrades.upgraded(webSocket as never, raw),
    })
    fastify.route({
      method: ['POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS'],
      url: '/*',
      handler: (request, reply) => this.#answerUnserved(request, reply),
    })
    this.#server = rules?.server
    this.#fastify = fastify
    this.#connections = new OpenConnections(fastify.server, tls !== undefined)
    await fastify.listen({ port, host: host ?? anyHost(), backlog: 4096 })
  }

  /** How many HTTP requests are under way, and how many WebSocket clients are connected. */
  get underWay(): { readonly requests: number; readonly sessions: number } {
    return { requests: this.#connections?.busy ?? 0, sessions: this.#options.upgrades.sessions }
  }

  /** Makes no more upgrades, and has connections end with their answers. */
  announce(): void {
    this.#options.upgrades.announce()
    this.#connections?.endWithAnswers()
  }

  /** Listens no more; requests and sessions go on. */
  close(): void {
    const fastify = this.#fastify
    if (!fastify || this.#closed !== undefined) return
    this.announce()
    this.#closed = afterNextPoll().then(() => fastify.close())
    // Connections that were busy when the server closed stay open for a next request unless somebody sees to it.
    this.#closingIdle = setInterval(() => fastify.server.closeIdleConnections(), 20)
  }

  /** Takes nothing more, and ends the sessions there are; what goes on after the time given is cut. */
  async leave(leave: Leave): Promise<Cut> {
    const fastify = this.#fastify
    if (!fastify) return { requests: 0, sessions: 0 }
    this.close()
    this.#fastify = undefined
    const timeIsUp = new Promise(resolve => setTimeout(resolve, leave.graceMs).unref())
    const sessions = await this.#options.upgrades.leave(leave)
    await Promise.race([this.#closed, timeIsUp])
    clearInterval(this.#closingIdle)
    const requests = this.#connections?.busy ?? 0
    fastify.server.closeAllConnections()
    await this.#closed
    return { requests, sessions }
  }

  /** Cuts what is under way, for a `leave` that has begun and takes too long. */
  cut(): void {
    this.#options.upgrades.cut()
    this.#connections?.cut()
  }

  /** A request that could not be taken in. */
  #refuseRequest(error: FastifyError, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const { log, proxies } = this.#options
    const { method, path, remoteAddress } = new HttpRequest(request.raw, proxies)
    const status = error.statusCode ?? 500
    const { message } = error
    const id = randomUUID()
    log.warn({ id, status, code: error.code, client: remoteAddress }, `refused ${method} ${path}: ${message}`)
    return refuse(reply, status, status < 500 ? message : 'the request could not be handled', id)
  }

  /** Decides about an upgrade before it is answered. */
  async #admit({ ws, raw }: FastifyRequest, reply: FastifyReply): Promise<void> {
    if (!ws) return
    const answer = await this.#options.upgrades.admit(raw)
    if (this.#server !== undefined) reply.header('Server', this.#server)
    if (answer === 'gone') {
      reply.hijack()
      raw.socket.destroy()
    } else if (answer) await send(reply, answer)
  }

  /** Answers what no service takes. */
  async #answerUnserved({ raw }: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const request = new HttpRequest(raw)
    if (!this.concerns(request)) return refuse(reply, 404, 'nothing is served here')
    if (request.path === '/health' && request.method === 'GET')
      return reply.code(this.#options.upgrades.isDraining ? 503 : 200).send()
    reply.header('Upgrade', 'websocket').header('Connection', 'Upgrade')
    return refuse(reply, 426, 'this is a WebSocket')
  }
}

/** Who is connected already and not yet accepted would be cut: one more turn of the event loop takes them. */
function afterNextPoll(): Promise<void> {
  return new Promise(resolve => setImmediate(() => setImmediate(resolve)))
}

async function send(reply: FastifyReply, { status, reason, headers, body }: UpgradeAnswer): Promise<void> {
  if (reason !== undefined) reply.raw.statusMessage = reason.replace(/[^\t\x20-\x7e\x80-\xff]/g, '')
  await reply.code(status).headers(headers).send(body)
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
