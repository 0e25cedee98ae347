import type { MessageContext } from '../core/context.ts'
import { type Dynamic, dynamic } from '../expressions/expression.ts'
import { accessor } from '../expressions/scopes.ts'
import { attribute, body, type Config } from '../language/field.ts'
import { oneOf } from '../language/types.ts'
import type { Message } from '../message/message.ts'
import { receiveBlocking } from './blocking.ts'
import { payloadValue } from './value-content.ts'

/** The fields of the `<target>` of a call. */
export const callTargetFields = {
  type: attribute(oneOf('body', 'property', 'variable'), {
    doc: 'Where the answer goes: into the message, a property, or a variable.',
    default: 'body',
  }),
  to: body(dynamic, { doc: 'Name of the property or variable; `{expression}` computes that of a variable.' }),
} as const

/** What a message was before a call changed it. */
export interface Original {
  readonly message: Message
  readonly relaysOnSend: boolean | undefined
  readonly messageType: string | undefined
  readonly contentType: string | undefined
}

/** Keeps what a message is, and gives it a copy to be changed. */
export function keepOriginal(ctx: MessageContext): Original {
  const { message, relaysOnSend } = ctx
  const { messageType, contentType } = ctx.transportIfAny ?? {}
  ctx.message = message.share()
  return { message, relaysOnSend, messageType, contentType }
}

/** Puts payload, headers and content types back. */
export function restore(ctx: MessageContext, original: Original): void {
  const { messageType, contentType } = original
  ctx.message = original.message
  ctx.relaysOnSend = original.relaysOnSend
  if (!ctx.transportIfAny && messageType === undefined && contentType === undefined) return
  ctx.transport.messageType = messageType
  ctx.transport.contentType = contentType
}

/** Takes the answer of a call in place of the message. */
export type TakeAnswer = (ctx: MessageContext, answer: Message) => void

/** Gives how the answer of a call takes the place of the message. */
export function receiving(isBlocking: boolean): TakeAnswer {
  return isBlocking ? receiveBlocking : (ctx, answer) => ctx.receive(answer)
}

/** Compiles where else the answer of a call is kept; undefined where it takes the place of the message. */
export function keeping(target: Config<typeof callTargetFields> | undefined): TakeAnswer | undefined {
  if (!target?.to || target.type === 'body') return undefined
  const { to, type } = target
  if (type === 'variable') return (ctx, answer) => keepInVariable(ctx, to, answer)
  const property = accessor('default', to.fixed ?? '')
  return (ctx, answer) => property.set(ctx, payloadValue(answer.content))
}

function keepInVariable(ctx: MessageContext, to: Dynamic, answer: Message): void {
  const name = to.text(ctx)
  if (!name) {
    const text = `${ctx.service.label}the name of the variable for an answer came out empty; it was not kept`
    ctx.log.warn({ message: ctx.id }, text)
    return
  }
  const headers = Object.fromEntries(answer.headers.entries().map(each => [each.name, each.value]))
  const attributes = { statusCode: answer.status }
  ctx.variables.set(name, { payload: payloadValue(answer.content), headers, attributes })
}
