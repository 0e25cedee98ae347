import type { BodyMatcher, HeaderMatcher } from './case.ts'
import { isNotEmpty, jsonDifference, valueAt, withoutOrder } from './json.ts'
import { excerpt } from './until.ts'
import { evaluateXPath, xmlDifference } from './xml.ts'

/** Bodies kept by `save`, by name. */
export type Saved = ReadonlyMap<string, string>

type Matcher = (expected: unknown, body: string, saved: Saved) => string | undefined

const matchers: Readonly<Record<string, Matcher>> = {
  equals: (expected, body) =>
    body === expected ? undefined : `expected ${excerpt(expected)}, got ${excerpt(body)}`,

  contains: (expected, body) =>
    firstOf(expected, text =>
      body.includes(String(text)) ? undefined : `${excerpt(text)} is not in ${excerpt(body)}`,
    ),

  not_contains: (expected, body) =>
    firstOf(expected, text =>
      body.includes(String(text)) ? `${excerpt(text)} is in ${excerpt(body)}` : undefined,
    ),

  regex: (expected, body) =>
    new RegExp(String(expected), 'su').test(body)
      ? undefined
      : `/${expected}/su is not found in ${excerpt(body)}`,

  empty: (expected, body) =>
    (body === '') === expected
      ? undefined
      : `expected ${expected ? 'an empty body' : 'a body'}, got ${excerpt(body)}`,

  json: (expected, body) => jsonDifference(expected, JSON.parse(body)),

  json_unordered: (expected, body) => jsonDifference(withoutOrder(expected), withoutOrder(JSON.parse(body))),

  json_path(expected, body) {
    const value: unknown = JSON.parse(body)
    return firstOf(expected, each => {
      const { path, equals, not_empty } = each as { path: string; equals?: unknown; not_empty?: boolean }
      const found = valueAt(path, value)
      if (not_empty !== undefined && isNotEmpty(found) !== not_empty)
        return `at ${path} expected ${not_empty ? 'something' : 'nothing'}, got ${excerpt(found)}`
      return equals === undefined ? undefined : jsonDifference(equals, found, path)
    })
  },

  xml: (expected, body) => xmlDifference(String(expected), body),

  xpath: (expected, body) =>
    firstOf(expected, each => {
      const { expr, equals } = each as { expr: string; equals: unknown }
      const found = evaluateXPath(expr, body)
      return found === String(equals)
        ? undefined
        : `${expr} expected ${excerpt(equals)}, got ${excerpt(found)}`
    }),

  any_of(expected, body, saved) {
    const problems = (expected as BodyMatcher[]).map(each => bodyProblem(each, body, saved))
    return problems.includes(undefined)
      ? undefined
      : `none of ${problems.length} fits: ${problems.join('; ')}`
  },

  equals_saved: (name, body, saved) =>
    body === savedBody(name, saved) ? undefined : `${excerpt(body)} is not the body saved as ${name}`,

  not_equals_saved: (name, body, saved) =>
    body === savedBody(name, saved) ? `it is the body saved as ${name}: ${excerpt(body)}` : undefined,
}

/** Says what is wrong with a body; undefined when every matcher holds. */
export function bodyProblem(expected: BodyMatcher, body: string, saved: Saved): string | undefined {
  for (const [name, value] of Object.entries(expected)) {
    const problem = matchProblem(name, value, body, saved)
    if (problem !== undefined) return `body ${name}: ${problem}`
  }
  return undefined
}

function matchProblem(name: string, value: unknown, body: string, saved: Saved): string | undefined {
  const matcher = Object.hasOwn(matchers, name) ? matchers[name] : undefined
  if (!matcher) return 'there is no such matcher'
  try {
    return matcher(value, body, saved)
  } catch (error) {
    return `${(error as Error).message}: ${excerpt(body)}`
  }
}

/** Headers as they came, by name in lower case; repeated ones are joined with a comma. */
export type HeaderValues = Readonly<Record<string, string>>

/** Says what is wrong with headers; undefined when all are as expected. */
export function headerProblem(expected: HeaderMatcher, headers: HeaderValues): string | undefined {
  return firstOf(Object.entries(expected), each => {
    const [name, wanted] = each as [string, unknown]
    const actual = headers[name.toLowerCase()]
    const text = String(wanted)
    const fits = text.startsWith('~')
      ? actual?.toLowerCase().includes(text.slice(1).toLowerCase())
      : actual === text
    return fits ? undefined : `header ${name}: expected ${text}, got ${actual ?? 'nothing'}`
  })
}

/** Says which of some headers is there, or is not; undefined when all are as expected. */
export function presenceProblem(
  names: readonly string[],
  headers: HeaderValues,
  expected: 'present' | 'absent',
): string | undefined {
  return firstOf(names, each => {
    const value = headers[String(each).toLowerCase()]
    if ((value === undefined) === (expected === 'absent')) return undefined
    return `header ${each}: expected ${expected === 'absent' ? 'none' : 'one'}, got ${value ?? 'none'}`
  })
}

function savedBody(name: unknown, saved: Saved): string {
  const body = saved.get(String(name))
  if (body === undefined) throw new Error(`no body was saved as ${name}`)
  return body
}

function firstOf(items: unknown, check: (item: unknown) => string | undefined): string | undefined {
  for (const item of Array.isArray(items) ? items : [items]) {
    const problem = check(item)
    if (problem !== undefined) return problem
  }
  return undefined
}
