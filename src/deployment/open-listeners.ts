import type { Logger } from '../core/logger.ts'
import { CertificateWatch } from '../inbound/certificate-watch.ts'
import { HttpRoutes } from '../inbound/http-routes.ts'
import { Listener, type ListenerLimits } from '../inbound/listener.ts'
import { certificateLine } from '../inbound/listener-tls.ts'
import type { TrustedProxies } from '../inbound/trusted-proxies.ts'
import type { ServedService } from '../language/declare.ts'
import type { ListenerAddress } from '../websocket/options.ts'
import {
  hasSameRules,
  isSameTls,
  type ListenerPlan,
  planListeners,
  type SharedListeners,
} from './listeners.ts'

/** Something that can be reached. */
export interface Listening {
  readonly what: string
  readonly url: string
}

/** What listeners are opened with. */
export interface OpenListenersOptions {
  readonly log: Logger
  /** The sockets all HTTP services share. */
  readonly shared: SharedListeners
  readonly limits: ListenerLimits
  /** Whose word is taken for where a request comes from. */
  readonly proxies: TrustedProxies | undefined
}

/** The listeners of a gateway, and what is served on each; services may come and go while they listen. */
export class OpenListeners {
  readonly #options: OpenListenersOptions
  readonly #listeners: Listener[] = []
  readonly #watches: CertificateWatch[] = []
  readonly #reached = new Map<ServedService, Listening>()
  /** Services of the HTTP transport, for inbound endpoints that pass requests on to them. */
  readonly #transport = new HttpRoutes([])

  constructor(options: OpenListenersOptions) {
    this.#options = options
  }

  get all(): readonly Listener[] {
    return this.#listeners
  }

  /** What can be reached. */
  get listening(): readonly Listening[] {
    return [...this.#reached.values()]
  }

  /**
   * Serves services where somebody listens already, or else listens for them.
   * @throws Error naming the port when one cannot be opened, and what is wrong with a service that cannot be there
   */
  async serve(services: readonly ServedService[], main?: ServedService): Promise<void> {
    for (const served of services) if (isOfTransport(served)) this.#transport.add(served)
    for (const plan of planListeners(services, main, this.#options.shared)) {
      const { address, services: planned } = plan
      const listener = this.#listeners.find(each => each.isAt(address))
      if (listener && !isSameTls(listener.address, address))
        throw new Error(
          `${namesOf(planned)} cannot listen on port ${address.port}: it is served with other TLS settings already`,
        )
      if (listener && address.rules && !hasSameRules(listener.address, address))
        throw new Error(
          `${namesOf(planned)} cannot listen on port ${address.port}: it is served with another server, http1Settings or requestLimits already`,
        )
      if (listener) this.#attach(listener, planned)
      else await this.#open(plan)
    }
  }

  /** Serves services no more: nobody new comes to them, clients that are there stay, and ports are kept open for others. */
  remove(services: readonly ServedService[]): void {
    for (const served of services) {
      this.#reached.delete(served)
      if (isOfTransport(served)) this.#transport.remove(served)
      for (const listener of this.#listeners) listener.detach(served)
    }
  }

  /** Looks after certificates no more. */
  closeWatches(): void {
    for (const watch of this.#watches.splice(0)) watch.close()
  }

  #attach(listener: Listener, services: readonly ServedService[]): void {
    for (const served of services) {
      listener.attach(served)
      this.#note(listener, served)
    }
  }

  async #open({ address, services, fallback }: ListenerPlan): Promise<void> {
    const { limits, log, proxies } = this.#options
    const listener = new Listener(address, services, {
      limits,
      log,
      shared: this.#transport,
      ...(fallback && { fallback }),
      ...(proxies && { proxies }),
    })
    try {
      await listener.start()
    } catch (error) {
      throw new Error(`cannot listen on port ${address.port} for ${namesOf(services)}: ${reasonOf(error)}`, {
        cause: error,
      })
    }
    this.#listeners.push(listener)
    this.#watch(listener, address)
    for (const served of services) this.#note(listener, served)
  }

  #note(listener: Listener, served: ServedService): void {
    const { service, path, webSocket } = served
    const scheme = (webSocket ? 'ws' : 'http') + (listener.isSecure ? 's' : '')
    const shown = path.replace(/\/\*$/, '') || '/'
    const url = `${scheme}://localhost:${listener.port}${shown}`
    this.#reached.set(served, { what: `${service.kind} ${service.name}`, url })
  }

  /** Says which certificate a listener serves, and has it serve the next one when its files change. */
  #watch(listener: Listener, { tls }: ListenerAddress): void {
    if (!tls?.source) return
    const { log } = this.#options
    const where = `port ${listener.port}`
    log.info({}, `${where} serves ${certificateLine(tls)}`)
    const use = (renewed: Parameters<Listener['renew']>[0]): void => listener.renew(renewed)
    this.#watches.push(new CertificateWatch(tls.source, { where, log, use }))
  }
}

function namesOf(services: readonly ServedService[]): string {
  return services.map(({ service }) => `${service.kind} ${service.name}`).join(', ')
}

/** Whether a service takes HTTP requests on the sockets that all share. */
function isOfTransport({ listener, webSocket }: ServedService): boolean {
  return typeof listener === 'string' && !webSocket
}

/** Says why a port cannot be listened on. */
export function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException
  if (code === 'EADDRINUSE') return 'the port is in use'
  if (code === 'EACCES') return 'the port may not be used by this user'
  return message
}
