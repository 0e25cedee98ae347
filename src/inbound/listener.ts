import { randomUUID } from 'node:crypto'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Server as SecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Logger } from '../core/logger.ts'
import type { Lifecycle } from '../core/ports.ts'
import type { ServedService } from '../language/declare.ts'
import type { ConnectionOptions, ListenerAddress, ListenerTlsOptions } from '../websocket/options.ts'
import { ClientUpgrades } from './client-upgrades.ts'
import { answerHttp } from './http.ts'
import { HttpRequest } from './http-request.ts'
import { HttpRoutes } from './http-routes.ts'
import {
  type HttpServerLimits,
  hasTooManyHeaders,
  makeHttpServer,
  refuseHeaders,
  refuseStopping,
} from './http-server.ts'
import type { Cut, Leave } from './leave.ts'
import { RequestGate } from './request-rules.ts'
import { renewTls } from './tls-server.ts'
import type { TrustedProxies } from './trusted-proxies.ts'
import { UpgradeServer } from './upgrade-server.ts'

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
export interface ListenerLimits extends HttpServerLimits {
  readonly connection: ConnectionOptions
  /** The largest body of an HTTP request that is read in, in bytes. */
  readonly maxBodyBytes: number
}

/**
 * One listening socket, shared by all services with its address. Requests that a service takes go to it straight; what
 * nobody serves, and the upgrades, go to the upgrade server.
 */
export class Listener implements Lifecycle {
  readonly #address: ListenerAddress
  readonly #limits: ListenerLimits
  readonly #maxBodyBytes: number
  readonly #limitsAll: boolean
  readonly #log: Logger
  readonly #http: HttpRoutes
  readonly #shared: HttpRoutes | undefined
  readonly #fallback: ServedService | undefined
  readonly #proxies: TrustedProxies | undefined
  readonly #upgrades: ClientUpgrades
  readonly #upgradeServer: UpgradeServer
  #isAnnounced = false
  #isLeaving = false

  constructor(address: ListenerAddress, services: readonly ServedService[], options: ListenerOptions) {
    const { limits, log, proxies } = options
    const { connection, maxHeaders } = limits
    this.#address = address
    this.#limits = limits
    this.#maxBodyBytes = Math.min(address.rules?.maxBodyBytes ?? Infinity, limits.maxBodyBytes)
    this.#limitsAll = address.rules?.maxBodyBytes !== undefined
    this.#log = log
    this.#shared = options.shared
    this.#fallback = options.fallback
    this.#proxies = proxies
    this.#http = new HttpRoutes(services.filter(({ webSocket }) => !webSocket))
    this.#upgrades = new ClientUpgrades(services, {
      connection,
      maxHeaders,
      proxies,
      rules: address.rules,
    })
    this.#upgradeServer = new UpgradeServer({
      upgrades: this.#upgrades,
      log,
      proxies,
      makeServer: unserved => this.#makeServer(unserved),
    })
  }

  /** The port in use; once started. */
  get port(): number {
    return (
      (this.#upgradeServer.server?.address() as AddressInfo | null | undefined)?.port ?? this.#address.port
    )
  }

  get isSecure(): boolean {
    return this.#address.tls !== undefined
  }

  /** @throws Error when the port is taken or may not be used */
  start(): Promise<void> {
    return this.#upgradeServer.start(this.#address)
  }

  /** Where it was to listen. */
  get address(): ListenerAddress {
    return this.#address
  }

  /** Whether it listens at an address. */
  isAt(address: ListenerAddress): boolean {
    if (this.#isLeaving) return false
    const { host, port } = this.#address
    return this.#address === address || (port !== 0 && port === address.port && host === address.host)
  }

  /** Serves a service, too. */
  attach(served: ServedService): void {
    this.#upgrades.attach(served)
    if (!served.webSocket) this.#http.add(served)
  }

  /** Serves a service no more: nobody new comes to it, and clients that are there stay. */
  detach(served: ServedService): void {
    this.#upgrades.detach(served)
    this.#http.remove(served)
  }

  /** Serves other certificates to those who connect from now on; connections that are there go on. */
  renew(tls: ListenerTlsOptions): void {
    const { server } = this.#upgradeServer
    if (server && this.isSecure) renewTls(server as unknown as SecureServer, tls)
  }

  /** How many HTTP requests are under way, and how many WebSocket clients are connected. */
  get underWay(): { readonly requests: number; readonly sessions: number } {
    return this.#upgradeServer.underWay
  }

  /** Makes no more upgrades; requests are still served, each with the end of its connection. */
  announce(): void {
    this.#isAnnounced = true
    this.#upgradeServer.announce()
  }

  /** Listens no more, and refuses further requests of connections that are there; what is under way goes on. */
  close(): void {
    this.#isAnnounced = true
    this.#isLeaving = true
    this.#upgradeServer.close()
  }

  /** Takes nothing more and ends what is under way; gives what could not be ended in time. */
  leave(leave: Leave): Promise<Cut> {
    this.close()
    return this.#upgradeServer.leave(leave)
  }

  /** Cuts what is under way, for a `leave` that has begun and takes too long. */
  cut(): void {
    this.#upgradeServer.cut()
  }

  async stop(graceMs: number): Promise<void> {
    await this.leave({ graceMs, spreadMs: 0 })
  }

  /** Makes the server, and decides who takes a request. */
  #makeServer(unserved: (request: IncomingMessage, response: ServerResponse) => void): Server {
    const { tls, rules } = this.#address
    const gate = rules && new RequestGate(rules)
    const { maxHeaders } = this.#limits
    return makeHttpServer({ limits: this.#limits, tls, rules, log: this.#log }, (raw, response) => {
      if (this.#isAnnounced) response.shouldKeepAlive = false
      if (gate && !gate.admits(raw, response)) return
      if (this.#isLeaving) refuseStopping(response)
      else if (hasTooManyHeaders(raw, maxHeaders)) refuseHeaders(response)
      else if (!this.#take(new HttpRequest(raw, this.#proxies), response)) unserved(raw, response)
    })
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
    if (!this.#fallback || this.#upgradeServer.concerns(request)) return false
    this.#serve(this.#fallback, request, response)
    return true
  }

  #serve(served: ServedService, request: HttpRequest, response: ServerResponse): void {
    try {
      const answered = answerHttp({
        served,
        request,
        response,
        maxBodyBytes: this.#maxBodyBytes,
        limitsAll: this.#limitsAll,
      })
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
}
