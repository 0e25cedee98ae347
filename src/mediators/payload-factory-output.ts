import type { MessageContext } from '../core/context.ts'
import { Fault } from '../core/fault.ts'
import { accessor } from '../expressions/scopes.ts'
import { bodyOf, isEnvelope, SOAP11, SOAP12, wrap } from '../message/codecs/soap.ts'
import { Content } from '../message/content.ts'
import { isSoapType, mediaTypeOf } from '../message/content-type.ts'
import type { XmlElement } from '../message/xml/tree.ts'

const messageType = accessor('axis2', 'messageType')
const XML_TYPES: readonly string[] = ['application/xml', 'text/xml', 'application/soap+xml']

/**
 * Makes a text the JSON payload; it is parsed when somebody asks.
 * @throws Fault 601000 when it does not even begin as JSON does
 */
export function putJson(ctx: MessageContext, generated: string): void {
  const text = generated.trim()
  if (text !== '' && !/^[{["\-\dtfn]/.test(text)) {
    throw new Fault(601000, 'Generated content is not a valid JSON payload', { detail: text.slice(0, 200) })
  }
  put(ctx, Content.ofText(text === '' ? '{}' : text, 'application/json'))
  messageType.set(ctx, 'application/json')
}

/** Makes a text the payload. */
export function putText(ctx: MessageContext, generated: string): void {
  put(ctx, Content.ofText(generated.trim(), 'text/plain'))
  messageType.set(ctx, 'text/plain')
}

/** Makes an element the payload, or an envelope the envelope. The message keeps a type that is XML already. */
export function putXml(ctx: MessageContext, element: XmlElement): void {
  const { content } = ctx.message
  const present = mediaTypeOf(ctx.transportIfAny?.messageType ?? content.mediaType)
  const mediaType = XML_TYPES.includes(present) ? present : 'application/xml'
  put(
    ctx,
    Content.ofEnvelope(isEnvelope(element) ? element : enveloped(content, element, mediaType), mediaType),
  )
  if (mediaType !== present) messageType.set(ctx, mediaType)
}

/** The header blocks of a SOAP message stay. */
function enveloped(content: Content, element: XmlElement, mediaType: string): XmlElement {
  if (isSoapType(content.mediaType)) {
    const envelope = content.editEnvelope()
    const body = bodyOf(envelope)
    if (body) {
      while (body.firstChild) body.firstChild.remove()
      body.append(element)
      return envelope
    }
  }
  return wrap([element], mediaType === 'application/soap+xml' ? SOAP12 : SOAP11)
}

function put(ctx: MessageContext, content: Content): void {
  ctx.message.content = content
  if (ctx.transportIfAny) ctx.transportIfAny.noEntityBody = undefined
}
