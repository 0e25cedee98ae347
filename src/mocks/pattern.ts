import { plainOf, type YamlNode } from '../language/yaml.ts'
import { type Bindings, type JsonPattern, matchesJson, matchesParts, type TextPart } from './json-pattern.ts'
import { type MockReading, placeIn } from './mock-reading.ts'
import type { MockScope } from './mock-scope.ts'
import { jsonPatternOf, PatternError, partsOf, patternOf } from './pattern-parts.ts'
import { TimeLimitedRegex } from './time-limited-regex.ts'

/** How a pattern is compared, where it says so. */
export const PATTERN_KINDS = ['text', 'json', 'regex', 'binary'] as const

/** How a pattern is compared. */
export type PatternKind = (typeof PATTERN_KINDS)[number]

/** How a pattern is read. */
export interface PatternOptions {
  /** Set where one way to compare it is wanted. */
  readonly kind: PatternKind | undefined
  /** Whether an object of the message has the keys of the pattern alone. */
  readonly exact: boolean
}

/**
 * Says which messages a mock answers. A pattern is text that a message equals, else JSON that a message holds, else a
 * regular expression for all of it. JSON and text may have holes.
 */
export class Pattern {
  /** As it is written. */
  readonly text: string
  readonly #isExact: boolean
  readonly #equals: string | undefined
  readonly #parts: readonly TextPart[] | undefined
  readonly #json: JsonPattern | undefined
  readonly #regex: TimeLimitedRegex | undefined
  readonly #bytes: Buffer | undefined

  /** @throws PatternError, or SyntaxError of a regular expression, where it cannot be read */
  constructor(value: unknown, { kind, exact }: PatternOptions) {
    const isText = typeof value === 'string'
    const text = isText ? value : JSON.stringify(value)
    this.text = text
    this.#isExact = exact
    this.#equals = kind === undefined || kind === 'text' ? text : undefined
    if (!isText) this.#json = patternOf(value)
    else if (kind === undefined || kind === 'json') this.#json = jsonPatternOf(text)
    if (kind === 'binary') {
      if (!BASE64.test(text)) throw new PatternError('A pattern of kind binary is base64.', text)
      this.#bytes = Buffer.from(text, 'base64')
      return
    }
    if (kind === 'json' && !this.#json) throw new PatternError('This pattern is no JSON.', text)
    if (kind === 'regex') this.#regex = new TimeLimitedRegex(text)
    if (kind === undefined && !this.#json && !text.includes('{{') && SPECIAL.test(text))
      this.#regex = regexIn(text)
    if (kind !== 'json' && kind !== 'regex' && !this.#json && text.includes('{{')) this.#parts = partsOf(text)
  }

  /** Whether it may be compared as JSON. */
  get isJson(): boolean {
    return this.#json !== undefined
  }

  /** A message that it matches, where it is one itself: it has no holes. */
  get example(): unknown {
    if (this.text.includes('{{') || this.#regex || this.#bytes) return undefined
    return this.#json === undefined ? this.text : (JSON.parse(this.text) as unknown)
  }

  /** Whether it is compared in one way that its writer may not have meant: it was to be a regular expression. */
  get isBrokenRegex(): boolean {
    return (
      !this.#json &&
      !this.#regex &&
      !this.#parts &&
      !this.#bytes &&
      /[\\[(*+|]/.test(this.text) &&
      this.#equals !== undefined &&
      !isRegex(this.text)
    )
  }

  /** Whether a message is one of those; gives what the holes stand for. 'too slow' counts as no match. */
  match(scope: MockScope): Bindings | boolean | 'too slow' {
    const { message } = scope
    if (this.#bytes) return scope.bytes?.equals(this.#bytes) === true
    if (this.#equals === message) return true
    if (this.#json !== undefined) {
      const value = scope.json
      if (value === undefined) return false
      const bindings: Bindings = Object.create(null)
      return matchesJson(this.#json, value, { exact: this.#isExact, scope, bindings }) && bindings
    }
    if (this.#parts !== undefined) {
      const bindings: Bindings = Object.create(null)
      return matchesParts(this.#parts, message, scope, bindings) && bindings
    }
    return this.#regex?.test(message) ?? false
  }
}

const BASE64 = /^(?:[A-Za-z\d+/]{4})*(?:[A-Za-z\d+/]{2}==|[A-Za-z\d+/]{3}=)?$/
const SPECIAL = /[\\^$.*+?()[\]{}|]/

function regexIn(text: string): TimeLimitedRegex | undefined {
  return isRegex(text) ? new TimeLimitedRegex(text) : undefined
}

function isRegex(text: string): boolean {
  try {
    return new RegExp(text) instanceof RegExp
  } catch {
    return false
  }
}

/** Reads a pattern of a file; what is wrong with it is reported, and undefined is given then. */
export function readPattern(
  node: YamlNode,
  options: PatternOptions,
  { diagnostics }: MockReading,
): Pattern | undefined {
  const { kind } = options
  const value = node.kind === 'scalar' ? node.text : plainOf(node)
  if (node.kind !== 'scalar' && kind !== undefined && kind !== 'json') {
    diagnostics.error(node.span, 'bad-value', `A pattern of kind ${kind} is text.`)
    return undefined
  }
  try {
    const pattern = new Pattern(value, options)
    if (pattern.isBrokenRegex) {
      const hint = 'Say kind: text where that is meant.'
      diagnostics.warning(
        node.span,
        'bad-pattern',
        'This is no regular expression: it is compared as text.',
        hint,
      )
    }
    return pattern
  } catch (error) {
    if (error instanceof PatternError) {
      diagnostics.error(placeIn(node, error.part), 'bad-pattern', error.message)
      return undefined
    }
    if (!(error instanceof SyntaxError)) throw error
    const why = error.message.replace(/^Invalid regular expression: (?:\/.*\/[a-z]*: )?/s, '')
    diagnostics.error(node.span, 'bad-pattern', `This is no regular expression: ${why}.`)
    return undefined
  }
}
