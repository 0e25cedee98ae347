import { type JsonCheck, schemaCompiler } from '../expressions/json-schema.ts'
import type { Content } from '../message/content.ts'
import { mediaTypeOf } from '../message/content-type.ts'
import { type Json, object, SchemaBundle } from './schema-bundle.ts'
import { UriTemplate } from './uri-template.ts'

/** What a description says of one method of a path. */
interface Operation {
  readonly isBodyRequired: boolean
  readonly request: JsonCheck | undefined
  /** By status, such as `200`, `2XX` or `default`. */
  readonly responses: ReadonlyMap<string, JsonCheck>
}

/** A path of a description, with its operations by method. */
interface Path {
  readonly template: UriTemplate
  readonly operations: ReadonlyMap<string, Operation>
}

/** What a message is to an API: a request, or the answer to one. */
export interface Described {
  readonly method: string
  /** What follows the context of the API, query included. */
  readonly path: string
  readonly content: Content
}

/** A description of an API, Swagger 2.0 or OpenAPI 3, as far as it says what JSON messages look like. */
export class ApiDescription {
  readonly #paths: readonly Path[]

  private constructor(paths: readonly Path[]) {
    this.#paths = paths
  }

  /** Reads a description in JSON. @throws Error with what is wrong with it */
  static parse(text: string): ApiDescription {
    const document = object(parsed(text))
    const version = String(document.openapi ?? document.swagger ?? '')
    if (!/^[23]\./.test(version)) throw new Error('it names no version of Swagger or OpenAPI')
    const bundle = new SchemaBundle(document)
    const compile = schemaCompiler(isDialect(version) ? '04' : '2020-12')
    const check = (schema: unknown): JsonCheck => compile(bundle.of(schema))
    const paths = Object.entries(object(document.paths)).map(
      ([path, item]): Path => ({
        template: UriTemplate.parse(path),
        operations: new Map(
          Object.entries(object(bundle.resolve(item)))
            .filter(([method]) => METHOD.test(method))
            .map(([method, operation]) => [method.toUpperCase(), operationOf(operation, bundle, check)]),
        ),
      }),
    )
    // A path without variables is meant before one whose variables take it too (OpenAPI 3, Paths Object).
    return new ApiDescription(paths.sort((a, b) => variablesIn(a) - variablesIn(b)))
  }

  /** Says what of a request does not fit; nothing where the description says nothing of it. */
  problemsOfRequest({ method, path, content }: Described): readonly string[] {
    const operation = this.#operationOf(method, path)
    if (!operation) return []
    if (content.isEmpty) return operation.isBodyRequired ? ['the request has no body'] : []
    return operation.request && isJson(content) ? operation.request(content.json()) : []
  }

  /** Says what of the answer to a request does not fit. */
  problemsOfResponse({ method, path, content }: Described, status: number): readonly string[] {
    const responses = this.#operationOf(method, path)?.responses
    if (!responses || content.isEmpty || !isJson(content)) return []
    const range = `${String(status)[0]}XX`
    const check = responses.get(String(status)) ?? responses.get(range) ?? responses.get('default')
    return check ? check(content.json()) : []
  }

  #operationOf(method: string, path: string): Operation | undefined {
    return this.#paths.find(({ template }) => template.match(path))?.operations.get(method)
  }
}

const METHOD = /^(?:get|put|post|delete|options|head|patch)$/

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new Error(`it is no JSON (${(error as Error).message})`, { cause: error })
  }
}

/** Up to OpenAPI 3.0 schemas are a dialect of draft 04. */
function isDialect(version: string): boolean {
  return /^(?:2|3\.0)\b/.test(version)
}

function isJson(content: Content): boolean {
  return content.isJson || /^application\/(?:.+\+)?json$/.test(content.mediaType)
}

function variablesIn({ template }: Path): number {
  return template.text.split('{').length - 1
}

function operationOf(value: unknown, bundle: SchemaBundle, check: (schema: unknown) => JsonCheck): Operation {
  const operation = object(value)
  const { schema, isRequired } = bodyOf(operation, bundle)
  const responses = Object.entries(object(operation.responses)).flatMap(([status, each]) => {
    const response = object(bundle.resolve(each))
    const found = response.schema ?? schemaIn(response.content)
    return found === undefined ? [] : [[status.toUpperCase(), check(found)] as const]
  })
  return {
    isBodyRequired: isRequired,
    request: schema === undefined ? undefined : check(schema),
    responses: new Map(responses.map(([status, each]) => [status === 'DEFAULT' ? 'default' : status, each])),
  }
}

/** Finds the schema of the body: in `requestBody` of OpenAPI 3, in the parameter `in: body` of Swagger 2.0. */
function bodyOf(operation: Json, bundle: SchemaBundle): { schema: unknown; isRequired: boolean } {
  if (operation.requestBody !== undefined) {
    const body = object(bundle.resolve(operation.requestBody))
    return { schema: schemaIn(body.content), isRequired: body.required === true }
  }
  const parameters = Array.isArray(operation.parameters) ? operation.parameters : []
  const body = parameters.map(each => object(bundle.resolve(each))).find(each => each.in === 'body')
  return { schema: body?.schema, isRequired: body?.required === true }
}

function schemaIn(content: unknown): unknown {
  const [, found] =
    Object.entries(object(content)).find(([type]) =>
      /^(?:\*|application)\/(?:.*json|\*)$/.test(mediaTypeOf(type)),
    ) ?? []
  return object(found).schema
}
