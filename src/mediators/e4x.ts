/**
 * Rewrites the XML syntax of older JavaScript engines (E4X, ECMA-357) in today's: `<a>{x}</a>` becomes a call of
 * `__xml`, `x..*::name` and `x..name` calls of `descendants`, `x.*::name` and `x.ns::name` plain members, and
 * `x.@name` the member `"@name"`. Everything else stays as it is, and lines keep their numbers.
 */
export function rewriteE4x(source: string): string {
  return new Rewriting(source).all()
}

/** Whether a script may have XML syntax in it; only a hint that saves the work of looking closely. */
export function mayHaveE4x(source: string): boolean {
  return /<[A-Za-z_>][^;]*>|(?<!\.)\.\.\s*[*\w]|::|\.@/.test(source)
}

/** Words after which an expression begins. */
const BEFORE_EXPRESSION =
  /(?:^|[^\w$.])(?:return|typeof|case|in|of|delete|void|throw|new|else|do|instanceof)$/

class Rewriting {
  readonly #source: string
  #at = 0
  #out = ''

  constructor(source: string) {
    this.#source = source
  }

  all(until?: string): string {
    const begun = this.#out
    this.#out = ''
    let depth = 0
    while (this.#at < this.#source.length) {
      const c = this.#source[this.#at]!
      if (until !== undefined && c === until && depth === 0) break
      if (c === '{') depth++
      else if (c === '}') depth--
      this.#next(c)
    }
    const made = this.#out
    this.#out = begun
    return made
  }

  #next(c: string): void {
    const rest = this.#source.slice(this.#at, this.#at + 2)
    if (this.#ahead(3) === '...') this.#copy(3)
    else if (rest === '//') this.#copyUpTo('\n')
    else if (rest === '/*') this.#copyUpTo('*/')
    else if (c === '"' || c === "'" || c === '`') this.#copyString(c)
    else if (c === '/' && this.#expressionBegins()) this.#copyRegex()
    else if (c === '<' && this.#expressionBegins() && /^<(?:[A-Za-z_]|>)/.test(this.#ahead(2)))
      this.#literal()
    else if (!this.#member()) this.#copy(1)
  }

  #ahead(length: number): string {
    return this.#source.slice(this.#at, this.#at + length)
  }

  #copy(length: number): void {
    this.#out += this.#ahead(length)
    this.#at += length
  }

  #copyUpTo(end: string): void {
    const found = this.#source.indexOf(end, this.#at + 2)
    this.#copy((found < 0 ? this.#source.length : found + end.length) - this.#at)
  }

  #copyString(quote: string): void {
    let i = this.#at + 1
    while (i < this.#source.length && this.#source[i] !== quote) i += this.#source[i] === '\\' ? 2 : 1
    this.#copy(i + 1 - this.#at)
  }

  #copyRegex(): void {
    const literal = /^\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\/\w*/.exec(this.#source.slice(this.#at))
    this.#copy(literal ? literal[0].length : 1)
  }

  /** Whether what comes stands where an expression may begin, and is no operator. */
  #expressionBegins(): boolean {
    const before = this.#out.replace(/(?:\s|\/\*.*?\*\/)+$/s, '')
    if (before === '') return true
    return /[(,=:[!&|?{};+\-*%~^<>]$/.test(before) || BEFORE_EXPRESSION.test(before)
  }

  #member(): boolean {
    const rest = this.#source.slice(this.#at, this.#at + 200)
    const [deep, deepName] = /^\.\.\s*(?:\*::|\w+::)?(\*|[A-Za-z_][\w]*)/.exec(rest) ?? []
    if (deep !== undefined) return this.#replace(deep, `.descendants("${deepName}")`)
    const [qualified, name] = /^\.(?:\*|[A-Za-z_]\w*)::([A-Za-z_]\w*)/.exec(rest) ?? []
    if (qualified !== undefined) return this.#replace(qualified, `.${name}`)
    const [attribute, of] = /^\.@([A-Za-z_][\w-]*)/.exec(rest) ?? []
    if (attribute !== undefined) return this.#replace(attribute, `["@${of}"]`)
    return false
  }

  #replace(old: string, by: string): boolean {
    this.#at += old.length
    this.#out += by
    return true
  }

  /** An XML literal: its text goes in pieces, with an expression between each two. */
  #literal(): void {
    const texts: string[] = []
    const values: string[] = []
    let text = ''
    let depth = 0
    do {
      const tag = /^<(\/?)(?:[\w:.-]*)(?:\s+[\w:.-]+\s*=\s*(?:"[^"]*"|'[^']*'|\{[^}]*\}))*\s*(\/?)>/.exec(
        this.#source.slice(this.#at),
      )
      if (tag) {
        const [whole, closes, isEmpty] = tag
        depth += closes ? -1 : isEmpty ? 0 : 1
        for (const [i, piece] of whole.split(/=\s*\{([^}]*)\}/).entries()) {
          if (i % 2 === 0) text += piece
          else {
            texts.push(`${text}="`)
            values.push(rewriteE4x(piece))
            text = '"'
          }
        }
        this.#at += whole.length
      } else if (this.#source[this.#at] === '{') {
        this.#at++
        texts.push(text)
        text = ''
        values.push(this.all('}'))
        this.#at++
      } else if (this.#ahead(9) === '<![CDATA[' || this.#ahead(4) === '<!--') {
        const end = this.#ahead(4) === '<!--' ? '-->' : ']]>'
        const found = this.#source.indexOf(end, this.#at)
        const stop = found < 0 ? this.#source.length : found + end.length
        text += this.#source.slice(this.#at, stop)
        this.#at = stop
      } else {
        text += this.#source[this.#at] ?? ''
        this.#at++
      }
    } while (depth > 0 && this.#at < this.#source.length)
    texts.push(text)
    const lines = texts.join('').split('\n').length - 1
    // The pieces are written on one line; line ends after the call keep the numbers of the lines behind it.
    this.#out += `__xml(${JSON.stringify(texts)},[${values.join(',')}])${'\n'.repeat(lines)}`
  }
}
