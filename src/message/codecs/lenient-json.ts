/**
 * Reads JSON as the original product reads what its own templates produce: texts and names may stand without quotes
 * or in single ones, there may be comments and commas too many. Only texts that a configuration has made are read
 * this way; what comes from outside has to be JSON.
 * @throws SyntaxError where it cannot be read even so
 */
export function parseLenientJson(text: string): unknown {
  const reader = new LenientReader(text)
  const value = reader.value(0)
  reader.end()
  return value
}

const MAX_DEPTH = 500
const BLANK = /(?:\s|\/\/[^\n]*|#[^\n]*|\/\*[\s\S]*?\*\/)*/y
const BARE = /[^\s,:;=[\]{}"'#/\\]+(?:[^\S\n]+[^\s,:;=[\]{}"'#/\\]+)*/y
const DOUBLE = /"(?:[^"\\]|\\[\s\S])*"/y
const SINGLE = /'(?:[^'\\]|\\[\s\S])*'/y

class LenientReader {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  value(depth: number): unknown {
    if (depth > MAX_DEPTH) throw new SyntaxError(`values are nested more than ${MAX_DEPTH} deep`)
    this.#skip()
    const c = this.#text[this.#at]
    if (c === '{') return this.#object(depth)
    if (c === '[') return this.#array(depth)
    const quoted = this.#quoted()
    if (quoted !== undefined) return quoted
    const bare = this.#take(BARE)
    if (bare === undefined) throw this.#wrong()
    return scalar(bare)
  }

  end(): void {
    this.#skip()
    if (this.#at < this.#text.length) throw this.#wrong()
  }

  #object(depth: number): unknown {
    const members: Record<string, unknown> = {}
    this.#at++
    for (;;) {
      this.#skip()
      if (this.#takeOne('}')) return members
      if (this.#takeOne(',') || this.#takeOne(';')) continue
      const name = this.#quoted() ?? this.#take(BARE)
      this.#skip()
      if (name === undefined || !(this.#takeOne(':') || this.#takeOne('='))) throw this.#wrong()
      const value = this.value(depth + 1)
      Object.defineProperty(members, name, { value, enumerable: true, writable: true, configurable: true })
    }
  }

  #array(depth: number): unknown {
    const items: unknown[] = []
    this.#at++
    for (;;) {
      this.#skip()
      if (this.#takeOne(']')) return items
      if (this.#takeOne(',') || this.#takeOne(';')) continue
      items.push(this.value(depth + 1))
    }
  }

  #quoted(): string | undefined {
    const double = this.#take(DOUBLE)
    if (double !== undefined) return unescaped(double.slice(1, -1))
    const single = this.#take(SINGLE)
    return single === undefined ? undefined : unescaped(single.slice(1, -1))
  }

  #skip(): void {
    this.#take(BLANK)
  }

  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at
    const found = pattern.exec(this.#text)?.[0]
    if (found !== undefined) this.#at += found.length
    return found
  }

  #takeOne(c: string): boolean {
    if (this.#text[this.#at] !== c) return false
    this.#at++
    return true
  }

  #wrong(): SyntaxError {
    const found = this.#text[this.#at]
    return new SyntaxError(
      found === undefined
        ? 'Unexpected end of JSON input'
        : `Unexpected token '${found}' at position ${this.#at}`,
    )
  }
}

function scalar(bare: string): unknown {
  try {
    return JSON.parse(bare)
  } catch {
    return bare
  }
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', b: '\b', f: '\f' }

function unescaped(text: string): string {
  return text.replace(/\\(u[\da-fA-F]{4}|[\s\S])/g, (_whole, code: string) =>
    code.length === 5 ? String.fromCharCode(Number.parseInt(code.slice(1), 16)) : (ESCAPES[code] ?? code),
  )
}
