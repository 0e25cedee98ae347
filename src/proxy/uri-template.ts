import { Expected } from '../language/types.ts'

/** Variables between braces. */
interface Variables {
  readonly operator: '' | '+' | '#' | '.' | '/'
  readonly names: readonly { readonly name: string; readonly length: number | undefined }[]
}

type Part = string | Variables

/** What ends the value of a plain variable. */
const RESERVED = /[:/?#[\]@!$&'()*+,;=]/g
/** The same where several variables stand in one pair of braces. */
const RESERVED_BUT_COMMA = /[:/?#[\]@!$&'()*+;=]/g
/** What ends the value of a label, `{.v}`. */
const RESERVED_AND_DOT = /[:/?#[\]@!$&'()*+,;=.]/g

const REFUSED = 'Write the query out: ?a={a}&b={b}.'

/**
 * A URI template that paths are matched against (RFC 6570, the part the original knows).
 *
 * Matching never goes back: a variable ends at the first place where what follows it is found. Hostile paths cost no
 * more than their length.
 */
export class UriTemplate {
  readonly text: string
  readonly #parts: readonly Part[]
  readonly #hasQuery: boolean
  /** Ends in `*`: the rest may be anything. */
  readonly #isOpen: boolean

  private constructor(text: string, parts: readonly Part[], isOpen: boolean) {
    this.text = text
    this.#parts = parts
    this.#isOpen = isOpen
    this.#hasQuery = parts.some(part => typeof part === 'string' && part.includes('?'))
  }

  /** @throws Expected with what is wrong with the template */
  static parse(text: string): UriTemplate {
    const trimmed = text.length > 1 && text.endsWith('/') ? text.slice(0, -1) : text
    const isOpen = trimmed.endsWith('*')
    const body = isOpen ? trimmed.slice(0, -1) : trimmed
    if (!body.startsWith('/') && !(isOpen && body === ''))
      throw new Expected('a template that starts with /, such as /orders/{id}')
    const parts: Part[] = []
    let at = 0
    while (at < body.length) {
      const open = body.indexOf('{', at)
      const literal = open < 0 ? body.slice(at) : body.slice(at, open)
      if (literal.includes('}')) throw new Expected('a template with a { for every }')
      if (literal !== '') parts.push(literal)
      if (open < 0) break
      const close = body.indexOf('}', open)
      if (close < 0) throw new Expected('a template with a } for every {')
      parts.push(variables(body.slice(open + 1, close)))
      at = close + 1
    }
    return new UriTemplate(text, parts, isOpen)
  }

  /** Matches path and query; gives the values of the variables, decoded, or undefined. */
  match(target: string): ReadonlyMap<string, string> | undefined {
    const subject = this.#hasQuery ? target : withoutQuery(target)
    const values = new Map<string, string>()
    let at = 0
    for (const [i, part] of this.#parts.entries()) {
      if (typeof part === 'string') {
        if (subject.startsWith(part, at)) at += part.length
        else return this.#endsBefore(part, i, subject, at) ? values : undefined
        continue
      }
      const end = this.#endOf(part, i, subject, at)
      if (end < at || !keep(part, subject.slice(at, end), values)) return undefined
      at = end
    }
    return this.#isOpen || at === subject.length ? values : undefined
  }

  /** Whether a path ends where `/*` or `?*` would begin. */
  #endsBefore(literal: string, index: number, subject: string, at: number): boolean {
    const isLast = index === this.#parts.length - 1
    return this.#isOpen && isLast && /[/?]$/.test(literal) && subject.slice(at) === literal.slice(0, -1)
  }

  /** Where the value of a part ends; before `at` where it has none. */
  #endOf(part: Variables, index: number, subject: string, at: number): number {
    if (part.operator !== '' && part.operator !== '+' && subject[at] !== part.operator) return at
    const from = part.operator === '' || part.operator === '+' ? at : at + 1
    const limit = limitOf(part, subject, from)
    const [variable] = part.names
    if (part.names.length === 1 && variable!.length !== undefined)
      return from + variable!.length <= limit ? from + variable!.length : -1
    const next = this.#parts[index + 1]
    // A plain variable of the path is never empty; one of the query may be.
    const isInPath = part.operator === '' && !subject.slice(0, at).includes('?')
    const first = isInPath ? from + 1 : from
    if (typeof next !== 'string') return limit >= first ? limit : -1
    const isLast = index + 1 === this.#parts.length - 1
    if (isLast && !this.#isOpen) {
      const end = subject.length - next.length
      return subject.endsWith(next) && end >= first && end <= limit ? end : -1
    }
    const found = subject.indexOf(next, first)
    if (found >= 0 && found <= limit) return found
    return isLast && limit >= first ? limit : -1
  }
}

function withoutQuery(target: string): string {
  const query = target.indexOf('?')
  const path = query < 0 ? target : target.slice(0, query)
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path
}

function limitOf({ operator, names }: Variables, subject: string, from: number): number {
  if (operator === '+' || operator === '#') return subject.length
  const stop =
    operator === '.' && names.length === 1
      ? RESERVED_AND_DOT
      : names.length > 1 && operator !== '/'
        ? RESERVED_BUT_COMMA
        : RESERVED
  let at = from
  for (let i = 0; i < (operator === '/' ? names.length : 1); i++) {
    stop.lastIndex = at
    const found = stop.exec(subject)
    if (!found) return subject.length
    at = found.index
    if (operator === '/' && i < names.length - 1 && found[0] === '/') at++
    else break
  }
  return at
}

const SEPARATORS = { '': ',', '+': ',', '#': ',', '.': '.', '/': '/' } as const

/** Keeps the values of a part. Compatibility: one variable that stands twice must have equal values. */
function keep({ operator, names }: Variables, text: string, values: Map<string, string>): boolean {
  const isPrefixed = operator !== '' && operator !== '+'
  if (isPrefixed && text === '') return true
  const raw = isPrefixed ? text.slice(1) : text
  const found = names.length === 1 ? [raw] : raw.split(SEPARATORS[operator])
  if (found.length !== names.length) return false
  for (const [i, { name }] of names.entries()) {
    const value = decode(found[i]!)
    if (values.has(name) && values.get(name) !== value) return false
    values.set(name, value)
  }
  return true
}

/** Text that is not percent-encoded as it should be stays as it is. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

function variables(text: string): Variables {
  const operator = /^[+#./]/.exec(text)?.[0] ?? ''
  if (/^[?&]/.test(text)) throw new Expected(`a template without {${text}}`, REFUSED)
  const names = text.slice(operator.length).split(',')
  return {
    operator: operator as Variables['operator'],
    names: names.map(each => {
      const [, name, length] = /^([\w.%-]+)(?::([1-9]\d*))?$/.exec(each) ?? []
      if (name === undefined) throw new Expected(`a template without {${text}}`)
      return { name, length: length === undefined ? undefined : Number(length) }
    }),
  }
}
