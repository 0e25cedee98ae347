import type { MessageContext } from '../core/context.ts'
import type { Outgoing } from './outgoing.ts'

/** Headers of a message that say something about the connection it came over (RFC 9110, 7.6.1), or are made anew. */
const OF_CONNECTION: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'content-type',
  'date',
  'expect',
  'host',
  'http2-settings',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'server',
  'soapaction',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'user-agent',
])

/** Gives the headers of a request: those of the message that are for the backend, and those its payload needs. */
export function requestHeaders(ctx: MessageContext, payload: Outgoing, url: URL): string[] {
  const { headers } = ctx.message
  const extra = ctx.transportIfAny?.extra
  const named = namedBy(headers.get('Connection'))
  const host = extra?.get('REQUEST_HOST_HEADER')
  const list = host === undefined ? [] : ['Host', String(host)]
  const flat = headers.flat()
  for (let i = 0; i + 1 < flat.length; i += 2) {
    const lower = flat[i]!.toLowerCase()
    if (OF_CONNECTION.has(lower) || lower.startsWith('sec-websocket-') || named?.has(lower)) continue
    list.push(flat[i]!, flat[i + 1]!)
  }
  if (payload.length !== undefined) list.push('Content-Length', String(payload.length))
  const action = payload.soapAction === undefined ? headers.get('SOAPAction') : payload.soapAction
  if (action !== undefined && action !== null) list.push('SOAPAction', action)
  if (payload.contentType !== undefined) list.push('Content-Type', payload.contentType)
  if (url.username !== '' && headers.get('Authorization') === undefined)
    list.push('Authorization', basic(decodeURIComponent(url.username), decodeURIComponent(url.password)))
  list.push('User-Agent', 'Myelin')
  return list
}

/** Writes the credentials of HTTP's basic authentication. */
export function basic(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
}

/** What a Connection header lists is for that connection alone. */
function namedBy(connection: string | undefined): ReadonlySet<string> | undefined {
  if (connection === undefined) return undefined
  return new Set(connection.split(',').map(name => name.trim().toLowerCase()))
}
