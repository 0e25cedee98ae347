import type {
  ChannelMessage,
  ChannelModel,
  ChannelParameter,
  ChannelSecurity,
  PlacedChannel,
} from '../core/channel-model.ts'
import { type Auth, connectionsOf, type Param } from './collection.ts'
import type { OpenCollection } from './open-collection.ts'
import { authOf } from './problems.ts'

/** Describes the connections of a collection for AsyncAPI: a channel each, with its messages as examples. */
export async function collectionChannels(open: OpenCollection): Promise<PlacedChannel[]> {
  const placed: PlacedChannel[] = []
  for (const { path, connection } of connectionsOf(open.collection)) {
    const url = URL.parse(open.variables.fill(connection.url).trim().replace(/^http/i, 'ws'))
    if (!url) throw new Error(`${path} has no address that can be described: ${connection.url}`)
    const isSecure = url.protocol === 'wss:'
    const port = url.port === '' ? (isSecure ? 443 : 80) : Number(url.port)
    const messages: ChannelMessage[] = []
    for (const message of connection.messages ?? []) {
      if (message.kind !== 'text' && message.kind !== 'binary') continue
      messages.push({ name: message.name, ...(await exampleOf(open, message)) })
    }
    const channel: ChannelModel = {
      kind: 'connection',
      name: path,
      address: url.pathname,
      query: [...url.searchParams.keys()].map(name => ({ name, type: 'string' })),
      headers: enabled(connection.headers).map(parameterOf),
      subprotocols: enabled(connection.subprotocols).map(({ name }) => open.variables.fill(name)),
      security: securityOf(authOf(open.collection, connection)),
      operations: messages.map(message => ({ name: message.name, does: 'receive', messages: [message] })),
    }
    const host = url.hostname.replace(/^\[|\]$/g, '')
    placed.push({ channel, servers: [{ host, port, isSecure }] })
  }
  return placed
}

async function exampleOf(
  open: OpenCollection,
  message: Parameters<OpenCollection['outgoing']>[0],
): Promise<Omit<ChannelMessage, 'name'>> {
  if (message.kind === 'binary') return { contentType: 'application/octet-stream' }
  const outgoing = await open.outgoing(message)
  const text = 'data' in outgoing ? open.variables.masked(outgoing.data.toString()) : ''
  const value = parsed(text)
  const isJson = typeof value === 'object' && value !== null
  return { ...(isJson && { contentType: 'application/json' }), examples: [isJson ? value : text] }
}

function securityOf({ kind }: Auth): ChannelSecurity[] {
  return kind === 'basic' || kind === 'bearer' || kind === 'certificate' ? [{ scheme: kind }] : []
}

function enabled(params: readonly Param[] = []): readonly Param[] {
  return params.filter(({ isEnabled }) => isEnabled)
}

function parameterOf({ name }: Param): ChannelParameter {
  return { name, type: 'string', required: true }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
