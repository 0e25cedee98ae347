import type { OutgoingHttpHeaders } from 'node:http'
import { isTrue, type TransportState } from '../core/transport-state.ts'
import { codecOf } from '../message/codecs/index.ts'
import { hasCharset, inUtf8, mediaTypeOf } from '../message/content-type.ts'
import type { Message } from '../message/message.ts'
import type { Written } from './client-format.ts'
import type { HttpRequest } from './http-request.ts'

/** What belongs to one connection, or is worked out anew for each response (RFC 9110, 7.6.1). */
const OF_CONNECTION: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'content-type',
  'date',
  'host',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/** What says something about a request: a response made of a request has none of them, unless they were set anew. */
const OF_REQUEST =
  /^(?:user-agent|accept.*|authorization|cookie|expect|referer|origin|if-.*|range|server|soapaction|proxy-.*|x-forwarded-.*|forwarded|sec-.*|upgrade-insecure-requests|max-forwards|access-control-request-.*)$/i

/** What HTTP allows in a value; the others would end the header early. */
const NOT_IN_VALUE = /[^\t\x20-\x7e\x80-\xff]/g
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/

/** Statuses whose Location is for the client to follow as it is. */
const KEEPS_LOCATION: ReadonlySet<number> = new Set([201, 301, 302, 303, 307])

/** What the headers of a response are made with. */
export interface ResponseHeaderOptions {
  readonly status: number
  readonly request: HttpRequest
}

/**
 * Collects the headers of a message for the client, all but Content-Type. Those of the request are not sent back:
 * neither credentials nor anything else that was said about it.
 */
export function responseHeaders(message: Message, options: ResponseHeaderOptions): OutgoingHttpHeaders {
  const headers: Record<string, string | string[]> = {}
  const isAnswer = message.status !== undefined
  const named = isAnswer ? tokens(message.headers.get('Connection')) : NO_TOKENS
  const flat = message.headers.flat()
  for (let i = 0; i + 1 < flat.length; i += 2) {
    const [name, value] = [flat[i]!, flat[i + 1]!]
    const key = name.toLowerCase()
    if (OF_CONNECTION.has(key) || named.includes(key) || !TOKEN.test(name)) continue
    if (!isAnswer && OF_REQUEST.test(key) && options.request.headers[key] === value) continue
    const before = headers[name]
    const own = fieldValue(key, value, options)
    headers[name] = before === undefined ? own : [before, own].flat()
  }
  return headers
}

function fieldValue(key: string, value: string, { status, request }: ResponseHeaderOptions): string {
  const clean = value.replace(NOT_IN_VALUE, '')
  // Compatibility: other statuses do not make clients leave for the backend.
  if (key !== 'location' || KEEPS_LOCATION.has(status)) return clean
  return clean.replace(/^https?:\/\/[^/?#]*/i, request.here)
}

const NO_TOKENS: readonly string[] = []

function tokens(value: string | undefined): readonly string[] {
  return value === undefined ? NO_TOKENS : value.split(',').map(each => each.trim().toLowerCase())
}

/**
 * Gives the Content-Type of a response: the one set, the one the message came with where it is still true, else the
 * type the payload was written in, with its charset unless `setCharacterEncoding` is false.
 */
export function contentTypeOf(
  message: Message,
  { content, mediaType }: Pick<Written, 'content' | 'mediaType'>,
  transport: TransportState | undefined,
): string | undefined {
  const set = transport?.contentType
  if (set !== undefined && set !== transport?.messageType) return set.replace(NOT_IN_VALUE, '')
  const own = content.form === 'bytes' ? undefined : codecOf({ mediaType }).contentType?.(content, mediaType)
  if (own !== undefined) return own
  const came = message.headers.get('Content-Type')
  if (came !== undefined && set === undefined && (mediaTypeOf(came) === mediaType || mediaType === ''))
    return (content.form === 'bytes' ? came : inUtf8(came)).replace(NOT_IN_VALUE, '')
  const type = (set ?? mediaType).replace(NOT_IN_VALUE, '')
  if (type === '') return undefined
  const encoding = transport?.extra.get('setCharacterEncoding')
  const isPlain = (encoding !== undefined && !isTrue(encoding)) || type.includes(';') || !hasCharset(type)
  return isPlain ? type : `${type}; charset=UTF-8`
}
