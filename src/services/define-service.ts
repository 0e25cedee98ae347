import type { MessageSchema, View } from './binding.ts'
import type { Caller } from './caller.ts'
import type { HookFunction } from './hook-function.ts'
import type { MessageChunks } from './message-chunks.ts'
import type { ResourceRequest } from './resource-request.ts'
import type { UpgradeRequest } from './upgrade-request.ts'
import { ConnectionClosureError } from './web-socket-error.ts'

/** A mediator as a map with its name, as in YAML: `{ log: { level: 'full' } }`, `{ respond: {} }`; or its name alone. */
export type StepMap = string | Readonly<Record<string, unknown>>

/** What a hook may be: a function, one with a schema for what it takes, or steps, functions among them. */
export type Hook<F> = F | BoundHook<F> | readonly (F | StepMap)[]

/** What a hook runs, and how it takes its messages. */
export interface BoundHook<F> {
  /** What messages must fit. */
  readonly schema?: MessageSchema
  /** What they are taken as, text and binary alike. */
  readonly as?: View
  /** Whether they are taken in chunks, as they come: an asynchronous iterable of text or bytes. */
  readonly stream?: boolean
  readonly run: F | readonly (F | StepMap)[]
}

/** A hook of messages: a function alone takes them as they are, one that is bound or streamed what it asks for. */
export type MessageHook<F> = Hook<F> | BoundHook<(caller: Caller, data: never) => Gives>

type Gives = unknown

/** The hooks of a service, the first parameter of nearly all being the client. */
export interface ServiceHooks {
  onUpgrade?: Hook<(request: UpgradeRequest) => Gives>
  onOpen?: Hook<(caller: Caller) => Gives>
  onMessage?: MessageHook<(caller: Caller, data: never) => Gives>
  onTextMessage?: MessageHook<(caller: Caller, data: never) => Gives>
  onBinaryMessage?: MessageHook<(caller: Caller, data: Buffer) => Gives>
  onPing?: Hook<(caller: Caller, data: Buffer) => Gives>
  onPong?: Hook<(caller: Caller, data: Buffer) => Gives>
  onIdle?: Hook<(caller: Caller) => Gives>
  onIdleTimeout?: Hook<(caller: Caller) => Gives>
  onClose?: Hook<(caller: Caller, code: number, reason: string) => Gives>
  onError?: Hook<(caller: Caller, error: Error) => Gives>
  onUnmatched?: Hook<(caller: Caller, data: never) => Gives>
}

/** A service: its options, in the names that YAML and XML have, and its hooks. */
export interface ServiceDefinition extends ServiceHooks {
  readonly name?: string
  readonly basePath?: string
  readonly upgradePath?: string
  /** What takes messages by their key, besides hooks that are named after it. */
  readonly routes?: Readonly<Record<string, Hook<(caller: Caller, data: never) => Gives>>>
  /** REST resources by method and path: `'GET /orders/{id}'`. */
  readonly resources?: Readonly<Record<string, Hook<(request: ResourceRequest) => Gives>>>
  /** Other options, and hooks that are named after a key. */
  readonly [option: string]: unknown
}

const services = new WeakSet<object>()

/** Defines a service, to be the default export of a module in `config/services`. */
export function service<const D extends ServiceDefinition>(definition: D): D {
  services.add(definition)
  return definition
}

/**
 * Gives a hook what it takes: a Standard Schema, a JSON Schema as an object, or the form it takes messages in.
 *
 *     onMessage: bound('xml', (caller, element) => element.localName)
 */
export function bound<F extends (caller: Caller, data: never) => Gives>(
  takes: MessageSchema | View,
  run: F,
): BoundHook<F> {
  return typeof takes === 'string' ? { as: takes, run } : { schema: takes, run }
}

/** Has a hook take messages in chunks, as they come: an asynchronous iterable of text, or of bytes. */
export function streamed<F extends (caller: Caller, chunks: MessageChunks) => Gives>(run: F): BoundHook<F> {
  return { stream: true, run }
}

/** Whether something is a hook with options. */
export function isBound(value: unknown): value is BoundHook<HookFunction> {
  return typeof value === 'object' && value !== null && 'run' in value
}

/** What a method of an annotated class is given: what happened, and to whom. */
export interface ServiceMessage {
  readonly caller: Caller
  /** Text, bytes, or what was read of the message; undefined where there is none. */
  readonly data: unknown
}

/** The service that a class is: its paths, and which method is which hook. */
export interface Annotations extends Readonly<Record<string, unknown>> {
  readonly basePath?: string
  readonly upgradePath?: string
}

type Methods = Readonly<Record<string, unknown>>

/**
 * Makes a service of a class, each hook being named after one of its methods: in place of decorators, which cannot run
 * where types are only taken off. Methods that have the name of a hook need no mention. Each is given one message.
 *
 *     export default annotated(HelloWorld, { basePath: '/test', upgradePath: '/websocket', onOpen: 'welcome' })
 */
export function annotated(type: new () => object, annotations: Annotations = {}): ServiceDefinition {
  const owner = new type() as Methods
  const own = type as unknown as Methods
  const definition: Record<string, unknown> = { name: type.name }
  for (const key of Object.getOwnPropertyNames(type))
    if (!['length', 'name', 'prototype'].includes(key)) definition[key] = own[key]
  Object.assign(definition, annotations)
  const claimed = new Set(Object.values(definition))
  for (const method of methodsOf(type))
    if (/^on[A-Z]/.test(method) && !claimed.has(method)) definition[method] ??= method
  for (const [key, value] of Object.entries(definition)) {
    if (!/^on[A-Z]/.test(key) || typeof value !== 'string') continue
    const run = owner[value]
    if (typeof run !== 'function') throw new TypeError(`class ${type.name} has no method ${value} for ${key}`)
    definition[key] = takesRequest(key)
      ? run.bind(owner)
      : (caller: Caller, data: unknown) => run.call(owner, { caller, data }) as unknown
  }
  return service(definition as ServiceDefinition)
}

/**
 * Sends text to the client a message is of.
 * @throws TypeError without a message, ConnectionClosureError where it came of no client, or that is gone
 */
export function sendText(message: ServiceMessage | Caller | null | undefined, text: string): Promise<void> {
  if (message === null || message === undefined) throw new TypeError('sendText needs the message it answers')
  const caller: Partial<Caller> | undefined = 'caller' in message ? message.caller : message
  if (caller?.writeTextMessage) return caller.writeTextMessage(text)
  throw new ConnectionClosureError('there is no session: the message did not come over a WebSocket')
}

function takesRequest(hook: string): boolean {
  return hook === 'onUpgrade'
}

function methodsOf(type: new () => object): string[] {
  const prototype = type.prototype as object
  return Object.getOwnPropertyNames(prototype).filter(key => key !== 'constructor')
}
