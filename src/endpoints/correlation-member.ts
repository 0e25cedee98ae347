import { MAX_DEPTH } from '../message/codecs/json-xml-error.ts'

/** Where a member stands in a JSON text, or where it would; offsets are bytes. */
export interface Member {
  readonly isPresent: boolean
  /** The value: its first byte, and just after its last. */
  readonly start: number
  readonly end: number
  /** The member with one of its commas: what is cut when it goes. */
  readonly cutStart: number
  readonly cutEnd: number
  /** Where it is absent: just after the `{` of the innermost object on its path. */
  readonly insertAt: number
  /** How many names of the path lead to that object. */
  readonly depth: number
  readonly isObjectEmpty: boolean
  /** Which of the names that were asked for too the outermost object has: a bit for each. */
  readonly others: number
}

const TAB = 0x09
const NEWLINE = 0x0a
const RETURN = 0x0d
const SPACE = 0x20
const QUOTE = 0x22
const COMMA = 0x2c
const MINUS = 0x2d
const COLON = 0x3a
const BACKSLASH = 0x5c
const OPEN = 0x7b
const CLOSE = 0x7d
const OPEN_LIST = 0x5b

const WRONG = -1

/** What stands in front of UTF-8 here and there. */
const MARK = Buffer.from('\ufeff')

/** Strings shorter than this are gone through byte by byte; a search has its own cost. */
const SHORT_STRING = 48

/** Closing brackets still to come, outermost first; used within one call. */
const closing = new Uint8Array(MAX_DEPTH)

/** Finds the same member in one JSON text after the other, without parsing what stands around it. */
export class MemberFinder {
  readonly #path: readonly Buffer[]
  readonly #others: readonly Buffer[]
  #bytes: Buffer = MARK
  #member: { -readonly [K in keyof Member]: Member[K] } = absent()

  /** `others` are names that are looked for in the outermost object on the way. */
  constructor(path: readonly string[], others: readonly string[] = []) {
    this.#path = path.map(name => Buffer.from(name))
    this.#others = others.map(name => Buffer.from(name))
  }

  /**
   * Finds the member; undefined where the text is no JSON object, has it twice, or has no object on the way to it.
   * Inside of values that are skipped only strings and brackets are checked.
   */
  find(bytes: Buffer): Member | undefined {
    this.#bytes = bytes
    this.#member = absent()
    const first = bytes.length > 2 && bytes[0] === MARK[0] && MARK.compare(bytes, 0, 3) === 0 ? 3 : 0
    const start = this.#space(first)
    if (bytes[start] !== OPEN) return undefined
    const end = this.#object(start, 0)
    this.#bytes = MARK
    return end !== WRONG && spaceFrom(bytes, end) === bytes.length ? this.#member : undefined
  }

  /** Goes through an object on the path; gives the place after it. */
  #object(open: number, depth: number): number {
    const bytes = this.#bytes
    const member = this.#member
    let at = this.#space(open + 1)
    member.insertAt = open + 1
    member.depth = depth
    member.isObjectEmpty = bytes[at] === CLOSE
    if (member.isObjectEmpty) return at + 1
    let isFound = false
    let comma = WRONG
    for (;;) {
      if (bytes[at] !== QUOTE) return WRONG
      const nameEnd = endOfString(bytes, at)
      if (nameEnd === WRONG) return WRONG
      const colon = this.#space(nameEnd)
      if (bytes[colon] !== COLON) return WRONG
      const value = this.#space(colon + 1)
      const isOnPath = this.#isName(at, nameEnd, this.#path[depth]!)
      // Readers differ in which one they take.
      if (isOnPath && isFound) return WRONG
      const isInner = isOnPath && depth + 1 < this.#path.length
      if (isInner && bytes[value] !== OPEN) return WRONG
      const end = isInner ? this.#object(value, depth + 1) : endOfValue(bytes, value)
      if (end === WRONG) return WRONG
      if (depth === 0 && this.#others.length > 0) this.#noteOther(at, nameEnd)
      const next = this.#space(end)
      const isLast = bytes[next] === CLOSE
      if (!isLast && bytes[next] !== COMMA) return WRONG
      const following = isLast ? next : this.#space(next + 1)
      if (isOnPath) {
        isFound = true
        if (!isInner) {
          member.isPresent = true
          member.start = value
          member.end = end
          member.cutStart = isLast && comma !== WRONG ? comma : at
          member.cutEnd = isLast ? end : following
        }
      }
      if (isLast) return next + 1
      comma = next
      at = following
    }
  }

  #noteOther(start: number, end: number): void {
    for (let i = 0; i < this.#others.length; i++)
      if (this.#isName(start, end, this.#others[i]!)) this.#member.others |= 1 << i
  }

  /** Whether a string in quotes is a name. */
  #isName(start: number, end: number, name: Buffer): boolean {
    const bytes = this.#bytes
    if (end - start - 2 === name.length) {
      let i = 0
      while (i < name.length && bytes[start + 1 + i] === name[i]) i++
      if (i === name.length) return true
    }
    // A name may be written with escapes, and is longer then.
    if (end - start - 2 <= name.length || end - start > 6 * name.length + 2) return false
    const text = bytes.toString('utf8', start, end)
    return text.includes('\\') && unescaped(text) === name.toString()
  }

  #space(start: number): number {
    const code = this.#bytes[start]
    return code !== undefined && code > SPACE ? start : spaceFrom(this.#bytes, start)
  }
}

function absent(): Member {
  return {
    isPresent: false,
    start: 0,
    end: 0,
    cutStart: 0,
    cutEnd: 0,
    insertAt: 0,
    depth: 0,
    isObjectEmpty: false,
    others: 0,
  }
}

function unescaped(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function spaceFrom(bytes: Buffer, start: number): number {
  let at = start
  for (; at < bytes.length; at++) {
    const code = bytes[at]
    if (code !== SPACE && code !== NEWLINE && code !== RETURN && code !== TAB) break
  }
  return at
}

/** Finds the place after the closing quote of a string. */
function endOfString(bytes: Buffer, start: number): number {
  const near = Math.min(bytes.length, start + SHORT_STRING)
  let at = start + 1
  for (; at < near; at++) {
    const code = bytes[at]
    if (code === QUOTE) return at + 1
    if (code === BACKSLASH) at++
  }
  for (let end = bytes.indexOf(QUOTE, at); end >= 0; end = bytes.indexOf(QUOTE, end + 1)) {
    let slashes = 0
    while (end - 1 - slashes >= at && bytes[end - 1 - slashes] === BACKSLASH) slashes++
    if (slashes % 2 === 0) return end + 1
  }
  return WRONG
}

/** Finds the place after a value. */
function endOfValue(bytes: Buffer, start: number): number {
  const first = bytes[start]
  if (first === QUOTE) return endOfString(bytes, start)
  if (first === OPEN || first === OPEN_LIST) return endOfNested(bytes, start)
  return endOfLiteral(bytes, start)
}

function endOfNested(bytes: Buffer, start: number): number {
  let depth = 0
  for (let at = start; at < bytes.length; at++) {
    const code = bytes[at]!
    if (code === QUOTE) {
      const end = endOfString(bytes, at)
      if (end === WRONG) return WRONG
      at = end - 1
    } else if (code === OPEN || code === OPEN_LIST) {
      if (depth === MAX_DEPTH) return WRONG
      // Either closing bracket stands two behind its opening one.
      closing[depth++] = code + 2
    } else if (code === CLOSE || code === OPEN_LIST + 2) {
      if (closing[--depth] !== code) return WRONG
      if (depth === 0) return at + 1
    }
  }
  return WRONG
}

const LITERALS = ['true', 'false', 'null'].map(word => Buffer.from(word))

function endOfLiteral(bytes: Buffer, start: number): number {
  const first = bytes[start] ?? 0
  if (first !== MINUS && !isDigit(first)) {
    const word = LITERALS.find(each => each[0] === first)
    if (!word || start + word.length > bytes.length) return WRONG
    return word.compare(bytes, start, start + word.length) === 0 ? start + word.length : WRONG
  }
  let at = start + 1
  for (; at < bytes.length; at++) {
    const code = bytes[at]!
    // Digits and the dot, an exponent and its sign.
    if (!isDigit(code) && code !== 0x2e && code !== 0x65 && code !== 0x45 && code !== 0x2b && code !== MINUS)
      break
  }
  return first === MINUS && at === start + 1 ? WRONG : at
}

/** Whether a byte is an ASCII digit. */
export function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39
}

/** Puts a text, in Latin-1, in the place of some bytes; the others stay as they are. */
export function splice(bytes: Buffer, start: number, end: number, text: string): Buffer {
  const result = Buffer.allocUnsafe(bytes.length - (end - start) + text.length)
  bytes.copy(result, 0, 0, start)
  result.write(text, start, 'latin1')
  bytes.copy(result, start + text.length, end)
  return result
}
