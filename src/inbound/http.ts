import type { ServerResponse } from 'node:http'
import type { Gate } from '../core/access/gate.ts'
import { MessageContext } from '../core/context.ts'
import type { DirectAnswer, Taken } from '../core/route.ts'
import type { MaybePromise } from '../core/step.ts'
import type { ServedService } from '../language/declare.ts'
import { Content } from '../message/content.ts'
import { Headers } from '../message/headers.ts'
import {
  contentOfBody,
  contentOfStream,
  type HttpBodyOptions,
  SMALL_BODY_BYTES,
} from '../message/http-body.ts'
import { Message } from '../message/message.ts'
import { exchange } from '../sequences/exchange.ts'
import { formatOfClient } from './client-format.ts'
import { identifyCaller } from './http-access.ts'
import { HttpOrigin } from './http-origin.ts'
import type { HttpRequest } from './http-request.ts'

/** A request that came to a service, and where. */
export interface HttpExchange {
  readonly served: ServedService
  readonly request: HttpRequest
  readonly response: ServerResponse
  /** The largest body that is read in; one that nobody looks into may be larger. */
  readonly maxBodyBytes: number
  /** Whether that holds for one that is passed on, too: what does not tell its length is read in first. */
  readonly limitsAll: boolean
}

/** Takes an HTTP request through its service; a promise where something has to wait. */
export function answerHttp(taken: HttpExchange): MaybePromise<void> {
  const { served, request, response } = taken
  const route = served.http?.route?.(request) ?? { service: served.service }
  if ('answer' in route) return answerDirectly(route.answer, response)
  const { access } = served.http ?? {}
  return access ? answerKnown(taken, access) : begin(taken, route)
}

/** Answers somebody who may use the service; others are told that they may not. */
async function answerKnown(taken: HttpExchange, access: Gate): Promise<void> {
  const { served, request, response } = taken
  const refused = await identifyCaller(access, request, served.service)
  if (response.destroyed) return
  if (refused) return answerDirectly(refused, response)
  // Its address may be another one without the token.
  const route = served.http?.route?.(request) ?? { service: served.service }
  return 'answer' in route ? answerDirectly(route.answer, response) : begin(taken, route)
}

function begin(taken: HttpExchange, route: Taken): MaybePromise<void> {
  const { served, request } = taken
  request.inbound ??= served.http?.inbound
  request.rest = route.rest
  request.ownLength = served.path.endsWith('/*') ? served.path.length - 2 : served.path.length
  const { raw } = request
  const length = request.hasBody ? lengthOf(raw.headers['content-length']) : 0
  if (length === 0) return take(taken, route, NO_BYTES)
  if (length === undefined || length > Math.min(SMALL_BODY_BYTES, taken.maxBodyBytes))
    return take(taken, route)
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    raw.on('data', (chunk: Buffer) => chunks.push(chunk))
    raw.on('end', () => {
      try {
        resolve(take(taken, route, chunks.length === 1 ? chunks[0] : Buffer.concat(chunks)))
      } catch (error) {
        reject(error)
      }
    })
    // One who leaves before the request is there has asked for nothing.
    raw.on('close', resolve)
  })
}

/** Begins the exchange: with the body where it is there, else while it is arriving. */
function take(taken: HttpExchange, route: Taken, body?: Buffer): MaybePromise<void> {
  const { request, response } = taken
  const { service } = route
  const { raw } = request
  const headers = Headers.fromRaw(raw.rawHeaders)
  for (const [name, value] of route.requestHeaders ?? []) headers.set(name, value)
  const message = new Message(contentOf(taken, headers, body), headers)
  const origin = new HttpOrigin(request, response, route, formatOf(message, request))
  const ctx = new MessageContext(service, origin, message)
  if (route.properties) for (const [name, value] of route.properties) ctx.properties.set(name, value)
  service.counters.received++
  const entry = service.on.message!
  const { content } = message
  if (!taken.limitsAll || content.arriving?.length !== undefined || !content.isArriving)
    return exchange(ctx, entry)
  return exchange(ctx, { run: () => content.collect().then(() => entry.run(ctx)) })
}

function contentOf(
  { request, maxBodyBytes }: HttpExchange,
  headers: Headers,
  body: Buffer | undefined,
): Content {
  const { raw } = request
  const contentType = raw.headers['content-type']
  const options: HttpBodyOptions = { of: 'request', headers, maxBytes: maxBodyBytes }
  if (body === undefined)
    return contentOfStream(raw, contentType, { ...options, length: lengthOf(raw.headers['content-length']) })
  if (body.length === 0 && contentType === undefined) return withoutBody(request)
  return contentOfBody(body, contentType, options)
}

/** Compatibility: the query of a request without a body is a form to those who read it as XML. */
function withoutBody({ method, target, path }: HttpRequest): Content {
  const query = target.slice(path.length + 1)
  const isForm = query !== '' && (method === 'GET' || method === 'DELETE' || method === 'HEAD')
  return isForm ? Content.ofQuery(query) : Content.empty()
}

function formatOf({ content }: Message, { raw }: HttpRequest): ReturnType<typeof formatOfClient> {
  const hasAction = raw.headers.soapaction !== undefined
  return formatOfClient(content.mediaType, hasAction, content.isArriving ? NO_BYTES : content.bytes)
}

/** Reads a Content-Length; undefined for a body that is sent in chunks. */
function lengthOf(contentLength: string | undefined): number | undefined {
  return contentLength === undefined ? undefined : Number(contentLength)
}

function answerDirectly(answer: MaybePromise<DirectAnswer>, response: ServerResponse): MaybePromise<void> {
  if (answer instanceof Promise) return answer.then(direct => sendAnswer(direct, response))
  sendAnswer(answer, response)
}

function sendAnswer({ status, headers = [], body = '' }: DirectAnswer, response: ServerResponse): void {
  for (const [name, value] of headers) response.setHeader(name, value)
  const hasBody = status !== 204 && status !== 304
  if (hasBody) response.setHeader('Content-Length', Buffer.byteLength(body))
  response.writeHead(status).end(hasBody && body !== '' ? body : undefined)
}

const NO_BYTES = Buffer.alloc(0)
