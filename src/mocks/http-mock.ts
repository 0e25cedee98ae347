import type { Span } from '../language/source.ts'
import type { YamlNode } from '../language/yaml.ts'
import { type ExternalBody, readExternalBody } from './external-body.ts'
import { type Latency, readLatency } from './latency.ts'
import { type MockAddress, readAddress } from './mock-address.ts'
import { MockFields, type MockReading, withStrict } from './mock-reading.ts'
import { readTemplate } from './mock-reply.ts'
import { type RateLimit, readRateLimit } from './rate-limit.ts'
import type { Template } from './template.ts'
import { readBody, readHeaders, readWebhook, type Webhook } from './webhook.ts'

/** What a request to an endpoint of a mock file is answered. */
export interface HttpAnswer {
  readonly status: number
  readonly headers: readonly (readonly [name: string, value: Template])[]
  readonly body: Template | undefined
  readonly external: ExternalBody | undefined
  /** The type of the body, where no header says. */
  readonly contentType: string
}

/** An endpoint of a mock file. */
export interface HttpMock {
  /** In capital letters. */
  readonly method: string
  readonly address: MockAddress
  readonly answer: HttpAnswer
  readonly rateLimit: RateLimit | undefined
  readonly latency: Latency | undefined
  readonly webhooks: readonly Webhook[]
  readonly span: Span
  used: number
}

/** Methods of HTTP that an endpoint may have. */
export const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS'] as const

/** Reads an `endpoint:`; undefined where it has no path. */
export function readEndpoint(node: YamlNode, given: MockReading): HttpMock | undefined {
  if (node.kind !== 'map') {
    given.diagnostics.error(node.span, 'bad-value', 'endpoint is a map.')
    return undefined
  }
  const reading = withStrict(node, given)
  const fields = new MockFields(node, 'endpoint', reading)
  const method = (fields.text('method') ?? 'GET').toUpperCase()
  if (!METHODS.some(each => each === method))
    fields.error(fields.get('method')!.span, 'bad-value', `method is one of ${METHODS.join(', ')}.`)
  const address = readAddress(fields)
  const response = fields.get('response')
  const { answer, webhook } = readAnswer(response, reading)
  const own = readWebhook(fields)
  const rateLimit = readRateLimit(fields)
  const latency = readLatency(fields)
  const webhooks = [own, webhook].flatMap(each => each ?? [])
  return address && { method, address, answer, rateLimit, latency, webhooks, span: node.span, used: 0 }
}

/** Reads what a request is answered: a map of status, headers and body, or the body alone. */
export function readAnswer(
  node: YamlNode | undefined,
  reading: MockReading,
): { readonly answer: HttpAnswer; readonly webhook?: Webhook | undefined } {
  const empty: HttpAnswer = {
    status: 200,
    headers: [],
    body: undefined,
    external: undefined,
    contentType: '',
  }
  if (!node) return { answer: empty }
  if (node.kind === 'scalar') {
    const body = readTemplate(node, node.text, reading)
    return { answer: { ...empty, body, contentType: guessed(node.text) } }
  }
  if (node.kind === 'list') {
    reading.diagnostics.error(node.span, 'bad-value', 'response is a map of status, headers and body.')
    return { answer: empty }
  }
  const fields = new MockFields(node, 'http response', reading, 'response')
  const status = fields.number('status', { min: 200, max: 599 }) ?? 200
  const headers = readHeaders(fields)
  const body = fields.get('body')
  const external = readExternalBody(fields)
  if (body && external)
    fields.error(body.span, 'bad-combination', 'A response has a body or an external-body.')
  const contentType = external || body?.kind !== 'scalar' ? 'application/json' : guessed(body.text)
  const answer = { status, headers, body: body && readBody(body, fields), external, contentType }
  return { answer, webhook: readWebhook(fields) }
}

/** Tells the type of a body by how it begins. */
function guessed(text: string): string {
  if (/^\s*(?:[{["]|-?\d+\s*$|(?:true|false|null)\s*$)/.test(text) && !/^\s*\{\{/.test(text))
    return 'application/json'
  if (/^\s*<(?:!doctype html|html)/i.test(text)) return 'text/html'
  return /^\s*<[?\w]/.test(text) ? 'application/xml' : 'text/plain'
}
