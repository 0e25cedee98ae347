import type { Span } from '../language/source.ts'
import type { Element } from '../language/xml.ts'
import { attributeOf, childNamed, contentOf, textOf } from './element-content.ts'
import type { SuiteReader } from './suite-reader.ts'

const SCOPES = ['default', 'axis2', 'transport'] as const

/** Where a property of the input goes; `transport` is a header. */
export type PropertyScope = (typeof SCOPES)[number]

/** A value that a message brings along. */
export interface InputProperty {
  readonly name: string
  readonly value: string
  readonly scope: PropertyScope
}

/** What is expected of what came out. */
export interface Assertion {
  readonly type: 'assertEquals' | 'assertNotNull'
  /** What is looked at, such as `$body`. */
  readonly actual: string
  /** For `assertEquals` alone. */
  readonly expected: string
  readonly message: string
  readonly span: Span
}

/** One message and what must become of it. */
export interface TestCase {
  readonly name: string
  /** Path below the context of an API, with a query. */
  readonly path: string
  readonly method: string | undefined
  readonly protocol: 'http' | 'https'
  readonly payload: string | undefined
  readonly properties: readonly InputProperty[]
  readonly assertions: readonly Assertion[]
}

const INPUT = ['request-path', 'request-method', 'request-protocol', 'payload', 'properties']

/** Reads the cases of a suite. */
export function readCases(parent: Element | undefined, reader: SuiteReader): TestCase[] {
  return reader.all(parent, 'test-case').map((element, index) => {
    reader.warnOfOthers(element, ['input', 'assertions'])
    const input = childNamed(element, 'input')
    if (input) reader.warnOfOthers(input, INPUT)
    const payload = childNamed(input, 'payload')
    const properties = reader.all(childNamed(input, 'properties'), 'property')
    return {
      name: attributeOf(element, 'name') ?? `case ${index + 1}`,
      path: textOf(input, 'request-path') ?? '',
      method: textOf(input, 'request-method')?.toUpperCase(),
      protocol: textOf(input, 'request-protocol')?.toLowerCase() === 'https' ? 'https' : 'http',
      payload: payload && contentOf(payload),
      properties: properties.map(each => readProperty(each, reader)),
      assertions: readAssertions(childNamed(element, 'assertions'), reader),
    }
  })
}

function readProperty(element: Element, reader: SuiteReader): InputProperty {
  const name = attributeOf(element, 'name') ?? ''
  if (name === '') reader.error(element, 'missing', '<property> needs attribute name.')
  const given = attributeOf(element, 'scope') || 'default'
  const scope = SCOPES.find(each => each === given)
  if (!scope) {
    const message = `attribute scope is "${given}"; expected ${SCOPES.join(' or ')}.`
    reader.error(element, 'bad-value', message)
  }
  return { name, value: attributeOf(element, 'value') ?? '', scope: scope ?? 'default' }
}

/** What is misspelt here would pass unnoticed, so it is an error. */
function readAssertions(parent: Element | undefined, reader: SuiteReader): Assertion[] {
  return (parent?.children ?? []).flatMap(element => {
    const { name: type, span } = element
    if (type !== 'assertEquals' && type !== 'assertNotNull') {
      const message = `<${type}> is no assertion; expected <assertEquals> or <assertNotNull>.`
      reader.error(element, 'unknown-element', message)
      return []
    }
    const actual = reader.required(element, 'actual')?.text ?? ''
    const expected = type === 'assertEquals' ? reader.required(element, 'expected') : undefined
    const message = textOf(element, 'message') ?? ''
    return [{ type, actual, expected: expected ? contentOf(expected) : '', message, span }]
  })
}
