import { compileJsonPath } from '../expressions/jsonpath.ts'
import type { Diagnostics } from '../language/diagnostic.ts'
import type { Span } from '../language/source.ts'
import { plainOf, type YamlMap, type YamlNode } from '../language/yaml.ts'
import { isSendable, MAX_REASON_BYTES } from '../websocket/close-codes.ts'
import type { Capture, ClientMessage, Expectation, MessageKind } from './collection.ts'
import { ItemReader, startOf } from './item-reader.ts'

const KINDS: readonly MessageKind[] = ['text', 'binary', 'close', 'ping']
const MOST_PING_BYTES = 125
const DEFAULT_WITHIN_MS = 5_000
const DAY_MS = 86_400_000

/** Reads a message of a connection. */
export function readMessage(map: YamlMap, diagnostics: Diagnostics): ClientMessage {
  const name = map.entries.find(({ key }) => key === 'name')?.value
  const owner = name?.kind === 'scalar' && name.text.trim() !== '' ? `message ${name.text}` : 'message'
  const of = new ItemReader(map, owner, 'collection message', diagnostics)
  const kind = of.word('type', KINDS) ?? 'text'
  const reason = of.text('reason')
  const content = kind === 'close' ? (reason ?? of.text('content')) : of.text('content')
  const file = of.text('file')
  const code = of.whole('code', 1000, 4999)
  if (kind !== 'close')
    for (const key of ['code', 'reason'])
      if (of.has(key))
        diagnostics.error(of.span(key), 'bad-combination', `${owner} is no close: option ${key} is of those.`)
  if (code !== undefined && !isSendable(code))
    diagnostics.error(of.span('code'), 'bad-value', `${code} is no code that may be sent in a close frame.`)
  if (content !== undefined && file !== undefined)
    diagnostics.error(of.span('file'), 'bad-combination', `${owner} has both content and file.`)
  const most =
    kind === 'close' ? MAX_REASON_BYTES : kind === 'ping' ? MOST_PING_BYTES : Number.POSITIVE_INFINITY
  if (content !== undefined && !content.includes('{{') && Buffer.byteLength(content) > most)
    diagnostics.error(
      of.span(reason === undefined ? 'content' : 'reason'),
      'bad-value',
      `A ${kind} has no more than ${most} bytes.`,
    )
  return {
    name: of.requiredName(),
    kind,
    content: content ?? '',
    file,
    encoding: kind === 'binary' ? of.word('encoding', ['base64', 'hex']) : undefined,
    code: code ?? 1000,
    syntax: of.text('syntax'),
    mayCompress: of.flag('compress', true),
    expect: readExpectations(of),
    capture: readCaptures(of),
    span: of.span('name'),
    extra: of.extra(),
  }
}

/** Reads what the server is expected to send: one expectation, or a list of them. */
export function readExpectations(of: ItemReader): readonly Expectation[] {
  const value = of.entry('expect')?.value
  if (!value) return []
  const nodes = value.kind === 'list' ? value.items : [value]
  return nodes.flatMap(node => {
    if (node.kind === 'map') return [readExpectation(node, of.diagnostics)]
    of.expected(node, 'expect', 'a map, or a list of maps')
    return []
  })
}

function readExpectation(map: YamlMap, diagnostics: Diagnostics): Expectation {
  const of = new ItemReader(map, 'expect', 'collection expectation', diagnostics)
  const json = of.entry('json')?.value
  const close = of.whole('close', 1000, 4999)
  const about = ['type', 'equals', 'equalsFile', 'contains', 'matches', 'json', 'jsonPath']
  const both = close === undefined ? undefined : about.find(key => of.has(key))
  if (both !== undefined)
    diagnostics.error(
      of.span(both),
      'bad-combination',
      `A close has a code and a reason: ${both} is of messages.`,
    )
  return {
    kind: of.word('type', ['text', 'binary']),
    equals: of.text('equals'),
    equalsFile: of.text('equalsFile'),
    contains: texts(of, 'contains'),
    matches: pattern(of, 'matches'),
    json: json && { value: plainOf(json) },
    jsonPath: paths(of),
    close,
    reason: of.text('reason'),
    withinMs: of.whole('within', 1, DAY_MS) ?? DEFAULT_WITHIN_MS,
    skipsOthers: of.flag('skipOthers', false),
    span: startOf(map.span),
  }
}

function texts(of: ItemReader, key: string): readonly string[] | undefined {
  const value = of.entry(key)?.value
  if (!value) return undefined
  const nodes: readonly YamlNode[] = value.kind === 'list' ? value.items : [value]
  return nodes.flatMap(node => {
    if (node.kind === 'scalar') return [node.text]
    of.expected(node, key, 'text, or a list of texts')
    return []
  })
}

function pattern(of: ItemReader, key: string): RegExp | undefined {
  const text = of.text(key)
  if (text === undefined) return undefined
  try {
    return new RegExp(text, 'su')
  } catch (error) {
    const reason = (error as Error).message.replace(/^Invalid regular expression: /, '')
    of.diagnostics.error(of.span(key), 'bad-value', `This is no regular expression: ${reason}.`)
    return undefined
  }
}

function paths(of: ItemReader): Expectation['jsonPath'] {
  return of
    .map('jsonPath')
    ?.entries.flatMap(({ key, keySpan, value }) =>
      isPath(key, keySpan, of.diagnostics) ? [[key, plainOf(value)] as const] : [],
    )
}

function isPath(path: string, span: Span, diagnostics: Diagnostics): boolean {
  try {
    compileJsonPath(path)
    if (!/^\s*[$@]/.test(path))
      diagnostics.warning(
        span,
        'bad-value',
        `${path} is no JSONPath: one begins with $.`,
        `Write ${path.startsWith('[') ? '$' : '$.'}${path}, which is what is looked for.`,
      )
    return true
  } catch (error) {
    diagnostics.error(span, 'bad-value', `This is no JSONPath: ${(error as Error).message}.`)
    return false
  }
}

/** Reads what is taken out of messages: a variable for each JSONPath, or `{ matches: … }`. */
export function readCaptures(of: ItemReader): readonly Capture[] {
  return (of.map('capture')?.entries ?? []).flatMap(({ key, value }): Capture[] => {
    if (value.kind === 'scalar')
      return isPath(value.text, value.span, of.diagnostics) ? [{ variable: key, jsonPath: value.text }] : []
    if (value.kind === 'list') {
      of.expected(value, 'capture', 'a JSONPath, or a map with matches, for each variable')
      return []
    }
    const one = new ItemReader(value, `capture ${key}`, 'collection capture', of.diagnostics)
    const jsonPath = one.text('jsonPath')
    if (jsonPath !== undefined && !isPath(jsonPath, one.span('jsonPath'), of.diagnostics)) return []
    return [{ variable: key, jsonPath, matches: pattern(one, 'matches') }]
  })
}
