import { Fault } from '../core/fault.ts'
import { ensureHeader, headerOf, originOf } from '../message/codecs/soap.ts'
import { XmlElement } from '../message/xml/tree.ts'
import type { EnvelopeIds } from './correlated-xml.ts'

/** The namespaces of WS-Addressing; what is made here is in the first. */
const ADDRESSING = [
  'http://www.w3.org/2005/08/addressing',
  'http://schemas.xmlsoap.org/ws/2004/08/addressing',
]

/** Ids of WS-Addressing: the MessageID of a request is what its reply relates to. */
export const ADDRESSED_IDS: EnvelopeIds = {
  ofRequest(_ctx, envelope) {
    if (originOf(envelope) === 'bare')
      throw new Fault(601000, 'the request is no SOAP envelope: it cannot be given a MessageID')
    const found = blocks(envelope, 'MessageID')
    if (found.length > 1) throw new Fault(601000, 'the request has more than one MessageID')
    return found[0]
  },
  ofReply(_ctx, envelope) {
    const found = blocks(envelope, 'RelatesTo').filter(isReply)
    return found.length === 1 ? found[0] : undefined
  },
  make(envelope) {
    const [namespace] = ADDRESSING
    const id = new XmlElement('MessageID', namespace, 'wsa')
    id.declare('wsa', namespace!)
    ensureHeader(envelope).append(id)
    return id
  },
  newId: ids => ids.uri(),
}

function blocks(envelope: XmlElement, name: string): XmlElement[] {
  const all = headerOf(envelope)?.children ?? []
  return all.filter(({ localName, namespaceURI }) => localName === name && ADDRESSING.includes(namespaceURI))
}

/** An envelope may relate to others in other ways (WS-Addressing 1.0, 3.1). */
function isReply(relation: XmlElement): boolean {
  const type = relation.getAttribute('RelationshipType')
  return type === undefined || /(?:^|[/:])[Rr]eply$/.test(type)
}
