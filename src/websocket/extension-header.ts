/** One extension of a `Sec-WebSocket-Extensions` header. A parameter without a value has the value true. */
export interface Extension {
  readonly name: string
  readonly parameters: readonly (readonly [name: string, value: string | true])[]
}

const TOKEN = /[!#$%&'*+\-.^_`|~0-9A-Za-z]+/y
const QUOTED = /"((?:[\t !#-[\]-~]|\\[\t -~])*)"/y
const SPACE = /[ \t]*/y

/**
 * Reads a `Sec-WebSocket-Extensions` header (RFC 6455, 9.1); undefined where it is malformed, which fails the
 * handshake.
 */
export function readExtensions(header: string): Extension[] | undefined {
  const reader = new HeaderReader(header)
  const extensions: Extension[] = []
  do {
    // Empty elements of a list are to be read past (RFC 9110, 5.6.1.2).
    if (reader.isAt(',') || reader.isAtEnd) continue
    const extension = readExtension(reader)
    if (!extension) return undefined
    extensions.push(extension)
  } while (reader.take(','))
  return reader.isAtEnd && extensions.length > 0 ? extensions : undefined
}

function readExtension(reader: HeaderReader): Extension | undefined {
  const name = reader.match(TOKEN)?.[0]
  if (name === undefined) return undefined
  const parameters: [string, string | true][] = []
  while (reader.take(';')) {
    const parameter = reader.match(TOKEN)?.[0]
    if (parameter === undefined) return undefined
    if (!reader.take('=')) parameters.push([parameter, true])
    else {
      const value = readValue(reader)
      if (value === undefined) return undefined
      parameters.push([parameter, value])
    }
  }
  return { name, parameters }
}

/** A quoted value must be a token once its quotes are off (RFC 6455, 9.1). */
function readValue(reader: HeaderReader): string | undefined {
  const token = reader.match(TOKEN)?.[0]
  if (token !== undefined) return token
  const quoted = reader.match(QUOTED)?.[1]?.replace(/\\(.)/g, '$1')
  return quoted !== undefined && isToken(quoted) ? quoted : undefined
}

function isToken(text: string): boolean {
  TOKEN.lastIndex = 0
  return TOKEN.exec(text)?.[0].length === text.length && text !== ''
}

/** Goes along a header. White space may stand between all parts. */
class HeaderReader {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
    this.#skip()
  }

  get isAtEnd(): boolean {
    return this.#at === this.#text.length
  }

  isAt(character: string): boolean {
    return this.#text[this.#at] === character
  }

  take(character: string): boolean {
    if (!this.isAt(character)) return false
    this.#at++
    this.#skip()
    return true
  }

  match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at
    const found = pattern.exec(this.#text)
    if (!found) return undefined
    this.#at = pattern.lastIndex
    this.#skip()
    return found
  }

  #skip(): void {
    SPACE.lastIndex = this.#at
    SPACE.exec(this.#text)
    this.#at = SPACE.lastIndex
  }
}
