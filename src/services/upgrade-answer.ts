import { validateHeaderName, validateHeaderValue } from 'node:http'
import type { MessageContext } from '../core/context.ts'
import { type MaybePromise, type Outcome, STOP } from '../core/step.ts'
import { Content } from '../message/content.ts'
import { errorCodeOf, statusOfCode } from './error-codes.ts'
import { isKind, KIND } from './kind.ts'

/** What a hook gives back to refuse a client: what it gets in place of the upgrade. */
export class Rejection {
  readonly [KIND] = 'rejection'
  readonly status: number
  readonly body: unknown
  readonly headers: Readonly<Record<string, string>>

  constructor(status: number, body: unknown, headers: Readonly<Record<string, string>>) {
    this.status = status
    this.body = body
    this.headers = headers
  }
}

/** What a hook gives back to let a client in with more than nothing. */
export class Acceptance {
  readonly [KIND] = 'acceptance'
  readonly headers: Readonly<Record<string, string>>

  constructor(headers: Readonly<Record<string, string>>) {
    this.headers = headers
  }
}

/**
 * Refuses a client that asks for an upgrade.
 * @param body text, or a value that is sent as JSON
 * @throws RangeError for a status below 300 or above 599
 */
export function reject(
  status: number,
  body?: unknown,
  headers: Readonly<Record<string, string>> = {},
): Rejection {
  if (!Number.isInteger(status) || status < 300 || status > 599)
    throw new RangeError(`status ${status} refuses nobody: 300 to 599 do`)
  return new Rejection(status, body, headers)
}

/** An answer with more than a body. */
export interface ResourceAnswer {
  /** 200 where it is left out. */
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: unknown
}

/**
 * Makes an answer with a status and headers.
 * @throws RangeError for a status below 200 or above 599
 */
export function respond(answer: ResourceAnswer): Rejection {
  const { status = 200 } = answer
  if (!Number.isInteger(status) || status < 200 || status > 599)
    throw new RangeError(`status ${status} answers nobody: 200 to 599 do`)
  return new Rejection(status, answer.body, answer.headers ?? {})
}

/**
 * Lets a client in, with headers of its own in the 101 answer.
 * @throws TypeError for a header that cannot be sent
 */
export function accept({
  headers = {},
}: {
  readonly headers?: Readonly<Record<string, string>>
} = {}): Acceptance {
  for (const [name, text] of Object.entries(headers)) {
    validateHeaderName(name)
    validateHeaderValue(name, text)
  }
  return new Acceptance(headers)
}

/** Gives what a client is refused with for what its hook has thrown; undefined for what nobody expects: that is 500. */
export function rejectionOf(thrown: unknown): Rejection | undefined {
  if (isRejection(thrown)) return thrown
  const status = statusOfCode(errorCodeOf(thrown))
  return status === undefined ? undefined : new Rejection(status, { message: (thrown as Error).message }, {})
}

/** Answers the request for an upgrade with something else. */
export function refuse(ctx: MessageContext, { status, body, headers }: Rejection): MaybePromise<Outcome> {
  const { message } = ctx
  ctx.direction = 'response'
  ctx.transport.status = status
  if (typeof body === 'string') message.content = Content.ofText(body, 'text/plain')
  else if (body === undefined) message.content = Content.empty()
  else message.content = Content.ofJson(body)
  ctx.transport.messageType = message.content.mediaType
  message.headers.delete('Content-Type')
  for (const [name, text] of Object.entries(headers)) message.headers.set(name, text)
  ctx.ending = 'refused'
  const replied = ctx.origin.reply(ctx)
  return replied instanceof Promise ? replied.then(() => STOP) : STOP
}

/** Whether a value refuses a client, or answers a request with a status. */
export function isRejection(value: unknown): value is Rejection {
  return isKind(value, 'rejection')
}

/** Whether a value lets a client in with more than nothing. */
export function isAcceptance(value: unknown): value is Acceptance {
  return isKind(value, 'acceptance')
}
