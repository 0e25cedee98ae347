import {
  type AnySchemaObject,
  type Draft,
  draftOf,
  type ErrorObject,
  engineFor,
  type Options,
  type ValidateFunction,
} from '../expressions/ajv.ts'
import { ExactNumber } from '../message/codecs/exact-number.ts'
import { parseJson } from '../message/codecs/json.ts'

/** Gives a value the types a schema asks for. */
export interface JsonCoercion {
  /**
   * Makes a copy of a value in which texts, numbers, booleans and arrays are what the schema says.
   * @throws Error with the place in the value that does not fit and cannot be made to
   */
  apply(value: unknown): unknown
}

const OPTIONS: Options = {
  allErrors: true,
  coerceTypes: 'array',
  validateFormats: false,
}
const MAX_ROUNDS = 100
const SCHEMA = 'myelin:/schema'
const ROOT = { type: 'object', properties: { value: { $ref: SCHEMA } } }

/**
 * Compiles a JSON Schema (drafts 04, 06, 07, 2019-09 and 2020-12, as `$schema` says).
 * @throws Error when the text is no schema
 */
export function compileCoercion(schemaText: string): JsonCoercion {
  const schema = parseJson(schemaText)
  if (typeof schema !== 'object' || schema === null || Array.isArray(schema))
    throw new Error('the schema is no JSON object')
  const validate = compile(schema as AnySchemaObject)
  return {
    apply(value) {
      // A value that is its own root could not be changed; inside another one it can.
      const box = { value: withPlainNumbers(value) }
      // What was put into an array is looked at in the next round; a schema that refers to itself needs an end.
      for (let round = 0; round < MAX_ROUNDS && !validate(box); round++)
        if (!wrapObjects(box, validate.errors ?? [])) break
      if (!validate.errors) return withExactNumbers(box.value, value)
      const [error] = validate.errors ?? []
      const place = error?.instancePath.replace(/^\/value/, '') || '/'
      throw new Error(`at ${place}: ${error?.message ?? 'it does not fit'}`)
    },
  }
}

/** Without a draft it is read as 04, or else as 07. */
function compile(schema: AnySchemaObject): ValidateFunction {
  const { $schema, ...unnamed } = schema
  const draft = draftOf(schema)
  if (draft) return compileAs(draft, unnamed)
  try {
    return compileAs('04', unnamed)
  } catch (error) {
    if ($schema !== undefined) throw error
    return compileAs('07', unnamed)
  }
}

function compileAs(draft: Draft, schema: AnySchemaObject): ValidateFunction {
  return engineFor(draft, OPTIONS).addSchema(schema, SCHEMA).compile(ROOT)
}

/** The library makes arrays of texts and numbers alone. Whether an alternative holds is no reason to change a value. */
function wrapObjects(box: object, errors: readonly ErrorObject[]): boolean {
  const meant = errors.filter(
    ({ keyword, params, schemaPath }) =>
      keyword === 'type' && params.type === 'array' && !/\/(?:anyOf|oneOf|not|if)\//.test(schemaPath),
  )
  for (const { instancePath } of meant) wrapAt(box, instancePath)
  return meant.length > 0
}

function wrapAt(box: object, instancePath: string): void {
  const keys = instancePath
    .slice(1)
    .split('/')
    .map(key => key.replaceAll('~1', '/').replaceAll('~0', '~'))
  const last = keys.pop()!
  let holder = box as Record<string, unknown>
  for (const key of keys) holder = holder[key] as Record<string, unknown>
  put(holder, last, [holder[last]])
}

function withPlainNumbers(value: unknown): unknown {
  if (value instanceof ExactNumber) return value.valueOf()
  if (Array.isArray(value)) return value.map(withPlainNumbers)
  if (typeof value !== 'object' || value === null) return value
  const copy = { ...value } as Record<string, unknown>
  for (const key of Object.keys(copy)) put(copy, key, withPlainNumbers(copy[key]))
  return copy
}

/** Numbers that came through as they are get their digits back, and so do texts that were made of one. */
function withExactNumbers(value: unknown, original: unknown): unknown {
  if (original instanceof ExactNumber) {
    if (typeof value === 'number') return original
    if (typeof value === 'string') return original.text
  }
  if (Array.isArray(value)) {
    const items = Array.isArray(original) ? original : [original]
    return value.map((item, at) => withExactNumbers(item, items[at]))
  }
  if (typeof value !== 'object' || value === null) return value
  const members = (original ?? {}) as Record<string, unknown>
  for (const key of Object.keys(value)) {
    const before = Object.hasOwn(members, key) ? members[key] : undefined
    put(value, key, withExactNumbers((value as Record<string, unknown>)[key], before))
  }
  return value
}

/** Sets an own member even if it is called `__proto__`. */
function put(members: object, key: string, value: unknown): void {
  Object.defineProperty(members, key, { value, writable: true, enumerable: true, configurable: true })
}
