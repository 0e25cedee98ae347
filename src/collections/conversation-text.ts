import { archiveMessage, archiveText } from './archive-text.ts'
import type { ConnectFailure } from './connect-failure.ts'
import type { Conversation, Row } from './conversation.ts'
import type { Variables } from './variables.ts'

/** Headers that are never written down. */
const CREDENTIALS: ReadonlySet<string> = new Set([
  'authorization',
  'cookie',
  'proxy-authorization',
  'set-cookie',
])

/** What masks the secrets in what is written down; without it nothing is masked. */
export type Masking = Pick<Variables, 'masked'> | undefined

/** Writes a conversation as one JSON object in each line: the handshake first, then each row in order. */
export function jsonLines(
  conversation: Conversation,
  masking: Masking,
  files?: ReadonlyMap<number, string>,
): string {
  const { handshake, url } = conversation
  const mask = (text: string): string => masking?.masked(text) ?? text
  const first = handshake && {
    kind: 'handshake',
    at: new Date(handshake.startedAt).toISOString(),
    url: mask(url),
    status: 101,
    elapsedMs: rounded(handshake.elapsedMs),
    headers: headersOf(handshake.headers, masking),
    request: Object.fromEntries(requestHeaders(conversation, masking)),
    ...(handshake.subprotocol !== '' && { subprotocol: handshake.subprotocol }),
    ...(handshake.extensions !== '' && { extensions: handshake.extensions }),
  }
  const rows = conversation.rows
    .filter(({ kind }) => kind !== 'open')
    .map((row, i) => ({
      ...rowRecord(row, mask, files?.get(i)),
      ...(row.failure && failureRecord(row.failure, masking)),
    }))
  return [...(first ? [first] : []), ...rows].map(each => `${JSON.stringify(each)}\n`).join('')
}

/** A file of a conversation that is kept in a folder. */
export interface ConversationFile {
  readonly name: string
  readonly content: string | Buffer
}

/** Writes a conversation as files: one for each message, and one of JSON lines that names them. */
export function conversationFiles(conversation: Conversation, masking: Masking): ConversationFile[] {
  const rows = conversation.rows.filter(({ kind }) => kind !== 'open')
  const names = new Map<number, string>()
  const files = rows.flatMap(({ kind, direction, data }, i): ConversationFile[] => {
    if (!data || (kind !== 'text' && kind !== 'binary')) return []
    const text = kind === 'text' ? data.toString() : ''
    const ending = kind === 'binary' ? 'bin' : /^\s*[[{]/.test(text) ? 'json' : 'txt'
    const name = `${String(names.size + 1).padStart(4, '0')}-${direction}.${ending}`
    names.set(i, name)
    return [{ name, content: kind === 'binary' ? data : (masking?.masked(text) ?? text) }]
  })
  return [...files, { name: CONVERSATION_FILE, content: jsonLines(conversation, masking, names) }]
}

/** The file of a folder that says in which order the others are. */
export const CONVERSATION_FILE = 'conversation.jsonl'

function rowRecord(
  row: Row,
  mask: (text: string) => string,
  file: string | undefined,
): Record<string, unknown> {
  const { kind, direction, at, name, data, code, text, isAnswer } = row
  const isText = kind === 'text'
  return {
    kind,
    direction,
    at: new Date(at).toISOString(),
    ...(name !== undefined && { name }),
    ...(data && { bytes: data.length }),
    ...(file !== undefined && { file }),
    ...(data &&
      file === undefined &&
      (isText ? { text: mask(data.toString()) } : { base64: data.toString('base64') })),
    ...(code !== undefined && { code }),
    ...(isAnswer && { isAnswer }),
    ...(row.count !== undefined && { count: row.count }),
    ...(text !== undefined && { [kind === 'close' ? 'reason' : 'text']: mask(text) }),
  }
}

function failureRecord(
  { step, elapsedMs, fix, status, headers, body }: ConnectFailure,
  masking: Masking,
): Record<string, unknown> {
  const mask = (text: string): string => masking?.masked(text) ?? text
  return {
    step,
    elapsedMs: rounded(elapsedMs),
    ...(fix !== '' && { fix: mask(fix) }),
    ...(status !== undefined && { status }),
    ...(headers && { headers: headersOf(headers, masking) }),
    ...(body !== undefined && { body: mask(body) }),
  }
}

/** Writes a conversation as an HTTP archive (HAR 1.2), with its messages where browsers put them. */
export function httpArchive(conversation: Conversation, masking: Masking, version: string): string {
  const { handshake, url, rows } = conversation
  const mask = (text: string): string => masking?.masked(text) ?? text
  const messages = rows.flatMap(({ kind, direction, at, data }) =>
    data && (kind === 'text' || kind === 'binary')
      ? [archiveMessage(kind, direction === 'sent', at, kind === 'text' ? mask(data.toString()) : data)]
      : [],
  )
  const closed = rows.find(({ kind, direction }) => kind === 'close' && direction !== 'here')
  const answer = headersOf(handshake?.headers ?? [], masking)
  return archiveText(
    [
      {
        url: mask(url),
        startedAt: handshake?.startedAt ?? Date.now(),
        elapsedMs: rounded(handshake?.elapsedMs ?? 0),
        isOpen: handshake !== undefined,
        requestHeaders: requestHeaders(conversation, masking),
        responseHeaders: Object.entries(answer),
        messages,
        ...(closed && {
          close: {
            type: closed.direction === 'sent' || closed.isAnswer ? 'send' : 'receive',
            time: closed.at / 1000,
            code: closed.code,
            reason: mask(closed.text ?? ''),
          },
        }),
      },
    ],
    version,
  )
}

function headersOf(headers: readonly string[], masking: Masking): Record<string, string> {
  const named: Record<string, string> = {}
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i]!
    const value = CREDENTIALS.has(name.toLowerCase()) && masking ? '***' : headers[i + 1]!
    named[name] = name in named ? `${named[name]}, ${value}` : value
  }
  return named
}

/** The headers a client has set; what every upgrade has is left out. */
function requestHeaders(
  { request: { headers = {}, subprotocols = [] } }: Conversation,
  masking: Masking,
): (readonly [name: string, value: string])[] {
  const own = Object.entries(headers).map(([name, value]) => {
    const text = Array.isArray(value) ? value.join(', ') : value
    const isHidden = CREDENTIALS.has(name.toLowerCase()) && masking
    return [name, isHidden ? '***' : (masking?.masked(text) ?? text)] as const
  })
  return subprotocols.length === 0
    ? own
    : [...own, ['Sec-WebSocket-Protocol', subprotocols.join(', ')] as const]
}

function rounded(ms: number): number {
  return Math.round(ms * 10) / 10
}
