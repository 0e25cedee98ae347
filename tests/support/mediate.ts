import { Alone } from '../../src/cluster/alone.ts'
import { type ContextOptions, MessageContext } from '../../src/core/context.ts'
import { MessageCounters } from '../../src/core/metrics.ts'
import type { Origin, RequestFacts } from '../../src/core/ports.ts'
import type { MaybePromise } from '../../src/core/step.ts'
import { type CompiledDeployment, type DeployContext, deploy } from '../../src/deployment/deploy.ts'
import type { Resource } from '../../src/language/declare.ts'
import { Diagnostics, format, toRecord } from '../../src/language/diagnostic.ts'
import { Source } from '../../src/language/source.ts'
import { Content, mediaTypeOf } from '../../src/message/content.ts'
import { Headers } from '../../src/message/headers.ts'
import { Message } from '../../src/message/message.ts'
import { exchange } from '../../src/sequences/exchange.ts'
import { Settings } from '../../src/settings.ts'
import { type LogLine, RecordingLogger } from './recording-logger.ts'

export { type LogLine, RecordingLogger } from './recording-logger.ts'

const REQUEST: RequestFacts = {
  method: 'POST',
  target: '/services/test/orders?Currency=EUR',
  url: 'http://gateway.test:8280/services/test/orders?Currency=EUR',
  remoteAddress: '192.0.2.7',
  postfix: '/orders?Currency=EUR',
}

/** A caller that keeps the answers it gets. */
export class RecordingOrigin implements Origin {
  readonly kind = 'http'
  readonly request: RequestFacts | undefined
  readonly replies: string[] = []
  ends = 0
  readonly #whenReplied: () => MaybePromise<void>

  constructor(request: Partial<RequestFacts> = {}, whenReplied: () => MaybePromise<void> = () => {}) {
    this.request = { ...REQUEST, ...request }
    this.#whenReplied = whenReplied
  }

  reply(ctx: MessageContext): MaybePromise<void> {
    const { content } = ctx.message
    this.replies.push(content.as(ctx.transportIfAny?.messageType ?? content.mediaType).toString())
    return this.#whenReplied()
  }

  ended(): void {
    this.ends++
  }
}

/** A message with a body of a content type. */
export function message(body: string | Buffer, contentType = ''): Message {
  const headers = new Headers()
  if (contentType !== '') headers.set('Content-Type', contentType)
  return new Message(new Content(Buffer.from(body), mediaTypeOf(contentType)), headers)
}

/** A JSON message; text is taken as it is. */
export function json(value: unknown): Message {
  return message(typeof value === 'string' ? value : JSON.stringify(value), 'application/json')
}

/** An XML message without an envelope. */
export function xml(body: string): Message {
  return message(body, 'application/xml')
}

/** A SOAP 1.1 message with what stands in its body, and in its header. */
export function soap(body: string, header = ''): Message {
  const head = header === '' ? '' : `<s:Header>${header}</s:Header>`
  return message(
    `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/">${head}<s:Body>${body}</s:Body></s:Envelope>`,
    'text/xml',
  )
}

/** Files by path. */
export type Files = Readonly<Record<string, string>>

/** Files, compiled as a gateway does it. */
export interface Deployed extends CompiledDeployment {
  readonly diagnostics: Diagnostics
  readonly log: RecordingLogger
  readonly counters: ReadonlyMap<string, MessageCounters>
  /** Closes what was opened on the way. */
  stop(): Promise<void>
}

/** Compiles files; what is wrong with them is in the diagnostics. */
export function deployed(
  files: Files,
  settings = new Settings(),
  log = new RecordingLogger(),
  resources = new Map<string, Resource>(),
): Deployed {
  const diagnostics = new Diagnostics()
  const counters = new Map<string, MessageCounters>()
  const context: DeployContext = {
    log,
    settings: {
      portOffset: settings.get('server.offset'),
      webSocket: settings.webSocket(undefined),
      httpClient: settings.httpClient(undefined),
      http: settings.http(false),
      classes: settings.classes(),
      script: settings.script(),
      storage: settings.storage(),
    },
    cluster: new Alone('test'),
    counters(service) {
      const known = counters.get(service) ?? new MessageCounters()
      counters.set(service, known)
      return known
    },
    resource<T extends Resource>(key: string, make: () => T): T {
      const known = (resources.get(key) as T | undefined) ?? make()
      resources.set(key, known)
      return known
    },
  }
  const sources = Object.entries(files).map(([path, text]) => new Source(path, text))
  const stop = async (): Promise<void> => {
    for (const resource of resources.values()) await resource.stop(1_000)
  }
  return { ...deploy(sources, context, diagnostics), diagnostics, log, counters, stop }
}

/** How a message comes in, and what is there beside the fragment. */
export interface MediateOptions extends ContextOptions {
  /** Further artifacts, each as it would stand in a file. */
  readonly artifacts?: readonly string[]
  /** The message belongs to an inbound endpoint instead of a proxy service. */
  readonly inbound?: boolean
  readonly request?: Partial<RequestFacts>
  /** Prefixes and other attributes of the sequence around the fragment. */
  readonly attributes?: string
  /** Which levels the log writes; default all. */
  readonly enabled?: (level: string) => boolean
  /** Sets something on the message before it starts. */
  readonly before?: (ctx: MessageContext) => void
  /** Where an answer of the endpoint goes. */
  readonly whenReplied?: () => MaybePromise<void>
}

/** A message that went through a fragment: its context, and what was seen from outside. */
export type Mediated = MessageContext & {
  /** What the log mediators, and the engine, wrote. */
  readonly logged: readonly LogLine[]
  /** Bodies of the answers the caller got. */
  readonly replies: readonly string[]
  /** How often the caller was told that the message has ended. */
  readonly ends: number
  readonly counters: MessageCounters
}

const PROXY = '<proxy name="test"><target inSequence="test"/></proxy>'
const INBOUND = `<inboundEndpoint name="test" protocol="ws" sequence="test"><parameters>
  <parameter name="inbound.ws.port">0</parameter></parameters></inboundEndpoint>`

function filesOf(fragment: string, { artifacts = [], inbound, attributes = '' }: MediateOptions): Files {
  return {
    'test.xml': `<sequence name="test" ${attributes}>${fragment}</sequence>`,
    'service.xml': inbound ? INBOUND : PROXY,
    ...Object.fromEntries(artifacts.map((text, i) => [`artifact${i + 1}.xml`, text])),
  }
}

/** Runs a message through mediators as they are written in a sequence of a service. */
export async function mediate(
  fragment: string,
  message: Message = Message.empty(),
  options: MediateOptions = {},
): Promise<Mediated> {
  const log = new RecordingLogger(options.enabled)
  const deployment = deployed(filesOf(fragment, options), new Settings(), log)
  if (deployment.diagnostics.errors > 0)
    throw new Error(deployment.diagnostics.all().map(format).join('\n\n'))
  const { service } = deployment.services[0]!
  const origin = new RecordingOrigin(options.request, options.whenReplied)
  const ctx = new MessageContext(service, origin, message, options)
  options.before?.(ctx)
  service.counters.received++
  await exchange(ctx, service.on.message!)
  await deployment.stop()
  const { replies, ends } = origin
  return Object.assign(ctx, { logged: log.lines, replies, ends, counters: service.counters })
}

/** Findings about a fragment, each on one line: code, message, hint. */
export function findings(fragment: string, options: MediateOptions = {}): string[] {
  const { diagnostics } = deployed(filesOf(fragment, options))
  return diagnostics
    .all()
    .map(toRecord)
    .filter(({ code }) => code !== 'built-in-fault' && code !== 'out-dispatch')
    .map(({ code, message, hint }) => `${code}: ${message}${hint === undefined ? '' : ` ${hint}`}`)
}
