import type { MessageContext } from '../core/context.ts'
import { compileExpression } from '../expressions/expression.ts'
import { accessor } from '../expressions/scopes.ts'
import { textOf } from '../expressions/value.ts'
import type { Scope } from '../expressions/well-known.ts'
import { Expected } from '../language/types.ts'
import { isEnvelope, payloadOf } from '../message/codecs/soap.ts'
import { serializeXml } from '../message/xml/serialize.ts'
import type { ServiceResponse } from './call.ts'
import { saysTheSame } from './compare.ts'
import { xmlOf } from './payload.ts'
import type { Assertion } from './test-case.ts'

/** What came out: the message a sequence left, or the answer of a service. */
export type Outcome = { readonly message: MessageContext } | { readonly response: ServiceResponse }

/** An assertion that does not hold. */
export interface AssertionFailure {
  readonly type: Assertion['type']
  readonly expression: string
  readonly expected: string | undefined
  /** What was there; undefined for nothing. */
  readonly actual: string | undefined
  /** What the suite says about it. */
  readonly message: string
  /** Why nothing could be looked at, where that is so. */
  readonly problem?: string
}

const SCOPES: ReadonlyMap<string, Scope> = new Map([
  ['ctx', 'default'],
  ['axis2', 'axis2'],
  ['trp', 'transport'],
])

/** Checks an assertion; undefined when it holds. */
export function failureOf(assertion: Assertion, outcome: Outcome): AssertionFailure | undefined {
  const { type, actual: expression, message } = assertion
  const expected = type === 'assertEquals' ? assertion.expected : undefined
  try {
    const actual = actualOf(assertion, outcome)
    const holds =
      expected === undefined ? actual !== undefined : actual !== undefined && saysTheSame(expected, actual)
    return holds ? undefined : { type, expression, expected, actual, message }
  } catch (error) {
    const problem = error instanceof Expected ? expectedText(error) : (error as Error).message
    return { type, expression, expected, actual: undefined, message, problem }
  }
}

function expectedText({ message, hint }: Expected): string {
  return `expected ${message}${hint === undefined ? '' : `; ${hint}`}`
}

function actualOf({ actual: expression, expected, span }: Assertion, outcome: Outcome): string | undefined {
  if ('response' in outcome) return responseValue(expression, outcome.response)
  const { message: ctx } = outcome
  if (expression === '$body') return bodyText(ctx, xmlOf(expected))
  const [, prefix = '', name = ''] = /^\$(\w+):(.+)$/.exec(expression) ?? []
  const scope = SCOPES.get(prefix)
  if (scope) return textOf(accessor(scope, name).get(ctx)) ?? undefined
  return compileExpression(expression, { namespaces: new Map(), span }).text(ctx) ?? undefined
}

/** The payload: JSON, the text of a text, or XML; the whole envelope where one is expected. */
function bodyText(ctx: MessageContext, expected: ReturnType<typeof xmlOf>): string | undefined {
  const { content } = ctx.message
  if (content.isEmpty) return undefined
  if (content.isJson) return content.as('application/json').toString()
  const envelope = content.envelope()
  if (expected && isEnvelope(expected)) return serializeXml(envelope)
  const payload = payloadOf(envelope)
  if (!payload) return undefined
  return payload.namespaceURI === TEXT_NAMESPACE ? payload.text : serializeXml(payload)
}

/** Namespace of the element that stands for a text in an envelope. */
const TEXT_NAMESPACE = 'http://ws.apache.org/commons/ns/payload'

function responseValue(
  expression: string,
  { status, version, headers, body }: ServiceResponse,
): string | undefined {
  if (expression === '$body') return body === '' ? undefined : body
  if (expression === '$statusCode') return String(status)
  if (expression === '$httpVersion') return version
  const name = /^\$trp:(.+)$/.exec(expression)?.[1]
  if (name === undefined)
    throw new Error('of a response $body, $statusCode, $httpVersion and $trp:NAME can be looked at')
  const value = headers[name.toLowerCase()]
  return Array.isArray(value) ? value.join(', ') : value
}
