import { isUtf8 } from 'node:buffer'
import { PayloadBindingError, PayloadValidationError } from '../services/web-socket-error.ts'

/** What a schema found out about a value. */
export type SchemaResult<T> =
  | { readonly value: T; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] }

/** One thing that is wrong with a value. */
export interface SchemaIssue {
  readonly message: string
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
}

/** A schema of any library that has the Standard Schema interface. */
export interface StandardSchema<T> {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => SchemaResult<T> | Promise<SchemaResult<T>>
  }
}

/** What a message is read as: a Standard Schema, or a function that gives the value or throws. */
export type Schema<T> = StandardSchema<T> | ((value: unknown) => T | Promise<T>)

/** A message as it came. */
export interface Received {
  readonly data: Buffer
  readonly isBinary: boolean
}

/** Gives a message without a schema: text as a string, binary as it is. */
export function plain({ data, isBinary }: Received): string | Buffer {
  return isBinary ? data : data.toString()
}

/**
 * Reads a message as a schema wants it. JSON is parsed, in text and in bytes that are UTF-8; a Standard Schema that does not want
 * the parsed value is asked about the message as it came.
 * @throws PayloadBindingError when it is no JSON and is not wanted as it is, PayloadValidationError when it is JSON the
 * schema does not allow
 */
export async function bind<T>(message: Received, schema: Schema<T>, validates: boolean): Promise<T> {
  const [first, ...others] = readings(message)
  if (!validates) return first!.value as T
  const refused = await refusal(first!, schema)
  if ('value' in refused) return refused.value
  if (typeof schema !== 'function') {
    for (const reading of others) {
      const next = await refusal(reading, schema)
      if ('value' in next) return next.value
    }
  }
  const options = { cause: refused.cause, data: plain(message) }
  if (first!.isJson)
    throw new PayloadValidationError(`the message is not what the schema allows: ${refused.why}`, options)
  throw new PayloadBindingError(
    `the message is no JSON, and not what the schema allows: ${refused.why}`,
    options,
  )
}

interface Reading {
  readonly value: unknown
  readonly isJson: boolean
}

/** What a message may be taken for, the likeliest first. */
function readings(message: Received): Reading[] {
  const raw: Reading[] = [{ value: plain(message), isJson: false }]
  if (message.isBinary) {
    if (!isUtf8(message.data)) return raw
    raw.push({ value: message.data.toString(), isJson: false })
  }
  try {
    const json = { value: JSON.parse(message.data.toString()) as unknown, isJson: true }
    // A text is meant as it is: `"a"` with its quotes is what somebody wrote who sent a string.
    return typeof json.value === 'string' ? [...raw, json] : [json, ...raw]
  } catch {
    return raw
  }
}

type Outcome<T> = { readonly value: T } | { readonly why: string; readonly cause: unknown }

async function refusal<T>({ value }: Reading, schema: Schema<T>): Promise<Outcome<T>> {
  try {
    if (typeof schema === 'function') return { value: await schema(value) }
    const result = await schema['~standard'].validate(value)
    if (!result.issues) return { value: result.value }
    return { why: result.issues.map(lineOf).join('; '), cause: new AggregateError(result.issues) }
  } catch (cause) {
    return { why: cause instanceof Error ? cause.message : String(cause), cause }
  }
}

function lineOf({ message, path = [] }: SchemaIssue): string {
  const where = path.map(each => String(typeof each === 'object' ? each.key : each)).join('.')
  return where === '' ? message : `${where}: ${message}`
}
