import { request as httpRequest, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { HeaderValues } from './body.ts'
import { Unmet } from './until.ts'

/** A request as a case writes it. */
export interface HttpRequest {
  readonly method: string
  /** Used as it is, after the origin. */
  readonly target: string
  readonly origin: string
  readonly headers: OutgoingHttpHeaders
  readonly body: string | undefined
}

/** What came back. */
export interface HttpResponse {
  readonly status: number
  readonly headers: HeaderValues
  readonly body: string
}

/** Sends a request over a connection of its own; follows no redirects. @throws Unmet when no whole response came in time */
export function send(request: HttpRequest, withinMs: number): Promise<HttpResponse> {
  const { method, target, origin, body } = request
  const [, scheme, host, port] = /^(https?):\/\/(\[[^\]]+\]|[^:/]+)(?::(\d+))?$/.exec(origin) ?? []
  if (host === undefined) throw new Unmet(`${origin} is no HTTP address`)
  const open = scheme === 'https' ? httpsRequest : httpRequest
  return new Promise((resolve, reject) => {
    const fail = (error: Error): void => {
      clearTimeout(timer)
      reject(new Unmet(`${method} ${origin}${target}: no response: ${error.message || String(error)}`))
    }
    const outgoing = open({
      method,
      host: host.replace(/^\[|\]$/g, ''),
      port,
      path: target,
      headers: withLength(request.headers, body),
      agent: false,
      rejectUnauthorized: false,
    })
    const timer = setTimeout(() => outgoing.destroy(new Error(`nothing within ${withinMs} ms`)), withinMs)
    outgoing.on('error', fail)
    outgoing.on('response', response => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', fail)
      response.on('end', () => {
        clearTimeout(timer)
        const headers = headersOf(response)
        const text = decode(Buffer.concat(chunks), headers['content-type'])
        resolve({ status: response.statusCode ?? 0, headers, body: text })
      })
    })
    outgoing.end(body)
  })
}

/** Node leaves the length out where it expects no body. */
function withLength(headers: OutgoingHttpHeaders, body: string | undefined): OutgoingHttpHeaders {
  if (body === undefined) return headers
  const isFramed = Object.keys(headers).some(name => /^(?:content-length|transfer-encoding)$/i.test(name))
  return isFramed ? headers : { ...headers, 'Content-Length': Buffer.byteLength(body) }
}

/** Gives headers by name in lower case, repeated ones joined. */
export function headersOf({ rawHeaders }: Pick<IncomingMessage, 'rawHeaders'>): HeaderValues {
  const headers: Record<string, string> = {}
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]!.toLowerCase()
    const value = rawHeaders[index + 1]!
    headers[name] = Object.hasOwn(headers, name) ? `${headers[name]}, ${value}` : value
  }
  return headers
}

/** Decodes a body by the charset of its content type; UTF-8 where none is given or it is unknown. */
export function decode(bytes: Uint8Array, contentType: string | undefined): string {
  const charset = /charset\s*=\s*"?([^\s;"]+)/i.exec(contentType ?? '')?.[1]
  try {
    return new TextDecoder(charset ?? 'utf-8').decode(bytes)
  } catch {
    return new TextDecoder().decode(bytes)
  }
}
