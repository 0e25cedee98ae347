import type { Span } from '../language/source.ts'
import type {
  Auth,
  ClientMessage,
  Collection,
  ConnectionItem,
  Environment,
  Param,
  Variable,
} from './collection.ts'
import type { Imported } from './har-import.ts'
import { FreeNames, madeConnection, madeMessage, madeParam, madeVariable } from './made-items.ts'
import { sampleValue } from './sample-value.ts'

type Plain = Readonly<Record<string, unknown>>

/** References lead no further than this: one may lead to itself. */
const MOST_STEPS = 20

/**
 * Makes a collection of an AsyncAPI 3 document: an environment for each of its servers, a connection for each channel,
 * and the messages that the application receives.
 * @throws Error where it describes no WebSocket
 */
export function importAsyncApi(document: Plain, span: Span): Imported {
  return new Import(document, span).imported()
}

class Import {
  readonly #document: Plain
  readonly #span: Span
  readonly #notes: string[] = []
  readonly #variables = new Map<string, Variable>()

  constructor(document: Plain, span: Span) {
    this.#document = document
    this.#span = span
  }

  imported(): Imported {
    const servers = this.#entries(this.#document.servers).filter(([, { protocol }]) =>
      /^wss?$/i.test(text(protocol)),
    )
    const named = this.#entries(this.#document.servers).length
    if (named > 0 && servers.length === 0)
      throw new Error('none of its servers is a WebSocket: their protocol is neither ws nor wss')
    const environments = servers.map(([name, server], i) => this.#environment(name, server, i === 0))
    if (environments.length === 0) this.#variable('server', 'ws://localhost:8080')
    const names = new FreeNames()
    const items = this.#entries(this.#document.channels).flatMap(([id, channel]) =>
      this.#isAt(channel, servers) ? [this.#connection(id, channel, names)] : [],
    )
    if (items.length === 0) throw new Error('it has no channel of a WebSocket')
    const collection: Collection = {
      name: text(this.#map(this.#document.info).title) || 'AsyncAPI',
      variables: [...this.#variables.values()],
      environments,
      items,
      folders: [],
    }
    return { collection, notes: this.#notes }
  }

  #environment(name: string, server: Plain, isCurrent: boolean): Environment {
    const { protocol, host, pathname } = server
    const address = `${text(protocol).toLowerCase()}://${text(host)}${text(pathname)}`
    const filled = address.replace(/\{([^{}]+)\}/g, (_hole, variable: string) => {
      const own = this.#map(this.#map(server.variables)[variable])
      const [first] = [own.default, ...list(own.examples), ...list(own.enum)].filter(
        each => each !== undefined,
      )
      return text(first) || '0'
    })
    return { name, isCurrent, isInsecure: false, variables: [madeVariable('server', filled)] }
  }

  /** A channel that names no servers is at all of them. */
  #isAt({ servers }: Plain, known: readonly (readonly [string, Plain])[]): boolean {
    const own = list(servers)
    if (own.length === 0 || known.length === 0) return true
    return own.some(each => known.some(([, server]) => this.#map(each) === server))
  }

  #connection(id: string, channel: Plain, names: FreeNames): ConnectionItem {
    const { address, title, parameters, bindings } = channel
    const own = this.#map(parameters)
    const path = text(address).replace(/\{([^{}]+)\}/g, (_hole, name: string) => {
      const { default: fallback, examples, enum: values } = this.#map(own[name])
      const [first] = [fallback, ...list(examples), ...list(values)].filter(each => each !== undefined)
      this.#variable(name, text(first))
      return `{{ ${name} }}`
    })
    const { query, headers } = this.#map(this.#map(bindings).ws)
    const found = this.#operations(channel)
    const search = this.#params(query).filter(({ isEnabled }) => isEnabled)
    const asked = search
      .map(({ name, value }) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
      .join('&')
    const all = this.#params(headers)
    const isProtocol = ({ name }: Param): boolean => /^sec-websocket-protocol$/i.test(name)
    const subprotocols = this.#subprotocols(channel, all.find(isProtocol))
    const rest = all.filter(each => !isProtocol(each))
    const auth = this.#auth(found.map(({ security }) => security))
    return madeConnection(
      {
        name: names.take(text(title) || id),
        url: `{{ server }}${path.startsWith('/') || path === '' ? '' : '/'}${path}${asked === '' ? '' : `?${asked}`}`,
        ...(rest.length > 0 && { headers: rest }),
        ...(auth && { auth }),
        ...(subprotocols.length > 0 && { subprotocols }),
        messages: this.#messages(channel, found),
      },
      this.#span,
    )
  }

  /** What the application receives over a channel. */
  #operations(channel: Plain): Plain[] {
    return this.#entries(this.#document.operations)
      .map(([, operation]) => operation)
      .filter(({ action, channel: on }) => action === 'receive' && this.#map(on) === channel)
  }

  #messages(channel: Plain, operations: readonly Plain[]): ClientMessage[] {
    const taken = operations.flatMap(({ messages }) =>
      messages === undefined ? Object.values(this.#map(channel.messages)) : list(messages),
    )
    const names = new FreeNames()
    return [...new Set(taken.map(each => this.#map(each)))].flatMap(message => {
      const { name, title, contentType, payload, examples, schemaFormat } = message
      const given = list(examples).flatMap(each => {
        const { payload: value } = this.#map(each)
        return value === undefined ? [] : [value]
      })
      const schema = this.#map(payload)
      const values =
        given.length > 0
          ? given
          : payload === undefined
            ? ['']
            : [this.#sample(schemaFormat === undefined ? schema : { schemaFormat, schema })]
      const isBinary = /octet-stream|^image\/|^audio\/|protobuf|avro/.test(text(contentType))
      return values.map(value =>
        madeMessage(
          {
            name: names.take(text(name) || text(title) || 'message'),
            kind: isBinary ? 'binary' : 'text',
            content: typeof value === 'string' ? value : JSON.stringify(value),
            ...(typeof value !== 'string' && { syntax: 'json' }),
          },
          this.#span,
        ),
      )
    })
  }

  #sample(payload: Plain): unknown {
    const { schemaFormat, schema } = payload
    if (schemaFormat !== undefined && !/json|yaml/i.test(text(schemaFormat))) {
      this.#notes.push(`a schema of ${text(schemaFormat)} is not read; its message is empty`)
      return ''
    }
    return sampleValue(schema ?? payload, each => this.#resolved(each))
  }

  /** The properties of an object; those that need not be there are switched off. */
  #params(schema: unknown): Param[] {
    const { properties, required } = this.#map(schema)
    const needed = list(required)
    return Object.entries(this.#map(properties)).map(([name, each]) => {
      const value = sampleValue(each, inner => this.#resolved(inner))
      return madeParam(name, typeof value === 'string' ? value : JSON.stringify(value), needed.includes(name))
    })
  }

  #subprotocols(channel: Plain, header: Param | undefined): Param[] {
    const own = list(channel['x-subprotocols']).map(text)
    if (own.length > 0) return own.map(each => madeParam(each))
    const { properties } = this.#map(this.#map(this.#map(channel.bindings).ws).headers)
    const schema = this.#map(this.#map(properties)[header?.name ?? ''])
    const values = [schema.const, ...list(schema.enum)].filter(each => typeof each === 'string')
    return values.map(each => madeParam(each, '', header?.isEnabled === true || values.length === 1))
  }

  #auth(securities: readonly unknown[]): Auth | undefined {
    const servers = this.#entries(this.#document.servers).map(([, { security }]) => security)
    for (const each of [...securities, ...servers].flatMap(list)) {
      const { type, scheme } = this.#map(each)
      const kind = `${text(type)} ${text(scheme)}`.trim().toLowerCase()
      if (kind === 'http basic' || kind === 'userpassword') {
        this.#variable('username', '')
        this.#variable('password', '', true)
        return { kind: 'basic', userName: '{{ username }}', password: '{{ password }}' }
      }
      if (kind === 'http bearer' || kind === 'oauth2') {
        this.#variable('token', '', true)
        return { kind: 'bearer', token: '{{ token }}' }
      }
      this.#notes.push(`security ${kind} is left out`)
    }
    return undefined
  }

  #variable(name: string, value: string, isSecret = false): void {
    if (!this.#variables.has(name)) this.#variables.set(name, madeVariable(name, value, isSecret))
  }

  #entries(value: unknown): (readonly [name: string, value: Plain])[] {
    return Object.entries(this.#map(value)).map(([name, each]) => [name, this.#map(each)])
  }

  /** A map, or what a reference to one leads to; always the same object for the same place. */
  #map(value: unknown): Plain {
    const found = this.#resolved(value)
    return typeof found === 'object' && found !== null && !Array.isArray(found) ? (found as Plain) : NOTHING
  }

  #resolved(value: unknown): unknown {
    let found = value
    for (let step = 0; step < MOST_STEPS; step++) {
      if (typeof found !== 'object' || found === null || !('$ref' in found)) return found
      const ref = text(found.$ref)
      if (!ref.startsWith('#')) {
        this.#notes.push(`${ref} is another document, which is not read`)
        return undefined
      }
      found = at(this.#document, ref)
    }
    return undefined
  }
}

const NOTHING: Plain = {}

function at(document: Plain, ref: string): unknown {
  let found: unknown = document
  for (const part of ref.slice(1).split('/').slice(1)) {
    const name = decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~')
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, name)) return undefined
    found = (found as Plain)[name]
  }
  return found
}

function text(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? String(value)
    : ''
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}
