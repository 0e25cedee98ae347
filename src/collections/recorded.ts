import { readFileSync, statSync } from 'node:fs'
import { dirname, join, resolve, sep } from 'node:path'
import type { RecordedConversation, RecordedEvent } from '../core/recorded-conversation.ts'
import { CONVERSATION_FILE } from './conversation-text.ts'
import { fileText } from './open-collection.ts'

type Plain = Readonly<Record<string, unknown>>

/** Headers that every upgrade has, or that tell nothing of the service. */
const USUAL =
  /^(?::|host$|upgrade$|connection$|sec-websocket-|content-length$|accept-encoding$|pragma$|cache-control$|user-agent$|accept-language$|accept$|sec-fetch-|sec-gpc$|dnt$)/i

/**
 * Reads the WebSockets that a file has saved: an HTTP archive of a browser or of `myelin ws`, the JSON lines of the
 * latter, or its folder.
 * @throws Error where it is none of these
 */
export function readRecorded(path: string): RecordedConversation[] {
  const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
  const file = isFolder ? join(path, CONVERSATION_FILE) : path
  const text = fileText(file).replace(/^\ufeff/, '')
  const archive = parsed(text)
  if (isMap(archive) && isMap(archive.log)) return archived(archive.log, path)
  const lines = text.split('\n').filter(line => line.trim() !== '')
  const rows = lines.map(parsed)
  if (rows.length > 0 && rows.every(row => isMap(row) && typeof row.kind === 'string'))
    return [linesRead(rows as readonly Plain[], file)]
  throw new Error(
    `${path} is no saved conversation: it is an HTTP archive (HAR), or what myelin ws --save-conversation has written`,
  )
}

/** Whether a text is an HTTP archive. */
export function isArchive(value: unknown): boolean {
  return isMap(value) && isMap(value.log) && Array.isArray(value.log.entries)
}

/** Gives the WebSockets of an HTTP archive. @throws Error where there are none */
export function archived(log: Plain, path: string): RecordedConversation[] {
  const entries = Array.isArray(log.entries) ? (log.entries as unknown[]) : []
  const found = entries.flatMap(entry => (isMap(entry) ? (webSocketOf(entry) ?? []) : []))
  if (found.length > 0) return found
  throw new Error(`${path} has no WebSocket: none of its ${entries.length} entries has _webSocketMessages`)
}

function webSocketOf(entry: Plain): RecordedConversation | undefined {
  const { _webSocketMessages: messages, _webSocketClose: close } = entry
  const request = isMap(entry.request) ? entry.request : {}
  const url = textIn(request.url).replace(/^http/i, 'ws')
  if (!Array.isArray(messages) || !/^wss?:\/\//i.test(url)) return undefined
  const headers = pairs(request.headers)
  const answered = pairs(isMap(entry.response) ? entry.response.headers : undefined)
  return {
    url,
    headers: headers.filter(([name]) => !USUAL.test(name)),
    offered: listIn(headers),
    subprotocol: listIn(answered)[0] ?? '',
    events: [...messages, ...(isMap(close) ? [{ ...close, opcode: 8 }] : [])].flatMap(each =>
      isMap(each) ? (eventOf(each) ?? []) : [],
    ),
  }
}

function eventOf({ type, time, opcode, data, code, reason }: Plain): RecordedEvent | undefined {
  const kind = opcode === 1 ? 'text' : opcode === 2 ? 'binary' : opcode === 8 ? 'close' : undefined
  if (kind === undefined || (type !== 'send' && type !== 'receive')) return undefined
  return {
    kind,
    isSent: type === 'send',
    at: typeof time === 'number' ? time * 1000 : 0,
    data: Buffer.from(textIn(data), kind === 'binary' ? 'base64' : 'utf8'),
    code: typeof code === 'number' ? code : 1005,
    reason: textIn(reason),
  }
}

function linesRead(rows: readonly Plain[], file: string): RecordedConversation {
  const handshake = rows.find(({ kind }) => kind === 'handshake')
  if (!handshake) throw new Error(`${file} has no handshake: it is not known which address it was`)
  const headers = Object.entries(isMap(handshake.request) ? handshake.request : {}).map(
    ([name, value]) => [name, textIn(value)] as const,
  )
  return {
    url: textIn(handshake.url),
    headers: headers.filter(([name]) => !USUAL.test(name)),
    offered: listIn(headers),
    subprotocol: textIn(handshake.subprotocol),
    events: rows.flatMap(row => rowEvent(row, file) ?? []),
  }
}

function rowEvent(row: Plain, file: string): RecordedEvent | undefined {
  const { kind, direction, at, text, base64, code, reason, isAnswer, name } = row
  if (kind !== 'text' && kind !== 'binary' && kind !== 'close') return undefined
  if (direction !== 'sent' && direction !== 'received') return undefined
  const data =
    typeof row.file === 'string'
      ? bytesOf(row.file, file)
      : Buffer.from(textIn(text ?? base64), kind === 'binary' ? 'base64' : 'utf8')
  return {
    kind,
    // The answer to a close is no event of its own.
    isSent: direction === 'sent' || isAnswer === true,
    at: Date.parse(textIn(at)) || 0,
    data: kind === 'close' ? Buffer.alloc(0) : data,
    code: typeof code === 'number' ? code : 1005,
    reason: textIn(reason),
    ...(typeof name === 'string' && { name }),
  }
}

/** A folder names its own files alone. */
function bytesOf(name: string, file: string): Buffer {
  const folder = resolve(dirname(file))
  const path = resolve(folder, name)
  if (!path.startsWith(folder + sep)) throw new Error(`${file} names ${name}, which is not in its folder`)
  return readFileSync(path)
}

function pairs(list: unknown): (readonly [name: string, value: string])[] {
  if (!Array.isArray(list)) return []
  return list.flatMap((each: unknown) =>
    isMap(each) && typeof each.name === 'string' ? [[each.name, textIn(each.value)] as const] : [],
  )
}

function listIn(headers: readonly (readonly [string, string])[]): string[] {
  return headers
    .filter(([name]) => name.toLowerCase() === 'sec-websocket-protocol')
    .flatMap(([, value]) => value.split(/,\s*(?=(?:[^']*'[^']*')*[^']*$)/))
    .filter(name => name !== '')
}

function textIn(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function isMap(value: unknown): value is Plain {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
