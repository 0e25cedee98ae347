import { draftOf } from '../expressions/ajv.ts'
import { schemaCompiler } from '../expressions/json-schema.ts'

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

/** A message that a hook cannot be given: it is no value of the kind it takes. */
export class BindingError extends Error {
  override readonly name: 'PayloadBindingError' | 'PayloadValidationError'
  readonly code: string

  constructor(message: string, isInvalid: boolean, options?: ErrorOptions) {
    super(message, options)
    this.name = isInvalid ? 'PayloadValidationError' : 'PayloadBindingError'
    this.code = isInvalid ? 'PAYLOAD_VALIDATION_FAILED' : 'PAYLOAD_BINDING_FAILED'
  }
}

/** Turns the text of a message into what a hook takes. */
export type Bind = (text: string) => unknown

/**
 * Compiles a schema. What it gives throws `BindingError` for text that is no JSON, and for a value that does not fit.
 * @throws Fault 0 where it is no schema
 */
export function bindingOf(schema: MessageSchema): Bind {
  if (isStandard(schema)) {
    const { validate } = schema['~standard']
    return text => {
      const result = validate(parsed(text)) as
        | { value?: unknown; issues?: readonly Issue[] }
        | Promise<unknown>
      if (result instanceof Promise)
        throw new BindingError('the schema needs to wait, which hooks do not', false)
      if (result.issues) throw new BindingError(result.issues.map(issueText).join('; '), true)
      return result.value
    }
  }
  const check = schemaCompiler(draftOf(schema) ?? '07')(schema)
  const takesText = schema.type === 'string'
  return text => {
    const value = takesText ? text : parsed(text)
    const problems = check(value)
    if (problems.length > 0) throw new BindingError(problems.join('; '), true)
    return value
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new BindingError(`the message is no JSON: ${(error as Error).message}`, false, { cause: error })
  }
}

function issueText({ message, path = [] }: Issue): string {
  const place = path.map(part => String(typeof part === 'object' ? part.key : part)).join('.')
  return place === '' ? message : `${place}: ${message}`
}

function isStandard(schema: MessageSchema): schema is StandardSchema {
  return '~standard' in schema
}
