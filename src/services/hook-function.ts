import type { MessageContext } from '../core/context.ts'
import { type MaybePromise, type Outcome, STOP, type Step } from '../core/step.ts'
import { Content } from '../message/content.ts'
import type { Bind } from './binding.ts'
import { type CallerContext, callerOf } from './caller.ts'
import { isCloseFrame } from './close-frame.ts'
import { isIterator, stream } from './hook-stream.ts'
import { answerResource, ResourceRequest } from './resource-request.ts'
import { isAcceptance, isRejection, Rejection, rejectionOf } from './upgrade-answer.ts'
import { UpgradeRequest } from './upgrade-request.ts'
import { bytesOf, isText } from './value-bytes.ts'

/** A function that is a hook: what it takes depends on what it is for. */
export type HookFunction = (...parameters: never[]) => unknown

/** What a function that is a step works with. */
export interface FunctionContext extends CallerContext {
  /** Turns the text of a message into the value the function takes; without it that is the text itself. */
  readonly bind?: Bind | undefined
  /** Gives what was read of the message to find this hook, so that it is not read again. */
  readonly read?: (ctx: MessageContext) => unknown
  /** Completes a value that is sent back, such as by the id of what it answers. */
  readonly complete?: (value: unknown, ctx: MessageContext) => unknown
}

/** Makes a step of a function: what it gives back is sent to the client, or closes it. */
export function functionStep(call: HookFunction, context: FunctionContext): Step {
  const run = call as (...parameters: unknown[]) => unknown
  const settled = (ctx: MessageContext, value: unknown): MaybePromise<Outcome> => settle(ctx, value, context)
  const act = (ctx: MessageContext): MaybePromise<Outcome> => {
    const value = run(...parametersOf(ctx, context))
    return value instanceof Promise ? value.then(given => settled(ctx, given)) : settled(ctx, value)
  }
  return ctx => {
    if (ctx.event === 'upgrade') return asking(ctx, act)
    const { content } = ctx.message
    if (!ctx.session) return resource(ctx, run)
    return content.isArriving ? content.collect().then(() => act(ctx)) : act(ctx)
  }
}

async function resource(ctx: MessageContext, run: (...parameters: unknown[]) => unknown): Promise<Outcome> {
  if (ctx.message.content.isArriving) await ctx.message.content.collect()
  try {
    return await answerResource(ctx, await run(new ResourceRequest(ctx)))
  } catch (thrown) {
    const rejection = rejectionOf(thrown)
    if (rejection === undefined) throw thrown
    return answerResource(ctx, rejection)
  }
}

/** What a hook throws of a handshake is an answer to it. */
async function asking(ctx: MessageContext, act: Step): Promise<Outcome> {
  try {
    return await act(ctx)
  } catch (thrown) {
    const rejection = rejectionOf(thrown)
    if (rejection === undefined) throw thrown
    return refuse(ctx, rejection)
  }
}

function parametersOf(ctx: MessageContext, context: FunctionContext): unknown[] {
  if (ctx.event === 'upgrade') return [new UpgradeRequest(ctx, context)]
  const caller = callerOf(ctx, context)
  switch (ctx.event) {
    case 'message':
    case 'unmatched':
      if (ctx.fault) return [caller, causeOf(ctx)]
      return [caller, dataOf(ctx, context)]
    case 'ping':
    case 'pong':
      return [caller, ctx.frameData]
    case 'close': {
      const { code, reason } = ctx.session!.closed ?? { code: 1006, reason: '' }
      return [caller, code, reason]
    }
    case 'error':
      return [caller, causeOf(ctx)]
    default:
      return ctx.fault ? [caller, causeOf(ctx)] : [caller]
  }
}

/** What a message holds, as its hook takes it. */
function dataOf(ctx: MessageContext, { bind, read }: FunctionContext): unknown {
  const { content } = ctx.message
  if (bind) return bind(content.text())
  const known = read?.(ctx)
  if (known !== undefined) return known
  return ctx.frame === 'binary' ? content.bytes : content.text()
}

function causeOf({ fault }: MessageContext): unknown {
  return fault?.cause ?? fault
}

function settle(ctx: MessageContext, value: unknown, context: FunctionContext): MaybePromise<Outcome> {
  if (value === undefined || value === null) {
    if (ctx.ending === 'dropped') ctx.ending = 'accepted'
    return undefined
  }
  if (ctx.event === 'upgrade') return answerUpgrade(ctx, value)
  if (ctx.event === 'ping') {
    ctx.ending = 'answered'
    ctx.session!.pong!(bytesOf(value))
    return STOP
  }
  if (isCloseFrame(value)) {
    ctx.ending = 'answered'
    ctx.session!.close(value.code, value.reason)
    return STOP
  }
  ctx.ending = 'answered'
  const complete = (each: unknown): unknown => context.complete?.(each, ctx) ?? each
  if (isIterator(value)) {
    stream(ctx, value, complete)
    return STOP
  }
  const sent = complete(value)
  const delivered = ctx.session!.answer!(ctx, bytesOf(sent), !isText(sent))
  return delivered instanceof Promise ? delivered.then(done => ended(ctx, done)) : ended(ctx, delivered)
}

function ended(ctx: MessageContext, isDelivered: boolean): typeof STOP {
  if (!isDelivered) ctx.ending = 'discarded'
  return STOP
}

function answerUpgrade(ctx: MessageContext, value: unknown): MaybePromise<Outcome> {
  if (isRejection(value)) return refuse(ctx, value)
  if (isCloseFrame(value)) {
    ctx.session!.close(value.code, value.reason)
    return STOP
  }
  if (value === false) return refuse(ctx, new Rejection(403, { message: 'the client is not let in' }, {}))
  if (isAcceptance(value))
    for (const [name, text] of Object.entries(value.headers)) ctx.message.headers.set(name, text)
  ctx.ending = 'accepted'
  return undefined
}

function refuse(ctx: MessageContext, { status, body, headers }: Rejection): MaybePromise<Outcome> {
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
