import type { MockScope } from './mock-scope.ts'
import type { Lookup } from './template-value.ts'
import { isOfType, type ValueType } from './value-type.ts'

/** A part of a text, or a hole in it. */
export type TextPart = string | Hole

/** A hole in a pattern: it stands for a value, or asks for one that is known. */
export interface Hole {
  /** Name that its value is known by in the answer; '' for none. */
  readonly name: string
  readonly type: ValueType | undefined
  /** Gives the value that it must be, where it names one; otherwise it stands for any. */
  readonly known: Lookup | undefined
}

/** A JSON value with holes in it. */
export type JsonPattern =
  | { readonly kind: 'value'; readonly value: string | number | boolean | null }
  | { readonly kind: 'hole'; readonly hole: Hole }
  | { readonly kind: 'text'; readonly parts: readonly TextPart[] }
  | { readonly kind: 'list'; readonly items: readonly JsonPattern[] }
  | { readonly kind: 'object'; readonly entries: readonly (readonly [key: string, value: JsonPattern])[] }

/** What a pattern found, by name. */
export type Bindings = Record<string, unknown>

/**
 * Whether a JSON value is what a pattern describes; what its holes stand for is added to `bindings`. The order of keys
 * does not matter, and where it is not `exact` an object may have more of them.
 */
export function matchesJson(
  pattern: JsonPattern,
  value: unknown,
  options: { readonly exact: boolean; readonly scope: MockScope; readonly bindings: Bindings },
): boolean {
  switch (pattern.kind) {
    case 'value':
      return pattern.value === value
    case 'hole':
      return fills(pattern.hole, value, options.scope, options.bindings)
    case 'text':
      return typeof value === 'string' && matchesParts(pattern.parts, value, options.scope, options.bindings)
    case 'list':
      return (
        Array.isArray(value) &&
        value.length === pattern.items.length &&
        pattern.items.every((item, i) => matchesJson(item, value[i], options))
      )
    case 'object': {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
      const { entries } = pattern
      if (options.exact && Object.keys(value).length !== entries.length) return false
      for (const [key, inner] of entries) {
        if (!Object.hasOwn(value, key)) return false
        if (!matchesJson(inner, (value as Record<string, unknown>)[key], options)) return false
      }
      return true
    }
  }
}

/** Whether a text is made of these parts; a hole takes as little as it can. */
export function matchesParts(
  parts: readonly TextPart[],
  text: string,
  scope: MockScope,
  bindings: Bindings,
): boolean {
  let at = 0
  for (let i = 0; i < parts.length; i++) {
    const part = parts[i]!
    if (typeof part === 'string') {
      if (!text.startsWith(part, at)) return false
      at += part.length
      continue
    }
    const next = parts[i + 1]
    const isBeforeLast = i + 2 === parts.length
    const end =
      typeof next !== 'string'
        ? text.length
        : isBeforeLast
          ? text.length - next.length
          : text.indexOf(next, at)
    if (end < at || !fills(part, text.slice(at, end), scope, bindings)) return false
    at = end
  }
  return at === text.length
}

function fills({ name, type, known }: Hole, value: unknown, scope: MockScope, bindings: Bindings): boolean {
  if (type !== undefined && !isOfType(value, type)) return false
  if (known !== undefined) {
    const wanted = known(scope)
    return wanted === value || (wanted !== undefined && String(wanted) === String(value))
  }
  if (name !== '') bindings[name] = value
  return true
}
