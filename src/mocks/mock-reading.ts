import { type Diagnostics, didYouMean } from '../language/diagnostic.ts'
import { checkOption, type OptionTable, optionsOf } from '../language/option-registry.ts'
import { mockOptions } from '../language/options/options-mocks.ts'
import type { Span } from '../language/source.ts'
import { type YamlMap, type YamlNode, yamlValue } from '../language/yaml.ts'

/** What the parts of a mock file are read with. */
export interface MockReading {
  readonly diagnostics: Diagnostics
  /** The folder that files are named from. */
  readonly folder: string
  /** Whether a template without a value is an error when it is sent. */
  readonly strict: boolean
}

const tables = new Map<string, OptionTable>()

function tableOf(where: string): OptionTable {
  const known = tables.get(where) ?? optionsOf(`mock ${where}`, mockOptions)
  tables.set(where, known)
  return known
}

/** One map of a mock file, and what its keys have; keys that are not known are reported. */
export class MockFields {
  readonly span: Span
  readonly reading: MockReading
  readonly #owner: string
  readonly #values = new Map<string, YamlNode>()

  /** `where` names the options that may stand in it, and `owner` the map, as findings do. */
  constructor(map: YamlMap, where: string, reading: MockReading, owner = where) {
    this.span = map.span
    this.reading = reading
    this.#owner = owner
    for (const { key, keySpan, value } of map.entries) {
      const finding = checkOption(key, owner, tableOf(where))
      if (finding) reading.diagnostics.error(keySpan, finding.code, finding.message, finding.hint)
      else this.#values.set(key, value)
    }
  }

  /** Gives what a key has; undefined where it is not there, or is empty. */
  get(key: string): YamlNode | undefined {
    const value = this.#values.get(key)
    return value?.kind === 'scalar' && value.value === null ? undefined : value
  }

  has(key: string): boolean {
    return this.get(key) !== undefined
  }

  /** Gives a value that has to be there. */
  required(key: string): YamlNode | undefined {
    const value = this.get(key)
    if (!value) this.error(this.span, 'missing', `${this.#owner} needs ${key}.`)
    return value
  }

  /** Gives a text, a number or a boolean as it is written. */
  text(key: string): string | undefined {
    const value = this.get(key)
    return value && textOf(value, key, this.reading)
  }

  /** Gives a number between two bounds. */
  number(key: string, { min = 0, max = Number.MAX_SAFE_INTEGER, isWhole = true } = {}): number | undefined {
    const value = this.get(key)
    if (!value) return undefined
    const number = value.kind === 'scalar' && value.text.trim() !== '' ? Number(value.text) : Number.NaN
    if (number >= min && number <= max && (!isWhole || Number.isInteger(number))) return number
    const bounds = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`
    this.error(value.span, 'bad-value', `${key} is a ${isWhole ? 'whole ' : ''}number ${bounds}.`)
    return undefined
  }

  boolean(key: string): boolean {
    const value = this.get(key)
    if (!value) return false
    if (value.kind === 'scalar' && typeof value.value === 'boolean') return value.value
    this.error(value.span, 'bad-value', `${key} is true or false.`)
    return false
  }

  /** Gives one of a few words. */
  word<W extends string>(key: string, words: readonly W[]): W | undefined {
    const value = this.get(key)
    if (!value) return undefined
    const word = words.find(each => value.kind === 'scalar' && each === value.text)
    if (word === undefined) {
      const hint = value.kind === 'scalar' ? didYouMean(value.text, words) : undefined
      this.error(value.span, 'bad-value', `${key} is ${listed(words)}.`, hint)
    }
    return word
  }

  /** Gives a time in milliseconds: a number of them, or one such as 250ms, 2s or 1m. */
  duration(key: string): number | undefined {
    const value = this.get(key)
    if (!value) return undefined
    const match = value.kind === 'scalar' && /^(\d{1,9}(?:\.\d{1,3})?)\s*(ms|s|m|)$/.exec(value.text)
    const ms = match ? Math.round(Number(match[1]) * UNITS[match[2]!]!) : Number.NaN
    if (ms <= LONGEST_MS) return ms
    this.error(
      value.span,
      'bad-value',
      `${key} is a time of at most a day, such as 250 (ms), 250ms, 2s or 1m.`,
    )
    return undefined
  }

  /** Gives a map with fields of its own. */
  fields(key: string, where = key): MockFields | undefined {
    const value = this.get(key)
    if (!value) return undefined
    if (value.kind === 'map') return new MockFields(value, where, this.reading, key)
    this.error(value.span, 'bad-value', `${key} is a map.`)
    return undefined
  }

  /** Gives the items of a list; a single value is a list of one. */
  items(key: string): readonly YamlNode[] {
    const value = this.get(key)
    return value ? (value.kind === 'list' ? value.items : [value]) : []
  }

  error(span: Span, code: string, message: string, hint?: string): void {
    this.reading.diagnostics.error(span, code, message, hint)
  }
}

const UNITS: Readonly<Record<string, number>> = { '': 1, ms: 1, s: 1_000, m: 60_000 }
const LONGEST_MS = 86_400_000

/** How the templates of a mock are read: `strict: true` holds for all in it. */
export function withStrict(mock: YamlMap, reading: MockReading): MockReading {
  const strict = yamlValue(mock, 'strict')
  const isStrict = strict?.kind === 'scalar' && strict.value === true
  return isStrict ? { ...reading, strict: true } : reading
}

/** Gives a single value as it is written. */
export function textOf(value: YamlNode, what: string, { diagnostics }: MockReading): string | undefined {
  if (value.kind === 'scalar') return value.text
  diagnostics.error(value.span, 'bad-value', `${what} is a single value, not a ${value.kind}.`)
  return undefined
}

/** Finds the place of a part of a text that is written in a value; the whole value where it is written otherwise. */
export function placeIn({ span }: YamlNode, part: string): Span {
  const at = span.source.text.slice(span.start, span.end).indexOf(part)
  if (at < 0 || part === '') return span
  return { source: span.source, start: span.start + at, end: span.start + at + part.length }
}

/** Writes words as a sentence has them: `a, b or c`. */
export function listed(words: Iterable<string>): string {
  const all = [...words]
  return all.length < 2 ? all.join('') : `${all.slice(0, -1).join(', ')} or ${all.at(-1)}`
}
