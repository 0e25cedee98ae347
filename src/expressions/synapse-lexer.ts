/** Says why a text is no `${…}` expression. */
export class SynapseSyntaxError extends Error {
  /** Where in the expression, in UTF-16 units from 0. */
  readonly offset: number

  constructor(message: string, offset: number) {
    super(message)
    this.name = 'SynapseSyntaxError'
    this.offset = offset
  }
}

/** A piece of an expression. A word is an identifier or a keyword. */
export interface SynapseToken {
  readonly kind: 'number' | 'string' | 'word' | 'symbol' | 'end'
  /** As it is written; a string without its quotes. */
  readonly text: string
  readonly offset: number
  readonly end: number
}

const TOKEN =
  /(?<number>-?\d+(?:\.\d+)?)|"(?<double>(?:[^"\\]|\\.)*)"|'(?<single>(?:[^'\\]|\\.)*)'|(?<word>[A-Za-z_][\w-]*)|(?<symbol>\.\.|==|!=|>=|<=|=~|&&|\|\||[-+*/%<>!?:.,()[\]$@&|=~])/sy

/** Gives the tokens of an expression one at a time, so that a filter can read its text in its own way. */
export class SynapseLexer {
  readonly source: string
  #at = 0
  #next: SynapseToken | undefined

  constructor(source: string) {
    this.source = source
  }

  /** The token that comes next. @throws SynapseSyntaxError when there is none to be made of the text */
  get next(): SynapseToken {
    this.#next ??= this.#read()
    return this.#next
  }

  /** Where the next token begins, or what stands before it, if it was not looked at. */
  get offset(): number {
    return this.#next?.offset ?? this.#at
  }

  /** Takes the next token. */
  take(): SynapseToken {
    const token = this.next
    this.#at = token.end
    this.#next = undefined
    return token
  }

  /** Takes the next token if it is this symbol or word. */
  takeIf(...texts: readonly string[]): SynapseToken | undefined {
    const { kind, text } = this.next
    return (kind === 'symbol' || kind === 'word') && texts.includes(text) ? this.take() : undefined
  }

  /** @throws SynapseSyntaxError unless exactly this comes next */
  expect(symbol: string): void {
    if (!this.takeIf(symbol)) throw this.error(`"${symbol}" is missing`)
  }

  /** Takes raw text that a sticky pattern finds here. */
  takeRaw(pattern: RegExp): string | undefined {
    const at = this.offset
    pattern.lastIndex = at
    const found = pattern.exec(this.source)
    if (!found) return undefined
    this.#at = pattern.lastIndex
    this.#next = undefined
    return found[0]
  }

  error(message: string, offset = this.#skipped()): SynapseSyntaxError {
    return new SynapseSyntaxError(message, offset)
  }

  #skipped(): number {
    if (this.#next) return this.#next.offset
    while (/\s/.test(this.source[this.#at] ?? '')) this.#at++
    return this.#at
  }

  #read(): SynapseToken {
    const offset = this.#skipped()
    if (offset >= this.source.length) return { kind: 'end', text: '', offset, end: offset }
    TOKEN.lastIndex = offset
    const groups = TOKEN.exec(this.source)?.groups
    const end = TOKEN.lastIndex
    if (!groups) {
      const character = String.fromCodePoint(this.source.codePointAt(offset) ?? 0)
      const isQuote = character === '"' || character === "'"
      throw this.error(
        isQuote
          ? `the string that begins with ${character} does not end`
          : `${character} is not allowed here`,
        offset,
      )
    }
    const { number, double, single, word, symbol } = groups
    const string = double ?? single
    if (number !== undefined) return { kind: 'number', text: number, offset, end }
    if (string !== undefined) return { kind: 'string', text: string, offset, end }
    if (word !== undefined) return { kind: 'word', text: word, offset, end }
    return { kind: 'symbol', text: symbol ?? '', offset, end }
  }
}
