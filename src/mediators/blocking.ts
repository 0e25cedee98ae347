import type { MessageContext } from '../core/context.ts'
import { Fault } from '../core/fault.ts'
import type { Endpoint } from '../core/ports.ts'
import type { MaybePromise } from '../core/step.ts'
import { isTrue } from '../core/transport-state.ts'
import { accessor } from '../expressions/scopes.ts'
import { Message } from '../message/message.ts'

const preserveHeaders = accessor('default', 'BLOCKING_SENDER_PRESERVE_REQ_HEADERS')
const noErrors = accessor('axis2', 'non.error.http.status.codes')
const senderError = accessor('default', 'blocking.sender.error')

/**
 * Hands a message to an endpoint; every failure of the backend is a fault with one code. What went wrong is shown to
 * the message it was made of, where that is another.
 */
export type Deliver = (ctx: MessageContext, madeOf?: MessageContext) => MaybePromise<Message | undefined>

/**
 * Makes what the blocking mediators deliver with.
 *
 * Compatibility: a status of 400 or more is a fault too, unless `non.error.http.status.codes` lists it.
 */
export function blockingDelivery(endpoint: Endpoint, code: 401000 | 401002): Deliver {
  return (ctx, madeOf = ctx) => {
    try {
      const answer = endpoint.deliver(ctx)
      if (!(answer instanceof Promise)) return checked(madeOf, answer, code)
      return answer.then(inWhole).then(
        message => checked(madeOf, message, code),
        thrown => {
          throw failed(madeOf, thrown, code)
        },
      )
    } catch (thrown) {
      throw failed(madeOf, thrown, code)
    }
  }
}

/** Headers of the answer may be left aside: they have to be right about the payload before. */
async function inWhole(answer: Message | undefined): Promise<Message | undefined> {
  if (answer?.content.isArriving) await answer.content.collect()
  return answer
}

function checked(
  ctx: MessageContext,
  answer: Message | undefined,
  code: 401000 | 401002,
): Message | undefined {
  const status = answer?.status ?? 0
  if (status < 400 || isListed(noErrors.get(ctx), status)) return answer
  senderError.set(ctx, 'true')
  ctx.transport.status = status
  const reason = answer?.reason ? ` ${answer.reason}` : ''
  throw new Fault(code, `Transport error: ${status} Error:${reason}`, {
    detail: answer?.content.text() ?? '',
  })
}

function isListed(codes: unknown, status: number): boolean {
  return String(codes ?? '')
    .split(',')
    .some(each => each.trim() === String(status))
}

function failed(ctx: MessageContext, thrown: unknown, code: 401000 | 401002): Fault {
  const fault = Fault.from(thrown)
  if (fault.code === code || !fault.isDelivery) return fault
  senderError.set(ctx, 'true')
  return new Fault(code, fault.message, { detail: fault.detail, cause: fault })
}

/**
 * Takes the answer of a blocking call in place of the message.
 *
 * Compatibility: payload, content type and status are the answer's; the other headers stay those of the request,
 * unless `BLOCKING_SENDER_PRESERVE_REQ_HEADERS` is `false`. The axis2 scope stays.
 */
export function receiveBlocking(ctx: MessageContext, answer: Message): void {
  const { transportIfAny: before, isResumed } = ctx
  ctx.receive(takesHeaders(ctx) ? answer : withHeadersOf(ctx.message, answer))
  // Compatibility: what is behind clone and iterate waits for calls that are not blocking alone.
  ctx.isResumed = isResumed
  if (!before) return
  before.status = answer.status
  before.messageType = undefined
  before.contentType = undefined
  ctx.transportIfAny = before
}

/** Whether the headers of an answer take the place of those of the request. */
export function takesHeaders(ctx: MessageContext): boolean {
  const preserves = preserveHeaders.get(ctx)
  return preserves !== undefined && preserves !== null && !isTrue(preserves)
}

function withHeadersOf(request: Message, answer: Message): Message {
  const message = new Message(answer.content, request.headers)
  message.status = answer.status
  message.reason = answer.reason
  const contentType = answer.headers.get('Content-Type')
  if (contentType === undefined) message.headers.delete('Content-Type')
  else message.headers.set('Content-Type', contentType)
  return message
}
