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
    for (let at = 0; at < this.offset; at++) {
      const code = text.charCodeAt(at)
      // Of a pair that ends a line the second one counts.
      const isEnd = code === 0x0a || (code === 0x0d && text.charCodeAt(at + 1) !== 0x0a)
      if (!isEnd) continue
      line++
      lineStart = at + 1
    }
    this.line = line
    this.column = this.offset - lineStart + 1
  }
}
