import type {
  ChannelMessage,
  ChannelModel,
  ChannelOperation,
  ChannelSecurity,
  ChannelServer,
  PlacedChannel,
} from '../core/channel-model.ts'
import { webSocketBinding } from './binding.ts'
import { embeddedSchema } from './embedded-schema.ts'
import { securityScheme } from './security-schemes.ts'
import { UniqueNames } from './unique-names.ts'

type Plain = Record<string, unknown>

/** What a document says of itself. */
export interface DocumentInfo {
  readonly title: string
  /** Default 1.0.0. */
  readonly version?: string | undefined
}

/** Describes WebSockets as an AsyncAPI 3.0 document: what they take, what they answer, and where they are. */
export function asyncApiDocument(info: DocumentInfo, placed: readonly PlacedChannel[]): Plain {
  return new Writing().document(info, placed)
}

/** One document while it is made. */
class Writing {
  readonly #servers: Plain = {}
  readonly #serverNames = new Map<ChannelServer | string, string>()
  readonly #channels: Plain = {}
  readonly #operations: Plain = {}
  readonly #schemas: Plain = {}
  readonly #schemaNames = new Map<object, string>()
  readonly #security: Plain = {}
  readonly #securityNames = new Map<string, string>()
  readonly #unique = {
    server: new UniqueNames(),
    channel: new UniqueNames(),
    schema: new UniqueNames(),
    operation: new UniqueNames(),
    security: new UniqueNames(),
  }

  document({ title, version = '1.0.0' }: DocumentInfo, placed: readonly PlacedChannel[]): Plain {
    for (const each of placed) this.#add(each)
    const components = {
      ...(Object.keys(this.#schemas).length > 0 && { schemas: this.#schemas }),
      ...(Object.keys(this.#security).length > 0 && { securitySchemes: this.#security }),
    }
    return {
      asyncapi: '3.0.0',
      info: { title, version },
      ...(Object.keys(this.#servers).length > 0 && { servers: this.#servers }),
      channels: this.#channels,
      operations: this.#operations,
      ...(Object.keys(components).length > 0 && { components }),
    }
  }

  #add({ channel, servers }: PlacedChannel): void {
    const id = this.#unique.channel.take(channel.name)
    const place = `#/channels/${id}`
    const { parameters = [], subprotocols = [], description } = channel
    const messages = new Messages(place, message => this.#message(message, id))
    for (const operation of channel.operations) this.#operation(operation, { id, channel, messages })
    const refs = servers.map(server => ({ $ref: `#/servers/${this.#server(server)}` }))
    this.#channels[id] = {
      address: channel.address,
      title: channel.name,
      ...(description !== undefined && { description }),
      ...(refs.length > 0 && { servers: refs }),
      ...(parameters.length > 0 && {
        parameters: Object.fromEntries(
          parameters.map(each => [each.name, { description: each.description ?? each.type }]),
        ),
      }),
      messages: messages.all,
      bindings: { ws: webSocketBinding(channel) },
      ...(subprotocols.length > 0 && { 'x-subprotocols': subprotocols }),
    }
  }

  #operation(
    { name, does, summary, messages: taken, answers = [] }: ChannelOperation,
    { id, channel, messages }: { id: string; channel: ChannelModel; messages: Messages },
  ): void {
    const on = { $ref: `#/channels/${id}` }
    const security = (channel.security ?? []).map(each => this.#securityRef(each))
    this.#operations[this.#unique.operation.take(`${id}-${name}`)] = {
      action: does,
      channel: on,
      ...(summary !== undefined && { summary }),
      ...(security.length > 0 && { security }),
      messages: taken.map(each => messages.ref(each)),
      ...(answers.length > 0 && {
        reply: { channel: on, messages: answers.map(each => messages.ref(each)) },
      }),
    }
  }

  #message(
    { name, summary, contentType, schema, correlation, examples = [] }: ChannelMessage,
    id: string,
  ): Plain {
    return {
      name,
      ...(summary !== undefined && { summary }),
      ...(contentType !== undefined && { contentType }),
      ...(schema && { payload: { $ref: this.#schemaRef(schema, `${id}-${name}`) } }),
      ...(correlation && { correlationId: { location: `$message.payload#/${pointer(correlation)}` } }),
      ...(examples.length > 0 && { examples: examples.map(payload => ({ payload })) }),
    }
  }

  #schemaRef(schema: Readonly<Record<string, unknown>>, wanted: string): string {
    const known = this.#schemaNames.get(schema)
    const name = known ?? this.#unique.schema.take(wanted)
    const place = `#/components/schemas/${name}`
    if (known === undefined) {
      this.#schemaNames.set(schema, name)
      this.#schemas[name] = embeddedSchema(schema, place)
    }
    return place
  }

  #server(server: ChannelServer): string {
    const { host, port, isSecure, clientCertificates } = server
    const protocol = isSecure ? 'wss' : 'ws'
    // Each free port is another one.
    const key = port === 0 ? server : `${protocol} ${host}:${port}`
    const known = this.#serverNames.get(key)
    if (known !== undefined) return known
    const name = this.#unique.server.take(port === 0 ? protocol : `${protocol}-${port}`)
    this.#serverNames.set(key, name)
    const shown = host.includes(':') ? `[${host}]` : host
    this.#servers[name] = {
      host: `${shown}:${port === 0 ? '{port}' : port}`,
      protocol,
      ...(isSecure && { description: 'WebSocket over TLS' }),
      ...(port === 0 && { variables: { port: { description: 'A free port, taken at the start' } } }),
      ...(clientCertificates === 'required' && { security: [this.#securityRef(CERTIFICATE)] }),
    }
    return name
  }

  #securityRef(security: ChannelSecurity): { readonly $ref: string } {
    const key = JSON.stringify(security)
    let name = this.#securityNames.get(key)
    if (name === undefined) {
      name = this.#unique.security.take(security.scheme)
      this.#securityNames.set(key, name)
      this.#security[name] = securityScheme(security)
    }
    return { $ref: `#/components/securitySchemes/${name}` }
  }
}

const CERTIFICATE: ChannelSecurity = {
  scheme: 'certificate',
  description: 'A certificate of the client is asked for.',
}

/** The messages of one channel, each of them once. */
class Messages {
  readonly all: Plain = {}
  readonly #place: string
  readonly #made: (message: ChannelMessage) => Plain
  readonly #names = new UniqueNames()
  readonly #known = new Map<ChannelMessage, string>()

  constructor(place: string, made: (message: ChannelMessage) => Plain) {
    this.#place = place
    this.#made = made
  }

  ref(message: ChannelMessage): { readonly $ref: string } {
    let name = this.#known.get(message)
    if (name === undefined) {
      name = this.#names.take(message.name)
      this.#known.set(message, name)
      this.all[name] = this.#made(message)
    }
    return { $ref: `${this.#place}/messages/${name}` }
  }
}

function pointer(path: readonly string[]): string {
  return path.map(part => part.replaceAll('~', '~0').replaceAll('/', '~1')).join('/')
}
