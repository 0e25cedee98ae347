import type { ChannelModel, ChannelParameter } from '../core/channel-model.ts'

type Plain = Record<string, unknown>

const SCHEMAS: Readonly<Record<string, Plain>> = {
  int: { type: 'integer' },
  float: { type: 'number' },
  boolean: { type: 'boolean' },
  uuid: { type: 'string', format: 'uuid' },
  date: { type: 'string', format: 'date' },
}

/** Says what a handshake has to bring along, as the WebSocket binding of a channel. */
export function webSocketBinding(channel: ChannelModel): Plain {
  const { query = [], headers = [], subprotocols = [], requiresSubprotocol = false } = channel
  const offered: readonly ChannelParameter[] =
    subprotocols.length === 0
      ? []
      : [
          {
            name: 'Sec-WebSocket-Protocol',
            type: 'string',
            required: requiresSubprotocol,
            description: `Subprotocols, the most wanted first: ${subprotocols.join(', ')}`,
          },
        ]
  const allHeaders = [...headers, ...offered]
  return {
    method: 'GET',
    ...(query.length > 0 && { query: objectOf(query) }),
    ...(allHeaders.length > 0 && { headers: objectOf(allHeaders) }),
    bindingVersion: '0.1.0',
  }
}

function objectOf(parameters: readonly ChannelParameter[]): Plain {
  const required = parameters.filter(each => each.required === true && each.default === undefined)
  return {
    type: 'object',
    properties: Object.fromEntries(parameters.map(each => [each.name, schemaOf(each)])),
    ...(required.length > 0 && { required: required.map(({ name }) => name) }),
  }
}

function schemaOf({ type, default: fallback, description }: ChannelParameter): Plain {
  return {
    ...(SCHEMAS[type] ?? { type: 'string' }),
    ...(fallback !== undefined && { default: typedDefault(type, fallback) }),
    ...(description !== undefined && { description }),
  }
}

function typedDefault(type: string, text: string): unknown {
  if (type === 'boolean') return text === 'true'
  return type === 'int' || type === 'float' ? Number(text) : text
}
