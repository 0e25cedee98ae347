import type { IncomingMessage } from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { MessageContext } from '../core/context.ts'
import type { Origin, RequestFacts } from '../core/ports.ts'
import { isTrue } from '../core/transport-state.ts'
import type { ServedService } from '../language/declare.ts'
import { payloadOf } from '../message/codecs/soap.ts'
import { Content, mediaTypeOf } from '../message/content.ts'
import { Headers } from '../message/headers.ts'
import { Message } from '../message/message.ts'
import { exchange } from '../sequences/exchange.ts'
import { clientAddress } from './client-address.ts'

/** Takes an HTTP request through its service. The answer is sent by the time the promise resolves. */
export async function answerHttp(
  served: ServedService,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  const { service } = served
  const { raw } = request
  const contentType = raw.headers['content-type']
  const body = request.body instanceof Buffer ? request.body : Buffer.alloc(0)
  const content = new Content(
    body,
    mediaTypeOf(contentType) || (body.length > 0 ? 'application/octet-stream' : ''),
  )
  const origin = new HttpOrigin(factsOf(raw, served.path), reply)
  const ctx = new MessageContext(service, origin, new Message(content, Headers.fromRaw(raw.rawHeaders)))
  service.counters.received++
  const hook = service.on.message!
  await exchange(ctx, hook)
}

function factsOf(raw: IncomingMessage, path: string): RequestFacts {
  const target = raw.url ?? '/'
  const isSecure = (raw.socket as { encrypted?: boolean }).encrypted === true
  return {
    method: raw.method ?? 'GET',
    target,
    url: `${isSecure ? 'https' : 'http'}://${raw.headers.host ?? ''}${target}`,
    remoteAddress: clientAddress(raw),
    postfix: target.slice(path.replace(/\/\*$/, '').length),
  }
}

/** What an HTTP caller gets when nobody answered is decided here, in `ended`, and nowhere else. */
class HttpOrigin implements Origin {
  readonly kind = 'http'
  readonly request: RequestFacts
  readonly #reply: FastifyReply

  constructor(request: RequestFacts, reply: FastifyReply) {
    this.request = request
    this.#reply = reply
  }

  /**
   * Sends the message of a context as the response. Compatibility: a forced 202 wins over it; a fault, which the
   * original has answered with 202 before it happens, does not become one.
   */
  reply(ctx: MessageContext): void {
    if (this.#reply.sent) {
      ctx.ending = 'discarded'
      ctx.log.warn(
        { message: ctx.id },
        `${ctx.service.label}the request was answered already: this response was discarded`,
      )
      return
    }
    const transport = ctx.transportIfAny
    const isForced = isTrue(transport?.forceAccepted)
    if (isForced && !ctx.fault) {
      this.#send(202)
      return
    }
    const { content } = ctx.message
    const messageType = transport?.messageType ?? content.mediaType
    const body = content.as(messageType)
    for (const { name, value } of ctx.message.headers.entries()) {
      if (!isOfRequest(name)) this.#reply.header(name, value)
    }
    const contentType = transport?.contentType ?? ctx.message.headers.get('Content-Type')
    if (contentType && body.length > 0) this.#reply.header('Content-Type', contentType)
    const failed = ctx.fault?.isDelivery ? 503 : 500
    this.#send(transport?.status ?? (isForced ? failed : isSoapFault(ctx, messageType) ? 500 : 200), body)
  }

  /**
   * Answers what was not answered: 503 when the endpoint could not take the message, 500 for a fault that no
   * sequence handled, else 202 without a body, as the original does.
   */
  ended(ctx: MessageContext): void {
    if (this.#reply.sent) return
    const { fault } = ctx
    if (fault?.isDelivery) this.#fail(ctx, 503, 'the endpoint cannot take the message')
    else if (fault && !ctx.isFaultHandled) this.#fail(ctx, 500, 'the message could not be mediated')
    else {
      if (ctx.ending === 'dropped') ctx.ending = 'accepted'
      this.#send(202)
    }
  }

  #fail(ctx: MessageContext, status: number, message: string): void {
    this.#reply.header('Content-Type', 'application/json')
    this.#send(status, JSON.stringify({ code: ctx.fault?.code, message, id: ctx.id }))
  }

  #send(status: number, body?: Buffer | string): void {
    // What is left of the exchange is ours: the promise of the handler says nothing about the response.
    void this.#reply.code(status).send(body)
  }
}

/** Headers that say something about the request or its connection: a response built from a request has none of them. */
function isOfRequest(name: string): boolean {
  return /^(?:host|user-agent|accept.*|authorization|cookie|expect|referer|origin|if-.*|range|te|trailer|upgrade|connection|keep-alive|transfer-encoding|content-length|content-type|date|server|soapaction|proxy-.*|x-forwarded-.*|forwarded|sec-.*|upgrade-insecure-requests)$/i.test(
    name,
  )
}

/** Compatibility: a SOAP fault leaves with status 500. Asked only where somebody has read the content as XML. */
function isSoapFault(ctx: MessageContext, messageType: string): boolean {
  if (messageType !== 'text/xml' && messageType !== 'application/soap+xml') return false
  return ctx.fault !== undefined && payloadOf(ctx.message.content.envelope())?.localName === 'Fault'
}
