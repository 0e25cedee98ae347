import { ExactNumber } from '../message/codecs/exact-number.ts'

/** Says why a text is no JSONPath. */
export class JsonPathSyntaxError extends Error {
  /** Where in the path, in UTF-16 units from 0. */
  readonly offset: number

  constructor(message: string, offset: number) {
    super(message)
    this.name = 'JsonPathSyntaxError'
    this.offset = offset
  }
}

/** A path text and how far it has been read. */
export class PathText {
  readonly text: string
  at = 0

  constructor(text: string) {
    this.text = text
  }

  /** Takes what a sticky expression finds here, space before it skipped. */
  take(pattern: RegExp): RegExpExecArray | null {
    this.skipSpace()
    pattern.lastIndex = this.at
    const found = pattern.exec(this.text)
    if (found) this.at = pattern.lastIndex
    return found
  }

  /** Takes exactly this, or nothing. */
  takeText(text: string): boolean {
    this.skipSpace()
    if (!this.text.startsWith(text, this.at)) return false
    this.at += text.length
    return true
  }

  /** @throws JsonPathSyntaxError unless exactly this follows */
  expect(text: string): void {
    if (!this.takeText(text)) throw this.error(`${text} is missing`)
  }

  skipSpace(): void {
    while (/[ \t\r\n]/.test(this.text[this.at] ?? '')) this.at++
  }

  error(message: string, offset = this.at): JsonPathSyntaxError {
    const rest = this.text.slice(offset, offset + 20)
    return new JsonPathSyntaxError(`${message} ${rest === '' ? 'at the end' : `before "${rest}"`}`, offset)
  }
}

/** A value while a filter looks at the item `@` of the document `$`; `NOWHERE` when a path leads nowhere. */
export type Operand = (item: unknown, root: unknown) => unknown
/** Whether an item passes. */
export type Filter = (item: unknown, root: unknown) => boolean

/** What a path gives to a filter when it leads nowhere. */
export const NOWHERE: unique symbol = Symbol('nowhere')

const OPERATORS: Readonly<Record<string, (left: unknown, right: unknown) => boolean>> = {
  '==': equals,
  '!=': (left, right) => !equals(left, right),
  '<': (left, right) => compare(left, right) < 0,
  '<=': (left, right) => compare(left, right) <= 0,
  '>': (left, right) => compare(left, right) > 0,
  '>=': (left, right) => compare(left, right) >= 0,
  in: isIn,
  nin: (left, right) => !isIn(left, right),
  contains: (left, right) =>
    typeof left === 'string' ? typeof right === 'string' && left.includes(right) : isIn(right, left),
  subsetof: (left, right) => Array.isArray(left) && left.every(item => isIn(item, right)),
  anyof: (left, right) => Array.isArray(left) && left.some(item => isIn(item, right)),
  noneof: (left, right) => Array.isArray(left) && !left.some(item => isIn(item, right)),
  size: (left, right) => sizeOf(left) === right,
  empty: (left, right) => sizeOf(left) !== undefined && (sizeOf(left) === 0) === right,
}

/**
 * Reads a filter from after its opening bracket to before the closing one. `readPath` reads a path that starts
 * with `@` or `$`.
 * @throws JsonPathSyntaxError
 */
export function readFilter(text: PathText, readPath: () => Operand): Filter {
  const alternatives = [readAll()]
  while (text.takeText('||')) alternatives.push(readAll())
  return alternatives.length === 1
    ? (alternatives[0] as Filter)
    : (item, root) => alternatives.some(passes => passes(item, root))

  function readAll(): Filter {
    const conditions = [readCondition()]
    while (text.takeText('&&')) conditions.push(readCondition())
    return conditions.length === 1
      ? (conditions[0] as Filter)
      : (item, root) => conditions.every(passes => passes(item, root))
  }

  function readCondition(): Filter {
    if (text.take(/!(?!=)/y)) {
      const condition = readCondition()
      return (item, root) => !condition(item, root)
    }
    if (text.takeText('(')) {
      const inner = readFilter(text, readPath)
      text.expect(')')
      return inner
    }
    return readComparison()
  }

  function readComparison(): Filter {
    const start = text.at
    const left = readOperand()
    const operator = text.take(/[=!]==?|[<>]=?|=~|(?:n?in|contains|subsetof|anyof|noneof|size|empty)\b/iy)
    if (!operator) {
      if (left.isPath) return (item, root) => left.read(item, root) !== NOWHERE
      throw text.error('an operator such as == is missing', text.at === start ? start : text.at)
    }
    const name = operator[0].toLowerCase().replace(/^([=!])==$/, '$1=')
    if (name === '=~') {
      const pattern = readPattern()
      return (item, root) => matches(left.read(item, root), pattern)
    }
    const right = readOperand()
    const holds = OPERATORS[name] as (left: unknown, right: unknown) => boolean
    return (item, root) => holds(left.read(item, root), right.read(item, root))
  }

  function readOperand(): { read: Operand; isPath: boolean } {
    text.skipSpace()
    const next = text.text[text.at]
    if (next === '@' || next === '$') {
      const path = readPath()
      return { isPath: true, read: path }
    }
    const value = readLiteral(text)
    return { isPath: false, read: () => value }
  }

  function readPattern(): RegExp {
    const start = text.at
    const found = text.take(/\/((?:[^/\\]|\\.)*)\/([a-z]*)/y)
    if (!found) throw text.error('a pattern such as /a.*/i is missing')
    const [, source = '', flags = ''] = found
    try {
      // Compatibility: a pattern has to match the whole text. Of the flags of Java, these mean something here.
      const known = [...new Set(flags)].filter(flag => 'ims'.includes(flag)).join('')
      return new RegExp(`(?<![^])(?:${source})(?![^])`, known)
    } catch {
      throw text.error(`/${source}/ is not a regular expression`, start)
    }
  }
}

/** Reads a string in `'` or `"`. */
export function readString(text: PathText): string | undefined {
  const found = text.take(/'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"/sy)
  if (!found) return undefined
  const escapes: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' }
  return (found[1] ?? found[2] ?? '').replace(/\\(?:u([0-9a-fA-F]{4})|(.))/gs, (_, hex?: string, one = '') =>
    hex ? String.fromCharCode(Number.parseInt(hex, 16)) : (escapes[one] ?? one),
  )
}

/** Reads a string, a number, true, false, null, or a list of these in brackets. @throws JsonPathSyntaxError */
export function readLiteral(text: PathText): unknown {
  const string = readString(text)
  if (string !== undefined) return string
  const word = text.take(/(?:true|false|null)\b|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y)
  if (word) return JSON.parse(word[0].replace(/^(-?)0+(?=\d)/, '$1'))
  if (!text.takeText('[')) throw text.error('a path, a string or a number is missing')
  const items: unknown[] = []
  if (text.takeText(']')) return items
  do items.push(readLiteral(text))
  while (text.takeText(','))
  text.expect(']')
  return items
}

/** Compatibility: a number and a text are equal when the one on the right says the same as the one on the left. */
function equals(left: unknown, right: unknown): boolean {
  const [a, b] = [plain(left), plain(right)]
  if (a === NOWHERE || b === NOWHERE) return false
  if (typeof a === 'number' && typeof b === 'string') return b.trim() !== '' && Number(b) === a
  if (typeof a === 'string' && typeof b === 'number') return String(b) === a
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b
  return JSON.stringify(sorted(a)) === JSON.stringify(sorted(b))
}

/** Below, at or above 0; NaN when the two have no order. */
function compare(left: unknown, right: unknown): number {
  const [a, b] = [plain(left), plain(right)]
  if (typeof a === 'number' && typeof b === 'number') return a - b
  if (typeof a === 'string' && typeof b === 'string') return a < b ? -1 : a > b ? 1 : 0
  return Number.NaN
}

function isIn(value: unknown, list: unknown): boolean {
  return Array.isArray(list) && value !== NOWHERE && list.some(item => equals(value, item))
}

function sizeOf(value: unknown): number | undefined {
  if (typeof value === 'string' || Array.isArray(value)) return value.length
  return typeof value === 'object' && value !== null ? Object.keys(value).length : undefined
}

function matches(value: unknown, pattern: RegExp): boolean {
  if (Array.isArray(value)) return value.some(item => matches(item, pattern))
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') return false
  return pattern.test(String(value))
}

function plain(value: unknown): unknown {
  return value instanceof ExactNumber ? value.valueOf() : value
}

/** With the members of objects in one order, so that equal objects have equal texts. */
function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || value instanceof ExactNumber) return value
  if (Array.isArray(value)) return value.map(sorted)
  return Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, member]) => [key, sorted(member)])
}
