import type { IncomingMessage } from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { MessageContext } from '../core/context.ts'
import type { RequestFacts } from '../core/ports.ts'
import type { DirectAnswer, RequestHead, Taken } from '../core/route.ts'
import type { MaybePromise } from '../core/step.ts'
import type { ServedService } from '../language/declare.ts'
import { Content } from '../message/content.ts'
import { Headers } from '../message/headers.ts'
import { contentOfBody, decodedBody } from '../message/http-body.ts'
import { Message } from '../message/message.ts'
import { exchange } from '../sequences/exchange.ts'
import { clientAddress } from './client-address.ts'
import { formatOfClient } from './client-format.ts'
import { HttpOrigin } from './http-origin.ts'

/** A request that came to a service, and where. */
export interface HttpExchange {
  readonly served: ServedService
  readonly head: RequestHead
  readonly request: FastifyRequest
  readonly reply: FastifyReply
  readonly maxBodyBytes: number
  /** The inbound endpoint it came to, where the service is another's. */
  readonly inbound?: string | undefined
}

/**
 * Takes an HTTP request through its service. The answer is sent by the time the promise resolves.
 * @throws BodyCodingError for a body that cannot be decoded; nothing is sent then
 */
export function answerHttp(taken: HttpExchange): MaybePromise<void> {
  const { served, head, request, reply } = taken
  const route = served.http?.route?.(head) ?? { service: served.service }
  if ('answer' in route) return answerDirectly(route.answer, reply)
  const message = messageOf(head, request, route, taken.maxBodyBytes)
  if (!(message instanceof Promise)) return take(taken, route, message)
  return message.then(decoded => take(taken, route, decoded))
}

function take(taken: HttpExchange, route: Taken, message: Message): MaybePromise<void> {
  const { head, request, reply } = taken
  const { service } = route
  const { raw } = request
  const client = formatOfClient(
    message.content.mediaType,
    raw.headers.soapaction !== undefined,
    message.content.bytes,
  )
  const origin = new HttpOrigin(factsOf(taken, route), { reply, head, client, route })
  const ctx = new MessageContext(service, origin, message)
  for (const [name, value] of route.properties ?? []) ctx.properties.set(name, value)
  service.counters.received++
  return exchange(ctx, service.on.message!)
}

/** Reads what is known of a request before its body matters. */
export function headOf(raw: IncomingMessage): RequestHead {
  const target = raw.url ?? '/'
  const query = target.indexOf('?')
  return {
    method: raw.method ?? 'GET',
    target,
    path: query < 0 ? target : target.slice(0, query),
    isSecure: (raw.socket as { encrypted?: boolean }).encrypted === true,
    headers: raw.headers,
    hasBody: raw.headers['transfer-encoding'] !== undefined || Number(raw.headers['content-length'] ?? 0) > 0,
  }
}

async function answerDirectly(answer: MaybePromise<DirectAnswer>, reply: FastifyReply): Promise<void> {
  sendAnswer(await answer, reply)
}

function sendAnswer({ status, headers = [], body }: DirectAnswer, reply: FastifyReply): void {
  reply.code(status)
  for (const [name, value] of headers) reply.header(name, value)
  void reply.send(body)
}

function messageOf(
  head: RequestHead,
  { raw, body: received }: FastifyRequest,
  route: Taken,
  maxBodyBytes: number,
): MaybePromise<Message> {
  const headers = Headers.fromRaw(raw.rawHeaders)
  const encoded = received instanceof Buffer ? received : Buffer.alloc(0)
  const made = (body: Buffer): Message => {
    for (const [name, value] of route.requestHeaders ?? []) headers.set(name, value)
    return new Message(contentOf(head, body, raw.headers['content-type']), headers)
  }
  const body = decodedBody(encoded, headers, maxBodyBytes)
  return body instanceof Promise ? body.then(made) : made(body)
}

/** Compatibility: the query of a request without a body is a form to those who read it as XML. */
function contentOf(head: RequestHead, body: Buffer, contentType: string | undefined): Content {
  const content = contentOfBody(body, contentType)
  if (body.length > 0 || content.mediaType !== '') return content
  const query = head.target.slice(head.path.length + 1)
  return query !== '' && /^(?:GET|DELETE|HEAD)$/.test(head.method) ? Content.ofQuery(query) : content
}

function factsOf({ served, head, request, inbound }: HttpExchange, { rest }: Taken): RequestFacts {
  const { raw } = request
  const at = inbound ?? served.http?.inbound
  return {
    method: head.method,
    target: head.target,
    url: `${head.isSecure ? 'https' : 'http'}://${raw.headers.host ?? ''}${head.target}`,
    remoteAddress: clientAddress(raw),
    postfix: head.target.slice(served.path.replace(/\/\*$/, '').length),
    ...(at !== undefined && { inbound: at }),
    ...(rest && { rest }),
  }
}
