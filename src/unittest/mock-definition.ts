import type { Diagnostics } from '../language/diagnostic.ts'
import type { Span } from '../language/source.ts'
import type { Element } from '../language/xml.ts'
import { attributeOf, childNamed, contentOf, textOf } from './element-content.ts'

/** A header of a request to match, or of a response to send. */
export interface MockHeader {
  readonly name: string
  readonly value: string
}

/** A request that a mock service knows, and its answer. */
export interface MockResource {
  /** Path below the context of the service. */
  readonly path: string
  /** Parameters the query must have. */
  readonly query: readonly (readonly [name: string, value: string])[]
  readonly method: string
  /** What the request must carry; anything where it is undefined. */
  readonly payload: string | undefined
  readonly headers: readonly MockHeader[]
  readonly response: MockResponse
}

/** What a mock service answers. */
export interface MockResponse {
  readonly status: number
  readonly payload: string
  readonly headers: readonly MockHeader[]
}

/** A service that stands in for an endpoint. */
export interface MockDefinition {
  /** Name of the endpoint whose address it takes over. */
  readonly endpoint: string
  /** The port it asks for. */
  readonly port: number
  readonly context: string
  readonly resources: readonly MockResource[]
  readonly span: Span
}

/** Reads a `<mock-service>`; undefined when something is wrong, which is reported. */
export function readMock(element: Element, diagnostics: Diagnostics): MockDefinition | undefined {
  const { span, name } = element
  const endpoint = textOf(element, 'service-name')
  if (name !== 'mock-service') {
    diagnostics.error(span, 'unknown-element', `<${name}> is no mock service; expected <mock-service>.`)
    return undefined
  }
  if (endpoint === undefined) {
    diagnostics.error(span, 'missing', '<mock-service> needs <service-name>, the name of an endpoint.')
    return undefined
  }
  const resources = childNamed(element, 'resources')?.children ?? []
  return {
    endpoint,
    port: wholeNumber(element, 'port', diagnostics) ?? 0,
    context: textOf(element, 'context') ?? '',
    resources: resources.map(each => readResource(each, diagnostics)),
    span,
  }
}

function readResource(element: Element, diagnostics: Diagnostics): MockResource {
  const [path = '', query = ''] = (textOf(element, 'sub-context') ?? '').split('?', 2)
  const request = childNamed(element, 'request')
  const response = childNamed(element, 'response')
  const payload = childNamed(request, 'payload')
  const answer = childNamed(response, 'payload')
  return {
    path,
    query: [...new URLSearchParams(query)],
    method: textOf(element, 'method')?.toUpperCase() ?? 'GET',
    payload: (payload && contentOf(payload)) || undefined,
    headers: headersOf(request),
    response: {
      status: (response && wholeNumber(response, 'status-code', diagnostics)) ?? 200,
      payload: answer ? contentOf(answer) : '',
      headers: headersOf(response),
    },
  }
}

function headersOf(parent: Element | undefined): MockHeader[] {
  const headers = childNamed(parent, 'headers')?.children ?? []
  return headers.map(each => ({
    name: attributeOf(each, 'name') ?? '',
    value: attributeOf(each, 'value') ?? '',
  }))
}

function wholeNumber(parent: Element, name: string, diagnostics: Diagnostics): number | undefined {
  const text = textOf(parent, name)
  if (text === undefined || /^\d+$/.test(text)) return text === undefined ? undefined : Number(text)
  const { textSpan } = childNamed(parent, name)!
  diagnostics.error(textSpan, 'bad-value', `<${name}> is "${text}"; expected a whole number.`)
  return undefined
}
