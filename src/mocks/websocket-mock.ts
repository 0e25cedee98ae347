import type { Span } from '../language/source.ts'
import type { YamlNode } from '../language/yaml.ts'
import { type Latency, readLatency } from './latency.ts'
import { type MockAddress, readAddress } from './mock-address.ts'
import { MockFields, type MockReading, withStrict } from './mock-reading.ts'
import { type MockReply, readClose, readReply } from './mock-reply.ts'
import { readSet, readWhen, type StateChange, type When } from './mock-state.ts'
import { PATTERN_KINDS, type Pattern, readPattern } from './pattern.ts'
import { type RateLimit, readRateLimit } from './rate-limit.ts'

/** A pattern, what is answered to its messages, and how often it was. */
export interface MockRule {
  readonly pattern: Pattern
  readonly reply: MockReply | undefined
  readonly when: When
  readonly set: StateChange
  /** How many messages come before the first that it may take. */
  readonly after: number
  readonly span: Span
  used: number
}

/** Messages that nobody asked for. */
export interface MockPush {
  readonly everyMs: number
  readonly reply: MockReply
  /** How many messages of the client come before it begins. */
  readonly after: number
  readonly times: number
  readonly when: When
}

/** What becomes of messages that no pattern matches. */
export interface Unmatched {
  readonly reply: MockReply | undefined
  readonly close: { readonly code: number | undefined; readonly reason: string } | undefined
  readonly isLogged: boolean
}

/** A WebSocket of a mock file. */
export interface WebSocketMock {
  readonly address: MockAddress
  readonly onConnect: { readonly reply: MockReply | undefined; readonly set: StateChange } | undefined
  readonly rules: readonly MockRule[]
  readonly matchesAll: boolean
  readonly unmatched: Unmatched
  readonly pushes: readonly MockPush[]
  readonly subprotocols: readonly string[]
  readonly state: StateChange
  readonly rateLimit: RateLimit | undefined
  readonly latency: Latency | undefined
  readonly span: Span
  used: number
}

/** Reads a `websocket:`; undefined where it has no path. */
export function readWebSocket(node: YamlNode, given: MockReading): WebSocketMock | undefined {
  if (node.kind !== 'map') {
    given.diagnostics.error(node.span, 'bad-value', 'websocket is a map.')
    return undefined
  }
  const fields = new MockFields(node, 'websocket', withStrict(node, given))
  const address = readAddress(fields)
  const connect = fields.fields('on-connect')
  const onConnect = connect && { reply: readReply(connect), set: readSet(connect) }
  const rules = maps(fields, 'on-message', 'pattern').flatMap(each => readRule(each) ?? [])
  const pushes = maps(fields, 'push').flatMap(each => readPush(each) ?? [])
  const mock = {
    onConnect,
    rules,
    matchesAll: fields.word('match', ['first', 'all']) === 'all',
    unmatched: readUnmatched(fields),
    pushes,
    subprotocols: readSubprotocols(fields),
    state: readSet(fields, 'state'),
    rateLimit: readRateLimit(fields),
    latency: readLatency(fields),
    span: node.span,
    used: 0,
  }
  return address && { address, ...mock }
}

function readRule(fields: MockFields): MockRule | undefined {
  const node = fields.required('pattern')
  const kind = fields.word('kind', PATTERN_KINDS)
  const exact = fields.word('match', ['subset', 'exact']) === 'exact'
  const pattern = node && readPattern(node, { kind, exact }, fields.reading)
  const reply = readReply(fields)
  const set = readSet(fields)
  if (!reply && set.length === 0)
    fields.error(fields.span, 'missing', 'A pattern needs a response, or something to set.')
  const when = readWhen(fields)
  const after = fields.number('after') ?? 0
  return pattern && { pattern, reply, when, set, after, span: node.span, used: 0 }
}

function readPush(fields: MockFields): MockPush | undefined {
  const everyMs = fields.has('every') ? fields.duration('every') : undefined
  if (!fields.has('every')) fields.required('every')
  if (everyMs !== undefined && everyMs < 1)
    fields.error(fields.get('every')!.span, 'bad-value', 'every is at least a millisecond.')
  const reply = readReply(fields)
  if (!reply) fields.error(fields.span, 'missing', 'push needs a response.')
  const after = fields.number('after') ?? 0
  const times = fields.number('times', { min: 1 }) ?? Number.POSITIVE_INFINITY
  const when = readWhen(fields)
  return everyMs === undefined || !reply ? undefined : { everyMs, reply, after, times, when }
}

function readUnmatched(fields: MockFields): Unmatched {
  const node = fields.get('unmatched')
  const none = { reply: undefined, close: undefined, isLogged: false }
  if (!node) return none
  if (node.kind === 'map') {
    const inner = fields.fields('unmatched')!
    const close = inner.get('close')
    return { ...none, reply: readReply(inner), close: close && readClose(close, fields.reading) }
  }
  const word = node.kind === 'scalar' ? node.text : ''
  if (word === 'log') return { ...none, isLogged: true }
  if (word === 'close') return { ...none, close: { code: 1008, reason: 'no pattern matches the message' } }
  if (word !== 'ignore') {
    const hint = 'To answer, write it as a map: unmatched: {response: …}.'
    fields.error(
      node.span,
      'bad-value',
      'unmatched is log, close, ignore, or a map with response or close.',
      hint,
    )
  }
  return none
}

function readSubprotocols(fields: MockFields): string[] {
  return fields.items('subprotocols').flatMap(item => {
    if (item.kind === 'scalar' && /^[!#$%&'*+.^_`|~\w-]+$/.test(item.text)) return [item.text]
    fields.error(item.span, 'bad-value', 'A subprotocol is a name without blanks.')
    return []
  })
}

function maps(fields: MockFields, key: string, where = key): MockFields[] {
  return fields.items(key).flatMap(item => {
    if (item.kind === 'map') return [new MockFields(item, where, fields.reading, key)]
    fields.error(item.span, 'bad-value', `${key} is a list of maps.`)
    return []
  })
}
