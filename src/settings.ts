import { tmpdir } from 'node:os'
import { dirname, join, resolve as resolvePath } from 'node:path'
import type { TransportStores } from './deployment/transport-tls.ts'
import type {
  HttpClientSettings,
  HttpSettings,
  ScriptSettings,
  StorageSettings,
  WebSocketSettings,
} from './language/declare.ts'
import { type Diagnostics, didYouMean } from './language/diagnostic.ts'
import { toldSettings } from './language/options/options-context.ts'
import type { Source } from './language/source.ts'
import { Expected, type ValueType } from './language/types.ts'
import {
  JSON_XML_PROPERTIES,
  type JsonXmlOptions,
  readJsonXmlOptions,
} from './message/codecs/json-xml-options.ts'
import type { Setting } from './settings/setting.ts'
import { SETTINGS } from './settings/table.ts'
import { transportStores } from './settings/tls.ts'
import { MalformedToml, readToml, type TomlEntry } from './settings/toml.ts'
import { type ApiUser, readUsers, USERS } from './settings/users.ts'
import type { ClientTlsOptions } from './websocket/options.ts'

export { SETTINGS } from './settings/table.ts'

type Key = keyof typeof SETTINGS

/** A file relative to the settings. */
const moduleFile: ValueType<string> = {
  name: 'file',
  parse(value, { span }) {
    if (value.trim() === '') throw new Expected('the file of a module')
    return resolvePath(dirname(span.source.path), value)
  },
}

/** The table whose keys are names of Java classes and whose values are files. */
export const CLASSES = 'myelin.classes'

/** Settings that a container is given, where the file does not name them. */
const VARIABLES: Readonly<Record<string, string>> = {
  'myelin.data_folder': 'MYELIN_DATA_FOLDER',
  'myelin.redis.url': 'MYELIN_REDIS_URL',
  'myelin.node_id': 'MYELIN_NODE_ID',
}

function fromEnvironment(key: string): string | undefined {
  const variable = VARIABLES[key]
  return variable === undefined ? undefined : process.env[variable] || undefined
}

/** All settings of the process, by key. */
export class Settings {
  readonly #values: ReadonlyMap<string, unknown>

  constructor(values: ReadonlyMap<string, unknown> = new Map()) {
    this.#values = values
  }

  /** Gives a setting: as it was set, or its default. */
  get<K extends Key>(key: K): (typeof SETTINGS)[K] extends Setting<infer T> ? T : never {
    const known: Setting<unknown> = SETTINGS[key]
    return (this.#values.get(key) ?? fromEnvironment(key) ?? known.default) as never
  }

  /** What services for HTTP callers need; whether there is a port for TLS is known by the caller. */
  http(hasTls: boolean): HttpSettings {
    return {
      hasTls,
      inboundOffset: this.get('synapse_properties.inbound.port.offset.enable')
        ? this.get('server.offset')
        : 0,
      cors: {
        isEnabled: this.get('synapse_properties.synapse.rest.CORSConfig.enabled'),
        origins: this.get('synapse_properties.synapse.rest.CORSConfig.Access-Control-Allow-Origin'),
        headers: this.get('synapse_properties.synapse.rest.CORSConfig.Access-Control-Allow-Headers'),
      },
    }
  }

  /** What HTTP endpoints need; key store and trust store are read by the caller. */
  httpClient(tls: ClientTlsOptions = {}): HttpClientSettings {
    return {
      maxBodyBytes: this.get('transport.http.sender.max_body_bytes'),
      connectTimeoutMs: this.get('transport.http.sender.connect_timeout_ms'),
      socketTimeoutMs: this.get('transport.http.socket_timeout'),
      timeoutMs: this.get('synapse_properties.synapse.global_timeout_interval'),
      suspendMs: this.get('synapse_properties.synapse.global_endpoint_suspend_duration'),
      suspendFactor: this.get('synapse_properties.synapse.global_endpoint_suspend_progression_factor'),
      overridesSuspension: this.get(
        'synapse_properties.synapse.override_endpoint_suspend_config_with_global_values',
      ),
      buildsForFailover: this.get('synapse_properties.build.message.on.failover.enable'),
      tokenSeconds: this.get('synapse_properties.synapse.endpoint.http.oauth.cache.timeout'),
      tls: {
        ...tls,
        verifyHostName: this.get('transport.http.sender.hostname_verifier') !== 'AllowAll',
      },
    }
  }

  /** Where the transports have their certificates. */
  stores(): TransportStores {
    return transportStores(key => this.#values.get(key) as string | undefined)
  }

  /** What scripts may use up. */
  script(): ScriptSettings {
    return {
      timeoutMs: this.get('myelin.script.timeout_ms'),
      memoryMb: this.get('myelin.script.memory_mb'),
    }
  }

  /** Where messages are kept that outlive the process. */
  storage(): StorageSettings {
    return {
      dataFolder: resolvePath(this.get('myelin.data_folder') ?? 'data'),
      redisUrl: this.get('myelin.redis.url'),
      redisPrefix: this.get('myelin.redis.prefix'),
      maxCachedBytes: this.get('myelin.cluster.max_cached_bytes'),
    }
  }

  /** Who may use the management API. */
  users(): readonly ApiUser[] {
    const [name, password] = [this.get('management_api.username'), this.get('management_api.password')]
    const own = name !== undefined && password !== undefined ? [{ name, password, isAdmin: true }] : []
    const isOn = this.get('internal_apis.file_user_store.enable')
    return [...own, ...(isOn ? ((this.#values.get(USERS) as readonly ApiUser[] | undefined) ?? []) : [])]
  }

  /** How JSON and XML are made of each other. */
  jsonXml(): JsonXmlOptions {
    const pairs = JSON_XML_PROPERTIES.map(
      name => [name, this.#values.get(`synapse_properties.${name}`)] as const,
    )
    return readJsonXmlOptions(
      pairs.filter(([, value]) => value !== undefined).map(([name, value]) => [name, String(value)]),
    )
  }

  /** The modules that stand for Java classes: absolute paths by the name of the class. */
  classes(): ReadonlyMap<string, string> {
    const prefix = `${CLASSES}.`
    const named = [...this.#values].filter(([key]) => key.startsWith(prefix))
    return new Map(named.map(([key, file]) => [key.slice(prefix.length), String(file)]))
  }

  /** What WebSocket endpoints need; key store and trust store are read by the caller. */
  webSocket(tls: ClientTlsOptions = {}): WebSocketSettings {
    const get = this.get.bind(this)
    return {
      outDispatchSequence: get('transport.ws.sender.outflow_dispatch_sequence'),
      outDispatchFaultSequence: get('transport.ws.sender.outflow_dispatch_fault_sequence'),
      customHeaderPrefix: get('transport.ws.sender.parameter.ws.custom.header'),
      preservedHeaders: get('transport.ws.sender.parameter.ws.headers.preserve'),
      connection: {
        maxMessageBytes: get('transport.ws.max_message_bytes'),
        maxFrameBytes: get('transport.ws.max_frame_bytes'),
        closeTimeoutMs: get('transport.ws.close_timeout_ms'),
      },
      compression: get('transport.ws.sender.compression.enable')
        ? {
            thresholdBytes: get('transport.ws.sender.compression.threshold_bytes'),
            keepsContext: get('transport.ws.sender.compression.context_takeover'),
            windowBits: get('transport.ws.sender.compression.window_bits'),
          }
        : undefined,
      frameLogging: get('myelin.log.wire'),
      handshakeTimeoutMs: get('transport.ws.handshake_timeout_ms'),
      queue: {
        maxMessages: get('transport.ws.queue.max_messages'),
        maxBytes: get('transport.ws.queue.max_bytes'),
      },
      spillFolder: get('transport.ws.spill_folder') ?? join(tmpdir(), 'myelin-spill'),
      groups: {
        maxPerSession: get('transport.ws.groups.max_per_session'),
        answerTimeoutMs: get('myelin.cluster.answer_timeout_ms'),
      },
      tls: {
        ...tls,
        verifyHostName: get('transport.ws.sender.parameter.ws.client.enable.hostname.verification'),
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
  for (const { key, value, span } of entriesOf(source, diagnostics)) {
    const isClass = key.startsWith(`${CLASSES}.`)
    const isUsers = key === USERS
    if (!isClass && !isUsers && !Object.hasOwn(SETTINGS, key)) {
      const told = toldSettings.get(key)
      const hint = told ?? didYouMean(key, Object.keys(SETTINGS))
      diagnostics.warning(span, 'unused-setting', `Setting ${key} is not used.`, hint)
      continue
    }
    try {
      if (isUsers) {
        values.set(key, readUsers(value, resolve))
        continue
      }
      const type: ValueType<unknown> = isClass ? moduleFile : SETTINGS[key as Key].type
      values.set(key, type.parse(resolve(String(value)), { namespaces: new Map(), span }))
    } catch (error) {
      if (!(error instanceof Expected)) throw error
      diagnostics.error(
        span,
        'bad-value',
        isUsers
          ? `Setting ${key} is wrong; expected ${error.message}.`
          : `Setting ${key} is "${value}"; expected ${error.message}.`,
        error.hint,
      )
    }
  }
  return new Settings(values)
}

function entriesOf(source: Source, diagnostics: Diagnostics): readonly TomlEntry[] {
  try {
    return readToml(source)
  } catch (error) {
    if (!(error instanceof MalformedToml)) throw error
    diagnostics.error(error.span, 'malformed-toml', error.message)
    return []
  }
}

function resolve(value: string): string {
  return value.replace(/\$env\{([^}]+)\}/g, (_all, name: string) => {
    const found = process.env[name]
    if (found === undefined) throw new Expected(`the environment variable ${name} to be set`)
    return found
  })
}
