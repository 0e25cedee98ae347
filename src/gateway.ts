import { type ClusterCounters, clusterCounters } from './cluster/cluster-counters.ts'
import { sessionGroups } from './cluster/groups-of.ts'
import { openCluster } from './cluster/index.ts'
import type { PlacedChannel } from './core/channel-model.ts'
import type { Cluster } from './core/cluster.ts'
import type { MessageContext } from './core/context.ts'
import type { SessionCount } from './core/groups.ts'
import { differencesOf, type Ledger, serviceAccount } from './core/ledger.ts'
import type { Logger } from './core/logger.ts'
import { MessageCounters } from './core/metrics.ts'
import type { Lifecycle, ProcessorControl } from './core/ports.ts'
import type { ServiceModel } from './core/service-model.ts'
import type { MaybePromise } from './core/step.ts'
import { type CompiledDeployment, type DeployContext, deploy, placeKeyOf } from './deployment/deploy.ts'
import { explain } from './deployment/explain.ts'
import type { SharedListeners } from './deployment/listeners.ts'
import { type Loaded, load, readArchives } from './deployment/load.ts'
import { type Listening, OpenListeners, reasonOf } from './deployment/open-listeners.ts'
import { ResourceRegistry } from './deployment/registry.ts'
import { servedChannels } from './deployment/served-channels.ts'
import { type Surveyed, survey } from './deployment/survey.ts'
import { transportClientTls, transportListenerTls } from './deployment/transport-tls.ts'
import { Drain, type DrainOutcome, type DrainParts, type DrainPlan } from './drain.ts'
import { TrustedProxies } from './inbound/trusted-proxies.ts'
import type { BuildSettings, Resource, ServedService } from './language/declare.ts'
import { Diagnostics, format } from './language/diagnostic.ts'
import { Source, type Span } from './language/source.ts'
import { configureJson } from './message/codecs/json-xml-options.ts'
import type { Message } from './message/message.ts'
import type { DeployedMocks, MockPlan } from './mocks/deploy-mocks.ts'
import type { Observe } from './sequences/compile.ts'
import { runAlone } from './sequences/run-alone.ts'
import { readSettings, Settings } from './settings.ts'
import { isReadable, type ReadableStore } from './stores/readable-store.ts'
import { storeAccount } from './stores/store-account.ts'
import { limitBacklog } from './websocket/backlog.ts'
import { startDemoBackend } from './websocket/demo-backend.ts'
import type { ListenerTlsOptions } from './websocket/options.ts'

export type { Listening } from './deployment/open-listeners.ts'
export type { Surveyed, Verdict } from './deployment/survey.ts'

/** Where a gateway is in its life. */
export type GatewayState = 'new' | 'starting' | 'ready' | 'stopping' | 'stopped'

/** A configuration as it was found: files, settings, and what is wrong so far. */
export interface Configuration {
  readonly loaded: Loaded
  readonly settings: Settings
  readonly diagnostics: Diagnostics
  /** Whether notes are made of what is never used and what never runs. */
  readonly isThorough?: boolean
  /** How the mocks among them are served, where that is not as the files say. */
  readonly mockPlan?: Omit<MockPlan, 'sources'>
}

/** Gives a configuration of nothing but mocks. */
export function mocksAlone(
  mocks: NonNullable<Loaded['mocks']>,
  mockPlan: NonNullable<Configuration['mockPlan']>,
): Configuration {
  const loaded = {
    files: [],
    settings: undefined,
    problems: [],
    archives: [],
    places: [],
    skipped: [],
    mocks,
  }
  return { loaded, settings: new Settings(), diagnostics: new Diagnostics(), mockPlan }
}

/** Reads the files and folders of a configuration, and its settings. Archives are left aside. */
export function loadConfiguration(paths: readonly string[]): Configuration {
  return configured(load(paths))
}

/** Reads the files, folders and archives of a configuration, and its settings. */
export async function loadWithArchives(paths: readonly string[]): Promise<Configuration> {
  return configured(await readArchives(load(paths)))
}

function configured(loaded: Loaded): Configuration {
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
  readonly #context: DeployContext
  readonly #cluster: Cluster & Lifecycle
  readonly #registry: ResourceRegistry
  readonly #shared: SharedListeners
  readonly #deployment: CompiledDeployment
  /** Services that are served beside those of the configuration. */
  readonly #attached: ServedService[] = []
  readonly #counters = new Map<string, MessageCounters>()
  readonly #resources = new Map<string, Resource>()
  readonly #listeners: OpenListeners
  #demoBackend: { readonly listening: Listening; close(): Promise<void> } | undefined
  #drain: Drain | undefined
  #drained: Promise<DrainOutcome> | undefined
  #state: GatewayState = 'new'

  /**
   * Compiles a configuration; `observe` is told which mediators there are. Nothing listens before `start`. How JSON
   * and XML are made of each other, and how much may wait to be sent, is one for the process: of several gateways the
   * one made last decides.
   */
  constructor(
    { loaded, settings, diagnostics, isThorough, mockPlan }: Configuration,
    log: Logger,
    observe?: Observe,
  ) {
    this.#log = log
    this.settings = settings
    this.diagnostics = diagnostics
    configureJson(settings.jsonXml())
    limitBacklog(settings.get('transport.ws.max_buffered_bytes'))
    this.#shared = this.#sharedListeners(loaded)
    this.#listeners = this.#openListeners()
    this.#cluster = openCluster({ nodeId: settings.get('myelin.node_id'), ...settings.storage() }, log)
    this.#context = {
      log,
      cluster: this.#cluster,
      observe,
      settings: this.#buildSettings(loaded),
      counters: (service: string) => memoize(this.#counters, service, () => new MessageCounters()),
      resource: <T extends Resource>(key: string, make: () => T) => memoize(this.#resources, key, make) as T,
    }
    this.#registry = new ResourceRegistry(loaded.places)
    const mocks = loaded.mocks?.isEmpty === false ? { sources: loaded.mocks, ...mockPlan } : undefined
    const options = { registry: this.#registry, isThorough: isThorough === true, mocks }
    this.#deployment = deploy(loaded.files, this.#context, diagnostics, options)
  }

  /** Compiles each file by itself, with the settings and resources of this gateway; nothing of it is served. */
  survey(files: readonly Source[], onFile: (done: number) => void): Promise<Surveyed[]> {
    return survey(files, this.#context, { registry: this.#registry, onFile })
  }

  get state(): GatewayState {
    return this.#state
  }

  /** What can be reached; known once started. */
  get listening(): readonly Listening[] {
    return [...(this.#demoBackend ? [this.#demoBackend.listening] : []), ...this.#listeners.listening]
  }

  /** Counters of every service, by its kind and name. */
  get counters(): ReadonlyMap<string, MessageCounters> {
    return this.#counters
  }

  /** What the services were compiled to. */
  get models(): ServiceModel[] {
    return explain([...this.#deployment.services, ...this.#attached])
  }

  /** What WebSocket clients find where; `host` is where they reach it, '' for where it listens. */
  channels(host = ''): PlacedChannel[] {
    return servedChannels(this.#deployment.services, this.#shared, host)
  }

  /** What several processes could not do as one. */
  get clusterCounters(): ClusterCounters {
    return clusterCounters(this.#context)
  }

  /** How many WebSocket clients each service has in each process. One that does not answer in time is left out. */
  sessions(): MaybePromise<readonly SessionCount[]> {
    return sessionGroups(this.#context).counts()
  }

  /** Whether there is anything to serve, or to run by itself. */
  get hasServices(): boolean {
    return (
      this.#deployment.services.length > 0 ||
      this.#attached.length > 0 ||
      this.#deployment.activities.length > 0 ||
      this.#deployment.main !== undefined
    )
  }

  /**
   * Compiles a service and serves it beside the others, at once where the gateway runs.
   * @throws Error saying what is wrong with it, that its path is taken, or that its port cannot be used
   */
  async attach(file: Source): Promise<readonly ServedService[]> {
    const diagnostics = new Diagnostics()
    const known = new Set(this.#resources.keys())
    const { services } = deploy([file], this.#context, diagnostics, { registry: this.#registry })
    if (diagnostics.errors > 0) {
      const wrong = diagnostics.all().filter(({ severity }) => severity === 'error')
      throw new Error(wrong.map(format).join('\n'))
    }
    const places = new Map(
      [...this.#deployment.services, ...this.#attached].map(each => [placeKeyOf(each), each]),
    )
    for (const one of services) {
      const key = placeKeyOf(one)
      const other = key === undefined ? undefined : places.get(key)
      if (other) throw new Error(`${other.service.name} is served at ${one.path} already`)
    }
    this.#attached.push(...services)
    if (this.#state !== 'ready') return services
    for (const [key, resource] of this.#resources) if (!known.has(key)) resource.start?.()
    try {
      await this.#listeners.serve(services)
    } catch (error) {
      this.detach(services)
      throw error
    }
    return services
  }

  /** Serves services no more that were attached: nobody new comes to them, and clients that are there stay. */
  detach(services: readonly ServedService[]): void {
    const gone = this.#attached.filter(served => services.includes(served))
    for (const served of gone) this.#attached.splice(this.#attached.indexOf(served), 1)
    this.#listeners.remove(gone)
  }

  /** Opens the listeners. @throws Error naming the port when one cannot be opened; nothing listens then */
  async start(): Promise<void> {
    this.#state = 'starting'
    try {
      await this.#cluster.start()
      for (const resource of this.#resources.values()) resource.start?.()
      await this.#startDemoBackend()
      const { services, main } = this.#deployment
      await this.#listeners.serve([...services, ...this.#attached], main)
      for (const activity of this.#deployment.activities) await activity.start()
      this.#state = 'ready'
    } catch (error) {
      await this.stop(0)
      throw error
    }
  }

  /** Stops at once, but for what is under way: as `drain` does, without announcing it. */
  async stop(graceMs: number): Promise<void> {
    await this.drain({ graceMs, announceMs: 0, spreadMs: 0 })
  }

  /** Stops in stages, from the outside in; called again it is the same stop. Never rejects. */
  drain(plan: DrainPlan): Promise<DrainOutcome> {
    if (this.#drained !== undefined) return this.#drained
    this.#state = 'stopping'
    this.#listeners.closeWatches()
    const parts: DrainParts = {
      log: this.#log,
      listeners: this.#listeners.all,
      activities: this.#deployment.activities,
      inFlight: () => [...this.#counters.values()].reduce((sum, { inFlight }) => sum + inFlight, 0),
      release: graceMs => this.#release(graceMs),
      settle: graceMs => this.#settle(graceMs),
    }
    this.#drain = new Drain(parts, plan)
    this.#drained = this.#drain.run()
    return this.#drained
  }

  /** Stops at once, also what has begun to stop with more time. */
  async kill(): Promise<void> {
    const stopped = this.stop(0)
    for (const listener of this.#listeners.all) listener.cut()
    await stopped
  }

  /** How far stopping is, once it has begun. */
  get draining(): Drain | undefined {
    return this.#drain
  }

  /** Draws up what became of every message so far. */
  async ledger(isFinal = false): Promise<Ledger> {
    const stores = await Promise.all(this.stores.map(storeAccount))
    const services = [...this.#counters].map(([name, counters]) => serviceAccount(name, counters))
    const differences = differencesOf(services, stores, isFinal)
    return {
      node: this.nodeId,
      server: this.cluster.server,
      at: Date.now(),
      isFinal,
      services,
      stores,
      differences,
    }
  }

  /** Names this process among several. */
  get nodeId(): string {
    return this.#context.cluster.nodeId
  }

  /** The processes that run this configuration together. */
  get cluster(): Cluster {
    return this.#context.cluster
  }

  /** The message stores that can be looked into. */
  get stores(): readonly ReadableStore[] {
    const { artifacts, deployment } = this.#deployment
    return artifacts
      .filter(({ kind }) => kind === 'messageStore')
      .map(({ name }) => deployment.messageStore(name))
      .filter(isReadable)
  }

  /** What of it are mocks. */
  get mocks(): DeployedMocks | undefined {
    return this.#deployment.mocks
  }

  /** The message processors. */
  get processors(): readonly ProcessorControl[] {
    return this.#deployment.activities.filter(isProcessor)
  }

  /** Certificates for listeners of the gateway's own, where the HTTPS transport has any. */
  get ownTls(): ListenerTlsOptions | undefined {
    return this.#shared.https?.tls
  }

  /**
   * Runs a sequence by itself on a message, for tests of configurations; `prepare` sets what the message brings along.
   * Gives the message as it was left, undefined where there is no such sequence. Needs no `start`.
   */
  runSequence(
    name: string,
    message: Message,
    prepare: (ctx: MessageContext) => void,
  ): Promise<MessageContext | undefined> {
    return runAlone({ name, deployment: this.#deployment.deployment, log: this.#log, message, prepare })
  }

  /** The demo backend is a courtesy: where its port is taken, what listens there is used. */
  async #startDemoBackend(): Promise<void> {
    if (!this.settings.get('myelin.demo_backend.enable')) return
    const wanted = this.settings.get('myelin.demo_backend.port')
    try {
      const log = (text: string): void => this.#log.info({}, `{demo backend} ${text}`)
      const { port, close } = await startDemoBackend({ host: 'localhost', port: wanted, log })
      const listening = { what: 'demo backend', url: `ws://localhost:${port}/websocket` }
      this.#demoBackend = { listening, close }
    } catch (error) {
      this.#log.warn({ port: wanted }, `the demo backend was not started: ${reasonOf(error)}`)
    }
  }

  #openListeners(): OpenListeners {
    const limits = {
      connection: this.settings.webSocket().connection,
      maxBodyBytes: this.settings.get('transport.http.listener.max_body_bytes'),
      socketTimeoutMs: this.settings.get('transport.http.socket_timeout'),
      headerTimeoutMs: this.settings.get('transport.http.listener.header_timeout_ms'),
      maxHeaderBytes: this.settings.get('transport.http.listener.max_header_bytes'),
      maxHeaders: this.settings.get('transport.http.listener.max_headers'),
    }
    const proxies = this.settings.get('transport.http.listener.trusted_proxies')
    const forwarded = this.settings.get('transport.http.listener.forwarded_headers')
    return new OpenListeners({
      log: this.#log,
      shared: this.#shared,
      limits,
      proxies: proxies.length > 0 ? new TrustedProxies(proxies, forwarded) : undefined,
    })
  }

  /** The sockets of the HTTP transport, as the settings have them. */
  #sharedListeners({ settings: source }: Loaded): SharedListeners {
    const get = this.settings.get.bind(this.settings)
    const host = get('transport.http.listener.host')
    const portOf = (port: number): number => (port === 0 ? 0 : port + get('server.offset'))
    const http = get('transport.http.listener.enable')
      ? { port: portOf(get('transport.http.listener.port')), host }
      : undefined
    if (!get('transport.http.listener.secured_enable')) return { http, https: undefined }
    const tls = transportListenerTls(this.settings.stores(), this.diagnostics, startOf(source))
    if (!tls) return { http, https: undefined }
    return { http, https: { port: portOf(get('transport.http.listener.secured_port')), host, tls } }
  }

  #buildSettings({ settings: source }: Loaded): BuildSettings {
    const clients = transportClientTls(this.settings.stores(), this.diagnostics, startOf(source))
    return {
      portOffset: this.settings.get('server.offset'),
      webSocket: this.settings.webSocket(clients.webSocket),
      httpClient: this.settings.httpClient(clients.http),
      http: this.settings.http(this.#shared.https !== undefined),
      classes: this.settings.classes(),
      script: this.settings.script(),
      storage: this.settings.storage(),
    }
  }

  /** Closes what services used, but for what keeps messages. */
  async #release(graceMs: number): Promise<void> {
    const deadline = performance.now() + graceMs
    for (const [key, resource] of this.#resources) {
      if (stopsLast(resource)) continue
      const leftMs = Math.max(0, deadline - performance.now())
      await this.#attempt(`closing ${key}`, () => resource.stop(leftMs))
    }
    await this.#attempt('closing the demo backend', async () => this.#demoBackend?.close())
  }

  /** Draws up the last ledger, and closes what keeps messages. */
  async #settle(graceMs: number): Promise<Ledger> {
    const ledger = await this.ledger(true)
    for (const [key, resource] of this.#resources)
      if (stopsLast(resource)) await this.#attempt(`closing ${key}`, () => resource.stop(graceMs))
    await this.#attempt('leaving the other processes', () => this.#cluster.stop(graceMs))
    this.#state = 'stopped'
    return ledger
  }

  async #attempt(what: string, act: () => Promise<unknown>): Promise<void> {
    try {
      await act()
    } catch (error) {
      this.#log.error({ err: error }, `${what} failed`)
    }
  }
}

/** What keeps messages: what others do last may need it. */
function stopsLast(resource: Resource): boolean {
  return resource.stopsLast === true || 'take' in resource
}

function isProcessor(activity: Lifecycle): activity is Lifecycle & ProcessorControl {
  return 'switchTo' in activity
}

function memoize<V>(map: Map<string, V>, key: string, make: () => V): V {
  const known = map.get(key)
  if (known !== undefined) return known
  const made = make()
  map.set(key, made)
  return made
}

/** The place to report to what is wrong with settings as a whole. */
function startOf(source: Source | undefined): Span {
  return { source: source ?? new Source('deployment.toml', ''), start: 0, end: 1 }
}
