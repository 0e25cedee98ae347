import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { mediaTypeOfPayload } from './payload.ts'
import type { TestCase } from './test-case.ts'

/** What a service answered. */
export interface ServiceResponse {
  readonly status: number
  readonly version: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

/**
 * Calls a service as a case says. A payload without a Content-Type is sent as what it is: XML, an envelope, JSON or
 * text.
 * @throws Error when no whole answer comes in time
 */
export function callService(
  url: string,
  { path, method, payload, properties }: TestCase,
  { isApi, limitMs }: { readonly isApi: boolean; readonly limitMs: number },
): Promise<ServiceResponse> {
  const headers: Record<string, string> = {}
  for (const { name, value, scope } of properties) if (scope === 'transport') headers[name] = value
  const isTyped = Object.keys(headers).some(name => name.toLowerCase() === 'content-type')
  if (payload !== undefined && !isTyped)
    headers['Content-Type'] = `${mediaTypeOfPayload(payload)}; charset=UTF-8`
  if (payload !== undefined) headers['Content-Length'] = String(Buffer.byteLength(payload))
  const [, origin, base] = /^(\w+:\/\/[^/]+)(.*)$/.exec(url)!
  const target = `${base!.replace(/\/$/, '')}${path === '/' ? '' : withSlash(path)}` || '/'
  const open = url.startsWith('https:') ? httpsRequest : httpRequest
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(origin!)
    const request = open({
      hostname,
      port,
      path: target,
      method: method ?? (payload === undefined && isApi ? 'GET' : 'POST'),
      headers,
      agent: false,
      // The certificate of a gateway under test is its own business.
      rejectUnauthorized: false,
      signal: AbortSignal.timeout(limitMs),
    })
    request.on('error', error => {
      const isLate = error.name === 'AbortError' || error.name === 'TimeoutError'
      reject(isLate ? new Error(`no answer within ${limitMs / 1000} s`) : error)
    })
    request.on('response', response => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          version: `HTTP/${response.httpVersion}`,
          headers: response.headers,
          body: Buffer.concat(chunks).toString(),
        }),
      )
    })
    request.end(payload)
  })
}

function withSlash(path: string): string {
  return path === '' || path.startsWith('/') ? path : `/${path}`
}
