import type { MessageContext } from '../core/context.ts'
import { type MaybePromise, type Outcome, STOP } from '../core/step.ts'
import { Content } from '../message/content.ts'
import type { Headers } from '../message/headers.ts'
import { XmlElement } from '../message/xml/tree.ts'
import type { CallerContext } from './caller.ts'
import {
  type CallerSessions,
  groupsAccess,
  type SessionGroupsAccess,
  sessionsAccess,
} from './session-access.ts'
import { isRejection } from './upgrade-answer.ts'
import { bytesOf } from './value-bytes.ts'
import { PayloadBindingError } from './web-socket-error.ts'

/** An HTTP request to a resource of a service, as a function sees it. */
export class ResourceRequest {
  readonly #ctx: MessageContext
  readonly #context: CallerContext

  constructor(ctx: MessageContext, context: CallerContext) {
    this.#ctx = ctx
    this.#context = context
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

  /** Who asks, where the service has `auth`. */
  get user(): string | undefined {
    return this.#ctx.origin.request?.identity?.user
  }

  get scopes(): readonly string[] {
    return this.#ctx.origin.request?.identity?.scopes ?? []
  }

  /** What the credentials say. */
  get claims(): Readonly<Record<string, unknown>> {
    return this.#ctx.origin.request?.identity?.claims ?? {}
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

  /** @throws PayloadBindingError for what is no JSON: the caller gets 400 where that is not caught */
  json(): unknown {
    const text = this.text()
    try {
      return JSON.parse(text)
    } catch (cause) {
      throw new PayloadBindingError('the body is no JSON', { cause, data: text })
    }
  }

  bytes(): Buffer {
    return this.#ctx.message.content.bytes
  }

  /** The groups of WebSocket clients. */
  get groups(): SessionGroupsAccess {
    return groupsAccess(this.#context.groups)
  }

  /** WebSocket clients, by the ids of their sessions. */
  get sessions(): CallerSessions {
    return sessionsAccess(this.#context.groups)
  }
}

/** Answers a request with what a function has given back; nothing is 204. */
export function answerResource(ctx: MessageContext, value: unknown): MaybePromise<Outcome> {
  const isWhole = isRejection(value)
  const body = isWhole ? value.body : value
  const { message } = ctx
  for (const { name } of message.headers.entries()) message.headers.delete(name)
  if (isWhole) for (const [name, text] of Object.entries(value.headers)) message.headers.set(name, text)
  message.content = contentOf(body, message.headers.get('Content-Type'))
  ctx.direction = 'response'
  ctx.transport.status = isWhole ? value.status : body === undefined || body === null ? 204 : 200
  ctx.transport.messageType = message.content.mediaType
  ctx.ending = 'answered'
  const replied = ctx.origin.reply(ctx)
  return replied instanceof Promise ? replied.then(() => STOP) : STOP
}

/** Text and bytes are of the type that a header of the answer says. */
function contentOf(body: unknown, type: string | undefined): Content {
  if (body === undefined || body === null) return Content.empty()
  if (type !== undefined && (typeof body === 'string' || body instanceof Uint8Array))
    return Content.received(bytesOf(body), type)
  if (typeof body === 'string') return Content.ofText(body, 'text/plain')
  if (body instanceof XmlElement) return Content.ofPayload(body)
  if (body instanceof Uint8Array) return Content.received(bytesOf(body), 'application/octet-stream')
  return Content.ofJson(JSON.parse(JSON.stringify(body)))
}
