import { ExactNumber } from '../message/codecs/json-xml.ts'
import {
  JsonPathSyntaxError,
  NOWHERE,
  type Operand,
  PathText,
  readFilter,
  readLiteral,
  readString,
} from './jsonpath-filter.ts'
import { applyFunction, isPathFunction, type PathFunction } from './jsonpath-functions.ts'
import { follow, isDefinite, isObject, type Step } from './jsonpath-steps.ts'
import { plainDigits } from './number-text.ts'

export { JsonPathSyntaxError }

/** A compiled path. */
export interface JsonPath {
  /** Whether it leads to one place at most. The value of an indefinite path is the array of what it found. */
  readonly definite: boolean
  /**
   * Follows the path. An indefinite path is always found, with an empty array if need be.
   * A function that cannot be applied finds nothing.
   * @throws Error when the path matches more than two million times
   */
  find(root: unknown): { readonly found: boolean; readonly value: unknown }
}

interface Parsed {
  readonly steps: readonly Step[]
  readonly call: { readonly fn: PathFunction; readonly args: readonly Operand[] } | undefined
}

/**
 * Compiles a JSONPath in the dialect of Jayway JsonPath 2, without options: what `json-eval` takes.
 * A path without `$` in front is taken to begin at the root.
 * @throws JsonPathSyntaxError
 * @example compileJsonPath('$.items[?(@.price > 10)].name').find(order).value
 */
export function compileJsonPath(path: string): JsonPath {
  const text = new PathText(path)
  const rooted = text.take(/[$@]/y) !== null
  if (!rooted && text.at === path.length) throw new JsonPathSyntaxError('the path is empty', 0)
  const { steps, call } = readSteps(text, !rooted)
  text.skipSpace()
  if (text.at < path.length) throw text.error('the path should end')
  const definite = isDefinite(steps)
  return {
    definite,
    find: root => {
      const matches = follow(steps, root, root)
      const value = call ? applyToMatches(call, steps, matches, root) : definite ? matches[0] : matches
      return { found: value !== undefined, value }
    },
  }
}

/** Reads steps until something comes that is none. */
function readSteps(text: PathText, beginsWithName = false): Parsed {
  const steps: Step[] = []
  for (;;) {
    const deep = text.text.startsWith('..', text.at)
    const dot = deep ? 2 : text.text[text.at] === '.' ? 1 : 0
    const bare = beginsWithName && steps.length === 0
    if (dot === 0 && !bare && text.text[text.at] !== '[') return { steps: mergeLast(steps), call: undefined }
    text.at += dot
    if (text.text[text.at] === '[') steps.push(readBrackets(text, deep))
    else if (text.text[text.at] === '*') {
      text.at++
      steps.push({ kind: 'wildcard', deep })
    } else {
      const start = text.at
      const name = readName(text)
      if (text.text[text.at] !== '(') steps.push({ kind: 'names', names: [name], merged: false, deep })
      else return { steps: mergeLast(steps), call: readCall(text, name, start) }
    }
  }
}

function readName(text: PathText): string {
  // Inside a filter a name also ends where an operator or the filter does.
  const [name = ''] = /^[^.[\]()\s,=!<>&|*?]+/.exec(text.text.slice(text.at)) ?? []
  if (name === '') throw text.error("a name is missing; one with other characters goes into ['…']")
  text.at += name.length
  return name
}

function readCall(text: PathText, name: string, start: number): Parsed['call'] {
  if (!isPathFunction(name)) throw text.error(`there is no function ${name}()`, start)
  text.expect('(')
  const args: Operand[] = []
  if (!text.takeText(')')) {
    do args.push(readArgument(text))
    while (text.takeText(','))
    text.expect(')')
  }
  return { fn: name, args }
}

function readArgument(text: PathText): Operand {
  text.skipSpace()
  if (/[$@]/.test(text.text[text.at] ?? '')) return readOperandPath(text)
  const value = readLiteral(text)
  return () => value
}

/** Reads a path inside a filter or among arguments, from its `@` or `$`. */
function readOperandPath(text: PathText): Operand {
  const fromRoot = text.text[text.at] === '$'
  text.at++
  const { steps, call } = readSteps(text)
  const definite = isDefinite(steps)
  return (item, root) => {
    const matches = follow(steps, fromRoot ? root : item, root)
    if (call) return applyToMatches(call, steps, matches, root) ?? NOWHERE
    return matches.length === 0 ? NOWHERE : definite ? matches[0] : matches
  }
}

function readBrackets(text: PathText, deep: boolean): Step {
  const start = text.at
  text.expect('[')
  const step = readInside(text, deep)
  if (!text.takeText(']')) {
    if (step.kind === 'slice') throw text.error('a slice has a start and an end, no more', start)
    throw text.error('] is missing')
  }
  return step
}

function readInside(text: PathText, deep: boolean): Step {
  if (text.takeText('*')) return { kind: 'wildcard', deep }
  if (text.takeText('?')) {
    text.expect('(')
    const passes = readFilter(text, () => readOperandPath(text))
    text.expect(')')
    return { kind: 'filter', passes, deep }
  }
  const name = readString(text)
  if (name !== undefined) {
    const names = [name]
    while (text.takeText(',')) {
      const next = readString(text)
      if (next === undefined) throw text.error("a name in '…' is missing")
      names.push(next)
    }
    return { kind: 'names', names, merged: false, deep }
  }
  const slice = text.take(/(-?\d+)?\s*:\s*(-?\d+)?/y)
  if (slice) {
    const [, from, to] = slice
    return { kind: 'slice', from: from ? Number(from) : undefined, to: to ? Number(to) : undefined, deep }
  }
  const indexes: number[] = []
  do {
    const index = text.take(/-?\d+/y)
    if (!index) throw text.error("a number, a name in '…', * or ?(…) is missing")
    indexes.push(Number(index[0]))
  } while (text.takeText(','))
  return { kind: 'indexes', indexes, deep }
}

/** Several names in the last step make one object of those members; further in they are several ways on. */
function mergeLast(steps: readonly Step[]): readonly Step[] {
  const last = steps[steps.length - 1]
  if (last?.kind !== 'names' || last.names.length === 1) return steps
  return [...steps.slice(0, -1), { ...last, merged: true }]
}

type Call = NonNullable<Parsed['call']>

function applyCall({ fn, args }: Call, value: unknown, root: unknown): unknown {
  const given = args.map(arg => arg(value, root)).filter(arg => arg !== NOWHERE)
  return applyFunction(fn, value, given)
}

/**
 * Behind `..` a function is about all matches; behind `[*]` about each, unless it adds numbers up. undefined when
 * there is nothing it could be applied to.
 */
function applyToMatches(
  call: Call,
  steps: readonly Step[],
  matches: readonly unknown[],
  root: unknown,
): unknown {
  if (isDefinite(steps)) return matches.length === 0 ? undefined : applyCall(call, matches[0], root)
  const addsUp = /^(?:sum|min|max|avg|stddev)$/.test(call.fn) && !matches.some(Array.isArray)
  if (addsUp || steps.some(step => step.deep)) return applyCall(call, matches, root)
  return matches.map(match => applyCall(call, match, root)).filter(value => value !== undefined)
}

/**
 * Gives the text of a value found: strings without quotes, numbers in plain digits, the rest as compact JSON.
 * '' for undefined.
 *
 * Compatibility: an object with a member `members`, or else `elements`, gives that member.
 */
export function jsonText(value: unknown): string {
  if (value === undefined) return ''
  if (typeof value === 'string') return value
  if (typeof value === 'number') return plainDigits(value)
  if (value instanceof ExactNumber) {
    // Zeros at the end go, as in 2.50, but only if the number says no more than that.
    const number = value.valueOf()
    return significant(plainDigits(number)) === significant(value.text) ? plainDigits(number) : value.text
  }
  if (!isObject(value)) return JSON.stringify(value)
  const name = ['members', 'elements'].find(key => Object.hasOwn(value, key))
  const instead = name === undefined ? value : value[name]
  return typeof instead === 'object' ? JSON.stringify(instead) : jsonText(instead)
}

/** The digits of a number and the place of the last one, whatever way it is written. */
function significant(text: string): string {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE](.+))?$/.exec(text) ?? []
  const digits = `${whole}${fraction}`.replace(/^0+/, '')
  const kept = digits.replace(/0+$/, '')
  return `${sign}${kept}e${kept === '' ? 0 : Number(exponent) - fraction.length + digits.length - kept.length}`
}
