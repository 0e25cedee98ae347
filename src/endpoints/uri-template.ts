/** Gives the value of a variable; undefined where it has none. */
type Lookup = (name: string) => string | undefined

type Part = string | Expression

interface Expression {
  readonly operator: Operator
  readonly variables: readonly { readonly name: string; readonly length: number | undefined }[]
}

interface Operator {
  readonly first: string
  readonly separator: string
  readonly isNamed: boolean
  /** What stands for an empty value behind a name. */
  readonly empty: string
  readonly keepsReserved: boolean
}

const simple = (first: string, separator: string, keepsReserved = false): Operator => ({
  first,
  separator,
  isNamed: false,
  empty: '',
  keepsReserved,
})
const named = (first: string, separator: string, empty: string): Operator => ({
  first,
  separator,
  isNamed: true,
  empty,
  keepsReserved: false,
})

// RFC 6570, appendix A.
const OPERATORS: Readonly<Record<string, Operator>> = {
  '': simple('', ','),
  '+': simple('', ',', true),
  '#': simple('#', ',', true),
  '.': simple('.', '.'),
  '/': simple('/', '/'),
  ';': named(';', ';', ''),
  '?': named('?', '&', '='),
  '&': named('&', '&', '='),
}

const LEGACY = 'legacy-encoding:'

/**
 * An address with variables, RFC 6570 for texts.
 *
 * Compatibility: a template that begins with `{uri.var.…}` keeps the reserved characters of that variable. With
 * `legacy-encoding:` in front, values go in as they are and only what cannot stand in an address is encoded.
 */
export class UriTemplate {
  /** The names of its variables. */
  readonly variables: readonly string[]
  /** The template without `legacy-encoding:`. */
  readonly text: string
  readonly #isLegacy: boolean
  readonly #parts: readonly Part[]

  constructor(source: string) {
    this.#isLegacy = source.startsWith(LEGACY)
    this.text = this.#isLegacy ? source.slice(LEGACY.length) : source
    const parts = parse(this.text.replace(/^\{uri\.var\./, '{+uri.var.'))
    this.#parts = parts
    this.variables = parts.flatMap(part =>
      typeof part === 'string' ? [] : part.variables.map(({ name }) => name),
    )
  }

  /** Puts values in; a variable without one is left out. */
  expand(lookup: Lookup): string {
    if (this.#isLegacy) return legacyEncoded(this.#parts.map(part => raw(part, lookup)).join(''))
    return this.#parts.map(part => (typeof part === 'string' ? part : expanded(part, lookup))).join('')
  }
}

function parse(text: string): Part[] {
  return text
    .split(/(\{[^{}]*\})/)
    .filter(part => part !== '')
    .map(part => {
      const match = /^\{([+#./;?&]?)([^{}]+)\}$/.exec(part)
      if (!match) return part
      const variables = match[2]!.split(',').map(each => {
        const [, name, length] = /^(.*?)(?::(\d+)|\*)?$/.exec(each.trim())!
        return { name: name!, length: length === undefined ? undefined : Number(length) }
      })
      return { operator: OPERATORS[match[1]!]!, variables }
    })
}

function expanded({ operator, variables }: Expression, lookup: Lookup): string {
  const { first, separator, isNamed, empty, keepsReserved } = operator
  const values: string[] = []
  for (const { name, length } of variables) {
    const value = lookup(name)
    if (value === undefined) continue
    const cut = length === undefined ? value : [...value].slice(0, length).join('')
    const text = keepsReserved ? encodedKeepingReserved(cut) : encodedStrictly(cut)
    if (isNamed) values.push(text === '' ? `${name}${empty}` : `${name}=${text}`)
    else values.push(text)
  }
  return values.length === 0 ? '' : first + values.join(separator)
}

function encodedStrictly(value: string): string {
  return encodeURIComponent(value.toWellFormed()).replace(
    /[!'()*]/g,
    character => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}

/** What is percent-encoded already stays so (RFC 6570, 3.2.3). */
function encodedKeepingReserved(value: string): string {
  return encodeURI(value.toWellFormed())
    .replace(/%25([0-9A-F]{2})/gi, '%$1')
    .replace(/%5B/gi, '[')
    .replace(/%5D/gi, ']')
}

function raw(part: Part, lookup: Lookup): string {
  if (typeof part === 'string') return part
  return part.variables.map(({ name }) => lookup(name) ?? '').join(',')
}

function legacyEncoded(address: string): string {
  let decoded = address
  try {
    decoded = decodeURIComponent(address.replaceAll('+', ' '))
  } catch {
    // A percent sign that encodes nothing is one.
  }
  return encodeURI(decoded.toWellFormed()).replace(/%5B/gi, '[').replace(/%5D/gi, ']')
}
