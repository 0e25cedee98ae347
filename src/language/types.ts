import type { Span } from './source.ts'

/** What a value stands in: prefixes for expressions, and its place. */
export interface Setting {
  readonly namespaces: ReadonlyMap<string, string>
  readonly span: Span
}

/** A kind of value a field can have: a name for people, and a parser that throws `Expected`. */
export interface ValueType<T> {
  readonly name: string
  parse(text: string, setting: Setting): T
  /** Whether a value makes its mediator read the payload. */
  readsContent?(value: T): boolean
  /** What to warn of in a value that is allowed. */
  warnings?(value: T): readonly string[]
}

/** Thrown by a value type: what was expected instead, as in `a whole number from 1 to 65535`. */
export class Expected extends Error {
  readonly hint: string | undefined
  constructor(expected: string, hint?: string) {
    super(expected)
    this.hint = hint
  }
}

/** Any text. */
export const text: ValueType<string> = { name: 'text', parse: value => value }

/** Text that is not empty. */
export const name: ValueType<string> = {
  name: 'name',
  parse(value) {
    if (value.trim() === '') throw new Expected('a name')
    return value
  },
}

/** A whole number within limits. */
export function integer({
  min = -Infinity,
  max = Infinity,
}: {
  min?: number
  max?: number
} = {}): ValueType<number> {
  const range = max < Infinity ? ` from ${min} to ${max}` : min > -Infinity ? ` of at least ${min}` : ''
  return {
    name: `whole number${range}`,
    parse(value) {
      const number = Number(value.trim())
      if (!/^[+-]?\d+$/.test(value.trim()) || number < min || number > max)
        throw new Expected(`a whole number${range}`)
      return number
    },
  }
}

/** A number, whole or not. */
export const decimal: ValueType<number> = {
  name: 'number',
  parse(value) {
    const number = Number(value.trim())
    if (value.trim() === '' || !Number.isFinite(number)) throw new Expected('a number')
    return number
  },
}

/** A TCP port; 0 lets the system pick a free one. */
export const port: ValueType<number> = integer({ min: 0, max: 65535 })

/** `true` or `false`. Compatibility: any case, and anything but `true` is false, as the original reads it. */
export const boolean: ValueType<boolean> = {
  name: 'true or false',
  parse: value => value.trim().toLowerCase() === 'true',
}

/** `enable` or `disable`, as `trace` and `statistics` are written. */
export const enable: ValueType<boolean> = {
  name: 'enable or disable',
  parse: value => value.trim().toLowerCase() === 'enable',
}

/** One of a few words. */
export function oneOf<const T extends string>(...words: readonly T[]): ValueType<T> {
  return {
    name: words.join(' | '),
    parse(value) {
      if (!words.includes(value as T)) throw new Expected(`one of ${words.join(', ')}`)
      return value as T
    },
  }
}

/** One of a few words in any case, given in the spelling listed. */
export function oneOfAnyCase<const T extends string>(...words: readonly T[]): ValueType<T> {
  return {
    name: words.join(' | '),
    parse(value) {
      const found = words.find(word => word.toLowerCase() === value.trim().toLowerCase())
      if (found === undefined) throw new Expected(`one of ${words.join(', ')}`)
      return found
    },
  }
}

/** Words separated by commas. */
export const list: ValueType<readonly string[]> = {
  name: 'comma-separated list',
  parse: value =>
    value
      .split(',')
      .map(item => item.trim())
      .filter(item => item !== ''),
}

/** A regular expression the whole value must match. */
export const pattern: ValueType<RegExp> = {
  name: 'pattern',
  parse(value) {
    try {
      return new RegExp(`^(?:${value})$`, 'u')
    } catch {
      // Java takes escapes that the strict mode here refuses.
      try {
        return new RegExp(`^(?:${value})$`)
      } catch (error) {
        throw new Expected(
          `a regular expression (${(error as Error).message.replace(/^Invalid regular expression: (?:\/.*\/[a-z]*: )?/s, '')})`,
        )
      }
    }
  },
}

/** Names of sequences or other artifacts, looked up when the configuration is linked. */
export interface Reference {
  readonly name: string
  readonly span: Span
}

/**
 * The name of another artifact. Compatibility: an empty one deploys; it names nothing, which is said where it is
 * looked up.
 */
export const reference: ValueType<Reference> = {
  name: 'name of an artifact',
  parse: (value, { span }) => ({ name: value.trim(), span }),
}
