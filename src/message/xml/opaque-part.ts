import { XmlError } from './xml-error.ts'

/**
 * A comment, CDATA section or instruction whose body is better kept from the tokenizer, which stops at every
 * character its end could begin with: millions of times in one made for it.
 */
export interface OpaquePart {
  readonly start: number
  readonly bodyStart: number
  readonly bodyEnd: number
  /** Just after the end; the same as `bodyEnd` where the text breaks off before. */
  readonly end: number
}

const OPENING = /<(?:!--|!\[CDATA\[|\?[^\s?]*)/g
/** The one instruction the tokenizer looks into. */
const XML_DECLARATION = /^\ufeff?<\?xml\s/
/** Up to here the tokenizer may as well read it. */
const SHORT = 16

/** Finds the next part to keep from the tokenizer; the others stay as they are. */
export function nextOpaquePart(text: string, from: number): OpaquePart | undefined {
  let begin = from
  for (;;) {
    OPENING.lastIndex = begin
    const found = OPENING.exec(text)
    if (!found) return undefined
    const start = found.index
    const bodyStart = OPENING.lastIndex
    const kind = text.charCodeAt(start + 2)
    const end = text.charCodeAt(start + 1) === QUESTION ? '?>' : kind === MINUS ? '--' : ']]>'
    const bodyEnd = text.indexOf(end, bodyStart)
    if (bodyEnd < 0) return { start, bodyStart, bodyEnd: text.length, end: text.length }
    // In a comment the tokenizer looks whether ">" follows.
    begin = Math.min(text.length, bodyEnd + (end === '--' ? 3 : end.length))
    const isOpaque = bodyEnd - bodyStart > SHORT && text.indexOf(end.charAt(0), bodyStart) < bodyEnd
    if (isOpaque && !(start < 2 && XML_DECLARATION.test(text))) {
      return { start, bodyStart, bodyEnd, end: begin }
    }
  }
}

const QUESTION = 0x3f
const MINUS = 0x2d

/**
 * Reads the body of a part, its line ends as line feeds.
 * @throws XmlError where it has a character XML does not allow, or does not end
 */
export function opaqueBody(text: string, { start, bodyStart, bodyEnd, end }: OpaquePart): string {
  if (end === bodyEnd) throw new XmlError('the text ends inside what begins here', text, start)
  const body = text.slice(bodyStart, bodyEnd)
  const forbidden = /[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/.exec(body)
  if (forbidden) {
    const code = forbidden[0].charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')
    throw new XmlError(`the character U+${code} is not allowed in XML`, text, bodyStart + forbidden.index)
  }
  return body.includes('\r') ? body.replace(/\r\n?/g, '\n') : body
}
