import { cloneEnvelope, headerOf } from '../message/codecs/soap.ts'
import { XmlElement, XmlText } from '../message/xml/tree.ts'

const NAMESPACES = {
  final: 'http://www.w3.org/2005/08/addressing',
  submission: 'http://schemas.xmlsoap.org/ws/2004/08/addressing',
} as const

const ANONYMOUS = {
  final: 'http://www.w3.org/2005/08/addressing/anonymous',
  submission: 'http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous',
} as const

/** A version of WS-Addressing. */
export type AddressingVersion = keyof typeof NAMESPACES

/** Copies an envelope and puts To, MessageID, Action and ReplyTo into its header, in place of those it has. */
export function addressed(
  envelope: XmlElement,
  version: AddressingVersion,
  { to, action, id }: { readonly to: string; readonly action: string | undefined; readonly id: string },
): XmlElement {
  const namespace = NAMESPACES[version]
  const copy = cloneEnvelope(envelope)
  const header = headerOf(copy) ?? addHeader(copy)
  for (const old of header.children) {
    if (old.namespaceURI === NAMESPACES.final || old.namespaceURI === NAMESPACES.submission) old.remove()
  }
  const block = (name: string, ...content: (XmlElement | XmlText)[]): XmlElement => {
    const element = new XmlElement(name, namespace, 'wsa')
    element.append(...content)
    return element
  }
  header.declare('wsa', namespace)
  header.append(block('To', new XmlText(to)), block('MessageID', new XmlText(id)))
  if (action) header.append(block('Action', new XmlText(action)))
  header.append(block('ReplyTo', block('Address', new XmlText(ANONYMOUS[version]))))
  return copy
}

function addHeader(envelope: XmlElement): XmlElement {
  const header = new XmlElement('Header', envelope.namespaceURI, envelope.prefix)
  envelope.insertBefore(header, envelope.firstChild)
  return header
}
