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
export function jsonLines(conversation: Conversation, masking: Masking): string {
  const { handshake, url } = conversation
  const mask = (text: string): string => masking?.masked(text) ?? text
  const first = handshake && {
    kind: 'handshake',
    at: new Date(handshake.startedAt).toISOString(),
    url: mask(url),
    status: 101,
    elapsedMs: rounded(handshake.elapsedMs),
    headers: headersOf(handshake.headers, masking),
    ...(handshake.subprotocol !== '' && { subprotocol: handshake.subprotocol }),
    ...(handshake.extensions !== '' && { extensions: handshake.extensions }),
  }
  const rows = conversation.rows.filter(({ kind }) => kind !== 'open').map(row => rowRecord(row, mask))
  return [...(first ? [first] : []), ...rows].map(each => `${JSON.stringify(each)}\n`).join('')
}

function rowRecord(row: Row, mask: (text: string) => string): Record<string, unknown> {
  const { kind, direction, at, name, data, code, text } = row
  const isText = kind === 'text'
  return {
    kind,
    direction,
    at: new Date(at).toISOString(),
    ...(name !== undefined && { name }),
    ...(data && { bytes: data.length }),
    ...(data && (isText ? { text: mask(data.toString()) } : { base64: data.toString('base64') })),
    ...(code !== undefined && { code }),
    ...(text !== undefined && { [kind === 'close' ? 'reason' : 'text']: mask(text) }),
  }
}

/** Writes a conversation as an HTTP archive (HAR 1.2), with its messages where browsers put them. */
export function httpArchive(conversation: Conversation, masking: Masking, version: string): string {
  const { handshake, url, rows } = conversation
  const mask = (text: string): string => masking?.masked(text) ?? text
  const messages = rows.flatMap(({ kind, direction, at, data }) =>
    data && (kind === 'text' || kind === 'binary')
      ? [
          {
            type: direction === 'sent' ? 'send' : 'receive',
            time: at / 1000,
            opcode: kind === 'text' ? 1 : 2,
            data: kind === 'text' ? mask(data.toString()) : data.toString('base64'),
          },
        ]
      : [],
  )
  const elapsed = rounded(handshake?.elapsedMs ?? 0)
  const entry = {
    startedDateTime: new Date(handshake?.startedAt ?? Date.now()).toISOString(),
    time: elapsed,
    request: {
      method: 'GET',
      url: mask(url),
      httpVersion: 'HTTP/1.1',
      cookies: [],
      headers: [],
      queryString: [],
      headersSize: -1,
      bodySize: 0,
    },
    response: {
      status: handshake ? 101 : 0,
      statusText: handshake ? 'Switching Protocols' : '',
      httpVersion: 'HTTP/1.1',
      cookies: [],
      headers: Object.entries(headersOf(handshake?.headers ?? [], masking)).map(([name, value]) => ({
        name,
        value,
      })),
      content: { size: 0, mimeType: 'x-unknown' },
      redirectURL: '',
      headersSize: -1,
      bodySize: 0,
    },
    cache: {},
    timings: { send: 0, wait: elapsed, receive: 0 },
    _resourceType: 'websocket',
    _webSocketMessages: messages,
  }
  const log = { version: '1.2', creator: { name: 'Myelin', version }, entries: [entry] }
  return `${JSON.stringify({ log }, null, 2)}\n`
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

function rounded(ms: number): number {
  return Math.round(ms * 10) / 10
}
