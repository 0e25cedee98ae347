import type { Diagnostics } from '../language/diagnostic.ts'
import { plainOf, type YamlMap, type YamlNode } from '../language/yaml.ts'
import { type RetrySettings, retryOf } from '../websocket/retry.ts'
import type { Auth, CertificateFiles, CompressionItem, Param, Variable } from './collection.ts'
import { ItemReader } from './item-reader.ts'

const BITS = [9, 15] as const

/** What compression is where only `true` is written. */
export const DEFAULT_COMPRESSION_ITEM: CompressionItem = {
  clientMaxWindowBits: 15,
  serverMaxWindowBits: 15,
  clientContextTakeover: true,
  serverContextTakeover: true,
  thresholdBytes: 1024,
}

/** Reads variables: a map of names and values, or a list where a name is there more than once. */
export function readVariables(reader: ItemReader, key: string): readonly Variable[] {
  const { diagnostics } = reader
  return named(reader, key, 'variable', (name, value) => {
    if (value.kind !== 'map')
      return { name, value: textOf(value, name, diagnostics), isEnabled: true, isSecret: false }
    const of = new ItemReader(value, `variable ${name}`, 'collection variable', diagnostics)
    return {
      name,
      value: of.text('value') ?? '',
      fromProcess: of.text('environment'),
      isEnabled: of.flag('enabled', true),
      isSecret: of.flag('secret', false),
      extra: of.extra(),
    }
  })
}

/** Reads headers or subprotocols: a map, a list of maps, or for subprotocols a list of names. */
export function readParams(reader: ItemReader, key: string): readonly Param[] | undefined {
  if (!reader.entry(key)) return undefined
  const { diagnostics } = reader
  return named(reader, key, 'entry', (name, value) => {
    if (value.kind !== 'map') return { name, value: textOf(value, name, diagnostics), isEnabled: true }
    const of = new ItemReader(value, `${key} entry ${name}`, 'collection param', diagnostics)
    return {
      name,
      value: of.text('value') ?? '',
      isEnabled: of.flag('enabled', true),
      extra: of.extra(),
    }
  })
}

function named<T>(
  reader: ItemReader,
  key: string,
  what: string,
  read: (name: string, value: YamlNode) => T,
): readonly T[] {
  const value = reader.entry(key)?.value
  if (!value) return []
  if (value.kind === 'map') return value.entries.map(entry => read(entry.key, entry.value))
  if (value.kind === 'scalar') {
    reader.expected(value, key, 'a map or a list')
    return []
  }
  return value.items.flatMap(item => {
    if (item.kind === 'scalar' && item.text !== '') return [read(item.text, { ...item, value: '', text: '' })]
    const name = item.kind === 'map' ? item.entries.find(entry => entry.key === 'name')?.value : undefined
    if (name?.kind === 'scalar') return [read(name.text, item)]
    reader.expected(item, key, `a map with a name for each ${what}`)
    return []
  })
}

function textOf(value: YamlNode, name: string, diagnostics: Diagnostics): string {
  if (value.kind === 'scalar') return value.text
  diagnostics.error(value.span, 'bad-value', `${name} takes text.`)
  return ''
}

/** Reads who asks; without the option it is inherited, and nobody asks where it is wrong. */
export function readAuth(reader: ItemReader): Auth | undefined {
  const value = reader.entry('auth')?.value
  if (!value) return undefined
  if (value.kind === 'scalar' && (value.text === 'inherit' || value.text === 'none'))
    return { kind: value.text }
  if (value.kind === 'scalar' && value.text === 'windows') return { kind: 'windows', usesCurrentUser: true }
  if (value.kind !== 'map') {
    reader.expected(value, 'auth', 'inherit, none, or a map with basic, bearer or clientCertificate')
    return { kind: 'none' }
  }
  const of = new ItemReader(value, 'auth', 'collection auth', reader.diagnostics)
  const extra = of.extra()
  const ways = ['basic', 'bearer', 'clientCertificate', 'windows', 'inherit', 'none'].filter(way =>
    of.has(way),
  )
  if (ways.length !== 1) {
    reader.expected(value, 'auth', 'one of basic, bearer, clientCertificate, inherit and none')
    return { kind: 'none' }
  }
  if (ways[0] === 'inherit' || ways[0] === 'none') return { kind: ways[0], extra }
  if (ways[0] === 'bearer') return { kind: 'bearer', token: of.text('bearer') ?? '', extra }
  if (ways[0] === 'windows' && of.entry('windows')?.value.kind !== 'map')
    return { kind: 'windows', usesCurrentUser: true, extra }
  const map = of.map(ways[0]!)
  if (!map) return { kind: 'none' }
  if (ways[0] === 'basic') {
    const basic = new ItemReader(map, 'auth.basic', 'collection basic auth', reader.diagnostics)
    return {
      kind: 'basic',
      userName: basic.text('username') ?? '',
      password: basic.text('password') ?? '',
      extra,
    }
  }
  if (ways[0] === 'windows') return { ...windows(map, reader.diagnostics), extra }
  return { kind: 'certificate', ...certificate(map, reader.diagnostics), extra }
}

function windows(map: YamlMap, diagnostics: Diagnostics): Extract<Auth, { kind: 'windows' }> {
  const of = new ItemReader(map, 'auth.windows', 'collection windows auth', diagnostics)
  return {
    kind: 'windows',
    usesCurrentUser: of.flag('currentUser', false),
    login: of.text('login'),
    password: of.text('password'),
    domain: of.text('domain'),
  }
}

function certificate(map: YamlMap, diagnostics: Diagnostics): CertificateFiles {
  const of = new ItemReader(map, 'auth.clientCertificate', 'collection client certificate', diagnostics)
  const pem = of.text('pem')
  return {
    format: of.has('pem') ? 'pem' : 'pkcs12',
    file: pem ?? of.text('pkcs12') ?? '',
    keyFile: of.text('keyFile'),
    password: of.text('password'),
    fileExtra: of.extra(),
  }
}

/** Reads how a lost connection is opened again. */
export function readReconnect(reader: ItemReader): RetrySettings | undefined {
  const value = reader.entry('reconnect')?.value
  if (!value) return undefined
  if (value.kind === 'scalar' && typeof value.value === 'boolean') return value.value ? {} : undefined
  if (value.kind !== 'map') {
    reader.expected(value, 'reconnect', 'true, false, or a map')
    return undefined
  }
  new ItemReader(value, 'reconnect', 'collection reconnect', reader.diagnostics)
  const settings = plainOf(value) as RetrySettings
  try {
    retryOf(settings, 'reconnect')
  } catch (error) {
    reader.diagnostics.error(value.span, 'bad-value', `${(error as Error).message}.`)
  }
  return settings
}

/** Reads whose certificates are trusted: `secureSocket: {cert: authorities.crt}`. */
export function readTrusts(reader: ItemReader): string | undefined {
  const map = reader.map('secureSocket')
  if (!map) return undefined
  return new ItemReader(map, 'secureSocket', 'collection secureSocket', reader.diagnostics).required('cert')
}

/** Reads what is offered about compression. */
export function readCompression(reader: ItemReader): CompressionItem | undefined {
  const value = reader.entry('compression')?.value
  if (!value) return undefined
  if (value.kind === 'scalar' && typeof value.value === 'boolean')
    return value.value ? DEFAULT_COMPRESSION_ITEM : undefined
  const map = value.kind === 'map' ? value : undefined
  if (!map) {
    reader.expected(value, 'compression', 'true, false, or a map')
    return undefined
  }
  const of = new ItemReader(map, 'compression', 'collection compression', reader.diagnostics)
  const standard = DEFAULT_COMPRESSION_ITEM
  return {
    clientMaxWindowBits: of.whole('clientMaxWindowBits', ...BITS) ?? standard.clientMaxWindowBits,
    serverMaxWindowBits: of.whole('serverMaxWindowBits', ...BITS) ?? standard.serverMaxWindowBits,
    clientContextTakeover: of.flag('clientContextTakeover', true),
    serverContextTakeover: of.flag('serverContextTakeover', true),
    thresholdBytes: of.whole('thresholdBytes', 0, 2 ** 31) ?? standard.thresholdBytes,
    extra: of.extra(),
  }
}
