import { XmlElement } from '../xml/tree.ts'

/** Namespace of SOAP 1.1 envelopes. */
export const SOAP11 = 'http://schemas.xmlsoap.org/soap/envelope/'

/** Namespace of SOAP 1.2 envelopes. */
export const SOAP12 = 'http://www.w3.org/2003/05/soap-envelope'

/** Whether an element is a SOAP envelope of either version. */
export function isEnvelope(element: XmlElement): boolean {
  return (
    element.localName === 'Envelope' && (element.namespaceURI === SOAP11 || element.namespaceURI === SOAP12)
  )
}

/** The namespace of a version of SOAP. */
export type SoapVersion = typeof SOAP11 | typeof SOAP12

/** Puts payload elements into a new envelope. */
export function wrap(payload: readonly XmlElement[], version: SoapVersion = SOAP11): XmlElement {
  const envelope = new XmlElement('Envelope', version, 'soapenv')
  envelope.declare('soapenv', version)
  const body = new XmlElement('Body', version, 'soapenv')
  envelope.append(body)
  body.append(...payload)
  return envelope
}

/** Finds the body of an envelope. */
export function bodyOf(envelope: XmlElement): XmlElement | undefined {
  return envelope.child(envelope.namespaceURI, 'Body')
}

/** Finds the header of an envelope. */
export function headerOf(envelope: XmlElement): XmlElement | undefined {
  return envelope.child(envelope.namespaceURI, 'Header')
}

/** Finds the payload: the first element in the body. */
export function payloadOf(envelope: XmlElement): XmlElement | undefined {
  return bodyOf(envelope)?.firstElement
}

/** How envelopes came: those that were read as such, and those put around XML that came without one. */
const origins = new WeakMap<XmlElement, 'enveloped' | 'bare'>()

/** Gives the envelope of XML that was received: itself, or a new one around it. */
export function receive(root: XmlElement, version: SoapVersion): XmlElement {
  const isWhole = isEnvelope(root)
  const envelope = isWhole ? root : wrap([root], version)
  origins.set(envelope, isWhole ? 'enveloped' : 'bare')
  return envelope
}

/** Tells how an envelope came; undefined for one that was made here. */
export function originOf(envelope: XmlElement): 'enveloped' | 'bare' | undefined {
  return origins.get(envelope)
}

/** Copies an envelope, and how it came. */
export function cloneEnvelope(envelope: XmlElement): XmlElement {
  const copy = envelope.clone()
  const origin = origins.get(envelope)
  if (origin) origins.set(copy, origin)
  return copy
}

/** Finds the header of an envelope, and makes one where there is none. */
export function ensureHeader(envelope: XmlElement): XmlElement {
  const present = headerOf(envelope)
  if (present) return present
  const header = new XmlElement('Header', envelope.namespaceURI, envelope.prefix)
  envelope.insertBefore(header, envelope.firstChild)
  return header
}
