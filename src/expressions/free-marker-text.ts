/** Says what is wrong with a template, or with what it was given, and where in the template. */
export class FreeMarkerError extends Error {
  /** Counted from 1, in the template; 0 until the place is known. */
  readonly line: number
  readonly column: number
  readonly offset: number

  constructor(message: string, place: { line: number; column: number; offset: number } = NOWHERE) {
    super(message)
    this.name = 'FreeMarkerError'
    this.line = place.line
    this.column = place.column
    this.offset = place.offset
  }
}

const NOWHERE = { line: 0, column: 0, offset: 0 }

/** The text of a template and how far it has been read. */
export class TemplateText {
  readonly text: string
  at = 0

  constructor(text: string) {
    this.text = text
  }

  get isAtEnd(): boolean {
    return this.at >= this.text.length
  }

  /** Takes what a pattern (sticky) matches here. */
  take(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.at
    const match = pattern.exec(this.text)
    if (!match) return undefined
    this.at = pattern.lastIndex
    return match
  }

  /** Takes a text that stands here. */
  takeText(text: string): boolean {
    if (!this.text.startsWith(text, this.at)) return false
    this.at += text.length
    return true
  }

  /** Takes everything before the next match of a pattern (global). */
  takeUntil(pattern: RegExp): string {
    pattern.lastIndex = this.at
    const start = this.at
    this.at = pattern.exec(this.text)?.index ?? this.text.length
    return this.text.slice(start, this.at)
  }

  /** Passes white space, and comments inside tags. */
  skipSpace(): void {
    this.take(/(?:\s+|<#--.*?-->)*/sy)
  }

  /** Makes the error for a place; the present one unless given. */
  error(message: string, offset = this.at): FreeMarkerError {
    return new FreeMarkerError(message, this.place(offset))
  }

  /** Line and column of an offset. */
  place(offset: number): { line: number; column: number; offset: number } {
    const before = this.text.slice(0, offset)
    const lineStart = before.lastIndexOf('\n') + 1
    return { line: before.split('\n').length, column: offset - lineStart + 1, offset }
  }
}
