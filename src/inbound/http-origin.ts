import { createHash } from 'node:crypto'
import type { OutgoingHttpHeaders, ServerResponse } from 'node:http'
import { pipeline } from 'node:stream'
import type { MessageContext } from '../core/context.ts'
import type { Origin } from '../core/ports.ts'
import type { Taken } from '../core/route.ts'
import type { MaybePromise } from '../core/step.ts'
import { isTrue, type TransportState } from '../core/transport-state.ts'
import type { ArrivingBody } from '../message/arriving-body.ts'
import { type ClientFormat, mayStream, writeFor } from './client-format.ts'
import type { HttpRequest } from './http-request.ts'
import { contentTypeOf, responseHeaders } from './response-headers.ts'
import { failureOf, statusOf } from './unanswered.ts'

/** An HTTP caller. What it gets when nobody answered is decided here, in `ended`, and nowhere else. */
export class HttpOrigin implements Origin {
  readonly kind = 'http'
  readonly request: HttpRequest
  readonly #response: ServerResponse
  readonly #route: Taken
  readonly #client: ClientFormat
  #isAnswered = false
  #whenGone: (() => void)[] | undefined

  constructor(request: HttpRequest, response: ServerResponse, route: Taken, client: ClientFormat) {
    this.request = request
    this.#response = response
    this.#route = route
    this.#client = client
  }

  /**
   * Sends the message of a context as the response; a payload that is arriving goes on as it comes. Compatibility: a
   * forced 202 wins over it; a fault, which the original has answered with 202 before it happens, does not become one.
   * @throws BodyError when the payload has to be read in, and cannot be
   */
  reply(ctx: MessageContext): MaybePromise<void> {
    if (this.#isAnswered) {
      ctx.ending = 'discarded'
      ctx.log.warn(
        { message: ctx.id },
        `${ctx.service.label}the request was answered already: this response was discarded`,
      )
      return
    }
    const { message, transportIfAny: transport } = ctx
    const { content } = message
    const isForced = transport !== undefined && isTrue(transport.forceAccepted)
    if (isForced && !ctx.fault) {
      this.#send(202)
      return
    }
    if (!content.isArriving) {
      this.#write(ctx, isForced)
      return
    }
    const isTagged = transport !== undefined && isTrue(transport.extra.get('HTTP_ETAG'))
    if (!isTagged && mayStream(this.#client, content.mediaType, transport?.messageType))
      return this.#passOn(ctx, isForced)
    return content.collect().then(() => this.#write(ctx, isForced))
  }

  #write(ctx: MessageContext, isForced: boolean): void {
    const { message, transportIfAny: transport } = ctx
    const written = writeFor(this.#client, message.content, transport?.messageType)
    const body = transport !== undefined && isTrue(transport.noEntityBody) ? NO_BYTES : written.body
    const status = this.#statusOf(ctx, written.isFault, isForced)
    const headers = this.#headersOf(ctx, status)
    const contentType = body.length > 0 ? contentTypeOf(message, written, transport) : undefined
    if (contentType !== undefined) headers['Content-Type'] = contentType
    const reason = reasonOf(ctx, status)
    if (transport && isTrue(transport.extra.get('HTTP_ETAG')) && this.#isKnown(headers, body))
      this.#send(304, { headers })
    else this.#send(status, { headers, body, reason })
  }

  /** Sends a payload on as it comes, at the pace of the slower side. */
  #passOn(ctx: MessageContext, isForced: boolean): MaybePromise<void> {
    const { message, transportIfAny: transport } = ctx
    const { content } = message
    const status = this.#statusOf(ctx, false, isForced)
    const headers = this.#headersOf(ctx, status)
    const { mediaType } = content
    const contentType = contentTypeOf(message, { content, mediaType }, transport)
    if (contentType !== undefined) headers['Content-Type'] = contentType
    const reason = reasonOf(ctx, status)
    if (this.#isHead || isTrue(transport?.noEntityBody)) {
      this.#send(status, { headers, reason })
      return
    }
    const { received } = content.arriving!
    if (received) this.#send(status, { headers, body: received, reason })
    else return this.#stream(ctx, content.takeBody(), { status, headers, reason })
  }

  #stream(ctx: MessageContext, body: ArrivingBody, head: Response & { status: number }): Promise<void> {
    const { length } = body
    if (length !== undefined) head.headers!['Content-Length'] = length
    this.#head(head.status, head)
    return new Promise(resolve => {
      pipeline(body.stream(), this.#response, error => {
        if (error) this.#brokeOff(ctx, error)
        resolve()
      })
    })
  }

  /** The rest of the payload did not come, or is not wanted any more: the caller sees that it is not all. */
  #brokeOff(ctx: MessageContext, error: Error): void {
    const hasLeft = (error as NodeJS.ErrnoException).code === 'ERR_STREAM_PREMATURE_CLOSE'
    ctx.ending = hasLeft ? 'discarded' : 'faulted'
    this.#response.destroy()
    const why = hasLeft ? 'the caller left before the end of the response' : error.message
    ctx.log.warn({ message: ctx.id }, `${ctx.service.label}the response broke off: ${why}`)
  }

  /** Compatibility: the caller of a forced 202 does not wait for what the endpoint answers. */
  taken(ctx: MessageContext): void {
    if (!this.#isAnswered && isTrue(ctx.transportIfAny?.forceAccepted)) this.#send(202)
  }

  whenGone(callback: () => void): void {
    if (this.#response.destroyed) {
      callback()
      return
    }
    if (this.#isAnswered) return
    if (this.#whenGone === undefined)
      this.#response.once('close', () => {
        if (!this.#isAnswered) for (const each of this.#whenGone!) each()
      })
    this.#whenGone ??= []
    this.#whenGone.push(callback)
  }

  /**
   * Answers what was not answered: by the fault that no sequence handled, else 202 without a body, as the original
   * does.
   */
  ended(ctx: MessageContext): void {
    if (this.#isAnswered || this.#response.destroyed) return
    const { fault, transportIfAny: transport } = ctx
    const failure = fault && failureOf(ctx, fault, this.#client)
    if (failure) {
      const { contentType, retryAfterS } = failure
      const headers = {
        'Content-Type': contentType,
        ...(retryAfterS !== undefined && { 'Retry-After': retryAfterS }),
      }
      this.#send(failure.status, { headers, body: failure.body })
      return
    }
    if (ctx.ending === 'dropped') ctx.ending = 'accepted'
    const isAcknowledged = transport !== undefined && isTrue(transport.extra.get('NIO-ACK-Requested'))
    this.#send(isAcknowledged ? finalStatus(transport.status ?? 202) : 202)
  }

  #statusOf(
    { message, transportIfAny: transport, fault }: MessageContext,
    isFault: boolean,
    isForced: boolean,
  ): number {
    if (transport === undefined) return isFault ? 500 : 200
    const { extra, status } = transport
    if (extra.has('ERROR_CODE')) return 502
    if (isTrue(extra.get('SC_ACCEPTED'))) return 202
    const isOk = isFault && isTrue(extra.get('FAULTS_AS_HTTP_200'))
    // A backend's own 500 is the fault; another status was set for a reason.
    if (isOk && (status === undefined || status === message.status)) return 200
    if (status !== undefined) return finalStatus(status)
    if (isForced) return fault ? statusOf(fault) : 500
    return isFault ? 500 : 200
  }

  #headersOf({ message, transportIfAny: transport }: MessageContext, status: number): OutgoingHttpHeaders {
    const headers = responseHeaders(message, { status, request: this.request })
    // Compatibility: this property is set where the message could not be sent; the caller is told so.
    if (transport?.extra.has('ERROR_CODE')) headers.Connection = 'close'
    // How long the payload would be that is not sent (RFC 9110, 9.3.2).
    const length = this.#isHead && message.status !== undefined && message.headers.get('Content-Length')
    if (length) headers['Content-Length'] = length
    return headers
  }

  get #isHead(): boolean {
    return this.request.method === 'HEAD'
  }

  /** Gives the response a tag, and tells whether the caller has just that. */
  #isKnown(headers: OutgoingHttpHeaders, body: Buffer): boolean {
    const tag = `"${createHash('sha1').update(body).digest('base64url')}"`
    headers.ETag = tag
    const known = String(this.request.headers['if-none-match'] ?? '')
    return known.split(',').some(each => each.trim().replace(/^W\//, '') === tag)
  }

  #send(status: number, { headers = {}, body = NO_BYTES, reason }: Response = {}): void {
    const hasBody = status !== 204 && status !== 304
    if (body.length > 0 && hasBody) headers['Content-Length'] = body.length
    else if (hasBody && !this.#isHead) headers['Content-Length'] = 0
    this.#head(status, { headers, reason })
    // An empty body would be a write of its own.
    this.#response.end(hasBody && body.length > 0 ? body : undefined)
  }

  #head(status: number, { headers = {}, reason }: Response): void {
    this.#isAnswered = true
    const { responseHeaders: others } = this.#route
    if (others) addTo(headers, others)
    const phrase = reason === undefined ? '' : String(reason).replace(/[^\t\x20-\x7e\x80-\xff]/g, '')
    // What of the request was not read would stand before the next one.
    if (this.request.hasBody && !this.request.raw.complete) headers.Connection = 'close'
    if (phrase === '') this.#response.writeHead(status, headers)
    else this.#response.writeHead(status, phrase, headers)
  }
}

interface Response {
  readonly headers?: OutgoingHttpHeaders
  readonly body?: Buffer
  readonly reason?: unknown
}

const NO_BYTES = Buffer.alloc(0)

function addTo(headers: OutgoingHttpHeaders, others: NonNullable<Taken['responseHeaders']>): void {
  for (const [name, value] of others) {
    const before = name === 'Vary' ? headers[name] : undefined
    headers[name] = before === undefined ? value : `${String(before)}, ${value}`
  }
}

function reasonOf({ message, transportIfAny }: MessageContext, status: number): unknown {
  const set = (transportIfAny as TransportState | undefined)?.extra.get('HTTP_SC_DESC')
  return set ?? (status === message.status ? message.reason : undefined)
}

/** An informational status ends no exchange. */
function finalStatus(status: number): number {
  return status < 200 ? 200 : status
}
