import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { compileJsonPath, jsonText } from '../expressions/jsonpath.ts'
import type { Capture, Expectation } from './collection.ts'
import { endText, type Received } from './conversation.ts'
import type { Variables } from './variables.ts'

const MOST_SHOWN = 200

/** Says how a message of the server, or its close, is not what was expected; undefined where it is. */
export function mismatch(
  expectation: Expectation,
  received: Received,
  variables: Variables,
  folder: string,
): string | undefined {
  const { close, reason, kind } = expectation
  if (close !== undefined || reason !== undefined) return closeMismatch(expectation, received, variables)
  if (received.kind === 'close') return `expected a message, but ${endText(received)}`
  if (kind !== undefined && received.kind !== kind)
    return `expected a ${kind} message, not ${shown(received)}`
  return (
    bytesMismatch(expectation, received, variables, folder) ??
    textMismatch(expectation, received, variables) ??
    jsonMismatch(expectation, received, variables)
  )
}

function closeMismatch(
  { close, reason }: Expectation,
  received: Received,
  variables: Variables,
): string | undefined {
  const expected = ['a close', close, reason].filter(each => each !== undefined).join(' ')
  if (received.kind !== 'close') return `expected ${expected}, not ${shown(received)}`
  const isRight =
    (close === undefined || received.code === close) &&
    (reason === undefined || received.text === variables.fill(reason))
  return isRight ? undefined : `expected ${expected}, but ${endText(received)}`
}

function bytesMismatch(
  { equals, equalsFile }: Expectation,
  received: Received,
  variables: Variables,
  folder: string,
): string | undefined {
  const data = received.data!
  if (equals !== undefined) {
    const expected = variables.fill(equals)
    if (!data.equals(Buffer.from(expected))) return `expected ${quoted(expected)}, not ${shown(received)}`
  }
  if (equalsFile === undefined) return undefined
  const path = resolve(folder, variables.fill(equalsFile))
  const bytes = readFileSync(path)
  if (data.equals(bytes)) return undefined
  const at = bytes.findIndex((byte, index) => byte !== data[index])
  return `expected the ${bytes.length} bytes of ${path}, not ${data.length} bytes that differ from byte ${(at < 0 ? bytes.length : at) + 1} on`
}

function textMismatch(
  { contains = [], matches }: Expectation,
  received: Received,
  variables: Variables,
): string | undefined {
  if (contains.length === 0 && !matches) return undefined
  const text = received.data!.toString()
  const missing = contains.map(each => variables.fill(each)).find(each => !text.includes(each))
  if (missing !== undefined) return `expected text with ${quoted(missing)} in it, not ${shown(received)}`
  if (matches && !matches.test(text))
    return `expected text that matches ${matches.source}, not ${shown(received)}`
  return undefined
}

function jsonMismatch(
  { json, jsonPath = [] }: Expectation,
  received: Received,
  variables: Variables,
): string | undefined {
  if (!json && jsonPath.length === 0) return undefined
  const root = jsonOf(received)
  if (root === undefined) return `expected JSON, not ${shown(received)}`
  if (json) {
    const place = otherThan(filled(json.value, variables), root, '$')
    if (place !== undefined) return `expected other JSON: ${place}`
  }
  for (const [path, expected] of jsonPath) {
    const { found, value } = compileJsonPath(path).find(root)
    const wanted = filled(expected, variables)
    if (!found) return `expected ${JSON.stringify(wanted)} at ${path}, where nothing is`
    if (!isDeepStrictEqual(value, wanted))
      return `expected ${JSON.stringify(wanted)} at ${path}, not ${cut(JSON.stringify(value))}`
  }
  return undefined
}

/** Says where JSON lacks what is expected of it; members that are not named may be anything. */
function otherThan(expected: unknown, value: unknown, place: string): string | undefined {
  if (Array.isArray(expected)) {
    if (!Array.isArray(value) || value.length !== expected.length)
      return `${place} is ${cut(JSON.stringify(value))}, not a list of ${expected.length}`
    return expected
      .map((each, i) => otherThan(each, value[i], `${place}[${i}]`))
      .find(found => found !== undefined)
  }
  if (typeof expected === 'object' && expected !== null) {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      return `${place} is ${cut(JSON.stringify(value))}, not an object`
    return Object.entries(expected)
      .map(([key, each]) =>
        Object.hasOwn(value, key)
          ? otherThan(each, (value as Record<string, unknown>)[key], `${place}.${key}`)
          : `${place}.${key} is not there`,
      )
      .find(found => found !== undefined)
  }
  return expected === value
    ? undefined
    : `${place} is ${cut(JSON.stringify(value))}, not ${JSON.stringify(expected)}`
}

/** Takes values out of a message. @throws Error with what is not there */
export function takeOut(captures: readonly Capture[], received: Received, variables: Variables): void {
  for (const { variable, jsonPath, matches } of captures) {
    if (received.kind === 'close') throw new Error(`nothing can be captured: ${endText(received)}`)
    if (jsonPath !== undefined) {
      const root = jsonOf(received)
      const { found, value } = root === undefined ? { found: false } : compileJsonPath(jsonPath).find(root)
      if (!found) throw new Error(`variable ${variable}: nothing is at ${jsonPath} of ${shown(received)}`)
      variables.set(variable, jsonText(value))
    } else if (matches) {
      const match = matches.exec(received.data!.toString())
      if (!match) throw new Error(`variable ${variable}: ${shown(received)} does not match ${matches.source}`)
      variables.set(variable, match[1] ?? match[0])
    }
  }
}

function filled(value: unknown, variables: Variables): unknown {
  if (typeof value === 'string') return variables.fill(value)
  if (Array.isArray(value)) return value.map(each => filled(each, variables))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, filled(each, variables)]))
}

function jsonOf({ data }: Received): unknown {
  try {
    return JSON.parse(data!.toString())
  } catch {
    return undefined
  }
}

function shown(received: Received): string {
  if (received.kind === 'close') return endText(received)
  if (received.kind === 'binary') return `${received.data!.length} binary bytes`
  return quoted(received.data!.toString())
}

function quoted(text: string): string {
  return JSON.stringify(cut(text))
}

function cut(text: string | undefined): string {
  if (text === undefined) return 'nothing'
  return text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}…` : text
}
