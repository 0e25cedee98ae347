import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { didYouMean } from '../language/diagnostic.ts'
import { Source, type Span } from '../language/source.ts'
import { plainOf, readYaml, type YamlMap, type YamlNode, yamlValue } from '../language/yaml.ts'
import { type HttpAnswer, type HttpMock, METHODS, readAnswer } from './http-mock.ts'
import { MockAddress } from './mock-address.ts'
import type { MockReading } from './mock-reading.ts'
import { exampleOf, isObject, resolved } from './openapi-example.ts'
import { PathPattern } from './path-pattern.ts'
import { Template } from './template.ts'

type Json = Readonly<Record<string, unknown>>

/** Whether a file is an OpenAPI description rather than a list of mocks. */
export function isOpenApi(root: YamlNode): root is YamlMap {
  return yamlValue(root, 'openapi') !== undefined || yamlValue(root, 'swagger') !== undefined
}

/**
 * Makes an endpoint of each operation of an OpenAPI description. What it answers is in the file of answers, by its
 * operationId; where nothing is there, an example of its first good response.
 */
export function openApiEndpoints(
  root: YamlMap,
  answers: string | undefined,
  reading: MockReading,
): HttpMock[] {
  const description = plainOf(root) as Json
  const given = answers === undefined ? undefined : readAnswers(answers, root.span, reading)
  const paths = yamlValue(root, 'paths')
  if (paths?.kind !== 'map') {
    reading.diagnostics.error(root.span, 'missing', 'The OpenAPI description has no paths.')
    return []
  }
  const base = basePathOf(description)
  const known = new Set<string>()
  const endpoints = paths.entries.flatMap(({ key, keySpan, value }) => {
    const item = resolved(plainOf(value), description)
    return METHODS.flatMap((method): HttpMock[] => {
      const operation = item[method.toLowerCase()]
      if (!isObject(operation)) return []
      const path = pathOf(base + key, [item.parameters, operation.parameters], description)
      if (PathPattern.problem(path)) {
        reading.diagnostics.error(keySpan, 'bad-value', `${key} is no path that can be served.`)
        return []
      }
      const id = String(operation.operationId ?? '')
      known.add(id)
      const own = id === '' ? undefined : yamlValue(given?.node, id)
      const answer = own ? given!.answerOf(own) : exampleAnswer(operation, description)
      const address = new MockAddress(new PathPattern(path), undefined, [], undefined)
      const rest = { rateLimit: undefined, latency: undefined, webhooks: [], used: 0 }
      return [{ method, address, answer, span: keySpan, ...rest }]
    })
  })
  for (const { key, keySpan } of given?.node.kind === 'map' ? given.node.entries : []) {
    if (known.has(key)) continue
    const message = `The description has no operation ${key}.`
    reading.diagnostics.warning(keySpan, 'no-effect', message, didYouMean(key, known))
  }
  return endpoints
}

interface GivenAnswers {
  readonly node: YamlNode
  answerOf(node: YamlNode): HttpAnswer
}

function readAnswers(path: string, span: Span, { diagnostics }: MockReading): GivenAnswers | undefined {
  try {
    const node = readYaml(new Source(path, readFileSync(path, 'utf8')), diagnostics)
    const reading = { diagnostics, folder: dirname(resolve(path)), strict: false }
    const answerOf = (given: YamlNode): HttpAnswer =>
      readAnswer(yamlValue(given, 'response') ?? given, reading).answer
    return node && { node, answerOf }
  } catch (error) {
    const message = `The answers ${path} cannot be read: ${(error as Error).message}.`
    diagnostics.error(span, 'unreadable-file', message)
    return undefined
  }
}

function basePathOf({ basePath, servers }: Json): string {
  if (typeof basePath === 'string') return basePath.replace(/\/$/, '')
  const url = Array.isArray(servers) && isObject(servers[0]) ? String(servers[0].url ?? '') : ''
  return url.replace(/^[a-z]+:\/\/[^/]*/i, '').replace(/\/$/, '')
}

function pathOf(path: string, lists: readonly unknown[], root: Json): string {
  const parameters = lists
    .flatMap(list => (Array.isArray(list) ? list : []))
    .map(each => resolved(each, root))
  return path.replace(/\{([^{}/]+)\}/g, (_whole, name: string) => {
    const parameter = parameters.find(each => each.name === name && each.in === 'path') ?? {}
    const { type = parameter.type, format = parameter.format } = resolved(parameter.schema, root)
    const word = type === 'integer' ? 'int' : type === 'number' || type === 'boolean' ? type : format
    return `:${name.replace(/[^\w-]/g, '_')}${['int', 'number', 'boolean', 'uuid', 'date'].includes(String(word)) ? `|${String(word)}` : ''}`
  })
}

function exampleAnswer(operation: Json, root: Json): HttpAnswer {
  const responses = resolved(operation.responses, root)
  const code = Object.keys(responses).find(each => /^2\d\d$/.test(each)) ?? 'default'
  const response = resolved(responses[code], root)
  const status = Number(code) || 200
  const none = { status, headers: [], body: undefined, external: undefined, contentType: '' }
  const content = resolved(response.content, root)
  const [type = 'application/json', media] = Object.entries(content)[0] ?? []
  const { example, examples, schema = response.schema } = resolved(media, root)
  const first = isObject(examples) ? resolved(Object.values(examples)[0], root).value : undefined
  const value = example ?? first ?? (schema === undefined ? undefined : exampleOf(schema, root))
  if (value === undefined) return none
  const text = typeof value === 'string' && !type.endsWith('json') ? value : JSON.stringify(value)
  return { ...none, body: new Template(text, { strict: false, problem: () => {} }), contentType: type }
}
