import { Fault } from '../core/fault.ts'
import { type Draft, draftOf, type ErrorObject, engineFor } from './ajv.ts'

/** Says what of a value does not fit; nothing when all does. */
export type JsonCheck = (value: unknown) => readonly string[]

/**
 * Compiles a JSON Schema of the draft that `$schema` names, 04 where it names none.
 * @throws Fault 0 when it is none
 */
export function jsonSchema([text = '']: readonly string[]): JsonCheck {
  const schema = parsed(text)
  return schemaCompiler(draftOf(schema) ?? '04')(named(schema))
}

/**
 * Gives what compiles JSON Schemas of a draft, all by one engine: that takes milliseconds to make. What it gives throws
 * Fault 0 for a schema that is none.
 */
export function schemaCompiler(draft: Draft): (schema: object) => JsonCheck {
  const engine = engineFor(draft, { allErrors: true })
  return schema => {
    try {
      const validate = engine.compile(schema)
      return value => (validate(value) ? [] : (validate.errors ?? []).map(problem))
    } catch (error) {
      throw new Fault(0, `the JSON Schema cannot be used: ${(error as Error).message}`, { cause: error })
    }
  }
}

function parsed(text: string): object {
  let schema: unknown
  try {
    schema = JSON.parse(text)
  } catch (error) {
    throw new Fault(0, `the JSON Schema is no JSON: ${(error as Error).message}`, { cause: error })
  }
  if (typeof schema === 'object' && schema !== null && !Array.isArray(schema)) return schema
  throw new Fault(0, 'the JSON Schema is no object')
}

/** The engine for draft 04 does not know the name of 03. */
function named(schema: object): object {
  if (draftOf(schema) !== '04') return schema
  const { $schema: _name, ...rest } = schema as { $schema?: unknown }
  return rest
}

function problem({ instancePath, message = '', params }: ErrorObject): string {
  const extra = 'additionalProperty' in params ? ` (${String(params.additionalProperty)})` : ''
  return `${instancePath === '' ? 'the value' : instancePath} ${message}${extra}`
}
