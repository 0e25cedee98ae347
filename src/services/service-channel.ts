import type {
  ChannelMessage,
  ChannelModel,
  ChannelOperation,
  ChannelSecurity,
} from '../core/channel-model.ts'
import type { Element } from '../language/xml.ts'
import type { MessageSchema, View } from './binding.ts'
import { keyPath } from './dispatch.ts'
import { derivedHook, HOOKS } from './hook-names.ts'
import type { HookConfig } from './hooks-field.ts'
import type { ServiceConfig } from './service-fields.ts'
import type { UpgradePath } from './upgrade-path.ts'

/** What a description of a service is made of, beside what it says itself. */
export interface ChannelSource {
  readonly path: UpgradePath
  readonly security: readonly ChannelSecurity[]
  /** Gives the text of a local entry. */
  readonly entry: (name: string) => string | undefined
}

type JsonSchema = Readonly<Record<string, unknown>>

/** What may send something to the client, in the steps of a hook. */
const MAY_ANSWER: ReadonlySet<string> = new Set([
  'call-template',
  'class',
  'function',
  'loopback',
  'respond',
  'script',
  'send',
  'sendToGroup',
  'sendToSession',
  'sequence',
])

/** What is said of messages that a hook takes by their frame alone. */
const FRAMES: Readonly<Record<string, { readonly summary: string; readonly contentType?: string }>> = {
  onMessage: { summary: 'A message of a client' },
  onTextMessage: { summary: 'A text message of a client' },
  onBinaryMessage: {
    summary: 'A binary message of a client',
    contentType: 'application/octet-stream',
  },
}

/** What messages are that a hook takes as something. */
const VIEW_TYPES: Readonly<Record<View, string>> = {
  text: 'text/plain',
  bytes: 'application/octet-stream',
  json: 'application/json',
  xml: 'application/xml',
}

/** The hooks whose messages nobody asked for. */
const UNASKED: ReadonlyMap<string, string> = new Map([
  ['onOpen', 'Sent when a client has connected'],
  ['onIdle', 'Sent when a client has said nothing for a while'],
  ['onBackendMessage', 'Sent when the backend sends something'],
])

/** Describes what clients of a service can say to it, and hear of it. */
export function serviceChannel(config: ServiceConfig, source: ChannelSource): ChannelModel {
  const operations = config.hooks.flatMap(hook => operationOf(hook, config, source) ?? [])
  return {
    kind: 'service',
    name: config.name ?? '',
    address: source.path.template,
    parameters: source.path.parameters,
    query: config.query,
    headers: config.header,
    subprotocols: config.subProtocols,
    requiresSubprotocol: config.requireSubprotocol,
    security: source.security,
    operations,
  }
}

function operationOf(
  hook: HookConfig,
  config: ServiceConfig,
  source: ChannelSource,
): ChannelOperation | undefined {
  const { name, key } = hook
  const answers = mayAnswer(hook)
  const unasked = UNASKED.get(name)
  if (unasked !== undefined) {
    if (!answers) return undefined
    return { name, does: 'send', summary: unasked, messages: [{ name: `${name}Message`, summary: unasked }] }
  }
  const frame = FRAMES[name]
  const { dispatcherKey, dispatcherStreamId } = config
  const isRoute = dispatcherKey !== undefined && (key !== undefined || !HOOKS.has(name))
  if (!frame && (!isRoute || isErrorHook(name, config))) return undefined
  const operation = key ?? name
  const schema = schemaOf(hook.schema, source)
  const correlation = isRoute && dispatcherStreamId !== undefined ? keyPath(dispatcherStreamId) : undefined
  const whole = isRoute ? withKey(schema, keyPath(dispatcherKey), keySchema(hook)) : schema
  const contentType =
    (hook.view && VIEW_TYPES[hook.view]) ??
    (isRoute || schema ? 'application/json' : (frame?.contentType ?? config.contentType))
  const message: ChannelMessage = {
    name: operation,
    summary: frame?.summary ?? `A message of a client with ${dispatcherKey} ${key ?? keyOf(name)}`,
    contentType: schema?.type === 'string' ? 'text/plain' : contentType,
    schema: whole,
    correlation,
  }
  const answer: ChannelMessage = {
    name: `${operation}Answer`,
    summary: 'What answers it, if anything does',
    ...(correlation && {
      contentType: 'application/json',
      schema: withKey(undefined, correlation, {}),
      correlation,
    }),
  }
  return { name: operation, does: 'receive', messages: [message], ...(answers && { answers: [answer] }) }
}

/** Whether a hook of a name takes the faults of a route. */
function isErrorHook(name: string, { hooks }: ServiceConfig): boolean {
  if (!name.endsWith('Error')) return false
  const route = name.slice(0, -'Error'.length)
  return hooks.some(
    hook => hook.name === route || (hook.key !== undefined && derivedHook(hook.key) === route),
  )
}

function mayAnswer({ branch }: HookConfig): boolean {
  return branch.key !== undefined || sends(branch.element)
}

function sends({ children }: Element): boolean {
  return children.some(child => MAY_ANSWER.has(child.name) || sends(child))
}

/** A route has its key; the name of a hook stands for several that are written differently. */
function keySchema({ name, key }: HookConfig): JsonSchema {
  if (key !== undefined) return { const: key }
  return {
    type: 'string',
    description: `What gives ${name}, such as ${keyOf(name)}`,
    examples: [keyOf(name)],
  }
}

function keyOf(hook: string): string {
  const bare = hook.slice(2)
  return bare.charAt(0).toLowerCase() + bare.slice(1)
}

function withKey(schema: JsonSchema | undefined, path: readonly string[], key: JsonSchema): JsonSchema {
  const own = path.reduceRight<JsonSchema>(
    (inner, part) => ({ type: 'object', properties: { [part]: inner }, required: [part] }),
    key,
  )
  if (!schema) return own
  const { allOf } = schema
  return { ...schema, allOf: [own, ...(Array.isArray(allOf) ? (allOf as unknown[]) : [])] }
}

function schemaOf(
  schema: MessageSchema | string | undefined,
  { entry }: ChannelSource,
): JsonSchema | undefined {
  if (schema === undefined) return undefined
  if (typeof schema === 'string') return parsed(entry(schema))
  if (!('~standard' in schema)) return schema
  const { jsonSchema } = schema['~standard'] as { readonly jsonSchema?: JsonSchemaMaker }
  try {
    return jsonSchema?.input({ target: 'draft-07' })
  } catch {
    // Not every schema can be written down.
    return undefined
  }
}

/** What schemas of some libraries give themselves as (Standard JSON Schema). */
interface JsonSchemaMaker {
  input(options: { readonly target: 'draft-07' }): JsonSchema
}

/** Undefined for what is no JSON Schema, such as one for XML. */
function parsed(text: string | undefined): JsonSchema | undefined {
  try {
    const value = JSON.parse(text ?? '') as unknown
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as JsonSchema)
      : undefined
  } catch {
    return undefined
  }
}
