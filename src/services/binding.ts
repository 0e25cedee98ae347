import { isUtf8 } from 'node:buffer'
import { draftOf } from '../expressions/ajv.ts'
import { schemaCompiler } from '../expressions/json-schema.ts'
import type { Content } from '../message/content.ts'
import { parseXml } from '../message/xml/parse.ts'
import { PayloadBindingError, PayloadValidationError } from './web-socket-error.ts'

/** One thing that is wrong with a value. */
interface Issue {
  readonly message: string
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
}

/** A schema of any library with the Standard Schema interface. */
export interface StandardSchema {
  readonly '~standard': {
    readonly validate: (
      value: unknown,
    ) =>
      | { readonly value: unknown; readonly issues?: undefined }
      | { readonly issues: readonly Issue[] }
      | Promise<unknown>
  }
}

/** A Standard Schema, or a JSON Schema as an object. */
export type MessageSchema = StandardSchema | Readonly<Record<string, unknown>>

/** What a message may be taken as. */
export const VIEWS = ['text', 'bytes', 'json', 'xml'] as const

/** One of these. */
export type View = (typeof VIEWS)[number]

/** Turns a message into what a hook takes. @throws PayloadBindingError, PayloadValidationError */
export type Bind = (content: Content) => unknown

const ofMessages = new WeakSet<Error>()

/** Whether an error says that a hook could not be given its message, rather than what the hook did with it. */
export function isBindingFailure(error: unknown): error is PayloadBindingError {
  return error instanceof PayloadBindingError && ofMessages.has(error)
}

/** Takes messages as text, bytes, a JSON value, or an XML element; text and binary alike. */
export function viewOf(view: View): Bind {
  switch (view) {
    case 'text':
      return textOf
    case 'bytes':
      return content => content.bytes
    case 'json':
      return content => parsed(textOf(content))
    case 'xml':
      return elementOf
  }
}

/**
 * Compiles a schema. A message is checked as JSON; one that is none, or is no map or list and does not fit, is checked as
 * the text it is where the schema is for text too.
 * @throws Fault 0 where it is no schema
 */
export function bindingOf(schema: MessageSchema, view?: View): Bind {
  const check = isStandard(schema) ? standardCheck(schema) : jsonCheck(schema)
  const isText = view === 'text' || (view === undefined && !isStandard(schema) && schema.type === 'string')
  if (isText) return content => fitting(check(textOf(content)))
  const maySayText = view === undefined && (isStandard(schema) || takesText(schema))
  return content => {
    const text = textOf(content)
    const value = maySayText ? jsonIn(text) : parsed(text)
    if (value === undefined) {
      const found = check(text)
      return found.problem === undefined ? found.value : parsed(text)
    }
    const found = check(value)
    if (found.problem === undefined || !maySayText) return fitting(found)
    if (!isStandard(schema) && typeof value === 'object' && value !== null) return fitting(found)
    const asText = check(text)
    return fitting(asText.problem === undefined ? asText : found)
  }
}

/** Whether a JSON Schema names text among what it is for: one that says nothing of types would let any text pass. */
function takesText(schema: Readonly<Record<string, unknown>>): boolean {
  const { type, enum: values, const: only, anyOf = [], oneOf = [], allOf = [] } = schema
  if ([type].flat().includes('string') || typeof only === 'string') return true
  if (Array.isArray(values) && values.some(value => typeof value === 'string')) return true
  const parts: unknown[] = [anyOf, oneOf, allOf].flat()
  return parts.some(
    part => typeof part === 'object' && part !== null && takesText(part as Readonly<Record<string, unknown>>),
  )
}

/** What a check found: the value as the schema gives it, or what is wrong. */
interface Checked {
  readonly value?: unknown
  readonly problem?: string
}

type Check = (value: unknown) => Checked

function standardCheck(schema: StandardSchema): Check {
  const { validate } = schema['~standard']
  return value => {
    const result = validate(value) as { value?: unknown; issues?: readonly Issue[] } | Promise<unknown>
    if (result instanceof Promise) throw failed('the schema needs to wait, which hooks do not', false)
    if (result.issues) return { problem: result.issues.map(issueText).join('; ') || 'the schema refuses it' }
    return { value: result.value }
  }
}

function jsonCheck(schema: Readonly<Record<string, unknown>>): Check {
  const check = schemaCompiler(draftOf(schema) ?? '07')(schema)
  return value => {
    const problems = check(value)
    return problems.length > 0 ? { problem: problems.join('; ') } : { value }
  }
}

function fitting({ value, problem }: Checked): unknown {
  if (problem !== undefined) throw failed(problem, true)
  return value
}

function textOf(content: Content): string {
  if (content.form === 'bytes' && !isUtf8(content.bytes)) throw failed('the message is no UTF-8', false)
  return content.text()
}

function elementOf(content: Content): unknown {
  try {
    return parseXml(textOf(content)).documentElement
  } catch (error) {
    if (isBindingFailure(error)) throw error
    throw failed(`the message is no XML: ${(error as Error).message}`, false, { cause: error })
  }
}

/** Undefined for what is no JSON, which no JSON is. */
function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch (error) {
    throw failed(`the message is no JSON: ${(error as Error).message}`, false, { cause: error })
  }
}

function failed(problem: string, isInvalid: boolean, options: { cause?: unknown } = {}): Error {
  const error = new (isInvalid ? PayloadValidationError : PayloadBindingError)(problem, options)
  ofMessages.add(error)
  return error
}

function issueText({ message, path = [] }: Issue): string {
  const place = path.map(part => String(typeof part === 'object' ? part.key : part)).join('.')
  return place === '' ? message : `${place}: ${message}`
}

function isStandard(schema: MessageSchema): schema is StandardSchema {
  return '~standard' in schema
}
