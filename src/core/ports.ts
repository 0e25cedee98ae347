import type { Message } from '../message/message.ts'
import type { Admitted } from './access/gate.ts'
import type { Event, MessageContext } from './context.ts'
import type { Entry } from './entry.ts'
import type { Logger } from './logger.ts'
import type { MessageCounters } from './metrics.ts'
import type { MaybePromise, Step } from './step.ts'

/** A compiled list of steps. */
export interface Pipeline {
  readonly run: Step
}

/** Where messages are sent. */
export interface Endpoint {
  readonly name: string
  /** Whether it would take a message now; undefined where it always does. Groups pass by what is not ready. */
  readonly isReady?: boolean | undefined
  /** Whether it keeps a connection for each client session, so that the messages of one belong together. */
  readonly keepsLinks?: boolean | undefined
  /** Where a WSDL of what it sends to is, by address or key. */
  readonly describedAt?: string | undefined
  /**
   * Hands a message over; gives the answer where the endpoint has one.
   * @throws Fault with a 1015xx code when the message cannot be handed over.
   */
  deliver(ctx: MessageContext): MaybePromise<Message | undefined>
  /** Does so for a group: the sequence that runs for a failure is left until no other endpoint takes the message. */
  attempt?(ctx: MessageContext): MaybePromise<Message | undefined>
}

/** What is known of the request a message came in with: an HTTP request, or the upgrade of a WebSocket. */
export interface RequestFacts {
  readonly method: string
  /** Path and query as received. */
  readonly target: string
  /** The absolute URL as the client used it. */
  readonly url: string
  readonly remoteAddress: string
  /** What follows the service's own path, with the query: `REST_URL_POSTFIX`. */
  readonly postfix: string
  /** The inbound endpoint it came to, where that is not the service itself. */
  readonly inbound?: string | undefined
  /** Which resource of an API takes it. */
  readonly rest?: RestFacts | undefined
  /** The certificate the client showed; it was verified. */
  readonly certificate?: CertificateFacts | undefined
  /** Who sent it, where the service asks for that. */
  readonly identity?: Admitted | undefined
}

/** What the certificate of a client says. */
export interface CertificateFacts {
  /** The certificate and the chain behind it, as PEM. */
  readonly pem: string
  /** Distinguished names, most specific part first: `CN=orders, O=Example`. */
  readonly subject: string
  readonly issuer: string
  /** In hexadecimal. */
  readonly serial: string
  /** SHA-256, in hexadecimal with colons. */
  readonly fingerprint: string
  /** The alternative names, such as `DNS:orders.example, IP Address:10.0.0.1`. */
  readonly names: string
}

/** What is known of a request to an API. */
export interface RestFacts {
  /** Name the API is registered by. */
  readonly api: string
  /** Empty for none. */
  readonly version: string
  readonly context: string
  /** What the resource is called, and the template or mapping it has; empty for none. */
  readonly resource: string
  readonly pattern: string
  /** What follows the context, query included: `/` where nothing does. */
  readonly path: string
}

/** Who sent a message, and how to answer. */
export interface Origin {
  readonly kind: 'http' | 'websocket' | 'backend' | 'internal'
  readonly request: RequestFacts | undefined
  /** Sends the message of a context back. */
  reply(ctx: MessageContext): MaybePromise<void>
  /** An endpoint has the message, and what it answers is waited for. */
  taken?(ctx: MessageContext): void
  /** Calls back, at most once, when who waits for an answer leaves before it has come. */
  whenGone?(callback: () => void): void
  /** The message has been through everything, faults included; called once per message. */
  ended(ctx: MessageContext): void
}

/** What is served on a path: a pipeline for each thing that can happen. */
export interface Service {
  readonly name: string
  readonly kind:
    | 'proxy service'
    | 'API'
    | 'inbound endpoint'
    | 'task'
    | 'message processor'
    | 'sequence'
    | 'service'
    | 'mock'
  /** What stands in front of its log lines, such as `{proxy:Orders}`. */
  readonly label: string
  readonly deployment: Deployment
  readonly log: Logger
  readonly counters: MessageCounters
  /** What runs for each event. HTTP knows only `message`. */
  readonly on: Readonly<Partial<Record<Event, Pipeline>>>
  /** Whether each event has a hook of its own: a reply to any of them is sent, and that to a ping is a pong. */
  readonly isHooked?: boolean | undefined
  /** What runs in place of these for clients of a path, where the path chooses. */
  readonly hookFor?: (path: string) => Pipeline | undefined
  /** What runs for the reply that `send` left. */
  readonly outflow: Pipeline
  /** What runs for each message of a WebSocket backend. */
  readonly outDispatch: Pipeline
  /** What runs when a link to a WebSocket backend is lost. */
  readonly outFault: Pipeline
  /** Names what the two above run: callers with equal names may share a link. */
  readonly outKey: string
  /** Whether the first is one that the configuration names for them, rather than what runs where nothing is named. */
  readonly namesOutDispatch?: boolean | undefined
}

/** A sequence with parameters. */
export interface SequenceTemplate {
  readonly name: string
  readonly parameters: readonly TemplateParameter[]
  readonly body: Pipeline
}

/** What a template expects of its caller. */
export interface TemplateParameter {
  readonly name: string
  readonly isMandatory: boolean
  readonly defaultValue: string | undefined
}

/** Keeps messages for later. */
export interface MessageStore {
  readonly name: string
  /**
   * Takes a message in; it is a copy that nobody else changes.
   * @throws Fault when the store cannot take it
   */
  put(ctx: MessageContext): MaybePromise<void>
  /** Takes the messages of senders that number them; undefined where it cannot. */
  readonly numbered?: NumberedMessages | undefined
}

/**
 * The part of a store that takes numbered messages: each once, and in order. The number is kept together with the
 * message, as safe as the message is, and stays when the message has gone.
 */
export interface NumberedMessages {
  /**
   * Takes a message in where its number follows the last that was taken of its sender, the first being 1, and gives
   * the last number then. A number below what is given was taken before; one above it was left out, for others are
   * missing in front of it. May be called again before the first call has ended: the order is that of the calls.
   * @throws Fault when the store cannot take it; the ones behind it are then left out as well
   */
  put(ctx: MessageContext, number: MessageNumber): MaybePromise<number>
  /** Gives the last number that was taken of a sender; undefined where none is known. */
  last(scope: string, sender: string): MaybePromise<number | undefined>
  /** Forgets the senders of a scope that sent nothing since a moment, and those that are too many, oldest first. */
  forget(scope: string, since: number, most: number): MaybePromise<void>
}

/** Which message of a sender one is. */
export interface MessageNumber {
  /** Keeps senders apart that share a store: the inbound endpoint they came to. */
  readonly scope: string
  readonly sender: string
  readonly number: number
}

/** A message processor, as whoever looks after the gateway sees it. */
export interface ProcessorControl {
  readonly name: string
  /** `forwarding`, `sampling` or `failover`. */
  readonly kind: string
  /** Name of the store it takes messages from. */
  readonly store: string
  /** Whether it is at work, or would be in the process it runs in. */
  readonly isActive: boolean
  /** Switches it on or off, in all processes; resolves when that is kept for the next start. */
  switchTo(isActive: boolean): Promise<void>
}

/** All compiled artifacts at one moment; never changed once it serves. */
export interface Deployment {
  sequence(name: string): Pipeline | undefined
  endpoint(name: string): Endpoint | undefined
  template(name: string): SequenceTemplate | undefined
  messageStore(name: string): MessageStore | undefined
  /** A service by its kind and name, for callers inside the gateway. */
  service(kind: Service['kind'], name: string): Service | undefined
  /** A local entry, or the resource of the registry that a key such as `gov:/schemas/a.xsd` names. */
  entry(key: string): Entry | undefined
  /**
   * Writes a resource of the registry. It is kept in memory until the process ends, and seen by whoever looks it up
   * from then on.
   * @throws Fault when the key is none, or what was written so far takes up all the room there is
   */
  putEntry(key: string, change: EntryChange): void
}

/** What is written to a resource: its content, or one of its properties. */
export type EntryChange = { readonly text: string } | { readonly property: string; readonly value: string }

/** Something with sockets or timers. */
export interface Lifecycle {
  start(): Promise<void>
  /** Ends it, in-flight work first, within the grace period. May be called twice, and without `start`. */
  stop(graceMs: number): Promise<void>
}
