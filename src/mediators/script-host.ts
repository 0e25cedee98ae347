import { compileXPath, type XPathProgram, XPathSyntaxError, xpathString } from '../expressions/xpath.ts'
import { headerOf } from '../message/codecs/soap.ts'
import { parseXml } from '../message/xml/parse.ts'
import { serializeXml } from '../message/xml/serialize.ts'
import { XmlElement } from '../message/xml/tree.ts'
import type { CrossedXml } from './script-xml.ts'

/**
 * Answers what a script asks about XML it has.
 * @throws Error saying what is wrong with the XML or the XPath
 */
export function answerAboutXml(question: 'xml' | 'xpath' | 'header', text: string): string {
  if (question === 'xml') return JSON.stringify(cross(elementOf(text)))
  return question === 'xpath' ? selected(text) : withHeader(text)
}

/** Parses XML. @throws XmlError when it is none */
export function elementOf(text: string): XmlElement {
  return parseXml(text).documentElement!
}

/** Evaluates an XPath of a script on an element it has; it sees nothing of the message. */
function selected(question: string): string {
  const { expression, xml, namespaces } = JSON.parse(question) as {
    expression: string
    xml: string
    namespaces: Record<string, string>
  }
  const found = prepared(expression, namespaces).evaluate(elementOf(xml), undefined)
  if (!Array.isArray(found)) return JSON.stringify({ text: xpathString(found) })
  const nodes = found.map(node => (node instanceof XmlElement ? cross(node) : xpathString([node])))
  return JSON.stringify({ nodes, text: xpathString(found) })
}

const MAX_KEPT = 200
const kept = new Map<string, XPathProgram<undefined>>()

/** Compiles an expression; those seen before are not compiled again. */
function prepared(expression: string, namespaces: Readonly<Record<string, string>>): XPathProgram<undefined> {
  const key = JSON.stringify([expression, namespaces])
  const known = kept.get(key)
  if (known) return known
  try {
    const made = compileXPath<undefined>(expression, {
      namespaces: new Map(Object.entries(namespaces)),
      function: () => undefined,
      variable: () => undefined,
    })
    if (kept.size >= MAX_KEPT) kept.clear()
    kept.set(key, made)
    return made
  } catch (error) {
    if (!(error instanceof XPathSyntaxError)) throw error
    throw new Error(`${expression} is no XPath expression: ${error.message}`, { cause: error })
  }
}

/** Puts a header into an envelope that is text. */
function withHeader(question: string): string {
  const { envelope, text, mustUnderstand } = JSON.parse(question) as {
    envelope: string
    text: string
    mustUnderstand: boolean
  }
  const root = elementOf(envelope)
  insertHeader(root, elementOf(text), mustUnderstand)
  return serializeXml(root)
}

/** Puts a block into the header of an envelope, which gets one where it has none. */
export function insertHeader(envelope: XmlElement, block: XmlElement, mustUnderstand: boolean): void {
  const { namespaceURI: soap, prefix } = envelope
  if (mustUnderstand) block.setAttribute('mustUnderstand', '1', soap, prefix)
  let header = headerOf(envelope)
  if (!header) {
    header = new XmlElement('Header', soap, prefix)
    envelope.insertBefore(header, envelope.firstChild)
  }
  header.append(block)
}

function cross(element: XmlElement): CrossedXml {
  return [
    element.localName,
    element.namespaceURI,
    element.prefix,
    element.attributes.map(({ nodeName, value }) => [nodeName, value] as const),
    element.childNodes.flatMap((node): (CrossedXml | string)[] =>
      node.nodeType === 1 ? [cross(node)] : node.nodeType === 3 ? [node.data] : [],
    ),
  ]
}
