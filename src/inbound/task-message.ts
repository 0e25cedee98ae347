import { isEnvelope, SOAP11, SOAP12, wrap } from '../message/codecs/soap.ts'
import { Content } from '../message/content.ts'
import { Message } from '../message/message.ts'
import type { XmlElement } from '../message/xml/tree.ts'

/** How the message of a task is put. */
export type MessageFormat = 'soap11' | 'soap12' | 'pox' | 'get'

/** Makes the message a task puts in. An element stands in an envelope, SOAP 1.2 unless the format says otherwise. */
export function injectedMessage(payload: XmlElement | string, format: MessageFormat | undefined): Message {
  return new Message(contentOf(payload, format))
}

function contentOf(payload: XmlElement | string, format: MessageFormat | undefined): Content {
  if (format === 'get') return Content.empty()
  if (typeof payload === 'string')
    return /^\s*[[{]/.test(payload) ? Content.ofText(payload, 'application/json') : Content.ofText(payload)
  if (format === 'pox') return Content.ofPayload(payload)
  if (isEnvelope(payload))
    return Content.ofEnvelope(payload, payload.namespaceURI === SOAP11 ? 'text/xml' : 'application/soap+xml')
  return format === 'soap11'
    ? Content.ofEnvelope(wrap([payload], SOAP11), 'text/xml')
    : Content.ofEnvelope(wrap([payload], SOAP12), 'application/soap+xml')
}
