import { ExactNumber, numberOf } from '../message/codecs/exact-number.ts'
import { writeJson } from '../message/codecs/json.ts'
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
  /** Its steps, for those who change what it leads to. */
  readonly steps: readonly Step[]
  /** Whether a function stands at its end: it gives a value then, and leads to no place. */
  readonly isComputed: boolean
  /** Whether the last step is the name of a member. */
  readonly endsInName: boolean
  /**
   * Follows the path; undefined where it leads nowhere. An indefinite path always gives an array, empty if need
   * be. A function that cannot be applied gives undefined.
   * @throws Error when the path matches more than two million times
   */
  read(root: unknown): unknown
  /** Follows the path, and says whether it led anywhere. @throws Error as `read` does */
  find(root: unknown): { readonly found: boolean; readonly value: unknown }
}

interface Call {
  readonly fn: PathFunction
  readonly args: readonly Operand[]
}

interface Parsed {
  readonly steps: readonly Step[]
  readonly call: Call | undefined
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
  const { steps, call } = readSteps(text, !rooted, true)
  text.skipSpace()
  if (text.at < path.length) throw text.error('the path should end')
  return makePath(steps, call)
}

/** Makes a path of steps, and of a function without arguments at its end. */
export function composeJsonPath(steps: readonly Step[], fn?: PathFunction): JsonPath {
  return makePath(mergeLast(steps), fn && { fn, args: [] })
}

function makePath(steps: readonly Step[], call: Call | undefined): JsonPath {
  const definite = isDefinite(steps)
  const last = steps[steps.length - 1]
  const keys = call ? undefined : plainKeys(steps)
  const read = keys
    ? (root: unknown) => walk(keys, root)
    : (root: unknown) => {
        const matches = follow(steps, root, root)
        return call ? applyToMatches(call, steps, matches, root) : definite ? matches[0] : matches
      }
  return {
    definite,
    steps,
    isComputed: call !== undefined,
    endsInName: call === undefined && last?.kind === 'names',
    read,
    find: root => {
      const value = read(root)
      return { found: value !== undefined, value }
    },
  }
}

/** The names and indexes of a path such as `$.a.b[0]`, which is most of them. */
function plainKeys(steps: readonly Step[]): readonly (string | number)[] | undefined {
  const keys: (string | number)[] = []
  for (const step of steps) {
    const names = step.kind === 'names' ? step.names : step.kind === 'indexes' ? step.indexes : []
    if (step.deep || names.length !== 1) return undefined
    keys.push(names[0]!)
  }
  return keys
}

function walk(keys: readonly (string | number)[], root: unknown): unknown {
  let value = root
  for (const key of keys) {
    if (typeof key === 'number') {
      if (!Array.isArray(value)) return undefined
      value = value[key < 0 ? value.length + key : key]
    } else {
      if (!isObject(value) || !Object.hasOwn(value, key)) return undefined
      value = value[key]
    }
  }
  return value
}

/** Reads steps until something comes that is none. */
function readSteps(text: PathText, beginsWithName = false, isWhole = false): Parsed {
  const steps: Step[] = []
  for (;;) {
    const deep = text.text.startsWith('..', text.at)
    const dot = deep ? 2 : text.text[text.at] === '.' ? 1 : 0
    // Compatibility: behind a bracket a name may stand without a dot.
    const bare = steps.length === 0 ? beginsWithName : isWhole && isNameBehindBracket(text)
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

function isNameBehindBracket({ text, at }: PathText): boolean {
  return text[at - 1] === ']' && /[A-Za-z_]/.test(text[at] ?? '')
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
 * Gives the text of a value found: strings without quotes, the rest as compact JSON; '' for undefined. A number a
 * path with a name at its end has led to loses the zeros at the end of its fraction, and is in plain digits; any
 * other is as it was written.
 *
 * Compatibility: an object with a member `members`, or else `elements`, gives that member.
 */
export function jsonText(value: unknown, path?: Pick<JsonPath, 'definite' | 'endsInName'>): string {
  if (value === undefined) return ''
  if (typeof value === 'string') return value
  if (typeof value === 'number') return plainDigits(value)
  if (value instanceof ExactNumber) return path?.endsInName === false ? value.text : exactText(value)
  if (Array.isArray(value)) {
    const isLeaves = path?.definite === false && path.endsInName
    return writeJson(isLeaves && value.some(isExact) ? value.map(shortened) : value)
  }
  if (!isObject(value)) return writeJson(value)
  const name = ['members', 'elements'].find(key => Object.hasOwn(value, key))
  const instead = name === undefined ? value : value[name]
  return typeof instead === 'object' ? writeJson(instead) : jsonText(instead)
}

function exactText(exact: ExactNumber): string {
  // Zeros at the end go, as in 2.50, but only if the number says no more than that.
  const digits = plainDigits(exact.valueOf())
  return significant(digits) === significant(exact.text) ? digits : exact.text
}

function isExact(value: unknown): boolean {
  return value instanceof ExactNumber
}

function shortened(value: unknown): unknown {
  return value instanceof ExactNumber ? numberOf(exactText(value)) : value
}

/** The digits of a number and the place of the last one, whatever way it is written. */
function significant(text: string): string {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE](.+))?$/.exec(text) ?? []
  const digits = `${whole}${fraction}`.replace(/^0+/, '')
  const kept = digits.replace(/0+$/, '')
  return `${sign}${kept}e${kept === '' ? 0 : Number(exponent) - fraction.length + digits.length - kept.length}`
}
