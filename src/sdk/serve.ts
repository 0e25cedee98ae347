import { attachModule } from '../deployment/read-module.ts'
import { Gateway } from '../gateway.ts'
import type { ServedService } from '../language/declare.ts'
import { Diagnostics } from '../language/diagnostic.ts'
import { Source } from '../language/source.ts'
import { openLog } from '../log.ts'
import type { ServiceDefinition } from '../services/define-service.ts'
import { Settings } from '../settings.ts'
import { Turns } from './turns.ts'

/** How services are served by a program of one's own. */
export interface ServeOptions {
  /** Port for those that do not listen for themselves. Default 0, which takes a free one. */
  readonly port?: number
  /** Name or address to listen on. Default localhost. */
  readonly host?: string
  /** What is logged, to standard output. Default warnings. */
  readonly log?: 'debug' | 'info' | 'warn' | 'error' | 'silent'
  /** Whether it listens at once; without it `start` does. Default true. */
  readonly start?: boolean
}

/** A service to serve: its options and hooks, or a class that is annotated with them. */
export type Servable = ServiceDefinition | (new () => object)

/** Services that are served. Going out of scope stops them. */
export interface ServiceServer extends AsyncDisposable {
  /** Where the first of them takes WebSockets; empty while nothing listens. */
  readonly url: string
  readonly port: number
  /** Whether it listens. */
  readonly isRunning: boolean
  /** Listens. What was stopped begins anew, at the port it had. @throws Error when the port cannot be used */
  start(): Promise<void>
  /** Takes nothing more, ends what is under way, and closes clients with 1001. Seconds of grace: default 10. */
  stop(options?: { readonly grace?: number }): Promise<void>
  /** Ends at once. */
  kill(): Promise<void>
  /** Serves one more, beside those that are there. @throws Error saying what is wrong with it, or that its path is taken */
  attach(service: Servable): Promise<void>
  /** Has nobody new come to a service; connections that are there go on. @throws Error when it is not served here */
  detach(service: Servable): Promise<void>
}

const GRACE_S = 10

/**
 * Serves services in this process, without a configuration.
 * @throws Error saying what is wrong with them, or that the port cannot be used
 */
export async function serve(
  services: Servable | readonly Servable[],
  options: ServeOptions = {},
): Promise<ServiceServer> {
  const server = new RunningServices(options)
  const all = Array.isArray(services) ? (services as readonly Servable[]) : [services as Servable]
  await server.attachAll(all)
  if (options.start !== false) await server.start()
  return server
}

interface Attached {
  readonly file: Source
  served: readonly ServedService[]
}

class RunningServices implements ServiceServer {
  readonly #options: ServeOptions
  readonly #host: string
  readonly #attached = new Map<Servable, Attached>()
  /** One change after the other: each finds what the one before it has left. */
  readonly #turns = new Turns()
  /** The one that is served, or will be by the next `start`. */
  #gateway: Gateway | undefined
  #port: number
  #count = 0

  constructor(options: ServeOptions) {
    this.#options = options
    this.#host = options.host ?? 'localhost'
    this.#port = options.port ?? 0
  }

  get url(): string {
    const found = this.#gateway?.listening.find(({ url }) => url.startsWith('ws'))
    const host = this.#host.includes(':') ? `[${this.#host}]` : this.#host
    return found?.url.replace('localhost', host) ?? ''
  }

  get port(): number {
    return this.url === '' ? this.#port : Number(new URL(this.url).port)
  }

  get isRunning(): boolean {
    return this.#gateway?.state === 'ready'
  }

  start(): Promise<void> {
    return this.#turns.take(async () => {
      if (this.isRunning) return
      const gateway = await this.#prepared()
      try {
        await gateway.start()
      } catch (error) {
        this.#gateway = undefined
        throw error
      }
      this.#port = this.port
    })
  }

  stop({ grace = GRACE_S }: { readonly grace?: number } = {}): Promise<void> {
    return this.#turns.take(() => this.#end(gateway => gateway.stop(grace * 1000)))
  }

  async kill(): Promise<void> {
    // What was asked for before is not waited for.
    if (this.#gateway?.state === 'ready' || this.#gateway?.state === 'stopping') await this.#gateway.kill()
    await this.#turns.take(() => this.#end(gateway => gateway.kill()))
  }

  attach(service: Servable): Promise<void> {
    return this.attachAll([service])
  }

  /** Serves some more. A single one is called `service`, unless it has a name. */
  attachAll(services: readonly Servable[]): Promise<void> {
    return this.#turns.take(async () => {
      const gateway = await this.#prepared()
      for (const service of services) {
        if (this.#attached.has(service)) throw new Error('the service is attached already')
        const isOnly = this.#count === 0 && services.length === 1
        this.#count++
        const file = new Source(isOnly ? 'service.ts' : `service-${this.#count}.ts`, '')
        attachModule(file, service)
        this.#attached.set(service, { file, served: await gateway.attach(file) })
      }
    })
  }

  detach(service: Servable): Promise<void> {
    return this.#turns.take(async () => {
      const attached = this.#attached.get(service)
      if (!attached) throw new Error('the service is not attached')
      this.#attached.delete(service)
      this.#gateway?.detach(attached.served)
    })
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }

  /** Gives the gateway, made anew where it was stopped, with what is attached. */
  async #prepared(): Promise<Gateway> {
    if (this.#gateway) return this.#gateway
    const values = new Map<string, string | number>([
      ['transport.http.listener.port', this.#port],
      ['transport.http.listener.host', this.#host],
    ])
    const { log } = await openLog({ level: this.#options.log ?? 'warn', isReadable: false })
    const loaded = { files: [], settings: undefined, problems: [], archives: [], places: [], skipped: [] }
    const gateway = new Gateway(
      { loaded, settings: new Settings(values), diagnostics: new Diagnostics() },
      log,
    )
    for (const each of this.#attached.values()) each.served = await gateway.attach(each.file)
    this.#gateway = gateway
    return gateway
  }

  async #end(how: (gateway: Gateway) => Promise<void>): Promise<void> {
    const gateway = this.#gateway
    if (!gateway || gateway.state === 'new') return
    await how(gateway)
    this.#gateway = undefined
  }
}
