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

/** Puts payload elements into a new envelope. */
export function wrap(
  payload: readonly XmlElement[],
  version: typeof SOAP11 | typeof SOAP12 = SOAP11,
): XmlElement {
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
