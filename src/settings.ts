import { parse, TomlError } from 'smol-toml'
import type { WebSocketSettings } from './language/declare.ts'
import { type Diagnostics, didYouMean } from './language/diagnostic.ts'
import type { Source, Span } from './language/source.ts'
import { Expected, integer, list, oneOf, port, text, type ValueType } from './language/types.ts'
import { DEFAULT_CONNECTION_OPTIONS, DEFAULT_HANDSHAKE_TIMEOUT_MS } from './websocket/options.ts'

interface Setting<T> {
  readonly type: ValueType<T>
  readonly doc: string
  readonly default: T | undefined
}

function setting<T>(type: ValueType<T>, defaultValue: T, doc: string): Setting<T>
function setting<T>(type: ValueType<T>, defaultValue: undefined, doc: string): Setting<T | undefined>
function setting<T>(type: ValueType<T>, defaultValue: T | undefined, doc: string): Setting<T> {
  return { type, default: defaultValue, doc } as Setting<T>
}

/** Stricter than in configurations: settings are the gateway's own, and a typing mistake must not mean false. */
const boolean: ValueType<boolean> = {
  name: 'true or false',
  parse(value) {
    if (!/^(?:true|false)$/i.test(value.trim())) throw new Expected('true or false')
    return value.trim().toLowerCase() === 'true'
  },
}

const atLeast = (min: number): ValueType<number> => integer({ min })

/** Every setting, by its full key in deployment.toml. WSO2's own keys where they exist. */
export const SETTINGS = {
  'server.offset': setting(
    integer({ min: 0, max: 60_000 }),
    0,
    'Added to the ports of the HTTP transport, the probes, and WebSocket inbound endpoints with ws.use.port.offset.',
  ),
  'transport.http.listener.enable': setting(boolean, true, 'Whether the HTTP transport listens.'),
  'transport.http.listener.port': setting(
    port,
    8280,
    'Port of the HTTP transport, where proxy services are.',
  ),
  'transport.http.listener.host': setting(
    text,
    undefined,
    'Address the HTTP transport binds to; default all.',
  ),
  'transport.http.listener.max_body_bytes': setting(
    atLeast(1),
    16 * 1024 * 1024,
    'Largest body of an HTTP request; a larger one gets 413.',
  ),
  'transport.ws.sender.enable': setting(boolean, true, 'Accepted; WebSocket endpoints are always there.'),
  'transport.ws.sender.outflow_dispatch_sequence': setting(
    text,
    undefined,
    'Sequence for messages of WebSocket backends whose callers have no session.',
  ),
  'transport.ws.sender.outflow_dispatch_fault_sequence': setting(
    text,
    undefined,
    'Sequence for faults in the one above, and for lost backends.',
  ),
  'transport.ws.sender.parameter.ws.custom.header': setting(
    text,
    'websocket.custom.header.',
    'Prefix of the axis2 properties that become headers of the backend handshake.',
  ),
  'transport.ws.sender.parameter.ws.headers.preserve': setting(
    list,
    [],
    'Headers of the client copied to the backend handshake.',
  ),
  'transport.ws.sender.parameter.ws.client.enable.hostname.verification': setting(
    boolean,
    true,
    'Whether the certificate of a wss backend must name its host.',
  ),
  'transport.ws.max_message_bytes': setting(
    atLeast(1),
    DEFAULT_CONNECTION_OPTIONS.maxMessageBytes,
    'Largest WebSocket message, either way; a larger one closes its connection with 1009.',
  ),
  'transport.ws.handshake_timeout_ms': setting(
    atLeast(1),
    DEFAULT_HANDSHAKE_TIMEOUT_MS,
    'How long connecting to a WebSocket backend and its handshake may take.',
  ),
  'transport.ws.close_timeout_ms': setting(
    atLeast(1),
    DEFAULT_CONNECTION_OPTIONS.closeTimeoutMs,
    'How long a peer may take to answer a close frame.',
  ),
  'transport.ws.queue.max_messages': setting(
    atLeast(1),
    10_000,
    'Most messages that wait for one backend’s handshake; more are refused.',
  ),
  'transport.ws.queue.max_bytes': setting(
    atLeast(1),
    64 * 1024 * 1024,
    'Most bytes that wait for one backend’s handshake, or for a backend that is slow to read what HTTP callers send; more are refused.',
  ),
  'transport.wss.sender.enable': setting(boolean, true, 'Accepted; WebSocket endpoints are always there.'),
  'transport.wss.sender.truststore_location': setting(
    text,
    undefined,
    'Authorities for wss backends: JKS, PKCS#12 or PEM; default those of Node.',
  ),
  'transport.wss.sender.truststore_password': setting(text, undefined, 'Password of that store.'),
  'management.probe.enable': setting(boolean, true, 'Whether /healthz and /liveness are served.'),
  'management.probe.port': setting(port, 9201, 'Port of the probes.'),
  'management.probe.host': setting(text, undefined, 'Address the probes bind to; default all.'),
  'myelin.strict': setting(
    boolean,
    false,
    'Whether any error in the configuration keeps the gateway from starting.',
  ),
  'myelin.shutdown_grace_ms': setting(
    atLeast(0),
    10_000,
    'How long stopping may take before what is left is cut.',
  ),
  'myelin.log.level': setting(
    oneOf('trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'),
    'info',
    'Least level that is logged.',
  ),
  'myelin.demo_backend.enable': setting(
    boolean,
    false,
    'Whether the upper-casing WebSocket server of the examples is started.',
  ),
  'myelin.demo_backend.port': setting(port, 8082, 'Its port.'),
} as const

type Key = keyof typeof SETTINGS

/** All settings of the process, by key. */
export class Settings {
  readonly #values: ReadonlyMap<string, unknown>

  constructor(values: ReadonlyMap<string, unknown> = new Map()) {
    this.#values = values
  }

  /** Gives a setting: as it was set, or its default. */
  get<K extends Key>(key: K): (typeof SETTINGS)[K] extends Setting<infer T> ? T : never {
    const known: Setting<unknown> = SETTINGS[key]
    return (this.#values.get(key) ?? known.default) as never
  }

  /** What WebSocket endpoints need; the trust store is read by the caller. */
  webSocket(authorities: string | undefined): WebSocketSettings {
    const get = this.get.bind(this)
    return {
      outDispatchSequence: get('transport.ws.sender.outflow_dispatch_sequence'),
      outDispatchFaultSequence: get('transport.ws.sender.outflow_dispatch_fault_sequence'),
      customHeaderPrefix: get('transport.ws.sender.parameter.ws.custom.header'),
      preservedHeaders: get('transport.ws.sender.parameter.ws.headers.preserve'),
      connection: {
        maxMessageBytes: get('transport.ws.max_message_bytes'),
        closeTimeoutMs: get('transport.ws.close_timeout_ms'),
      },
      handshakeTimeoutMs: get('transport.ws.handshake_timeout_ms'),
      queue: {
        maxMessages: get('transport.ws.queue.max_messages'),
        maxBytes: get('transport.ws.queue.max_bytes'),
      },
      tls: {
        verifyHostName: get('transport.ws.sender.parameter.ws.client.enable.hostname.verification'),
        ...(authorities !== undefined && { ca: authorities }),
      },
    }
  }
}

/**
 * Reads deployment.toml: values of the wrong kind are errors, keys that mean nothing here are warnings.
 * `$env{NAME}` in a value stands for an environment variable.
 */
export function readSettings(source: Source, diagnostics: Diagnostics): Settings {
  const values = new Map<string, unknown>()
  let table: unknown
  try {
    table = parse(source.text)
  } catch (error) {
    if (!(error instanceof TomlError)) throw error
    const start = offsetOf(source, error.line, error.column)
    diagnostics.error({ source, start, end: start + 1 }, 'malformed-toml', firstLine(error.message))
    return new Settings(values)
  }
  for (const [key, value] of flatten(table, '')) {
    const span = spanOf(source, key)
    if (!Object.hasOwn(SETTINGS, key)) {
      const hint = didYouMean(key, Object.keys(SETTINGS))
      diagnostics.warning(span, 'unused-setting', `Setting ${key} is not used.`, hint)
      continue
    }
    const known: Setting<unknown> = SETTINGS[key as Key]
    try {
      values.set(key, known.type.parse(resolve(String(value)), { namespaces: new Map(), span }))
    } catch (error) {
      if (!(error instanceof Expected)) throw error
      diagnostics.error(
        span,
        'bad-value',
        `Setting ${key} is "${value}"; expected ${error.message}.`,
        error.hint,
      )
    }
  }
  return new Settings(values)
}

function resolve(value: string): string {
  return value.replace(/\$env\{([^}]+)\}/g, (_all, name: string) => {
    const found = process.env[name]
    if (found === undefined) throw new Expected(`the environment variable ${name} to be set`)
    return found
  })
}

function* flatten(value: unknown, path: string): Generator<[string, unknown]> {
  if (value !== null && typeof value === 'object' && !Array.isArray(value) && !(value instanceof Date)) {
    for (const [key, inner] of Object.entries(value))
      yield* flatten(inner, path === '' ? key : `${path}.${key}`)
  } else {
    yield [path, value]
  }
}

/** Finds the line of a key; the parser gives none. */
function spanOf(source: Source, key: string): Span {
  let table = ''
  let offset = 0
  for (const line of source.text.split('\n')) {
    const header = /^\s*\[\[?\s*([^\]]+?)\s*\]\]?/.exec(line)
    if (header) {
      table = plain(header[1]!)
      if (table === key) return { source, start: offset, end: offset + header[0].length }
    }
    const pair = /^(\s*)([\w."'-]+(?:\s*\.\s*[\w."'-]+)*)\s*=/.exec(line)
    if (pair) {
      const full = table === '' ? plain(pair[2]!) : `${table}.${plain(pair[2]!)}`
      if (full === key || key.startsWith(`${full}.`)) {
        const start = offset + pair[1]!.length
        return { source, start, end: start + pair[2]!.length }
      }
    }
    offset += line.length + 1
  }
  return { source, start: 0, end: 1 }
}

function plain(key: string): string {
  return key.replace(/["'\s]/g, '')
}

function offsetOf(source: Source, line: number, column: number): number {
  let offset = 0
  for (const text of source.text.split('\n').slice(0, line - 1)) offset += text.length + 1
  return offset + column - 1
}

function firstLine(message: string): string {
  return `${message.split('\n', 1)[0]?.replace(/^Invalid TOML document: /, '')}.`
}
