import { type SaxesAttributeNS, SaxesParser, type SaxesTagNS } from 'saxes'
import {
  XmlAttribute,
  XmlComment,
  XmlDocument,
  XmlElement,
  type XmlParent,
  XmlProcessingInstruction,
  XmlText,
} from './tree.ts'

/** Says what is wrong with an XML text, and where. */
export class XmlError extends Error {
  /** UTF-16 units from the start of the text. */
  readonly offset: number
  /** Counted from 1; `\n`, `\r\n` and `\r` end a line. */
  readonly line: number
  /** Counted from 1, in UTF-16 units. */
  readonly column: number

  constructor(message: string, text: string, offset: number) {
    super(message)
    this.name = 'XmlError'
    this.offset = Math.max(0, Math.min(offset, text.length))
    let line = 1
    let lineStart = 0
    for (const { index, 0: end } of text.slice(0, this.offset).matchAll(/\r\n?|\n/g)) {
      line++
      lineStart = index + end.length
    }
    this.line = line
    this.column = this.offset - lineStart + 1
  }
}

/** What `parseXml` is asked to do. */
export interface XmlParseOptions {
  /** Gives every element its `span`. Off unless asked for. */
  readonly positions?: boolean
  /** How many elements may stand inside each other. 500 unless given; the outermost counts. */
  readonly maxDepth?: number
  /** A DOCTYPE is always refused: it can name files and define entities that grow without end. */
  readonly allowDoctype?: false
}

/** The handlers `saxes` calls. Set as properties: with more than five `on()` calls it becomes five times slower. */
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
}

const CHUNK_LENGTH = 65_536

/**
 * Reads an XML 1.0 text with namespaces into a tree. A byte order mark in front is accepted.
 * @throws XmlError when the text is not well-formed, has a DOCTYPE, names an entity other than the five
 * predefined ones, or is nested too deeply
 */
export function parseXml(text: string, options: XmlParseOptions = {}): XmlDocument {
  if (!text.isWellFormed()) {
    const offset = text.search(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/)
    throw new XmlError('half of a surrogate pair is not a character', text, offset)
  }
  const { positions = false, maxDepth = 500 } = options
  const document = new XmlDocument()
  const open: OpenTag[] = []
  const parser = new SaxesParser({
    xmlns: true,
    position: false,
    forceXMLVersion: true,
    defaultXMLVersion: '1.0',
  })
  let current: XmlParent = document
  let closed = ''
  // Collected one by one: walking the object the tag keeps them in takes longer than all the rest.
  let given: SaxesAttributeNS[] = []

  const on = parser as unknown as Handlers
  on.textHandler = data => {
    if (current !== document) current.insertBefore(new XmlText(data), null)
  }
  on.cdataHandler = data => {
    if (data !== '') current.append(new XmlText(data, true))
  }
  on.commentHandler = data => current.append(new XmlComment(data))
  on.piHandler = ({ target, body }) => current.append(new XmlProcessingInstruction(target, body))
  on.doctypeHandler = () => {
    const offset = text.lastIndexOf('<!DOCTYPE', parser.position)
    throw new XmlError('a DOCTYPE is not allowed; leave it out', text, offset)
  }
  on.openTagStartHandler = () => {
    // A name has no `<` in it, so the nearest one before the name's end began the tag.
    const start = text.lastIndexOf('<', parser.position - 1)
    open.push({ start, startTagEnd: 0 })
    if (open.length > maxDepth) {
      throw new XmlError(`elements are nested more than ${maxDepth} deep`, text, start)
    }
  }
  on.attributeHandler = attribute => {
    given.push(attribute)
  }
  on.openTagHandler = tag => {
    const element = elementOf(tag, given)
    if (given.length > 0) given = []
    const innermost = open[open.length - 1]
    if (innermost) innermost.startTagEnd = parser.position
    // The rule of one outermost element is kept by the tokenizer, with a position.
    current.insertBefore(element, null)
    current = element
  }
  on.closeTagHandler = () => {
    const element = current as XmlElement
    const tag = open.pop()
    if (positions && tag) element.span = { ...tag, end: parser.position }
    closed = element.nodeName
    current = element.parentNode ?? document
  }
  on.errorHandler = error => {
    throw explain(error.message, { text, position: parser.position, open, closed })
  }

  for (let at = 0; at < text.length; at += CHUNK_LENGTH) parser.write(text.slice(at, at + CHUNK_LENGTH))
  parser.close()
  return document
}

interface OpenTag {
  readonly start: number
  startTagEnd: number
}

function elementOf(tag: SaxesTagNS, given: readonly SaxesAttributeNS[]): XmlElement {
  const element = new XmlElement(tag.local, tag.uri, tag.prefix)
  let declarations: Map<string, string> | undefined
  for (const { name, prefix, local, uri, value } of given) {
    if (prefix === 'xmlns' || name === 'xmlns') {
      declarations ??= new Map()
      declarations.set(prefix === '' ? '' : local, value.trim())
    } else element.addAttribute(new XmlAttribute(local, value, uri, prefix))
  }
  if (declarations) element.declarations = declarations
  return element
}

interface Failure {
  readonly text: string
  /** Just after the character at which the tokenizer noticed. */
  readonly position: number
  readonly open: readonly OpenTag[]
  /** The element the last end tag was taken for. */
  readonly closed: string
}

/** Says in our words, and at the place to look at, what the tokenizer noticed. */
function explain(message: string, { text, position, open, closed }: Failure): XmlError {
  const at = (offset: number, words: string): XmlError => new XmlError(words, text, offset)
  const tagStart = text.lastIndexOf('<', position - 1)
  const tagName = /^<\/?([^\s/>]*)/.exec(text.slice(tagStart, tagStart + 200))?.[1] ?? ''
  const opened = open[open.length - 1]?.start ?? tagStart
  // A bare & without any ; behind it swallows the rest of the text as the name of an entity.
  const bare = position < text.length ? -1 : text.indexOf('&', text.lastIndexOf(';') + 1)
  if (bare >= 0) return at(bare, 'a bare & stands for nothing; write it as &amp;')
  const quoted = /^unbound namespace prefix: (".*")\.$/s.exec(message)?.[1]
  if (quoted) return at(opened, `the prefix ${quoted} is not declared; add xmlns:${JSON.parse(quoted)}="…"`)
  const twice = /^duplicate attribute: (?:\{.*\})?(.*)\.$/s.exec(message)?.[1]
  if (twice) return at(opened, `the attribute "${twice}" is given twice in one tag; keep one`)
  const unclosed = /^unclosed tag: (.*)$/s.exec(message)?.[1]
  if (unclosed) return at(opened, `<${unclosed}> is not closed; </${unclosed}> is missing`)
  if (message.startsWith('unmatched closing tag')) return at(tagStart, `</${tagName}> closes nothing`)
  switch (message) {
    case 'unexpected close tag.':
      return at(tagStart, `</${tagName}> does not close <${closed}>; </${closed}> is missing before it`)
    case 'undefined entity.':
    case 'empty entity name.':
    case 'disallowed character in entity name.':
    case 'malformed character entity.': {
      const start = text.lastIndexOf('&', position - 1)
      const entity = text.slice(start, Math.min(position, start + 40))
      return at(start, `${entity} stands for nothing; write a bare & as &amp;`)
    }
    case 'documents may contain only one root.':
      return at(tagStart, `<${tagName}> is a second outermost element; there can be one`)
    case 'document must contain a root element.':
      return at(position, tagStart < 0 ? 'there is no element in the text' : 'the text ends inside a tag')
    case 'weird empty close tag.':
      return at(tagStart, '</> has no name; write the name of the element it closes')
    case 'unexpected end.':
      return at(tagStart, 'the text ends inside what begins here')
    case 'text data outside of root node.': {
      const from = text.lastIndexOf('>', position - 2) + 1
      const outside = text.slice(from).search(/[^\s\ufeff]/)
      return at(from + Math.max(0, outside), 'text stands outside the outermost element')
    }
    case 'disallowed character.': {
      const code = text.codePointAt(position - 1) ?? 0
      if (code === 0x3c) return at(position - 1, '"<" is not allowed in an attribute value; write &lt;')
      const hex = code.toString(16).toUpperCase().padStart(4, '0')
      return at(position - 1, `the character U+${hex} is not allowed in XML`)
    }
    default:
      return at(position - 1, message.replace(/\.$/, ''))
  }
}
