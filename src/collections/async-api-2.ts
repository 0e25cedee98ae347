type Plain = Readonly<Record<string, unknown>>

/**
 * Gives an AsyncAPI 2 document as one of version 3, as far as clients go: what they may publish is what the application
 * receives.
 */
export function fromAsyncApi2(document: Plain): Plain {
  const servers = entries(document.servers).map(([name, server]) => [name, serverOf(server)])
  const channels = entries(document.channels)
  return {
    ...document,
    asyncapi: '3.0.0',
    servers: Object.fromEntries(servers),
    channels: Object.fromEntries(
      channels.map(([address, channel]) => [address, channelOf(address, channel)]),
    ),
    operations: Object.fromEntries(
      channels.flatMap(([address, { publish }]) => {
        if (publish === undefined) return []
        const { security } = mapOf(publish)
        const channel = { $ref: `#/channels/${escaped(address)}` }
        return [[address, { action: 'receive', channel, security: securityOf(security) }]]
      }),
    ),
  }
}

function serverOf(server: Plain): Plain {
  const [, protocol, host = '', pathname = ''] =
    /^(?:([a-z]+):\/\/)?([^/]*)(\/.*)?$/i.exec(String(server.url)) ?? []
  return {
    ...server,
    protocol: server.protocol ?? protocol,
    host,
    pathname: pathname.replace(/\/$/, ''),
    security: securityOf(server.security),
  }
}

function channelOf(address: string, channel: Plain): Plain {
  const { parameters, servers, publish } = channel
  const { message } = mapOf(publish)
  const { oneOf } = mapOf(message)
  const messages = message === undefined ? [] : Array.isArray(oneOf) ? (oneOf as unknown[]) : [message]
  return {
    address,
    bindings: channel.bindings,
    // A schema has the values that a parameter of version 3 has itself.
    parameters: Object.fromEntries(
      entries(parameters).map(([name, each]) => [
        name,
        '$ref' in each ? each : { ...mapOf(each.schema), ...each },
      ]),
    ),
    ...(Array.isArray(servers) && {
      servers: servers.map(name => ({ $ref: `#/servers/${escaped(String(name))}` })),
    }),
    messages: Object.fromEntries(messages.map((each, i) => [`message${i + 1}`, each])),
  }
}

/** Each of a list names a scheme, and the scopes that are needed. */
function securityOf(list: unknown): Plain[] {
  if (!Array.isArray(list)) return []
  return list.flatMap((each: unknown) =>
    Object.keys(mapOf(each)).map(name => ({ $ref: `#/components/securitySchemes/${escaped(name)}` })),
  )
}

function escaped(name: string): string {
  return encodeURIComponent(name.replaceAll('~', '~0').replaceAll('/', '~1'))
}

function entries(value: unknown): (readonly [name: string, value: Plain])[] {
  return Object.entries(mapOf(value)).map(([name, each]) => [name, mapOf(each)])
}

function mapOf(value: unknown): Plain {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Plain) : {}
}
