import { createContext, Script } from 'node:vm'

/** Steps that a match may take in the worst case and still run without a watch. */
const MOST_STEPS = 2 ** 22
/** How long a match may take otherwise, in milliseconds. */
const MOST_MS = 50

/** A regular expression for whole messages that takes no longer than it may, whatever the message is. */
export class TimeLimitedRegex {
  readonly #pattern: RegExp
  /** How the steps of a match grow with the text, as a power: Infinity where nobody can say. */
  readonly #power: number
  readonly #isAnything: boolean

  /** @throws SyntaxError for what is no regular expression */
  constructor(source: string) {
    this.#pattern = new RegExp(`^(?:${source})$`, 's')
    this.#power = powerOf(source)
    this.#isAnything = /^\^?\.\*\$?$/.test(source)
  }

  /** Whether the whole text matches; 'too slow' where that could not be found out in time. */
  test(text: string): boolean | 'too slow' {
    if (this.#isAnything) return true
    if ((text.length + 1) ** this.#power <= MOST_STEPS) return this.#pattern.test(text)
    return testInTime(this.#pattern, text)
  }
}

/**
 * Says how a match may go through a text: repetitions side by side multiply, and one that holds a choice or another
 * repetition may try more ways than anybody can wait for.
 */
function powerOf(source: string): number {
  if (/\\[1-9]|\\k<|\(\?[=!<]/.test(source)) return Number.POSITIVE_INFINITY
  let power = 1
  let options = 0
  /** For each open group, whether it holds a choice or a repetition. */
  const groups: boolean[] = [false]
  let lastIsComplex = false
  for (let i = 0; i < source.length; i++) {
    const char = source[i]!
    if (char === '\\') i++
    else if (char === '[') i = endOfClass(source, i)
    else if (char === '(') {
      groups.push(false)
      continue
    } else if (char === ')') {
      lastIsComplex = groups.pop() === true
      if (groups.length > 0 && lastIsComplex) groups[groups.length - 1] = true
      continue
    } else if (char === '|') groups[groups.length - 1] = true
    else if ('*+?'.includes(char) || (char === '{' && /^\{\d+(?:,\d*)?\}/.test(source.slice(i)))) {
      // What follows the group mark, (?:, is no repetition.
      if (source[i - 1] === '(') continue
      if (lastIsComplex && char !== '?') return Number.POSITIVE_INFINITY
      groups[groups.length - 1] = true
      if (char === '?') options++
      else power++
      if (char === '{') i = source.indexOf('}', i)
      continue
    }
    lastIsComplex = false
  }
  return options > 10 ? Number.POSITIVE_INFINITY : Math.max(1, power - 1)
}

function endOfClass(source: string, start: number): number {
  for (let i = start + 1; i < source.length; i++) {
    if (source[i] === '\\') i++
    else if (source[i] === ']') return i
  }
  return source.length
}

const watched = new Script('pattern.test(text)')
const sandbox: { pattern: RegExp | undefined; text: string } = { pattern: undefined, text: '' }
let context: object | undefined

function testInTime(pattern: RegExp, text: string): boolean | 'too slow' {
  context ??= createContext(sandbox)
  sandbox.pattern = pattern
  sandbox.text = text
  try {
    return watched.runInContext(context, { timeout: MOST_MS }) as boolean
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') return 'too slow'
    throw error
  }
}
