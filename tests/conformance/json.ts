import { excerpt } from './until.ts'

/** Finds the first place where two JSON values differ; keys may come in any order. */
export function jsonDifference(expected: unknown, actual: unknown, path = '$'): string | undefined {
  if (Array.isArray(expected) && Array.isArray(actual)) {
    if (expected.length !== actual.length) {
      return `at ${path} expected ${expected.length} items ${excerpt(expected)}, got ${actual.length}: ${excerpt(actual)}`
    }
    return firstOf(expected.keys(), index =>
      jsonDifference(expected[index], actual[index], `${path}[${index}]`),
    )
  }
  if (isObject(expected) && isObject(actual)) {
    const keys = new Set([...Object.keys(expected), ...Object.keys(actual)])
    return firstOf(keys, key => {
      const at = `${path}.${key}`
      if (!Object.hasOwn(actual, key)) return `at ${at} expected ${excerpt(expected[key])}, got nothing`
      if (!Object.hasOwn(expected, key)) return `at ${at} expected nothing, got ${excerpt(actual[key])}`
      return jsonDifference(expected[key], actual[key], at)
    })
  }
  if (expected === actual) return undefined
  return `at ${path} expected ${shown(expected)}, got ${shown(actual)}`
}

/** Gives an equal value whose arrays are in a fixed order at every depth, to compare them as multisets. */
export function withoutOrder(value: unknown): unknown {
  if (Array.isArray(value)) {
    const items = value.map(withoutOrder)
    return items.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
  }
  if (!isObject(value)) return value
  const keys = Object.keys(value).sort()
  return Object.fromEntries(keys.map(key => [key, withoutOrder(value[key])]))
}

/** Takes the value at a plain path such as `$.a.b` or `$.items[0].id`; undefined where there is none. */
export function valueAt(path: string, value: unknown): unknown {
  let current = value
  for (const [, name, index] of path.replace(/^\$/, '').matchAll(/\.?([^.[\]]+)|\[(\d+)\]/g)) {
    if (current === null || typeof current !== 'object') return undefined
    const key = name ?? index!
    current = Object.hasOwn(current, key) ? (current as Record<string, unknown>)[key] : undefined
  }
  return current
}

/** Whether there is something: not null, and no empty text, list or object. */
export function isNotEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === '') return false
  return typeof value !== 'object' || Object.keys(value).length > 0
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function shown(value: unknown): string {
  return excerpt(JSON.stringify(value))
}

function firstOf<T>(items: Iterable<T>, check: (item: T) => string | undefined): string | undefined {
  for (const item of items) {
    const found = check(item)
    if (found !== undefined) return found
  }
  return undefined
}
