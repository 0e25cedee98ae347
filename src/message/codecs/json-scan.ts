import { MAX_DEPTH } from './json-xml-error.ts'

/** What one look over a JSON text finds, without parsing it. */
export interface JsonScan {
  /** Where values come to stand too deep inside each other; -1 when they do not. */
  readonly tooDeepAt: number
  /** Whether there is a number whose digits a JavaScript number would change. */
  readonly hasExactNumbers: boolean
}

const QUOTE = 0x22
const BACKSLASH = 0x5c
const MINUS = 0x2d
const DOT = 0x2e
const ZERO = 0x30
const NINE = 0x39

const NOTHING: JsonScan = { tooDeepAt: -1, hasExactNumbers: false }

/** A zero at the end of a fraction, an exponent, 16 digits or more, 1e-7 or less, minus zero. */
const MAYBE_EXACT = /\.\d{0,15}0(?!\d)|\d(?:[eE][-+\d]|[\d.]{15})|0\.000000|(?<![^\s:,[])-0(?![.\d])/

/**
 * Looks over a text that may be JSON, for what `JSON.parse` does not tell: how deep values are nested, and whether
 * numbers have digits to be kept. Most texts need no closer look.
 */
export function scanJson(text: string): JsonScan {
  const mayBeDeep = text.length > 2 * MAX_DEPTH && hasManyBrackets(text)
  return mayBeDeep || MAYBE_EXACT.test(text) ? scanAll(text) : NOTHING
}

/** Whether there are more opening brackets than may stand inside each other. */
function hasManyBrackets(text: string): boolean {
  let found = 0
  for (const bracket of '{[') {
    for (let at = text.indexOf(bracket); at >= 0; at = text.indexOf(bracket, at + 1)) {
      if (++found > MAX_DEPTH) return true
    }
  }
  return false
}

/** Finds brackets and numbers outside strings in one pass; it stops at the place where nesting goes too deep. */
function scanAll(text: string): JsonScan {
  let depth = 0
  let hasExactNumbers = false
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) at = endOfString(text, at)
    else if (code === 0x7b || code === 0x5b) {
      if (++depth > MAX_DEPTH) return { tooDeepAt: at, hasExactNumbers }
    } else if (code === 0x7d || code === 0x5d) depth--
    else if (code === MINUS || (code >= ZERO && code <= NINE)) {
      const end = endOfNumber(text, at)
      hasExactNumbers ||= isChanged(text, at, end)
      at = end - 1
    }
  }
  return { tooDeepAt: -1, hasExactNumbers }
}

/** Finds the closing quote of a string that begins at `start`, or the end of the text. */
export function endOfString(text: string, start: number): number {
  let end = start
  for (;;) {
    end = text.indexOf('"', end + 1)
    if (end < 0) return text.length
    let slashes = 0
    while (text.charCodeAt(end - 1 - slashes) === BACKSLASH) slashes++
    if (slashes % 2 === 0) return end
  }
}

/** Finds the place just after a number that begins at `start`. */
export function endOfNumber(text: string, start: number): number {
  let end = start + 1
  for (; end < text.length; end++) {
    const code = text.charCodeAt(end)
    // Digits and "." need no second look; e, E, + and - are rare.
    if (code >= DOT && code <= NINE) continue
    if (code !== 0x65 && code !== 0x45 && code !== 0x2b && code !== MINUS) break
  }
  return end
}

/** Whether a JavaScript number would change the digits of a number. */
export function isChanged(text: string, start: number, end: number): boolean {
  return (
    (end - start < 16 ? isShortChanged(text, start, end) : undefined) ?? isPrintedOtherwise(text, start, end)
  )
}

function isPrintedOtherwise(text: string, start: number, end: number): boolean {
  const literal = text.slice(start, end)
  return String(Number(literal)) !== literal
}

/**
 * Numbers of up to 15 digits print back as they are, but for -0, tiny ones and those with a zero at the end of the
 * fraction; undefined where it takes a closer look.
 */
function isShortChanged(text: string, start: number, end: number): boolean | undefined {
  const isNegative = text.charCodeAt(start) === MINUS
  const first = isNegative ? start + 1 : start
  let isFraction = false
  for (let at = first; at < end; at++) {
    const code = text.charCodeAt(at)
    if (code === DOT) isFraction = true
    else if (code < ZERO || code > NINE) return undefined
  }
  if (!isFraction) return isNegative && text.charCodeAt(first) === ZERO
  if (text.charCodeAt(end - 1) === ZERO) return true
  return text.charCodeAt(first) === ZERO ? undefined : false
}
