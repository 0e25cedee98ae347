import type { Logger } from './core/logger.ts'
import { MessageCounters } from './core/metrics.ts'
import type { Lifecycle } from './core/ports.ts'
import { type CompiledDeployment, deploy } from './deployment/deploy.ts'
import { type Loaded, load } from './deployment/load.ts'
import { readAuthorities } from './inbound/keystore.ts'
import { Listener } from './inbound/listener.ts'
import type { BuildSettings, Resource, ServedService } from './language/declare.ts'
import { Diagnostics } from './language/diagnostic.ts'
import { readSettings, Settings } from './settings.ts'
import { startDemoBackend } from './websocket/demo-backend.ts'
import type { ListenerAddress } from './websocket/options.ts'

/** Something that can be reached. */
export interface Listening {
  readonly what: string
  readonly url: string
}

/** Where a gateway is in its life. */
export type GatewayState = 'new' | 'starting' | 'ready' | 'stopping' | 'stopped'

/** A configuration as it was found: files, settings, and what is wrong so far. */
export interface Configuration {
  readonly loaded: Loaded
  readonly settings: Settings
  readonly diagnostics: Diagnostics
}

/** Reads the files and folders of a configuration, and its settings. */
export function loadConfiguration(paths: readonly string[]): Configuration {
  const loaded = load(paths)
  const diagnostics = new Diagnostics()
  const settings = loaded.settings ? readSettings(loaded.settings, diagnostics) : new Settings()
  return { loaded, settings, diagnostics }
}

/** The parts of a running gateway, put together: a configuration, compiled, and the listeners that serve it. */
export class Gateway implements Lifecycle {
  readonly settings: Settings
  /** What was found wrong with the configuration. */
  readonly diagnostics: Diagnostics
  readonly #log: Logger
  readonly #deployment: CompiledDeployment
  readonly #counters = new Map<string, MessageCounters>()
  readonly #resources = new Map<string, Resource>()
  readonly #listening: Listening[] = []
  #listeners: Listener[] = []
  #demoBackend: { close(): Promise<void> } | undefined
  #state: GatewayState = 'new'

  /** Compiles a configuration. Nothing listens before `start`. */
  constructor({ loaded, settings, diagnostics }: Configuration, log: Logger) {
    this.#log = log
    this.settings = settings
    this.diagnostics = diagnostics
    const context = {
      log,
      settings: this.#buildSettings(loaded),
      counters: (service: string) => memoize(this.#counters, service, () => new MessageCounters()),
      resource: <T extends Resource>(key: string, make: () => T) => memoize(this.#resources, key, make) as T,
    }
    this.#deployment = deploy(loaded.files, context, diagnostics)
  }

  get state(): GatewayState {
    return this.#state
  }

  /** What can be reached; known once started. */
  get listening(): readonly Listening[] {
    return this.#listening
  }

  /** Counters of every service, by its kind and name. */
  get counters(): ReadonlyMap<string, MessageCounters> {
    return this.#counters
  }

  /** Whether there is anything to serve. */
  get hasServices(): boolean {
    return this.#deployment.services.length > 0
  }

  /** Opens the listeners. @throws Error naming the port when one cannot be opened; nothing listens then */
  async start(): Promise<void> {
    this.#state = 'starting'
    try {
      await this.#startDemoBackend()
      for (const [address, services] of this.#byAddress()) await this.#listen(address, services)
      for (const activity of this.#deployment.activities) await activity.start()
      this.#state = 'ready'
    } catch (error) {
      await this.stop(0)
      throw error
    }
  }

  /** Stops from the outside in: listeners with their sessions first, then what they used. */
  async stop(graceMs: number): Promise<void> {
    if (this.#state === 'stopping' || this.#state === 'stopped') return
    this.#state = 'stopping'
    const deadline = performance.now() + graceMs
    for (const activity of this.#deployment.activities)
      await this.#attempt('stopping what runs by itself', () =>
        activity.stop(Math.max(0, deadline - performance.now())),
      )
    const listeners = this.#listeners
    this.#listeners = []
    await this.#attempt('closing the listeners', () =>
      Promise.all(listeners.map(listener => listener.stop(graceMs))),
    )
    for (const [key, resource] of this.#resources)
      await this.#attempt(`closing ${key}`, () => resource.stop(Math.max(0, deadline - performance.now())))
    await this.#attempt('closing the demo backend', async () => this.#demoBackend?.close())
    this.#state = 'stopped'
  }

  async #listen(address: ListenerAddress, services: readonly ServedService[]): Promise<void> {
    const limits = {
      connection: this.settings.webSocket(undefined).connection,
      maxBodyBytes: this.settings.get('transport.http.listener.max_body_bytes'),
    }
    const listener = new Listener(address, services, { limits, log: this.#log })
    try {
      await listener.start()
    } catch (error) {
      const names = services.map(({ service }) => `${service.kind} ${service.name}`).join(', ')
      throw new Error(`cannot listen on port ${address.port} for ${names}: ${reasonOf(error)}`, {
        cause: error,
      })
    }
    this.#listeners.push(listener)
    for (const { service, path, webSocket } of services) {
      const scheme = (webSocket ? 'ws' : 'http') + (listener.isSecure ? 's' : '')
      const shown = path.replace(/\/\*$/, '') || '/'
      this.#listening.push({
        what: `${service.kind} ${service.name}`,
        url: `${scheme}://localhost:${listener.port}${shown}`,
      })
    }
  }

  /** The demo backend is a courtesy: where its port is taken, what listens there is used. */
  async #startDemoBackend(): Promise<void> {
    if (!this.settings.get('myelin.demo_backend.enable')) return
    const wanted = this.settings.get('myelin.demo_backend.port')
    try {
      const log = (text: string): void => this.#log.info({}, `{demo backend} ${text}`)
      const { port, close } = await startDemoBackend({ host: 'localhost', port: wanted, log })
      this.#demoBackend = { close }
      this.#listening.push({ what: 'demo backend', url: `ws://localhost:${port}/websocket` })
    } catch (error) {
      this.#log.warn({ port: wanted }, `the demo backend was not started: ${reasonOf(error)}`)
    }
  }

  #byAddress(): [ListenerAddress, ServedService[]][] {
    const groups = new Map<string, [ListenerAddress, ServedService[]]>()
    const servesHttp = this.settings.get('transport.http.listener.enable')
    for (const served of this.#deployment.services) {
      if (served.listener === 'http' && !servesHttp) continue
      const address = served.listener === 'http' ? this.#httpAddress() : served.listener
      // Port 0 asks for one of its own.
      const key = `${address.host ?? ''}:${address.port === 0 && served.webSocket ? served.service.name : address.port}`
      const group = memoize<[ListenerAddress, ServedService[]]>(groups, key, () => [address, []])
      group[1].push(served)
    }
    return [...groups.values()]
  }

  #httpAddress(): ListenerAddress {
    const port = this.settings.get('transport.http.listener.port')
    return {
      port: port === 0 ? 0 : port + this.settings.get('server.offset'),
      host: this.settings.get('transport.http.listener.host'),
    }
  }

  #buildSettings({ settings: source }: Loaded): BuildSettings {
    const location = this.settings.get('transport.wss.sender.truststore_location')
    let authorities: string | undefined
    try {
      const password = this.settings.get('transport.wss.sender.truststore_password')
      authorities = location === undefined ? undefined : readAuthorities(location, password)
    } catch (error) {
      this.diagnostics.error(
        { source: source!, start: 0, end: 1 },
        'bad-key-store',
        `${(error as Error).message}.`,
      )
    }
    return { portOffset: this.settings.get('server.offset'), webSocket: this.settings.webSocket(authorities) }
  }

  async #attempt(what: string, act: () => Promise<unknown>): Promise<void> {
    try {
      await act()
    } catch (error) {
      this.#log.error({ err: error }, `${what} failed`)
    }
  }
}

function memoize<V>(map: Map<string, V>, key: string, make: () => V): V {
  const known = map.get(key)
  if (known !== undefined) return known
  const made = make()
  map.set(key, made)
  return made
}

function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException
  if (code === 'EADDRINUSE') return 'the port is in use'
  if (code === 'EACCES') return 'the port may not be used by this user'
  return message
}
