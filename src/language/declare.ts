import type { Gate } from '../core/access/gate.ts'
import type { ChannelModel } from '../core/channel-model.ts'
import type { Cluster } from '../core/cluster.ts'
import type { Entry } from '../core/entry.ts'
import type { Logger } from '../core/logger.ts'
import type { MessageCounters } from '../core/metrics.ts'
import type {
  Deployment,
  Endpoint,
  Lifecycle,
  MessageStore,
  Pipeline,
  ProcessorControl,
  SequenceTemplate,
  Service,
} from '../core/ports.ts'
import type { RequestHead, Route } from '../core/route.ts'
import type { ServiceModel } from '../core/service-model.ts'
import type { Step } from '../core/step.ts'
import type { FrameLogging } from '../websocket/frame-log.ts'
import type {
  ClientTlsOptions,
  CompressionOptions,
  ConnectionOptions,
  ListenerAddress,
  WebSocketServiceOptions,
} from '../websocket/options.ts'
import type { Branch, Config, Fields } from './field.ts'
import type { Span } from './source.ts'
import type { Reference } from './types.ts'
import type { Element } from './xml.ts'

/** Reports what is wrong across fields; the span is the element's where none is given. */
export type Wrong = (message: string, options?: { hint?: string; span?: Span; code?: string }) => void

interface Declared<F extends Fields> {
  /** Name of the element. */
  readonly element: string
  /** One sentence, present tense: what it does. */
  readonly summary: string
  readonly fields: F
  /** More about it for its reference page, in Markdown; how it differs is said after `Compatibility:`. */
  readonly notes?: string
  /** An example for its reference page. */
  readonly example?: string
  /** Attributes and elements that are known and refused, each with what to say. */
  readonly unsupported?: Readonly<Record<string, string>>
  /** Attributes and elements that are known, and do nothing here; each with why. Reported as a warning. */
  readonly ignored?: Readonly<Record<string, string>>
  /** Rules that span fields; runs only when every field was read without error. */
  check?(config: Config<F>, wrong: Wrong, element: Element): void
}

/** A component that acts on a message. */
export interface Mediator<F extends Fields = Fields> extends Declared<F> {
  readonly kind: 'mediator'
  /** Whether it reads the payload, beyond what its expressions do. */
  needsContent?(config: Config<F>): boolean
  compile(config: Config<F>, build: Build, span: Span): Step
}

/** A kind of endpoint: the element inside `<endpoint>`. */
export interface EndpointKind<F extends Fields = Fields> extends Declared<F> {
  readonly kind: 'endpoint'
  compile(config: Config<F>, build: Build, name: string, span: Span): Endpoint
}

/** A deployable thing: the root of a file, or a child of `<definitions>`. */
export interface Artifact<F extends Fields = Fields> extends Declared<F> {
  readonly kind: 'artifact'
  /** Which elements it reads, where several artifacts share an element. */
  readonly variant?: { readonly attribute: string; readonly values: readonly string[] }
  /** The child by which its elements are known, where several artifacts share an element. */
  readonly holds?: string
  /** The folder its files live in. */
  readonly folder: string
  /** Names share one space within it: sequences and endpoints do, services have their own. */
  readonly space: string
  /** Its name; it must be in the fields as an attribute. */
  nameOf(config: Config<F>): string
  compile(config: Config<F>, build: Build, span: Span): Contribution
}

/** What an artifact gives to its deployment. */
export interface Contribution {
  readonly sequence?: Pipeline
  readonly endpoint?: Endpoint
  readonly template?: SequenceTemplate
  readonly endpointTemplate?: EndpointTemplate
  readonly entry?: Entry
  readonly messageStore?: MessageStore
  readonly services?: readonly ServedService[]
  /** What runs by itself: tasks, message processors. Started when everything listens, stopped first. */
  readonly activities?: readonly Lifecycle[]
  /** What those are that can be switched on and off. */
  readonly processors?: readonly ProcessorControl[]
}

/** An endpoint with parameters: gives an endpoint for the values a caller names. */
export interface EndpointTemplate {
  readonly name: string
  /** Reads the endpoint with `$name` replaced; what is wrong with the result is reported at the caller's place. */
  instantiate(values: ReadonlyMap<string, string>, build: Build, span: Span): Endpoint
}

/** A service and where it is served. */
export interface ServedService {
  readonly service: Service
  /**
   * A listener of its own, one of those all HTTP services share, that of an inbound endpoint, or none: inbound
   * endpoints pass requests on to it.
   */
  readonly listener: ListenerAddress | 'http' | 'https' | 'inbound endpoints' | BoundTo
  /** A path without query; `/*` at the end takes everything below it. */
  readonly path: string
  /** Set for a service that takes WebSockets, and then only those. */
  readonly webSocket?: WebSocketServiceOptions
  /** APIs that take those WebSockets whose handshake has their path. */
  readonly apis?: readonly ServedService[]
  readonly http?: HttpServiceOptions
  readonly span: Span
  /** Describes what it was compiled to. */
  readonly model?: () => ServiceModel
  /** Says what WebSocket clients can say to it, and hear of it. */
  readonly channels?: () => readonly ChannelModel[]
}

/** Names an inbound endpoint whose listener serves something else too. */
export interface BoundTo {
  readonly inbound: string
}

/** How a service takes HTTP requests, where that is not its message pipeline for each. */
export interface HttpServiceOptions {
  /** Only requests with this host, and this port, in their Host header. */
  readonly host?: string
  readonly port?: number
  /** Chooses what takes a request, or answers it. */
  readonly route?: (request: RequestHead) => Route
  /** Requests whose target matches go to the service of the HTTP transport that has their path, if there is one. */
  readonly dispatch?: RegExp
  /** The inbound endpoint it is served at. */
  readonly inbound?: string
  /** Who may send requests; without it everybody may. */
  readonly access?: Gate | undefined
}

/** A mediator of a file: declaration, typed values and place. */
export interface MediatorNode {
  readonly declaration: Mediator
  readonly config: Config<Fields>
  readonly span: Span
  /** Whether it reads the payload; mediators inside it are asked themselves. */
  readonly readsContent: boolean
}

/** An `<endpoint>` of a file: a reference to a named one, or a kind with its values. */
export interface EndpointNode {
  readonly name: string | undefined
  readonly key: Reference | undefined
  readonly kind: EndpointKind | undefined
  readonly config: Config<Fields> | undefined
  readonly span: Span
  /** Whether what it is made of reads the payload. */
  readonly readsContent?: boolean
}

/** What `compile` works with: parts of the same file, other artifacts by name, and a place to report to. */
export interface Build {
  /** The deployment being built; it answers once everything is compiled. */
  readonly deployment: Deployment
  readonly log: Logger
  /** What is being built, as log lines name it: `sequence`, `orders`. */
  readonly artifact: { readonly kind: string; readonly name: string }
  /** Process settings that components ask for. */
  readonly settings: BuildSettings
  /** The processes that run this configuration together. */
  readonly cluster: Cluster
  /** Something with sockets or timers that outlives a deployment; made once per key. */
  resource<T extends Resource>(key: string, make: () => T): T
  /** Counters of a service, the same across deployments. */
  counters(service: string): MessageCounters
  pipeline(steps: readonly MediatorNode[]): Pipeline
  /** The mediators of a branch, or the sequence it names; a missing branch goes on. */
  branch(branch: Branch | undefined): Pipeline
  /** A sequence; a missing one is reported and faults when it is reached. */
  sequence(reference: Reference): Pipeline
  /** A sequence, or undefined and no report. */
  findSequence(name: string): Pipeline | undefined
  /** The sequence of `onError`; undefined, and a warning, where there is none: the fault then goes outwards. */
  errorSequence(reference: Reference): Pipeline | undefined
  /** A sequence that something falls back on: the one named, else `main`, else the built-in main. */
  mainSequence(reference: Reference | undefined): Pipeline
  /** The fault sequence named, or the one every deployment has: `fault`, else the built-in one. */
  faultSequence(reference: Reference | undefined): Pipeline
  endpoint(node: EndpointNode): Endpoint
  /** The endpoint that sends to the address a message is for: its `To`. */
  implicitEndpoint(): Endpoint
  /** A sequence template; a missing one is reported and faults when it is called. */
  template(reference: Reference): SequenceTemplate
  /** An endpoint template; undefined and an error where there is none. */
  endpointTemplate(reference: Reference): EndpointTemplate | undefined
  /** A local entry or registry resource; undefined, and a warning, where there is none. */
  entry(reference: Reference): Entry | undefined
  /** A message store; a missing one is reported and faults when it is used. */
  messageStore(reference: Reference): MessageStore
  note(span: Span, code: string, message: string): void
  warning(span: Span, code: string, message: string, hint?: string): void
  error(span: Span, code: string, message: string, hint?: string): void
}

/** Something with sockets or timers that artifacts share by key. */
export interface Resource {
  /** Called when the gateway starts, before anything listens. */
  start?(): void
  stop(graceMs: number): Promise<void>
  /** Whether it is stopped after all that may still put messages into it. */
  readonly stopsLast?: boolean
}

/** Process settings that components read when they are compiled. */
export interface BuildSettings {
  readonly portOffset: number
  readonly webSocket: WebSocketSettings
  readonly http: HttpSettings
  readonly httpClient: HttpClientSettings
  /** Modules that stand for Java classes, each by the name of its class: absolute paths. */
  readonly classes: ReadonlyMap<string, string>
  readonly script: ScriptSettings
  readonly storage: StorageSettings
}

/** Where messages are kept that outlive the process. */
export interface StorageSettings {
  /** Folder of the gateway's own data: an absolute path. It is made when something is kept there. */
  readonly dataFolder: string
  /** Address of a Redis, `redis://…` or `rediss://…`; undefined where there is none. */
  readonly redisUrl: string | undefined
  /** What the names of all keys in it begin with. */
  readonly redisPrefix: string
  /** The largest response of a cache that processes share, in bytes; 0 for none. */
  readonly maxCachedBytes: number
}

/** What scripts may use up. */
export interface ScriptSettings {
  /** Milliseconds one run may take. */
  readonly timeoutMs: number
  /** Mebibytes one script may hold. */
  readonly memoryMb: number
}

/** How backends are called over HTTP, and what holds for all endpoints. Durations are in milliseconds. */
export interface HttpClientSettings {
  /** The largest body of a backend that is read in. */
  readonly maxBodyBytes: number
  readonly connectTimeoutMs: number
  /** How long a backend may send nothing of an answer that is passed on; 0 for ever. */
  readonly socketTimeoutMs: number
  /** The longest an answer may take, whatever an endpoint says. */
  readonly timeoutMs: number
  /** How long an endpoint is suspended that does not say; below 0 the built-in 30 seconds. */
  readonly suspendMs: number
  readonly suspendFactor: number
  /** Whether these two hold for endpoints that say otherwise. */
  readonly overridesSuspension: boolean
  /** Whether groups read in every payload, so that it can be sent again. */
  readonly buildsForFailover: boolean
  /** How long an OAuth token is kept at most, in seconds. */
  readonly tokenSeconds: number
  readonly tls: ClientTlsOptions
}

/** What services for HTTP callers read of the settings. */
export interface HttpSettings {
  /** Whether the HTTP transport has a port for TLS. */
  readonly hasTls: boolean
  /** What is added to the ports of HTTP inbound endpoints. */
  readonly inboundOffset: number
  readonly cors: CorsSettings
}

/** Which pages of other origins may use APIs. */
export interface CorsSettings {
  readonly isEnabled: boolean
  /** Origins as browsers write them; `*` for all. */
  readonly origins: readonly string[]
  /** The request headers that pages may set. */
  readonly headers: readonly string[]
}

/** `[transport.ws]` and `[transport.wss]` of the settings. */
export interface WebSocketSettings {
  readonly outDispatchSequence: string | undefined
  readonly outDispatchFaultSequence: string | undefined
  /** Prefix of the axis2 properties that become headers of the backend handshake. */
  readonly customHeaderPrefix: string
  /** Client headers copied to the backend handshake. */
  readonly preservedHeaders: readonly string[]
  readonly connection: ConnectionOptions
  /** How messages to and from backends are compressed; without it they are not. */
  readonly compression?: CompressionOptions | undefined
  /** How much of the frames of clients and backends is logged, where an inbound endpoint does not say. */
  readonly frameLogging: FrameLogging
  readonly handshakeTimeoutMs: number
  readonly queue: { readonly maxMessages: number; readonly maxBytes: number }
  /** Where messages wait that clients are too slow for. */
  readonly spillFolder: string
  readonly groups: GroupSettings
  readonly tls: ClientTlsOptions
}

/** What holds for the groups that sessions are in. */
export interface GroupSettings {
  /** How many a session may be in; 0 for any number. */
  readonly maxPerSession: number
  /** How long other processes may take to say what became of a message that was pushed, in milliseconds. */
  readonly answerTimeoutMs: number
}

/** Declares a mediator. */
export function mediator<const F extends Fields>(declaration: Omit<Mediator<F>, 'kind'>): Mediator {
  return { kind: 'mediator', ...declaration } as unknown as Mediator
}

/** Declares a kind of endpoint. */
export function endpointKind<const F extends Fields>(
  declaration: Omit<EndpointKind<F>, 'kind'>,
): EndpointKind {
  return { kind: 'endpoint', ...declaration } as unknown as EndpointKind
}

/** Declares a deployable thing. */
export function artifact<const F extends Fields>(declaration: Omit<Artifact<F>, 'kind'>): Artifact {
  return { kind: 'artifact', ...declaration } as unknown as Artifact
}
