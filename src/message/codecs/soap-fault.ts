import type { Content } from '../content.ts'
import { ContentError } from '../content-error.ts'
import { XML_NAMESPACE, XmlAttribute, type XmlChild, XmlElement, XmlText } from '../xml/tree.ts'
import { payloadOf, SOAP11, SOAP12, type SoapVersion } from './soap.ts'

/** What a SOAP fault says, in the words of neither version. */
export interface SoapFault {
  /** `Sender` and `Receiver` for what SOAP 1.1 calls `Client` and `Server`; a code of its own is a name. */
  readonly code: FaultName
  /** More about the code. */
  readonly subcode?: FaultName
  readonly reason: string
  /** Language of the reason; `en` where nobody said. */
  readonly language?: string
  /** URI of what failed. SOAP 1.1 has no word for it. */
  readonly node?: string
  /** URI of the role it acted in: `faultactor` in SOAP 1.1. */
  readonly role?: string
  readonly detail?: { readonly attributes: readonly XmlAttribute[]; readonly nodes: readonly XmlChild[] }
}

/** A name as a fault code has it; without a namespace it is one of SOAP's own, or a text. */
export interface FaultName {
  readonly name: string
  readonly namespaceURI: string
  readonly prefix: string
}

const TO_11: Readonly<Record<string, string>> = { Sender: 'Client', Receiver: 'Server' }
const TO_12: Readonly<Record<string, string>> = { Client: 'Sender', Server: 'Receiver' }

/** The fault codes SOAP 1.2 knows; others are said as a subcode. */
export const FAULT_CODES_12: readonly string[] = [
  'VersionMismatch',
  'MustUnderstand',
  'DataEncodingUnknown',
  'Sender',
  'Receiver',
]

/** Names one of SOAP's own codes, in the words of either version. */
export function soapCode(name: string): FaultName {
  return { name: TO_12[name] ?? name, namespaceURI: '', prefix: '' }
}

/** Whether an element is a fault of either version of SOAP. */
export function isFaultElement(element: XmlElement | undefined): boolean {
  return (
    element?.localName === 'Fault' && (element.namespaceURI === SOAP11 || element.namespaceURI === SOAP12)
  )
}

/** Whether a payload is a SOAP fault. Only XML that speaks of a fault at all is parsed; what is malformed is none. */
export function isFault(content: Content): boolean {
  if (!content.isXml) return false
  if (content.form !== 'envelope' && !mayBeFault(content.bytes)) return false
  try {
    return isFaultElement(payloadOf(content.envelope()))
  } catch (error) {
    if (error instanceof ContentError) return false
    throw error
  }
}

/** Text with zero bytes may be UTF-16, in which the word looks different. */
function mayBeFault(bytes: Buffer): boolean {
  return bytes.includes('Fault') || bytes.includes(0)
}

/** Reads a fault of either version. */
export function readFault(fault: XmlElement): SoapFault {
  return fault.namespaceURI === SOAP12 ? readFault12(fault) : readFault11(fault)
}

/** Writes a fault in a version of SOAP. The nodes of its detail are copied. */
export function buildFault(fault: SoapFault, version: SoapVersion): XmlElement {
  const element = new XmlElement('Fault', version, 'soapenv')
  if (version === SOAP12) writeFault12(element, fault)
  else writeFault11(element, fault)
  return element
}

/** The parts of a 1.1 fault are in no namespace; some write them in one. */
function part(fault: XmlElement, name: string): XmlElement | undefined {
  return fault.children.find(child => child.localName === name)
}

function readFault11(fault: XmlElement): SoapFault {
  const { name, namespaceURI, prefix } = nameIn(part(fault, 'faultcode'))
  const reason = part(fault, 'faultstring')
  const isOwn = namespaceURI !== '' && namespaceURI !== SOAP11 && namespaceURI !== SOAP12
  const [general = '', ...more] = isOwn ? ['Receiver'] : name.split('.')
  const specific = more.length > 0 ? { name: more.join('.'), namespaceURI: '', prefix: '' } : undefined
  return {
    code: soapCode(general),
    ...(isOwn ? { subcode: { name, namespaceURI, prefix } } : specific && { subcode: specific }),
    reason: reason?.text.trim() ?? '',
    language: reason?.getAttribute('lang', XML_NAMESPACE),
    role: textOf(part(fault, 'faultactor')),
    detail: detailOf(part(fault, 'detail')),
  }
}

function readFault12(fault: XmlElement): SoapFault {
  const code = part(fault, 'Code')
  const { name } = nameIn(code && part(code, 'Value'))
  const inner = code && part(code, 'Subcode')
  const reason = part(fault, 'Reason')?.firstElement
  return {
    code: soapCode(name),
    ...(inner && { subcode: nameIn(part(inner, 'Value')) }),
    reason: reason?.text.trim() ?? '',
    language: reason?.getAttribute('lang', XML_NAMESPACE),
    node: textOf(part(fault, 'Node')),
    role: textOf(part(fault, 'Role')),
    detail: detailOf(part(fault, 'Detail')),
  }
}

function nameIn(element: XmlElement | undefined): FaultName {
  const [prefix = '', name] = (element?.text.trim() ?? '').split(':', 2)
  if (name === undefined) return { name: prefix, namespaceURI: '', prefix: '' }
  return { name, namespaceURI: element?.lookupNamespace(prefix) ?? '', prefix }
}

function textOf(element: XmlElement | undefined): string | undefined {
  return element?.text.trim() || undefined
}

function detailOf(element: XmlElement | undefined): SoapFault['detail'] {
  return element && { attributes: element.attributes, nodes: element.childNodes }
}

/** Compatibility: SOAP 1.1 has no subcode; one without a namespace came after a dot, and one with is left out. */
function writeFault11(element: XmlElement, fault: SoapFault): void {
  const { code, subcode } = fault
  const general = TO_11[code.name] ?? code.name
  const name = subcode?.namespaceURI === '' ? `${general}.${subcode.name}` : general
  writeName(appended(element, new XmlElement('faultcode')), { ...code, name })
  appendText(element, new XmlElement('faultstring'), fault.reason)
  const actor = fault.role ?? fault.node
  if (actor !== undefined) appendText(element, new XmlElement('faultactor'), actor)
  appendDetail(element, new XmlElement('detail'), fault)
}

function writeFault12(element: XmlElement, fault: SoapFault): void {
  const made = (name: string): XmlElement => new XmlElement(name, SOAP12, 'soapenv')
  const code = made('Code')
  const isKnown = fault.code.namespaceURI === '' && FAULT_CODES_12.includes(fault.code.name)
  const subcode = fault.subcode ?? (isKnown || fault.code.name === '' ? undefined : fault.code)
  writeName(appended(code, made('Value')), isKnown ? fault.code : soapCode('Receiver'))
  if (subcode) writeName(appended(appended(code, made('Subcode')), made('Value')), subcode, false)
  element.append(code)
  const reason = appended(element, made('Reason'))
  const text = made('Text')
  text.addAttribute(new XmlAttribute('lang', fault.language ?? 'en', XML_NAMESPACE, 'xml'))
  appendText(reason, text, fault.reason)
  if (fault.node !== undefined) appendText(element, made('Node'), fault.node)
  if (fault.role !== undefined) appendText(element, made('Role'), fault.role)
  appendDetail(element, made('Detail'), fault)
}

function appended(parent: XmlElement, child: XmlElement): XmlElement {
  parent.append(child)
  return child
}

function appendText(parent: XmlElement, child: XmlElement, text: string): void {
  child.setText(text)
  parent.append(child)
}

/** Names of SOAP get its prefix; those of others are written with theirs, declared on the spot. */
function writeName(element: XmlElement, { name, namespaceURI, prefix }: FaultName, isOfSoap = true): void {
  if (namespaceURI !== '' && prefix !== '') {
    element.declare(prefix, namespaceURI)
    element.setText(`${prefix}:${name}`)
  } else element.setText(isOfSoap && /^[A-Za-z]/.test(name) ? `soapenv:${name}` : name)
}

function appendDetail(parent: XmlElement, element: XmlElement, { detail }: SoapFault): void {
  if (!detail) return
  for (const { localName, value, namespaceURI, prefix } of detail.attributes)
    element.setAttribute(localName, value, namespaceURI, prefix)
  for (const node of detail.nodes) element.append(copyOf(node))
  parent.append(element)
}

function copyOf(node: XmlChild): XmlChild {
  if (node.nodeType === 1) return node.clone()
  return new XmlText(node.nodeType === 3 ? node.data : '')
}
