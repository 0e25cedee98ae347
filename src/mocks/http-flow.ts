import type { ChannelServer } from '../core/channel-model.ts'
import type { MessageContext } from '../core/context.ts'
import type { MaybePromise, Outcome, Step } from '../core/step.ts'
import { Content } from '../message/content.ts'
import { mediaTypeOf } from '../message/content-type.ts'
import { Headers } from '../message/headers.ts'
import { Message } from '../message/message.ts'
import { REPLY } from '../sequences/reply.ts'
import { whole } from '../sequences/whole.ts'
import { targetOf } from './conversation.ts'
import type { HttpAnswer, HttpMock } from './http-mock.ts'
import type { MockBook } from './mock-book.ts'
import { asyncApi, homePage, openApi } from './mock-listing.ts'
import { MockScope } from './mock-scope.ts'
import { RATE_LIMITED } from './rate-limit.ts'

type HeaderPairs = readonly (readonly [name: string, value: string])[]

const NONE: HeaderPairs = []

/** Makes the step that requests to the endpoints of a mock run through. */
export function httpFlow(book: MockBook): Step {
  return whole(ctx => take(book, ctx))
}

function take(book: MockBook, ctx: MessageContext): MaybePromise<Outcome> {
  const { method, target: rawTarget, url, remoteAddress } = ctx.origin.request!
  const path = rawTarget.split('?', 1)[0]!
  const { headers } = ctx.message
  const header = (name: string): string | undefined => headers.get(name)
  const target = targetOf({ target: rawTarget, path, url }, header)
  const { set, journal } = book
  const text = ctx.message.content.text()
  if (!set.knows(target.host)) return refuse(ctx, 403, 'Unknown host')
  const taken = set.endpoint(method, target)
  if (taken === undefined || taken === 'method') {
    const listing = book.isRoot && method === 'GET' ? listed(book, path, url) : undefined
    if (listing) return answer(ctx, 200, listing.body, [['Content-Type', listing.type]])
    journal.note(method, path, text, false)
    if (set.webSocket(target)) return refuse(ctx, 426, 'This is a WebSocket', [['Upgrade', 'websocket']])
    return taken === 'method' ? refuse(ctx, 405, 'Method not allowed') : refuse(ctx, 404, 'Not found')
  }
  const { mock, found } = taken
  if ('status' in found) {
    journal.note(method, path, text, false)
    return refuse(ctx, found.status, found.error)
  }
  mock.used++
  journal.note(method, path, text, true)
  const ticket = mock.rateLimit?.take(remoteAddress, header)
  const extra: HeaderPairs = ticket
    ? [
        ['X-RateLimit-Limit', String(ticket.limit)],
        ['X-RateLimit-Remaining', String(ticket.remaining)],
        ['X-RateLimit-Reset', String(ticket.resetAt)],
      ]
    : NONE
  if (ticket?.isOver) return answer(ctx, 429, RATE_LIMITED, [...extra, ['Content-Type', 'application/json']])
  const scope = new MockScope({ ...found, header }, text)
  const given = (): MaybePromise<Outcome> => give(book, ctx, mock, scope, extra)
  if (!mock.latency) return given()
  return mock.latency.pass().then(trouble => {
    if (trouble === 'none') return given()
    return trouble === 'failure'
      ? refuse(ctx, 500, 'The mock failed as it was to')
      : refuse(ctx, 504, 'The mock took too long as it was to')
  })
}

function give(
  book: MockBook,
  ctx: MessageContext,
  { answer: wanted, webhooks }: HttpMock,
  scope: MockScope,
  extra: HeaderPairs,
): MaybePromise<Outcome> {
  const headers: HeaderPairs = [
    ...extra,
    ...wanted.headers.map(([name, value]) => [name, value.text(scope)] as const),
  ]
  for (const webhook of webhooks) void webhook.send(scope, book.log, book.ending.signal)
  const sent = (body: string): MaybePromise<Outcome> =>
    answer(ctx, wanted.status, body, typed(headers, wanted))
  return wanted.external ? wanted.external.read(scope).then(sent) : sent(wanted.body?.text(scope) ?? '')
}

function typed(headers: HeaderPairs, { contentType }: HttpAnswer): HeaderPairs {
  const hasType = contentType === '' || headers.some(([name]) => name.toLowerCase() === 'content-type')
  return hasType ? headers : [...headers, ['Content-Type', contentType]]
}

function refuse(
  ctx: MessageContext,
  status: number,
  error: string,
  headers: HeaderPairs = NONE,
): MaybePromise<Outcome> {
  const challenge: HeaderPairs = status === 401 ? [['WWW-Authenticate', 'Bearer, Basic realm="mock"']] : NONE
  const body = JSON.stringify({ error })
  return answer(ctx, status, body, [...headers, ...challenge, ['Content-Type', 'application/json']])
}

function answer(
  ctx: MessageContext,
  status: number,
  body: string,
  pairs: HeaderPairs,
): MaybePromise<Outcome> {
  const headers = new Headers()
  for (const [name, value] of pairs) headers.set(name, value)
  const type = headers.get('Content-Type') ?? ''
  ctx.message = new Message(new Content(Buffer.from(body), mediaTypeOf(type), type), headers)
  ctx.message.status = status
  ctx.transport.status = status
  ctx.direction = 'response'
  return REPLY.run(ctx)
}

function listed(
  book: MockBook,
  path: string,
  url: string,
): { readonly body: string; readonly type: string } | undefined {
  if (path === '/' || path === '/docs') return { body: homePage(book.set), type: 'text/html; charset=utf-8' }
  if (path === '/swagger.json' || path === '/openapi.json')
    return { body: JSON.stringify(openApi(book.set), null, 2), type: 'application/json' }
  if (path === '/asyncapi.json')
    return { body: JSON.stringify(asyncApi(book.set, serverOf(url)), null, 2), type: 'application/json' }
  return undefined
}

/** Where the request was sent to, as its caller sees it. */
function serverOf(url: string): ChannelServer {
  const { protocol, hostname, port } = URL.parse(url) ?? new URL('http://localhost')
  const isSecure = protocol === 'https:' || protocol === 'wss:'
  return {
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? (isSecure ? 443 : 80) : Number(port),
    isSecure,
  }
}
