import { ExactNumber } from './exact-number.ts'
import { endOfNumber, endOfString, isChanged } from './json-scan.ts'

/**
 * Reads a text that is JSON, keeping the digits of its numbers: what a JavaScript number would change becomes an
 * `ExactNumber`. The caller has seen that `JSON.parse` accepts the text and that it is not nested too deeply; here
 * nothing is checked. `JSON.parse` with a function that is asked about every value takes several times as long.
 */
export function readExactJson(text: string): unknown {
  return new ExactReader(text).value()
}

const QUOTE = 0x22
const COMMA = 0x2c

class ExactReader {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  value(): unknown {
    switch (this.#next()) {
      case QUOTE:
        return this.#string()
      case 0x7b:
        return this.#object()
      case 0x5b:
        return this.#array()
      case 0x74:
        this.#at += 4
        return true
      case 0x66:
        this.#at += 5
        return false
      case 0x6e:
        this.#at += 4
        return null
      default:
        return this.#number()
    }
  }

  #object(): unknown {
    const members: Record<string, unknown> = {}
    do {
      this.#at++
      if (this.#next() !== QUOTE) break
      const name = this.#string()
      this.#next()
      this.#at++
      const value = this.value()
      if (name !== '__proto__') members[name] = value
      else
        Object.defineProperty(members, name, { value, writable: true, enumerable: true, configurable: true })
    } while (this.#next() === COMMA)
    this.#at++
    return members
  }

  #array(): unknown {
    const items: unknown[] = []
    do {
      this.#at++
      if (this.#next() === 0x5d) break
      items.push(this.value())
    } while (this.#next() === COMMA)
    this.#at++
    return items
  }

  #string(): string {
    const start = this.#at
    const end = endOfString(this.#text, start)
    this.#at = end + 1
    const inner = this.#text.slice(start + 1, end)
    return inner.includes('\\') ? (JSON.parse(this.#text.slice(start, end + 1)) as string) : inner
  }

  #number(): number | ExactNumber {
    const start = this.#at
    const end = endOfNumber(this.#text, start)
    this.#at = end
    const literal = this.#text.slice(start, end)
    return isChanged(this.#text, start, end) ? new ExactNumber(literal) : Number(literal)
  }

  /** The first character that is no white space. */
  #next(): number {
    for (;;) {
      const code = this.#text.charCodeAt(this.#at)
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return code
      this.#at++
    }
  }
}
