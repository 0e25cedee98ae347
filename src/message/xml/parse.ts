import { type SaxesAttributeNS, SaxesParser, type SaxesTagNS } from 'saxes'
import { explain } from './explain.ts'
import { nextOpaquePart, opaqueBody } from './opaque-part.ts'
import { PrefixScope } from './prefix-scope.ts'
import {
  XmlAttribute,
  XmlComment,
  XmlDocument,
  XmlElement,
  type XmlParent,
  XmlProcessingInstruction,
  XmlText,
} from './tree.ts'
import { XmlError } from './xml-error.ts'

export { XmlError } from './xml-error.ts'

/** What `parseXml` is asked to do. */
export interface XmlParseOptions {
  /** Gives every element its `span`. Off unless asked for. */
  readonly positions?: boolean
  /** How many elements may stand inside each other. 500 unless given; the outermost counts. */
  readonly maxDepth?: number
  /** How many attributes and declarations a tag may have. No limit unless given. */
  readonly maxAttributes?: number
  /** How many elements, attributes, texts, comments and instructions there may be. 500,000 unless given. */
  readonly maxNodes?: number
  /** A DOCTYPE is always refused: it can name files and define entities that grow without end. */
  readonly allowDoctype?: false
}

/** What `saxes` calls. Set as properties: with more than five `on()` calls it becomes five times slower. */
interface Handlers {
  textHandler: (text: string) => void
  cdataHandler: (text: string) => void
  commentHandler: (text: string) => void
  piHandler: (instruction: { target: string; body: string }) => void
  doctypeHandler: () => void
  openTagStartHandler: () => void
  /** The namespace is added to the attribute when the tag is complete. */
  attributeHandler: (attribute: SaxesAttributeNS) => void
  openTagHandler: (tag: SaxesTagNS) => void
  closeTagHandler: () => void
  errorHandler: (error: Error) => void
  /** Finds the namespace of a prefix. The tokenizer's own way looks into every element around. */
  resolve: (prefix: string) => string | undefined
}

const CHUNK_LENGTH = 65_536

/** Reading this many takes about half a second. */
const MAX_NODES = 500_000

/**
 * Refuses more tags than nodes are allowed before anything is read. A text where a tag may be none, or that is nested
 * too deeply, is left to the reading: that finds it soon.
 */
function refuseFlood(text: string, maxNodes: number, maxDepth: number): void {
  // The shortest element takes four characters.
  if (text.length <= 4 * maxNodes || text.includes('<!')) return
  let tags = 0
  let depth = 0
  for (let at = text.indexOf('<'); at >= 0; at = text.indexOf('<', at + 1)) {
    const next = text.charCodeAt(at + 1)
    if (next === SLASH) depth--
    else if (next !== QUESTION_MARK) {
      if (++tags > maxNodes) throw tooManyNodes(text, maxNodes, at)
      const end = text.indexOf('>', at)
      if (end < 0 || (text.charCodeAt(end - 1) !== SLASH && ++depth > maxDepth)) return
    }
  }
}

const SLASH = 0x2f
const QUESTION_MARK = 0x3f

function tooManyNodes(text: string, maxNodes: number, at: number): XmlError {
  return new XmlError(`there are more than ${maxNodes} elements, attributes, texts and comments`, text, at)
}

/**
 * Reads an XML 1.0 text with namespaces into a tree. A byte order mark in front is accepted.
 * @throws XmlError when the text is not well-formed, has a DOCTYPE, names an entity other than the five
 * predefined ones, is nested too deeply, gives a tag too many attributes, or has too many nodes
 */
export function parseXml(text: string, options: XmlParseOptions = {}): XmlDocument {
  if (!text.isWellFormed()) {
    const offset = text.search(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/)
    throw new XmlError('half of a surrogate pair is not a character', text, offset)
  }
  refuseDoctype(text)
  // The tokenizer is slow at line ends of these kinds; lines and columns stay the same.
  if (options.positions !== true && text.includes('\r')) return parseXml(withLineFeeds(text), options)
  const { positions = false, maxDepth = 500, maxAttributes = Infinity, maxNodes = MAX_NODES } = options
  refuseFlood(text, maxNodes, maxDepth)
  const document = new XmlDocument()
  const open: OpenTag[] = []
  const parser = new SaxesParser({
    xmlns: true,
    position: false,
    forceXMLVersion: true,
    defaultXMLVersion: '1.0',
  })
  const scope = new PrefixScope()
  let current: XmlParent = document
  let closed = ''
  let nodes = 0
  // Collected one by one: walking the object the tag keeps them in takes longer than all the rest.
  let given: SaxesAttributeNS[] = []
  // Characters the tokenizer did not get to see, and those of the part it is in.
  let kept = 0
  let body: string | undefined

  const here = (): number => parser.position + kept
  const count = (): void => {
    if (++nodes <= maxNodes) return
    throw tooManyNodes(text, maxNodes, text.lastIndexOf('<', here() - 1))
  }

  const on = parser as unknown as Handlers
  on.resolve = prefix => scope.namespaceOf(prefix)
  on.textHandler = data => {
    if (current === document) return
    count()
    current.insertBefore(new XmlText(data), null)
  }
  on.cdataHandler = data => {
    const whole = body ?? data
    if (whole === '') return
    count()
    current.insertBefore(new XmlText(whole, true), null)
  }
  on.commentHandler = data => {
    count()
    current.insertBefore(new XmlComment(body ?? data), null)
  }
  on.piHandler = instruction => {
    count()
    const data = body === undefined ? instruction.body : body.trimStart()
    current.insertBefore(new XmlProcessingInstruction(instruction.target, data), null)
  }
  on.doctypeHandler = () => {
    const offset = text.lastIndexOf('<!DOCTYPE', here())
    throw new XmlError('a DOCTYPE is not allowed; leave it out', text, offset)
  }
  on.openTagStartHandler = () => {
    // A name has no `<` in it, so the nearest one before the name's end began the tag.
    const start = text.lastIndexOf('<', here() - 1)
    open.push({ start, startTagEnd: 0 })
    if (open.length > maxDepth) {
      throw new XmlError(`elements are nested more than ${maxDepth} deep`, text, start)
    }
    count()
    scope.enter()
  }
  on.attributeHandler = attribute => {
    given.push(attribute)
    if (given.length > maxAttributes) {
      const start = open[open.length - 1]?.start ?? 0
      throw new XmlError(`a tag has more than ${maxAttributes} attributes`, text, start)
    }
    count()
    const prefix = declaredPrefix(attribute)
    if (prefix !== undefined) scope.declare(prefix, attribute.value.trim())
  }
  on.openTagHandler = tag => {
    const element = elementOf(tag, given)
    if (given.length > 0) given = []
    const innermost = open[open.length - 1]
    if (innermost) innermost.startTagEnd = here()
    // The rule of one outermost element is kept by the tokenizer, with a position.
    current.insertBefore(element, null)
    current = element
  }
  on.closeTagHandler = () => {
    const element = current as XmlElement
    const tag = open.pop()
    scope.leave()
    if (positions && tag) element.span = { ...tag, end: here() }
    closed = element.nodeName
    current = element.parentNode ?? document
  }
  on.errorHandler = error => {
    throw explain(error.message, { text, position: here(), open, closed })
  }

  let at = 0
  const feed = (end: number): void => {
    for (; at < end; at = Math.min(end, at + CHUNK_LENGTH)) {
      parser.write(text.slice(at, Math.min(end, at + CHUNK_LENGTH)))
    }
  }
  for (let part = nextOpaquePart(text, 0); part; part = nextOpaquePart(text, part.end)) {
    feed(part.bodyStart)
    body = opaqueBody(text, part)
    kept += part.bodyEnd - part.bodyStart
    at = part.bodyEnd
    feed(part.end)
    body = undefined
  }
  feed(text.length)
  parser.close()
  return document
}

/** The tokenizer reads a DOCTYPE to its end before it tells; one can only stand before the outermost element. */
function refuseDoctype(text: string): void {
  const space = /[\s\ufeff]*/y
  for (let at = 0; at >= 0; ) {
    space.lastIndex = at
    space.test(text)
    at = space.lastIndex
    if (text.startsWith('<!DOCTYPE', at))
      throw new XmlError('a DOCTYPE is not allowed; leave it out', text, at)
    const end = text.startsWith('<?', at) ? '?>' : text.startsWith('<!--', at) ? '-->' : undefined
    if (end === undefined) return
    const found = text.indexOf(end, at)
    at = found < 0 ? -1 : found + end.length
  }
}

interface OpenTag {
  readonly start: number
  startTagEnd: number
}

function elementOf(tag: SaxesTagNS, given: readonly SaxesAttributeNS[]): XmlElement {
  const element = new XmlElement(tag.local, tag.uri, tag.prefix)
  let declarations: Map<string, string> | undefined
  for (const attribute of given) {
    const { prefix, local, uri, value } = attribute
    const declared = declaredPrefix(attribute)
    if (declared !== undefined) {
      declarations ??= new Map()
      declarations.set(declared, value.trim())
    } else element.addAttribute(new XmlAttribute(local, value, uri, prefix))
  }
  if (declarations) element.declarations = declarations
  return element
}

/** The prefix an attribute declares, `''` for the default namespace; undefined for one that is no declaration. */
function declaredPrefix({ name, prefix, local }: SaxesAttributeNS): string | undefined {
  if (prefix === 'xmlns') return local
  return name === 'xmlns' ? '' : undefined
}

/** Three times as fast as replacing them, where there are millions. */
function withLineFeeds(text: string): string {
  return text.split('\r\n').join('\n').split('\r').join('\n')
}
