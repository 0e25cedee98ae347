import { readFile } from 'node:fs/promises'
import type { ConnectionItem } from '../collections/collection.ts'
import type { DialPlan } from '../collections/dial-plan.ts'
import type { OpenCollection } from '../collections/open-collection.ts'
import type { Outgoing } from '../collections/outgoing.ts'
import { proxyOfEnvironment } from '../websocket/proxy-settings.ts'
import { type Retry, type RetrySettings, retryOf } from '../websocket/retry.ts'
import { type OpenForOptions, openFor } from './open-for.ts'
import { requestHeaders } from './ws-lines.ts'

/** Options of `myelin ws`. */
export interface WsOptions extends OpenForOptions {
  /** Each `Name: value`. */
  readonly header?: readonly string[]
  readonly subprotocol?: readonly string[]
  /** Files to send as binary messages before the first line. */
  readonly binary?: readonly string[]
  readonly once?: boolean
  /** How long the link must be quiet after the end of input, in milliseconds. Default 500. */
  readonly wait?: number
  /** The file of a collection, a connection of it, and messages to send first. */
  readonly collection?: string
  readonly connection?: string
  readonly send?: readonly string[]
  readonly saveConversation?: string
  /** Each `N FILE`. */
  readonly saveMessage?: readonly string[]
  readonly withSecrets?: boolean
  /** Says how the handshake went. */
  readonly verbose?: boolean
  readonly showControlFrames?: boolean
  /** Opens a lost connection again. */
  readonly reconnect?: boolean
  /** The same, and how. */
  readonly retry?: RetrySettings
  /** Takes `bye`, `ping` and `/…` as commands though the input is no terminal. */
  readonly words?: boolean
}

/** A message to send, by its name where it has one. */
export interface Named {
  readonly name?: string
  readonly outgoing: () => Promise<Outgoing>
}

/** Where to connect, and what to send first. */
export interface WsPlan {
  readonly plan: DialPlan
  readonly first: readonly Named[]
  /** Where messages are found by name; undefined without a collection. */
  readonly messages: ((name: string) => Named) | undefined
  /** Masks secrets in what is shown. */
  readonly masked: (text: string) => string
  readonly open: OpenCollection | undefined
}

/** How much is read of the answer of a server that refuses. */
const MAX_REFUSAL_BYTES = 16 * 1024

/** Makes the plan of a call. @throws Error with what is wrong with it */
export async function wsPlan(url: string | undefined, options: WsOptions): Promise<WsPlan> {
  const binaries = await Promise.all((options.binary ?? []).map(readBinary))
  const first = binaries.map((data): Named => ({ outgoing: async () => ({ kind: 'binary', data }) }))
  if (options.collection === undefined) {
    const lacking = options.connection === undefined && options.send === undefined
    if (url === undefined || url === '' || !lacking)
      throw new Error('give a ws:// or wss:// address, or --collection FILE and --connection NAME')
    return {
      plan: withoutCollection(url, options),
      first,
      messages: undefined,
      masked: text => text,
      open: undefined,
    }
  }
  if (url !== undefined && url !== '') throw new Error('give either an address or --collection, not both')
  const open = openFor(options.collection, options)
  const connection = open.connection(options.connection ?? onlyConnection(open))
  const messages = (name: string): Named => {
    const message = open.message(connection, name)
    return { name, outgoing: () => open.outgoing(message) }
  }
  return {
    plan: withCommandLine(open.plan(withoutOverridden(connection, options)), options),
    first: [...first, ...(options.send ?? []).map(messages)],
    messages,
    masked: text => open.variables.masked(text),
    open,
  }
}

function withoutCollection(url: string, { header, subprotocol, insecure, ...again }: WsOptions): DialPlan {
  const parsed = URL.parse(url)
  return {
    url,
    reconnect: reconnectOf(again),
    options: {
      headers: requestHeaders(header ?? []),
      subprotocols: subprotocol,
      closeTimeoutMs: 2_000,
      maxRefusalBytes: MAX_REFUSAL_BYTES,
      ...(parsed && { proxy: proxyOfEnvironment(parsed) }),
      ...(insecure && { tls: { verify: false, verifyHostName: false } }),
    },
  }
}

/** What the command line has a header for needs no value in the collection. */
function withoutOverridden(connection: ConnectionItem, { header = [] }: WsOptions): ConnectionItem {
  const names = Object.keys(requestHeaders(header))
  const kept = (connection.headers ?? []).filter(({ name }) => !names.includes(name.toLowerCase()))
  const given = names.map(name => ({ name, value: '', isEnabled: true }))
  return { ...connection, headers: [...kept, ...given] }
}

/** What the command line says goes before what the collection says. */
function withCommandLine(plan: DialPlan, { header = [], subprotocol = [], ...again }: WsOptions): DialPlan {
  const { url, options } = plan
  return {
    url,
    reconnect: reconnectOf(again) ?? plan.reconnect,
    options: {
      ...options,
      headers: { ...options.headers, ...requestHeaders(header) },
      subprotocols: [...(options.subprotocols ?? []), ...subprotocol],
    },
  }
}

function reconnectOf({ reconnect, retry }: Pick<WsOptions, 'reconnect' | 'retry'>): Retry | undefined {
  return reconnect || retry ? retryOf(retry ?? {}, '--retry') : undefined
}

function onlyConnection(open: OpenCollection): string {
  const connections = open.collection.items.filter(
    (item): item is ConnectionItem => item.kind === 'connection',
  )
  if (connections.length === 1 && open.collection.folders.length === 0) return connections[0]!.name
  throw new Error('give --connection NAME; myelin ws list FILE prints them')
}

async function readBinary(file: string): Promise<Buffer> {
  try {
    return await readFile(file)
  } catch (error) {
    throw new Error(`cannot read ${file}: ${(error as Error).message}`)
  }
}
