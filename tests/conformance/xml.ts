import { ParseOption, XmlCData, XmlDocument, XmlElement, XmlText, XmlXPath } from 'libxml2-wasm'
import { excerpt } from './until.ts'

// The gateway's own parser and XPath are what is tested here, so another one judges.

/** An element with what counts in a comparison. */
export interface XmlNodeView {
  readonly uri: string
  readonly localName: string
  readonly attributes: ReadonlyMap<string, string>
  readonly children: readonly (XmlNodeView | string)[]
}

const SOAP_NAMESPACES: ReadonlySet<string> = new Set([
  'http://schemas.xmlsoap.org/soap/envelope/',
  'http://www.w3.org/2003/05/soap-envelope',
])

/** Reads a document. Comments, and white space around text, are left out. @throws Error when it is no XML */
export function readXml(text: string): XmlNodeView {
  using document = parse(text)
  return viewOf(document.root)
}

/** Evaluates an XPath 1.0 expression on a document, as a string; whole numbers have no fraction. */
export function evaluateXPath(expression: string, text: string): string {
  using document = parse(text)
  using xpath = XmlXPath.compile(expression)
  const result = document.eval(xpath)
  return Array.isArray(result) ? (result[0]?.content ?? '') : String(result)
}

/** Finds the first place where two documents differ in names, attributes or text. */
export function xmlDifference(expectedText: string, actualText: string): string | undefined {
  const expected = readXml(expectedText)
  const actual = readXml(actualText)
  return elementDifference(expected, isEnvelope(expected) ? actual : payloadOf(actual), '')
}

/** Whether a document is a SOAP envelope. */
export function isEnvelope({ uri, localName }: XmlNodeView): boolean {
  return localName === 'Envelope' && SOAP_NAMESPACES.has(uri)
}

/** The first child of the SOAP body, or the root where there is no envelope. */
export function payloadOf(root: XmlNodeView): XmlNodeView {
  if (!isEnvelope(root)) return root
  const body = elementsOf(root).find(({ localName }) => localName === 'Body')
  return (body && elementsOf(body)[0]) ?? root
}

/** Child elements in order. */
export function elementsOf({ children }: XmlNodeView): XmlNodeView[] {
  return children.filter(child => typeof child !== 'string')
}

function parse(text: string): XmlDocument {
  // The text is decoded already; what the declaration says of its encoding is no longer true.
  const body = text.replace(/^\s*<\?xml[^>]*\?>/, '')
  return XmlDocument.fromString(body, { option: ParseOption.XML_PARSE_HUGE | ParseOption.XML_PARSE_NO_XXE })
}

function viewOf(element: XmlElement): XmlNodeView {
  const children: (XmlNodeView | string)[] = []
  for (let child = element.firstChild; child !== null; child = child.next) {
    if (child instanceof XmlElement) children.push(viewOf(child))
    else if (child instanceof XmlText || child instanceof XmlCData) {
      const last = children.at(-1)
      if (typeof last === 'string') children[children.length - 1] = last + child.content
      else children.push(child.content)
    }
  }
  const attributes = element.attrs.map((attribute): [string, string] => [
    attribute.namespaceUri ? `{${attribute.namespaceUri}}${attribute.name}` : attribute.name,
    attribute.value,
  ])
  return {
    uri: element.namespaceUri,
    localName: element.name,
    attributes: new Map(attributes),
    children: children
      .map(child => (typeof child === 'string' ? child.trim() : child))
      .filter(child => child !== ''),
  }
}

function elementDifference(expected: XmlNodeView, actual: XmlNodeView, above: string): string | undefined {
  if (expected.uri !== actual.uri || expected.localName !== actual.localName) {
    return `at ${above || '/'} expected element ${nameOf(expected)}, got ${nameOf(actual)}`
  }
  const path = `${above}/${expected.localName}`
  for (const name of new Set([...expected.attributes.keys(), ...actual.attributes.keys()])) {
    const [wanted, got] = [expected.attributes.get(name), actual.attributes.get(name)]
    if (wanted !== got) return `at ${path}/@${name} expected ${wanted ?? 'nothing'}, got ${got ?? 'nothing'}`
  }
  for (let index = 0; index < Math.max(expected.children.length, actual.children.length); index++) {
    const difference = childDifference(expected.children[index], actual.children[index], path)
    if (difference !== undefined) return difference
  }
  return undefined
}

type Child = XmlNodeView | string | undefined

function childDifference(expected: Child, actual: Child, path: string): string | undefined {
  if (typeof expected === 'object' && typeof actual === 'object') {
    return elementDifference(expected, actual, path)
  }
  return expected === actual
    ? undefined
    : `at ${path} expected ${childShown(expected)}, got ${childShown(actual)}`
}

function childShown(child: Child): string {
  if (child === undefined) return 'nothing'
  return typeof child === 'string' ? `text ${excerpt(child)}` : `element ${nameOf(child)}`
}

function nameOf({ uri, localName }: XmlNodeView): string {
  return uri === '' ? localName : `{${uri}}${localName}`
}
