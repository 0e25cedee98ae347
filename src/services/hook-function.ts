import type { MessageContext } from '../core/context.ts'
import { type MaybePromise, type Outcome, STOP, type Step } from '../core/step.ts'
import type { Bind } from './binding.ts'
import { type CallerContext, callerOf } from './caller.ts'
import { isCloseFrame } from './close-frame.ts'
import { withCode } from './error-codes.ts'
import { isIterator, stream } from './hook-stream.ts'
import { MessageChunks } from './message-chunks.ts'
import { answerResource, ResourceRequest } from './resource-request.ts'
import { isAcceptance, isRejection, Rejection, refuse, rejectionOf } from './upgrade-answer.ts'
import { UpgradeRequest } from './upgrade-request.ts'
import { bytesOf, controlBytes, isText } from './value-bytes.ts'

/** A function that is a hook: what it takes depends on what it is for. */
export type HookFunction = (...parameters: never[]) => unknown

/** What a function that is a step works with. */
export interface FunctionContext extends CallerContext {
  /** Turns a message into the value the function takes; without it that is its text, or its bytes. */
  readonly bind?: Bind | undefined
  /** Whether it takes messages in chunks, as they come. */
  readonly takesChunks?: boolean
  /** Gives what was read of the message to find this hook, so that it is not read again. */
  readonly read?: (ctx: MessageContext) => unknown
  /** Completes a value that is sent back, such as by the id of what it answers. */
  readonly complete?: (value: unknown, ctx: MessageContext) => unknown
}

/**
 * Makes a step of a function: what it gives back is sent to the client, or closes it. An error that it gives back is
 * thrown, and a typed one is a fault with its code.
 */
export function functionStep(call: HookFunction, context: FunctionContext): Step {
  const run = call as (...parameters: unknown[]) => unknown
  const act = (ctx: MessageContext): MaybePromise<Outcome> => {
    const parameters = parametersOf(ctx, context)
    const value = run(...parameters)
    if (value instanceof Promise) return value.then(given => settle(ctx, given, context, parameters[1]))
    return settle(ctx, value, context, parameters[1])
  }
  const guarded = (ctx: MessageContext): MaybePromise<Outcome> => {
    try {
      const outcome = act(ctx)
      return outcome instanceof Promise ? outcome.catch(rethrow) : outcome
    } catch (thrown) {
      throw withCode(thrown)
    }
  }
  const { takesChunks = false } = context
  return ctx => {
    if (ctx.event === 'upgrade') return asking(ctx, act)
    if (!ctx.session) return resource(ctx, run, context)
    const { content } = ctx.message
    return content.isArriving && !takesChunks ? content.collect().then(() => guarded(ctx)) : guarded(ctx)
  }
}

function rethrow(thrown: unknown): never {
  throw withCode(thrown)
}

async function resource(
  ctx: MessageContext,
  run: (...parameters: unknown[]) => unknown,
  context: CallerContext,
): Promise<Outcome> {
  if (ctx.message.content.isArriving) await ctx.message.content.collect()
  try {
    const value = await run(new ResourceRequest(ctx, context))
    if (value instanceof Error) throw value
    return await answerResource(ctx, value)
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
  if (ctx.fault) return [caller, causeOf(ctx)]
  switch (ctx.event) {
    case 'message':
    case 'unmatched':
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
      return [caller]
  }
}

/** What a message holds, as its hook takes it. */
function dataOf(ctx: MessageContext, { bind, read, takesChunks }: FunctionContext): unknown {
  if (takesChunks) return new MessageChunks(ctx)
  const { content } = ctx.message
  if (bind) return bind(content)
  const known = read?.(ctx)
  if (known !== undefined) return known
  return ctx.frame === 'binary' ? content.bytes : content.text()
}

function causeOf({ fault }: MessageContext): unknown {
  return fault?.cause ?? fault
}

function settle(
  ctx: MessageContext,
  value: unknown,
  context: FunctionContext,
  taken: unknown,
): MaybePromise<Outcome> {
  if (value === undefined || value === null) {
    if (ctx.ending === 'dropped') ctx.ending = 'accepted'
    return undefined
  }
  if (value instanceof Error) throw value
  if (ctx.event === 'upgrade') return answerUpgrade(ctx, value)
  if (isCloseFrame(value)) {
    ctx.ending = 'answered'
    ctx.session!.close(value.code, value.reason)
    return STOP
  }
  if (ctx.event === 'ping' && !ctx.fault) {
    const held = controlBytes(value)
    ctx.ending = 'answered'
    ctx.session!.pong!(held)
    return STOP
  }
  ctx.ending = 'answered'
  const complete = (each: unknown): unknown => context.complete?.(each, ctx) ?? each
  if (isIterator(value)) {
    const sent = stream(ctx, value, complete)
    // What is made of a message while it comes in needs the rest of it.
    if (taken instanceof MessageChunks) ctx.spawn(Promise.race([sent, taken.over]))
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
