import { isUtf8 } from 'node:buffer'
import type { MessageContext } from '../core/context.ts'
import { accessor } from '../expressions/scopes.ts'
import { codecOf } from '../message/codecs/index.ts'
import { utf8Of } from '../message/utf8.ts'
import type { ClientSession } from './session.ts'
import type { ClientSessions } from './sessions.ts'

const closeClient = accessor('default', 'websocket.close.client')
const clientCloseCode = accessor('default', 'websocket.close.code')
const clientCloseReason = accessor('default', 'websocket.reason.text')
const frameCode = accessor('default', 'websocket.close.frame.status.code')
const CLOSING = ['errorCode', 'websocket.close.client', 'websocket.close.frame.status.code']
const frameReason = accessor('default', 'websocket.close.frame.reason.text')

/**
 * Sends a client what `respond` was called with, in the order the original decides: a close the properties ask
 * for, nothing on a handshake, the frame as it came, else the content in the type it is to leave in.
 *
 * Compatibility: the original closes with `errorCode` (not `ERROR_CODE`) and `ERROR_MESSAGE`; content always
 * leaves as text there, and bytes nobody can read leave as a binary message here.
 */
export function replyOverWebSocket(
  ctx: MessageContext,
  session: ClientSession,
  sessions: ClientSessions,
): void {
  if (ctx.propertiesIfAny && closesClient(ctx, session)) return
  if (ctx.event !== 'message' && !sendsContent(ctx)) {
    if (ctx.event === 'ping' && ctx.service.isHooked)
      session.connection.pong(ctx.frameData ?? Buffer.alloc(0))
    else if (ctx.event === 'ping') session.connection.ping(ctx.frameData)
    else if (ctx.event === 'pong') session.connection.pong(ctx.frameData ?? Buffer.alloc(0))
    return
  }
  if (ctx.respondsFrame) {
    sessions.send(ctx, session, ctx.frameData!, ctx.frame === 'binary')
    return
  }
  const { content } = ctx.message
  const messageType = ctx.transportIfAny?.messageType ?? content.mediaType
  const data = utf8Of(content, messageType)
  sessions.send(ctx, session, data, isBinaryReply(ctx, messageType, data))
}

/** A hook may answer what is no message: with content, and never a ping or pong. */
function sendsContent({ event, service, message }: MessageContext): boolean {
  return service.isHooked === true && event !== 'ping' && event !== 'pong' && !message.content.isEmpty
}

/** Whether properties may ask for the client to be closed. */
export function asksForClose({ propertiesIfAny: properties }: MessageContext): boolean {
  return properties !== undefined && CLOSING.some(name => properties.has(name))
}

function closesClient(ctx: MessageContext, session: ClientSession): boolean {
  const { properties } = ctx
  const errorCode = Number(properties.get('errorCode') ?? Number.NaN)
  if (Number.isInteger(errorCode) && properties.has('ERROR_MESSAGE')) {
    session.close(errorCode, String(properties.get('ERROR_MESSAGE')))
    return true
  }
  if (closeClient.get(ctx) === true || closeClient.get(ctx) === 'true') {
    session.close(Number(clientCloseCode.get(ctx) ?? 1001), String(clientCloseReason.get(ctx) ?? ''))
    return true
  }
  // Compatibility: a frame that is relayed goes before a close of this kind.
  if (ctx.respondsFrame || !properties.has('websocket.close.frame.status.code')) return false
  const code = Number(frameCode.get(ctx))
  if (!Number.isInteger(code) || !properties.has('websocket.close.frame.reason.text')) return false
  session.close(code, String(frameReason.get(ctx)))
  return true
}

/**
 * Says whether a reply leaves as a binary message: bytes nobody can read do, but not where they are text of the
 * client, or an answer without a type to a client that sends text. Nor may a text message hold what is no UTF-8
 * (RFC 6455, 8.1), which only a backend's answer can.
 */
function isBinaryReply(ctx: MessageContext, messageType: string, data: Buffer): boolean {
  const { content, headers, status } = ctx.message
  const isAnswer = status !== undefined
  if (codecOf({ mediaType: messageType }).name === 'binary') {
    if (ctx.frame !== 'text' || (isAnswer && headers.get('Content-Type') !== undefined)) return true
  }
  return isAnswer && content.form === 'bytes' && !isUtf8(data)
}
