import { createHash } from 'node:crypto'
import type { OutgoingHttpHeaders } from 'node:http'
import type { FastifyReply } from 'fastify'
import type { MessageContext } from '../core/context.ts'
import type { Origin, RequestFacts } from '../core/ports.ts'
import type { RequestHead, Taken } from '../core/route.ts'
import { isTrue } from '../core/transport-state.ts'
import { type ClientFormat, writeFor } from './client-format.ts'
import { contentTypeOf, responseHeaders } from './response-headers.ts'

/** What an HTTP caller is answered with. */
export interface HttpOriginOptions {
  readonly reply: FastifyReply
  readonly head: RequestHead
  readonly client: ClientFormat
  readonly route: Taken
}

/** An HTTP caller. What it gets when nobody answered is decided here, in `ended`, and nowhere else. */
export class HttpOrigin implements Origin {
  readonly kind = 'http'
  readonly request: RequestFacts
  readonly #reply: FastifyReply
  readonly #head: RequestHead
  readonly #client: ClientFormat
  readonly #route: Taken
  #isAnswered = false

  constructor(request: RequestFacts, { reply, head, client, route }: HttpOriginOptions) {
    this.request = request
    this.#reply = reply
    this.#head = head
    this.#client = client
    this.#route = route
  }

  /**
   * Sends the message of a context as the response. Compatibility: a forced 202 wins over it; a fault, which the
   * original has answered with 202 before it happens, does not become one.
   */
  reply(ctx: MessageContext): void {
    if (this.#isAnswered) {
      ctx.ending = 'discarded'
      ctx.log.warn(
        { message: ctx.id },
        `${ctx.service.label}the request was answered already: this response was discarded`,
      )
      return
    }
    const { message, transportIfAny: transport } = ctx
    const isForced = isTrue(transport?.forceAccepted)
    if (isForced && !ctx.fault) {
      this.#send(202)
      return
    }
    const written = writeFor(this.#client, message.content, transport?.messageType)
    const body = isTrue(transport?.noEntityBody) ? NO_BYTES : written.body
    const status = this.#statusOf(ctx, written.isFault, isForced)
    const here = `${this.#head.isSecure ? 'https' : 'http'}://${String(this.#head.headers.host ?? '')}`
    const headers = responseHeaders(message, { status, request: this.#head.headers, here })
    const contentType = body.length > 0 ? contentTypeOf(message, written, transport) : undefined
    if (contentType !== undefined) headers['Content-Type'] = contentType
    // Compatibility: this property is set where the message could not be sent; the caller is told so.
    if (transport?.extra.has('ERROR_CODE')) headers.Connection = 'close'
    const reason =
      transport?.extra.get('HTTP_SC_DESC') ?? (status === message.status ? message.reason : undefined)
    if (transport && isTrue(transport.extra.get('HTTP_ETAG')) && this.#isKnown(headers, body))
      this.#send(304, { headers })
    else this.#send(status, { headers, body, reason })
  }

  /** Compatibility: the caller of a forced 202 does not wait for what the endpoint answers. */
  taken(ctx: MessageContext): void {
    if (!this.#isAnswered && isTrue(ctx.transportIfAny?.forceAccepted)) this.#send(202)
  }

  /**
   * Answers what was not answered: 503 when the endpoint could not take the message, 500 for a fault that no
   * sequence handled, else 202 without a body, as the original does.
   */
  ended(ctx: MessageContext): void {
    if (this.#isAnswered) return
    const { fault, transportIfAny: transport } = ctx
    if (fault?.isDelivery) this.#fail(ctx, 503, 'the endpoint cannot take the message')
    else if (fault && !ctx.isFaultHandled) this.#fail(ctx, 500, 'the message could not be mediated')
    else {
      if (ctx.ending === 'dropped') ctx.ending = 'accepted'
      const isAcknowledged = isTrue(transport?.extra.get('NIO-ACK-Requested'))
      this.#send(isAcknowledged ? finalStatus(transport?.status ?? 202) : 202)
    }
  }

  #statusOf(
    { message, transportIfAny: transport, fault }: MessageContext,
    isFault: boolean,
    isForced: boolean,
  ): number {
    if (transport?.extra.has('ERROR_CODE')) return 502
    if (transport && isTrue(transport.extra.get('SC_ACCEPTED'))) return 202
    const isOk = isFault && transport !== undefined && isTrue(transport.extra.get('FAULTS_AS_HTTP_200'))
    const status = transport?.status
    // A backend's own 500 is the fault; another status was set for a reason.
    if (isOk && (status === undefined || status === message.status)) return 200
    if (status !== undefined) return finalStatus(status)
    if (isForced) return fault?.isDelivery ? 503 : 500
    return isFault ? 500 : 200
  }

  /** Gives the response a tag, and tells whether the caller has just that. */
  #isKnown(headers: OutgoingHttpHeaders, body: Buffer): boolean {
    const tag = `"${createHash('sha1').update(body).digest('base64url')}"`
    headers.ETag = tag
    const known = String(this.#head.headers['if-none-match'] ?? '')
    return known.split(',').some(each => each.trim().replace(/^W\//, '') === tag)
  }

  #fail(ctx: MessageContext, status: number, message: string): void {
    const body = Buffer.from(JSON.stringify({ code: ctx.fault?.code, message, id: ctx.id }))
    this.#send(status, { headers: { 'Content-Type': 'application/json; charset=utf-8' }, body })
  }

  #send(status: number, { headers = {}, body = NO_BYTES, reason }: Response = {}): void {
    this.#isAnswered = true
    for (const [name, value] of this.#route.responseHeaders ?? []) {
      const before = name === 'Vary' ? headers[name] : undefined
      headers[name] = before === undefined ? value : `${String(before)}, ${value}`
    }
    const hasBody = status !== 204 && status !== 304
    if (hasBody) headers['Content-Length'] = body.length
    this.#reply.hijack()
    const { raw } = this.#reply
    const phrase = reason === undefined ? '' : String(reason).replace(/[^\t\x20-\x7e\x80-\xff]/g, '')
    if (phrase === '') raw.writeHead(status, headers)
    else raw.writeHead(status, phrase, headers)
    // An empty body would be a write of its own.
    raw.end(hasBody && body.length > 0 ? body : undefined)
  }
}

interface Response {
  readonly headers?: OutgoingHttpHeaders
  readonly body?: Buffer
  readonly reason?: unknown
}

const NO_BYTES = Buffer.alloc(0)

/** An informational status ends no exchange. */
function finalStatus(status: number): number {
  return status < 200 ? 200 : status
}
