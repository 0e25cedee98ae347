import type { MessageContext } from '../core/context.ts'
import { Fault } from '../core/fault.ts'
import type { PropertyValue } from '../core/properties.ts'
import { Expected } from '../language/types.ts'
import { bodyOf, headerOf } from '../message/codecs/soap.ts'
import { XmlElement } from '../message/xml/tree.ts'
import { dateFormat, isScope, propertyReader, variableReader } from './properties.ts'
import type { Expression } from './value.ts'
import {
  compileXPath,
  type XPathFunction,
  type XPathScope,
  XPathSyntaxError,
  type XPathValue,
  type XPathVariable,
  xpathBoolean,
  xpathString,
  xpathText,
} from './xpath.ts'

/**
 * Compiles an XPath 1.0 expression on the envelope of a message.
 * @throws Expected when it cannot be compiled
 */
export function xpathExpression(source: string, namespaces: ReadonlyMap<string, string>): Expression {
  const program = compile(source, namespaces)
  const evaluate = (ctx: MessageContext, root?: XmlElement): XPathValue => {
    // An expression that reads no content must not make one be parsed.
    const node = root ?? (program.readsContent ? ctx.message.content.envelope() : NOTHING)
    try {
      return program.evaluate(node, ctx)
    } catch (error) {
      if (error instanceof Fault || !(error instanceof Error)) throw error
      throw new Fault(0, `evaluating ${source} failed: ${error.message}`, { cause: error })
    }
  }
  const text = (ctx: MessageContext): string | null => xpathText(evaluate(ctx), source)
  return {
    source,
    language: 'xpath',
    readsContent: program.readsContent,
    text,
    boolean: ctx => xpathBoolean(evaluate(ctx)),
    value: text,
    nodes(ctx, root) {
      const value = evaluate(ctx, root)
      return Array.isArray(value) ? value : undefined
    },
  }
}

const NOTHING: XmlElement = new XmlElement('Envelope')

function compile(source: string, namespaces: ReadonlyMap<string, string>) {
  const scope: XPathScope<MessageContext> = { namespaces, function: findFunction, variable: findVariable }
  try {
    return compileXPath(source, scope)
  } catch (error) {
    if (!(error instanceof XPathSyntaxError)) throw error
    throw new Expected(`an XPath expression (${error.message})`)
  }
}

function findFunction(_prefix: string | undefined, name: string): XPathFunction<MessageContext> | undefined {
  return FUNCTIONS.get(name)
}

const FUNCTIONS: ReadonlyMap<string, XPathFunction<MessageContext>> = new Map([
  ['get-property', getProperty],
  ['base64Encode', (_ctx, [value]) => Buffer.from(text(value)).toString('base64')],
  ['base64Decode', (_ctx, [value]) => Buffer.from(text(value), 'base64').toString('utf8').trim()],
] satisfies [string, XPathFunction<MessageContext>][])

function getProperty(ctx: MessageContext, args: XPathValue[]): XPathValue {
  if (args.length === 0) return ''
  if (args.length > 2) throw new Fault(0, 'get-property takes a scope and a name')
  const names = args.map(text)
  if (names.length === 2 && !isScope(names[0]!)) throw new Fault(0, dateFormat(names[0]!).hint ?? '')
  const [scope, name] = names.length === 2 ? names : ['default', names[0]]
  return toXPath(propertyReader(scope!, name!)(ctx))
}

function findVariable(
  prefix: string | undefined,
  name: string,
): ((ctx: MessageContext) => XPathValue) | undefined {
  if (prefix === undefined) return CONTENT_VARIABLES.get(name)
  const read = variableReader(prefix, name)
  return read && (ctx => toXPath(read(ctx)))
}

const CONTENT_VARIABLES: ReadonlyMap<string, XPathVariable<MessageContext>> = new Map(
  Object.entries({
    body: contentVariable(bodyOf),
    header: contentVariable(headerOf),
    env: contentVariable(envelope => envelope),
  }),
)

function contentVariable(
  find: (envelope: XmlElement) => XmlElement | undefined,
): XPathVariable<MessageContext> {
  const read = (ctx: MessageContext): XPathValue => nodes(find(ctx.message.content.envelope()))
  return Object.assign(read, { readsContent: true })
}

function nodes(element: XmlElement | undefined): XmlElement[] {
  return element ? [element] : []
}

function text(value: XPathValue | undefined): string {
  return xpathString(value ?? null)
}

function toXPath(value: PropertyValue): XPathValue {
  if (value === undefined || value === null) return null
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value
  if (value instanceof XmlElement) return [value]
  return JSON.stringify(value)
}
