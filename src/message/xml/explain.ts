import { XmlError } from './xml-error.ts'

/** What the tokenizer noticed, and what was read by then. */
export interface Failure {
  readonly text: string
  /** Just after the character at which the tokenizer noticed. */
  readonly position: number
  readonly open: readonly { readonly start: number }[]
  /** The element the last end tag was taken for. */
  readonly closed: string
}

/** Says in our words, and at the place to look at, what the tokenizer noticed. */
export function explain(message: string, { text, position, open, closed }: Failure): XmlError {
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
    case 'malformed comment.':
      return at(position - 3, '"--" is not allowed in a comment; its end is -->')
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
