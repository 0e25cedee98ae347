import { isUtf8 } from 'node:buffer'
import type { MessageContext } from '../core/context.ts'
import type { Pushed } from '../core/groups.ts'
import type { MaybePromise, Step } from '../core/step.ts'
import { mayCompress } from '../expressions/may-compress.ts'
import { accessor } from '../expressions/scopes.ts'
import { codecOf } from '../message/codecs/index.ts'
import { utf8Of } from '../message/utf8.ts'
import { PreparedFrame } from '../websocket/prepared-frame.ts'

/** So many ids are listed at most; the count says how many there were. */
const MAX_LISTED = 1_000

const deliveredCount = accessor('default', 'websocket.group.delivered')
const failedCount = accessor('default', 'websocket.group.failed.count')
const failedIds = accessor('default', 'websocket.group.failed')
const unansweredNames = accessor('default', 'websocket.group.unanswered')

const NOBODY: Pushed = { delivered: 0, failed: [] }

/**
 * Makes of a message what is sent to clients who did not ask for it: the frame as it came where `respond` would relay
 * it, else the payload in the type it is to leave in, as text where it is some. Undefined where there is no payload.
 * @throws ContentError when the payload has no form in that type
 */
export function pushedMessage(ctx: MessageContext): PreparedFrame | undefined {
  if (ctx.respondsFrame) return new PreparedFrame(ctx.frameData!, ctx.frame === 'binary', mayCompress(ctx))
  const { content } = ctx.message
  const mediaType = ctx.transportIfAny?.messageType ?? content.mediaType
  const data = utf8Of(content, mediaType)
  if (data.length === 0) return undefined
  const isUnreadable = mediaType !== '' && codecOf({ mediaType }).name === 'binary' && ctx.frame !== 'text'
  // What is no UTF-8 may not stand in a text message (RFC 6455, 8.1); what is made of a form is.
  const isText = content.form !== 'bytes' || isUtf8(data)
  return new PreparedFrame(data, isUnreadable || !isText, mayCompress(ctx))
}

/** Makes the step that sends a message by `push` and keeps with it what became of that; one without a payload is not sent. */
export function pushStep(push: (ctx: MessageContext, message: PreparedFrame) => MaybePromise<Pushed>): Step {
  return ctx => {
    const message = pushedMessage(ctx)
    const pushed = message ? push(ctx, message) : NOBODY
    return pushed instanceof Promise ? noteLater(ctx, pushed) : note(ctx, pushed)
  }
}

async function noteLater(ctx: MessageContext, pushed: Promise<Pushed>): Promise<void> {
  note(ctx, await pushed)
}

function note(ctx: MessageContext, { delivered, failed, unlisted = 0, unanswered, isSentOn }: Pushed): void {
  ctx.ending = delivered > 0 || isSentOn ? 'delivered' : 'discarded'
  deliveredCount.set(ctx, delivered)
  failedCount.set(ctx, failed.length + unlisted)
  failedIds.set(ctx, (failed.length > MAX_LISTED ? failed.slice(0, MAX_LISTED) : failed).join(','))
  if (unanswered) unansweredNames.set(ctx, unanswered.join(','))
}
