import type { MessageContext } from '../core/context.ts'
import { type MaybePromise, type Outcome, STOP } from '../core/step.ts'
import { Content } from '../message/content.ts'
import type { Headers } from '../message/headers.ts'
import { XmlElement } from '../message/xml/tree.ts'
import { isRejection } from './upgrade-answer.ts'
import { bytesOf } from './value-bytes.ts'

/** An HTTP request to a resource of a service, as a function sees it. */
export class ResourceRequest {
  readonly #ctx: MessageContext

  constructor(ctx: MessageContext) {
    this.#ctx = ctx
  }

  get method(): string {
    return this.#ctx.origin.request?.method ?? ''
  }

  /** Path and query as received. */
  get target(): string {
    return this.#ctx.origin.request?.target ?? ''
  }

  get query(): URLSearchParams {
    const { target } = this
    const at = target.indexOf('?')
    return new URLSearchParams(at < 0 ? '' : target.slice(at + 1))
  }

  get headers(): Headers {
    return this.#ctx.message.headers
  }

  /** Gives a variable of the path, or undefined. */
  param(name: string): string | undefined {
    const value = this.#ctx.properties.get(`uri.var.${name}`)
    return value === undefined ? undefined : String(value)
  }

  text(): string {
    return this.#ctx.message.content.text()
  }

  /** @throws Error for what is no JSON */
  json(): unknown {
    return JSON.parse(this.text())
  }

  bytes(): Buffer {
    return this.#ctx.message.content.bytes
  }
}

/** Answers a request with what a function has given back; nothing is 204. */
export function answerResource(ctx: MessageContext, value: unknown): MaybePromise<Outcome> {
  const isWhole = isRejection(value)
  const body = isWhole ? value.body : value
  const { message } = ctx
  for (const { name } of message.headers.entries()) message.headers.delete(name)
  if (isWhole) for (const [name, text] of Object.entries(value.headers)) message.headers.set(name, text)
  message.content = contentOf(body)
  ctx.direction = 'response'
  ctx.transport.status = isWhole ? value.status : body === undefined || body === null ? 204 : 200
  ctx.transport.messageType = message.content.mediaType
  ctx.ending = 'answered'
  const replied = ctx.origin.reply(ctx)
  return replied instanceof Promise ? replied.then(() => STOP) : STOP
}

function contentOf(body: unknown): Content {
  if (body === undefined || body === null) return Content.empty()
  if (typeof body === 'string') return Content.ofText(body, 'text/plain')
  if (body instanceof XmlElement) return Content.ofPayload(body)
  if (body instanceof Uint8Array) return Content.received(bytesOf(body), 'application/octet-stream')
  return Content.ofJson(JSON.parse(JSON.stringify(body)))
}
