import type { MessageContext } from '../core/context.ts'
import { isTrue } from '../core/transport-state.ts'
import { soapAction } from '../expressions/well-known-addressing.ts'
import { codecOf } from '../message/codecs/index.ts'
import { payloadOf, SOAP11, SOAP12, type SoapVersion } from '../message/codecs/soap.ts'
import { inVersion } from '../message/codecs/soap-version.ts'
import { writeXml } from '../message/codecs/xml.ts'
import type { Content } from '../message/content.ts'
import { hasCharset, inUtf8, mediaTypeOf } from '../message/content-type.ts'
import { utf8Of } from '../message/utf8.ts'
import type { XmlElement } from '../message/xml/tree.ts'
import { type AddressingVersion, addressed } from './addressing.ts'
import { LateBody } from './late-body.ts'

/** The form a message leaves in, where an endpoint says one. */
export type Format = 'soap11' | 'soap12' | 'pox' | 'get' | 'rest'

/** What an endpoint says about the requests it sends. */
export interface Shape {
  readonly format?: Format
  /** Character set of the body; default UTF-8. */
  readonly encoding?: BufferEncoding
  /** Name of that character set as headers have it. */
  readonly charset?: string
  /** Whether WS-Addressing headers are added, and which. */
  readonly addressing?: AddressingVersion
}

/** The payload of a request as it leaves. */
export interface Outgoing {
  /** Undefined where there is none, not even an empty one; a stream where it is passed on as it comes. */
  readonly body: Buffer | LateBody | undefined
  /** The length of a stream in bytes, where it is known. */
  readonly length?: number | undefined
  readonly contentType: string | undefined
  /** What the SOAPAction header is to say; undefined leaves it as it came, null takes it away. */
  readonly soapAction: string | null | undefined
}

const SOAP_TYPES: ReadonlyMap<SoapVersion, string> = new Map([
  [SOAP11, 'text/xml'],
  [SOAP12, 'application/soap+xml'],
])

/** The media type a message leaves in; '' where nobody said. */
export function typeOf(ctx: MessageContext): string {
  return mediaTypeOf(ctx.transportIfAny?.messageType) || ctx.message.content.mediaType
}

/** Whether a message is SOAP by its type: not what calls itself text/xml without an action. */
export function isSoap(ctx: MessageContext): boolean {
  const type = typeOf(ctx)
  if (type === 'application/soap+xml') return true
  if (type !== 'text/xml') return false
  return ctx.addressingIfAny?.action !== undefined || ctx.message.headers.get('SOAPAction') !== undefined
}

/**
 * Whether the payload of a message that is arriving may be passed on as it comes: it may not where it has to be
 * written anew, or its length has to be known.
 */
export function mayPassOn(ctx: MessageContext, { format, encoding, addressing }: Shape): boolean {
  if ((format !== undefined && format !== 'rest') || encoding !== undefined) return false
  // A WebSocket message may break off, and a request that was begun cannot be taken back.
  if (ctx.message.content.arriving?.isFrame) return false
  if (typeOf(ctx) !== ctx.message.content.mediaType || (addressing !== undefined && isSoap(ctx))) return false
  const extra = ctx.transportIfAny?.extra
  return (
    extra === undefined || !(isTrue(extra.get('DISABLE_CHUNKING')) || isTrue(extra.get('FORCE_HTTP_1.0')))
  )
}

/**
 * Writes the payload of a message the way an endpoint wants it.
 * @throws ContentError when it has no form in that type
 */
export function outgoing(ctx: MessageContext, shape: Shape, method: string, to: string): Outgoing {
  if (shape.format === 'get' || !mayHaveBody(ctx, method)) return NOTHING
  const version = versionOf(ctx, shape)
  if (version) return soap(ctx, version, shape, to)
  if (shape.format === 'pox') {
    const contentType = withCharset(ctx, 'application/xml', shape)
    return { body: written(ctx.message.content, 'application/xml', shape), contentType, soapAction: null }
  }
  return plain(ctx, shape)
}

/** The payload's children as a query, for requests that carry it in their address; '' for none. */
export function queryOf(ctx: MessageContext): string {
  const payload = payloadOf(ctx.message.content.envelope())
  const pairs = payload?.children.map(
    child => `${encodeURIComponent(child.localName)}=${encodeURIComponent(child.text)}`,
  )
  return pairs?.join('&') ?? ''
}

const NOTHING: Outgoing = { body: undefined, contentType: undefined, soapAction: undefined }

function mayHaveBody(ctx: MessageContext, method: string): boolean {
  if (method === 'GET' || method === 'HEAD' || isTrue(ctx.transportIfAny?.noEntityBody)) return false
  const { content } = ctx.message
  return method !== 'DELETE' || content.isArriving || !content.isEmpty
}

/** The version of SOAP an envelope has to be written in; undefined leaves the payload as it is. */
function versionOf(ctx: MessageContext, { format, addressing }: Shape): SoapVersion | undefined {
  if (format === 'soap11') return SOAP11
  if (format === 'soap12') return SOAP12
  if (addressing === undefined || format !== undefined || !isSoap(ctx)) return undefined
  return typeOf(ctx) === 'text/xml' ? SOAP11 : SOAP12
}

function soap(ctx: MessageContext, version: SoapVersion, shape: Shape, to: string): Outgoing {
  const action = actionOf(ctx)
  let envelope: XmlElement = inVersion(ctx.message.content.envelope(), version)
  if (shape.addressing) envelope = addressed(envelope, shape.addressing, { to, action, id: ctx.id })
  const type = withCharset(ctx, SOAP_TYPES.get(version)!, shape)
  const body = Buffer.from(writeXml(envelope), shape.encoding)
  if (version === SOAP11) return { body, contentType: type, soapAction: `"${action ?? ''}"` }
  return { body, contentType: action ? `${type}; action="${action}"` : type, soapAction: null }
}

function plain(ctx: MessageContext, shape: Shape): Outgoing {
  const { content, headers } = ctx.message
  const type = typeOf(ctx)
  const action = ctx.addressingIfAny?.action
  const soapAction = action !== undefined && type === 'text/xml' ? `"${action}"` : undefined
  if (content.isArriving) {
    const contentType = ctx.transportIfAny?.contentType ?? headers.get('Content-Type')
    const { received, length } = content.arriving!
    return received
      ? { body: received, contentType, soapAction }
      : { body: new LateBody(content), length, contentType, soapAction }
  }
  const body = written(content, type, shape)
  return { body, contentType: contentTypeOf(ctx, type, shape, body), soapAction }
}

/** What a message was given as its type, where that is the type it leaves in; else the type, with its charset. */
function contentTypeOf(ctx: MessageContext, type: string, shape: Shape, body: Buffer): string | undefined {
  const transport = ctx.transportIfAny
  const { content, headers } = ctx.message
  const own = codecOf({ mediaType: type }).contentType?.(content, type)
  if (own !== undefined) return own
  if (transport?.contentType !== undefined) {
    const isPlain = transport.contentType === transport.messageType
    return isPlain ? withCharset(ctx, transport.contentType, shape) : transport.contentType
  }
  const given = headers.get('Content-Type')
  if (given !== undefined && mediaTypeOf(given) === type && shape.charset === undefined)
    return content.form === 'bytes' ? given : inUtf8(given)
  if (type !== '') return withCharset(ctx, type, shape)
  return body.length === 0 ? undefined : guessed(ctx)
}

/** A WebSocket message brings no type along. */
function guessed(ctx: MessageContext): string {
  const { content } = ctx.message
  if (content.isJson) return 'application/json'
  if (content.isXml) return 'application/xml'
  return ctx.frame === 'binary' ? 'application/octet-stream' : 'text/plain'
}

function withCharset(ctx: MessageContext, type: string, { charset }: Shape): string {
  if (type.includes(';') || !hasCharset(type)) return type
  const extra = ctx.transportIfAny?.extra
  if (String(extra?.get('setCharacterEncoding')).toLowerCase() === 'false') return type
  return `${type}; charset=${charset ?? 'UTF-8'}`
}

function written(content: Content, type: string, { encoding }: Shape): Buffer {
  return encoding === undefined ? content.as(type) : Buffer.from(utf8Of(content, type).toString(), encoding)
}

function actionOf(ctx: MessageContext): string | undefined {
  const set = ctx.addressingIfAny?.action
  if (set !== undefined) return set
  const header = soapAction(ctx)
  if (header !== undefined) return header
  const contentType = ctx.message.headers.get('Content-Type')
  return contentType && /;\s*action="?([^";]+)"?/.exec(contentType)?.[1]
}
