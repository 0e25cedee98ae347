import { XmlAttribute, XmlElement } from '../xml/tree.ts'
import { bodyOf, headerOf, SOAP11, SOAP12, type SoapVersion, wrap } from './soap.ts'
import { buildFault, isFaultElement, readFault } from './soap-fault.ts'

const NEXT: Readonly<Record<SoapVersion, string>> = {
  [SOAP11]: 'http://schemas.xmlsoap.org/soap/actor/next',
  [SOAP12]: 'http://www.w3.org/2003/05/soap-envelope/role/next',
}

/**
 * Gives an envelope in a version of SOAP: itself where it is of that version, else a translated copy. Whom a header
 * block is for, and a fault in the body, are said in the words of the version.
 */
export function inVersion(envelope: XmlElement, version: SoapVersion): XmlElement {
  if (envelope.namespaceURI === version) return envelope
  const copy = wrap([], version)
  for (const [prefix, uri] of envelope.declarations)
    if (uri !== SOAP11 && uri !== SOAP12 && prefix !== 'soapenv') copy.declare(prefix, uri)
  const header = headerOf(envelope)
  const body = bodyOf(copy)!
  if (header) {
    const blocks = new XmlElement('Header', version, 'soapenv')
    blocks.append(...header.children.map(block => headerBlockIn(block, version)))
    copy.insertBefore(blocks, body)
  }
  for (const payload of bodyOf(envelope)?.children ?? []) body.append(payloadIn(payload, version))
  return copy
}

/** Copies a header block into a version of SOAP. */
export function headerBlockIn(block: XmlElement, version: SoapVersion): XmlElement {
  const copy = block.clone()
  const other = version === SOAP11 ? SOAP12 : SOAP11
  const foreign = copy.attributes.filter(({ namespaceURI }) => namespaceURI === other)
  for (const attribute of foreign) {
    copy.removeAttribute(attribute.localName, other)
    const translated = attributeIn(attribute, version)
    if (translated) copy.addAttribute(translated)
  }
  return copy
}

/** SOAP 1.1 knows no `relay`. */
function attributeIn({ localName, value }: XmlAttribute, version: SoapVersion): XmlAttribute | undefined {
  switch (localName) {
    case 'mustUnderstand':
      return attribute(localName, value === 'true' ? '1' : value === 'false' ? '0' : value, version)
    case 'actor':
    case 'role':
      return attribute(version === SOAP11 ? 'actor' : 'role', roleIn(value, version), version)
    case 'relay':
      return undefined
    default:
      return attribute(localName, value, version)
  }
}

function attribute(name: string, value: string, version: SoapVersion): XmlAttribute {
  return new XmlAttribute(name, value, version, 'soapenv')
}

function roleIn(role: string, version: SoapVersion): string {
  return role === NEXT[version === SOAP11 ? SOAP12 : SOAP11] ? NEXT[version] : role
}

function payloadIn(payload: XmlElement, version: SoapVersion): XmlElement {
  return isFaultElement(payload) ? buildFault(readFault(payload), version) : payload.clone()
}
