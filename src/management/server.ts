import type { Server as SecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import Fastify, { type FastifyReply, type FastifyRequest } from 'fastify'
import type { Logger } from '../core/logger.ts'
import type { Gateway } from '../gateway.ts'
import { CertificateWatch } from '../inbound/certificate-watch.ts'
import { renewTls, tlsServerOptions } from '../inbound/tls-server.ts'
import { Access } from './access.ts'
import { type Answer, type Api, refuse } from './api.ts'
import { absentRoutes } from './routes/absent.ts'
import { deadLetterRoutes } from './routes/dead-letters.ts'
import { drainRoutes } from './routes/drain.ts'
import { ledgerRoutes } from './routes/ledger.ts'
import { loginRoutes } from './routes/login.ts'
import { processorRoutes } from './routes/message-processors.ts'
import { storeRoutes } from './routes/message-stores.ts'
import { nodeRoutes } from './routes/nodes.ts'
import { serverRoutes } from './routes/server.ts'
import { Whole } from './whole.ts'

/** Where the management API is served, and for whom. */
export interface ManagementOptions {
  readonly port: number
  readonly host: string
  /** What commands of the same user on this machine show. */
  readonly localToken: string
  readonly version: string
  readonly log: Logger
  stop: Api['stop']
  /** The gateway with the other workers of its server; default by itself. */
  readonly whole?: Whole | undefined
}

/** The management API while it is served. */
export interface Management {
  readonly url: string
  /** Its certificate as PEM, where it has one. */
  readonly certificate: string | undefined
  /** Ends it, once who follows a drain has been told of the end; for that it waits so many milliseconds, default 1000. */
  close(waitMs?: number): Promise<void>
}

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const

/** What may be asked without a token. */
const OPEN = /^\/management(?:\/login)?\/?$/

const LAST_WORDS_MS = 1_000

/**
 * Serves the management API, over HTTPS where the gateway has a certificate. Every change is logged with who made it.
 * @throws Error when the port cannot be opened
 */
export async function startManagement(gateway: Gateway, options: ManagementOptions): Promise<Management> {
  const { log, whole = new Whole(gateway) } = options
  const tls = gateway.ownTls && {
    ...gateway.ownTls,
    requireClientCertificate: false,
    asksClientCertificate: false,
  }
  const access = new Access(gateway.settings.users(), options.localToken)
  const server = Fastify({
    logger: false,
    forceCloseConnections: true,
    routerOptions: { ignoreTrailingSlash: true },
    ...(tls && { https: tlsServerOptions(tls) }),
  })
  const callers = new WeakMap<FastifyRequest, string>()
  server.addHook('onRequest', async (request, reply) => {
    if (OPEN.test(pathOf(request))) return
    const caller = access.callerOf(request.headers.authorization)
    if (!caller) {
      // Compatibility: the original spells the name of the header with an underscore.
      const realm = 'Basic realm="WSO2 EI"'
      return reply.code(401).headers({ WWW_Authenticate: realm, 'WWW-Authenticate': realm }).send()
    }
    callers.set(request, caller.name)
    if (!caller.isAdmin && request.method !== 'GET') return reply.code(403).send()
  })
  server.addHook('onResponse', async (request, reply) => {
    const isChange = request.method !== 'GET' || /\/(?:login|logout)$/.test(pathOf(request))
    if (isChange) audit(log, request, reply, callers.get(request))
  })
  server.setNotFoundHandler((_request, reply) => reply.code(404).send())
  server.setErrorHandler((error, request, reply) => failed(error as Error, request, reply, log))
  const follows = new Set<Promise<void>>()
  const api: Api = {
    gateway,
    whole,
    log,
    version: options.version,
    stop: options.stop,
    on(path, methods) {
      const url = `/management${path}`
      for (const method of METHODS) {
        const answer: Answer = (method !== 'PUT' && method !== 'DELETE' && methods[method]) || unsupported
        server.route({ method, url, handler: (request, reply) => answer(request, reply) })
      }
      function unsupported({ method }: FastifyRequest, reply: FastifyReply): FastifyReply {
        const known = Object.keys(methods).join(', ')
        return refuse(reply, 400, `Unsupported HTTP method, ${method}. Only ${known} methods are supported`)
      }
    },
  }
  api.on('', { GET: () => ({ name: 'Myelin', version: options.version, node: gateway.nodeId }) })
  loginRoutes(api, access)
  serverRoutes(api)
  storeRoutes(api)
  processorRoutes(api)
  deadLetterRoutes(api)
  ledgerRoutes(api)
  drainRoutes(api, follows)
  nodeRoutes(api)
  absentRoutes(api)
  // Ports of workers are given to them in turn, and each has an address of its own here.
  await server.listen({ port: options.port, host: options.host, exclusive: true })
  const { port } = server.server.address() as AddressInfo
  const watch =
    tls?.source &&
    new CertificateWatch(tls.source, {
      where: 'the management API',
      log,
      use: renewed => renewTls(server.server as unknown as SecureServer, renewed),
    })
  const host = options.host.includes(':') ? `[${options.host}]` : options.host
  return {
    url: `http${tls ? 's' : ''}://${host}:${port}`,
    certificate: typeof tls?.cert === 'string' ? tls.cert : tls?.cert?.toString(),
    async close(waitMs = LAST_WORDS_MS) {
      watch?.close()
      const timeIsUp = new Promise(resolve => setTimeout(resolve, Math.max(LAST_WORDS_MS, waitMs)).unref())
      await Promise.race([Promise.all(follows), timeIsUp])
      await server.close()
    },
  }
}

function pathOf({ url }: FastifyRequest): string {
  return url.split('?', 1)[0]!
}

/** Says who changed what. What was sent is told by its names and states, never in full. */
function audit(log: Logger, request: FastifyRequest, reply: FastifyReply, by = 'nobody'): void {
  const { method, ip, body } = request
  const path = pathOf(request)
  const { name, status, store, action } = (body ?? {}) as Readonly<Record<string, unknown>>
  const what = { ...(name !== undefined && { name }), ...(status !== undefined && { status }) }
  const which = { ...(store !== undefined && { store }), ...(action !== undefined && { action }) }
  log.info(
    { audit: { by, from: ip, method, path, result: reply.statusCode, ...what, ...which } },
    `management: ${by} ${method} ${path} (${reply.statusCode})`,
  )
}

function failed(error: Error, request: FastifyRequest, reply: FastifyReply, log: Logger): FastifyReply {
  const { statusCode = 500 } = error as { statusCode?: number }
  if (statusCode >= 500)
    log.error({ err: error }, `management: ${request.method} ${pathOf(request)} failed: ${error.message}`)
  return refuse(reply, statusCode, error.message)
}
