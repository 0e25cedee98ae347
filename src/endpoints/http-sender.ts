import { Readable } from 'node:stream'
import type { MessageContext } from '../core/context.ts'
import { Fault } from '../core/fault.ts'
import { isTrue } from '../core/transport-state.ts'
import { payloadOf } from '../message/codecs/soap.ts'
import type { Content } from '../message/content.ts'
import { isSoapType } from '../message/content-type.ts'
import { Headers } from '../message/headers.ts'
import { contentOfBody, contentOfStream } from '../message/http-body.ts'
import { Message } from '../message/message.ts'
import type { Sender } from './governed.ts'
import type { HttpAnswer, HttpClient, HttpRequest } from './http-client.ts'
import { requestHeaders } from './http-headers.ts'
import { LateBody } from './late-body.ts'
import { mayPassOn, outgoing, queryOf, type Shape } from './outgoing.ts'

/** What an HTTP endpoint sends with. */
export interface HttpSenderOptions extends Shape {
  readonly client: HttpClient
  readonly maxBodyBytes: number
  /** The method of every request; default that of the message. */
  readonly method?: string
  /**
   * Finds the address of a message; the method is what it is sent with.
   * @throws Fault when the message leads nowhere
   */
  readonly where: (ctx: MessageContext, method: string) => string
  /** Gives the Authorization header; `isAgain` after the backend has refused the last one. */
  readonly authorize?: (ctx: MessageContext, isAgain: boolean) => Promise<string> | string
  /** Whether a refused authorization is worth another try. */
  readonly retriesUnauthorized?: boolean
}

/** Sends messages as HTTP requests and gives the answers. */
export class HttpSender implements Sender {
  readonly #options: HttpSenderOptions

  constructor(options: HttpSenderOptions) {
    this.#options = options
  }

  /**
   * Sends a message; undefined where there is no answer: OUT_ONLY, or a 202 without a body.
   * @throws Fault as `HttpClient.send` does; 303003 when a token cannot be had, 500000 for a SOAP fault that is to
   * count as a failure
   */
  async deliver(ctx: MessageContext, timeoutMs: number): Promise<Message | undefined> {
    const { client, authorize, retriesUnauthorized } = this.#options
    const { content } = ctx.message
    if (content.isArriving && (retriesUnauthorized || !mayPassOn(ctx, this.#options))) await content.collect()
    if (!authorize) return this.#received(ctx, await sent(ctx, client, this.#request(ctx, timeoutMs)))
    const authorization = await authorize(ctx, false)
    const request = this.#request(ctx, timeoutMs)
    const answer = await sent(ctx, client, withAuthorization(request, authorization))
    if (answer?.status !== 401 || !retriesUnauthorized) return this.#received(ctx, answer)
    letGo(answer)
    return this.#received(
      ctx,
      await sent(ctx, client, withAuthorization(request, await authorize(ctx, true))),
    )
  }

  #request(ctx: MessageContext, timeoutMs: number): HttpRequest {
    const { where, format } = this.#options
    const method = this.#options.method ?? methodFor(ctx, format)
    const url = parsed(where(ctx, method))
    if (format === 'get') addQuery(url, queryOf(ctx))
    ctx.to = `${url.origin}${url.pathname}${url.search}`
    const payload = outgoing(ctx, this.#options, method, ctx.to)
    const extra = ctx.transportIfAny?.extra
    return {
      method,
      url,
      headers: requestHeaders(ctx, payload, url),
      body: payload.body,
      timeoutMs,
      isOneWay: ctx.isOneWay,
      // HTTP/1.0 knows no kept connections; the request line is that of 1.1.
      closes: isTrue(extra?.get('NO_KEEPALIVE')) || isTrue(extra?.get('FORCE_HTTP_1.0')),
      hasFullUri: isTrue(extra?.get('POST_TO_URI')) || isTrue(extra?.get('FULL_URI')),
      ...(isTrue(ctx.transportIfAny?.forceAccepted) && { onSent: () => ctx.origin.taken?.(ctx) }),
    }
  }

  async #received(ctx: MessageContext, answer: HttpAnswer | undefined): Promise<Message | undefined> {
    if (!answer) return undefined
    const { status, reason, body } = answer
    if (status === 202 && !(body instanceof Readable) && body.length === 0) {
      const extra = ctx.transportIfAny?.extra
      if (extra === undefined || !isTrue(extra.get('IGNORE_SC_ACCEPTED'))) return undefined
    }
    const headers = Headers.fromRaw(answer.headers)
    const message = new Message(this.#contentOf(ctx, body, headers), headers)
    message.status = status
    message.reason = reason
    if (isTrue(ctx.propertiesIfAny?.get('FORCE_ERROR_ON_SOAP_FAULT'))) {
      if (message.content.isArriving) await message.content.collect()
      refuseSoapFault(message)
    }
    return message
  }

  #contentOf(ctx: MessageContext, body: HttpAnswer['body'], headers: Headers): Content {
    const contentType = headers.get('Content-Type')
    const options = { of: 'answer', headers, maxBytes: this.#options.maxBodyBytes } as const
    if (!(body instanceof Readable)) return contentOfBody(body, contentType, options)
    // Whoever is left with it in the end may have had no use for it.
    ctx.atEnd(() => body.destroy())
    const length = headers.get('Content-Length')
    return contentOfStream(body, contentType, {
      ...options,
      length: length === undefined ? undefined : Number(length),
    })
  }
}

/** Compatibility: SOAP is posted; a message that came over HTTP keeps its method, any other is posted. */
export function methodFor(ctx: MessageContext, format: Shape['format']): string {
  if (format === 'soap11' || format === 'soap12') return 'POST'
  if (format === 'get') return 'GET'
  const extra = ctx.transportIfAny?.extra
  if (extra?.has('HTTP_METHOD')) return String(extra.get('HTTP_METHOD') ?? 'POST').toUpperCase()
  return isClientRequest(ctx) ? ctx.origin.request!.method : 'POST'
}

/** Whether the message is still the request an HTTP client sent, not the answer of a backend. */
export function isClientRequest(ctx: MessageContext): boolean {
  return ctx.origin.kind === 'http' && ctx.origin.request !== undefined && ctx.message.status === undefined
}

function parsed(address: string): URL {
  let url: URL
  try {
    url = new URL(address)
  } catch (error) {
    throw new Fault(303001, `"${address}" is no address to send to`, { cause: error })
  }
  if (url.protocol === 'http:' || url.protocol === 'https:') return url
  throw new Fault(303001, `"${address}" is no http or https address`)
}

function addQuery(url: URL, query: string): void {
  if (query !== '') url.search = url.search === '' ? query : `${url.search}&${query}`
}

function withAuthorization(request: HttpRequest, value: string): HttpRequest {
  const headers: string[] = []
  for (let i = 0; i < request.headers.length; i += 2) {
    if (request.headers[i]!.toLowerCase() !== 'authorization')
      headers.push(request.headers[i]!, request.headers[i + 1]!)
  }
  return { ...request, headers: [...headers, 'Authorization', value] }
}

/** Sends a request. One whose client broke off is nobody's failure: there is no one to tell. */
async function sent(
  ctx: MessageContext,
  client: HttpClient,
  request: HttpRequest,
): Promise<HttpAnswer | undefined> {
  try {
    return await client.send(request)
  } catch (error) {
    if (!(request.body instanceof LateBody && request.body.isBrokenOff)) throw error
    ctx.ending = 'discarded'
    const text = 'the client left before all of its request was there: it is discarded'
    ctx.log.warn({ message: ctx.id }, ctx.service.label + text)
    throw new Fault(101500, text, { cause: error, isSettled: true })
  }
}

/** Nobody reads the rest of an answer. */
function letGo({ body }: HttpAnswer): void {
  if (body instanceof Readable) body.destroy()
}

function refuseSoapFault({ content }: Message): void {
  if (!isSoapType(content.mediaType)) return
  const payload = payloadOf(content.envelope())
  if (payload?.localName === 'Fault' && payload.namespaceURI === content.envelope().namespaceURI)
    throw new Fault(500000, 'the backend answered with a SOAP fault', { detail: payload.text.trim() })
}
