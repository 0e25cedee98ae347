import type { MessageContext } from '../core/context.ts'
import { Fault } from '../core/fault.ts'
import { isTrue } from '../core/transport-state.ts'
import { DialError } from '../websocket/dial.ts'
import { writeFor } from './client-format.ts'
import type { HttpRequest } from './http-request.ts'
import { contentTypeOf, responseHeaders } from './response-headers.ts'

/** What a client gets in place of an upgrade. */
export interface HandshakeRefusal {
  readonly status: number
  readonly reason?: string | undefined
  readonly headers: Readonly<Record<string, string | string[]>>
  readonly body: Buffer
}

/** Headers of a backend that refuses which its client always gets. */
export const RELAYED_HEADERS: readonly string[] = [
  'www-authenticate',
  'retry-after',
  'location',
  'content-type',
  'content-language',
  'content-encoding',
  'cache-control',
]

/** What stays between two hops, or is worked out for each answer. */
const NEVER_RELAYED =
  /^(?:connection|upgrade|keep-alive|transfer-encoding|content-length|te|trailer|proxy-.*|sec-websocket-.*)$/

/** When clients are to come back where nobody knows better, in seconds. */
export const RETRY_AFTER_S = 5

/** Makes a refusal of the gateway's own. */
export function refusalWith(status: number, message: string, retryAfterMs?: number): HandshakeRefusal {
  const seconds = retryAfterMs === undefined ? RETRY_AFTER_S : Math.max(1, Math.ceil(retryAfterMs / 1000))
  return {
    status,
    headers: {
      'Content-Type': 'application/json',
      ...(status === 503 && { 'Retry-After': String(seconds) }),
    },
    body: Buffer.from(JSON.stringify({ message })),
  }
}

/**
 * Says how a client is refused for a fault of its handshake message: with what the backend said that refused, or as
 * an HTTP caller is. No address leaks to it.
 */
export function refusalOfFault(fault: Fault, alsoRelayed: readonly string[]): HandshakeRefusal {
  const dialed = dialErrorOf(fault)
  if (dialed?.refusal && dialed.status! >= 300) {
    const { headers, body } = dialed.refusal
    return { status: dialed.status!, headers: relayed(headers, alsoRelayed, body), body: body ?? NO_BYTES }
  }
  const { code, isDelivery } = fault
  if (dialed?.failure === 'timeout' || code === 101508 || code === 101504)
    return refusalWith(504, 'the backend did not answer in time')
  if (dialed) return refusalWith(502, 'the backend could not be reached, or its answer was none')
  if (code === 101509 || (isDelivery && Number(code) >= 303000))
    return refusalWith(503, 'the endpoint cannot take the client', fault.retryAfterMs)
  if (isDelivery) return refusalWith(502, 'the backend could not be reached, or its answer was none')
  return refusalWith(500, 'the handshake could not be mediated')
}

/** Finds why a connection could not be opened, behind the faults of groups. */
export function dialErrorOf(fault: Fault): DialError | undefined {
  let cause: unknown = fault.cause
  while (cause instanceof Fault) cause = cause.cause
  return cause instanceof DialError ? cause : undefined
}

/** Gives the refusal that stands for a close before the upgrade: 4401, for one, is status 401. */
export function refusalOfClose(code: number | undefined, reason: string): HandshakeRefusal {
  return refusalWith(statusOfClose(code), reason)
}

const STATUS: Readonly<Record<number, number>> = {
  1001: 503,
  1002: 400,
  1003: 400,
  1007: 400,
  1009: 413,
  1011: 500,
  1012: 503,
  1013: 503,
  1014: 502,
  3000: 401,
  3008: 408,
}

function statusOfClose(code = 0): number {
  if (code >= 4400 && code <= 4599) return code - 4000
  return STATUS[code] ?? 403
}

/** Whether a reply to the handshake message turns the client away: it has a status that says so. */
export function isRefusal(ctx: MessageContext): boolean {
  return (ctx.transportIfAny?.status ?? 0) >= 300
}

/**
 * Makes the refusal that `respond` was called with. Nothing the client said about itself is sent back to it.
 * @throws ContentError when the payload cannot be written in the type it is to have
 */
export function refusalOfReply(ctx: MessageContext, request: HttpRequest): HandshakeRefusal {
  const { message, transportIfAny: transport } = ctx
  const status = transport!.status!
  const written = writeFor('rest', message.content, transport!.messageType)
  const body = isTrue(transport!.noEntityBody) ? NO_BYTES : written.body
  const headers = responseHeaders(message, { status, request }) as Record<string, string | string[]>
  if (message.status === undefined)
    for (const [name, value] of Object.entries(headers))
      if (request.headers[name.toLowerCase()] === value) delete headers[name]
  const contentType = body.length > 0 ? contentTypeOf(message, written, transport) : undefined
  if (contentType !== undefined) headers['Content-Type'] = contentType
  const said = transport!.extra.get('HTTP_SC_DESC')
  return { status, reason: said === undefined ? undefined : String(said), headers, body }
}

function relayed(
  raw: readonly string[],
  also: readonly string[],
  body: Buffer | undefined,
): HandshakeRefusal['headers'] {
  const headers: Record<string, string | string[]> = {}
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const [name, value] = [raw[i]!, raw[i + 1]!]
    const key = name.toLowerCase()
    if (NEVER_RELAYED.test(key) || !(RELAYED_HEADERS.includes(key) || also.includes(key))) continue
    // What is said of a body goes with it.
    if (body === undefined && key.startsWith('content-')) continue
    const before = headers[name]
    headers[name] = before === undefined ? value : [before, value].flat()
  }
  return headers
}

const NO_BYTES = Buffer.alloc(0)
