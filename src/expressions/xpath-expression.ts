import type { MessageContext } from '../core/context.ts'
import { Fault } from '../core/fault.ts'
import { Expected } from '../language/types.ts'
import { bodyOf, headerOf } from '../message/codecs/soap.ts'
import { XmlElement } from '../message/xml/tree.ts'
import { prefixWarnings, variableReader } from './properties.ts'
import type { Expression } from './value.ts'
import {
  compileXPath,
  type XPathFunction,
  type XPathProgram,
  type XPathScope,
  XPathSyntaxError,
  type XPathValue,
  type XPathVariable,
  xpathBoolean,
  xpathText,
} from './xpath.ts'
import { extensionFunction } from './xpath-extensions.ts'
import { compileNewerXPath } from './xpath-newer.ts'
import { toXPath } from './xpath-value.ts'

/** An XPath expression that can be evaluated on the envelope of a message, or on another element. */
export interface PreparedXPath {
  readonly readsContent: boolean
  readonly warnings: readonly string[]
  /** @throws Fault when it cannot be evaluated */
  evaluate(ctx: MessageContext, root?: XmlElement): XPathValue
}

/**
 * Compiles an XPath 1.0 expression, or one of a later version that is none of 1.0.
 * @throws Expected when it cannot be compiled
 */
export function prepareXPath(source: string, namespaces: ReadonlyMap<string, string>): PreparedXPath {
  const program = compile(source, namespaces)
  const { readsContent, warnings } = program
  return {
    readsContent,
    warnings,
    evaluate(ctx, root) {
      // An expression that reads no content must not make one be parsed.
      const node = root ?? (readsContent ? ctx.message.content.envelope() : NOTHING)
      try {
        return program.evaluate(node, ctx)
      } catch (error) {
        if (error instanceof Fault || !(error instanceof Error)) throw error
        throw new Fault(0, `evaluating ${source} failed: ${error.message}`, { cause: error })
      }
    },
  }
}

/**
 * Compiles an XPath expression on the envelope of a message.
 * @throws Expected when it cannot be compiled
 */
export function xpathExpression(source: string, namespaces: ReadonlyMap<string, string>): Expression {
  const { readsContent, warnings, evaluate } = prepareXPath(source, namespaces)
  const text = (ctx: MessageContext): string | null => xpathText(evaluate(ctx), source)
  return {
    source,
    language: 'xpath',
    readsContent,
    warnings,
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

function compile(source: string, namespaces: ReadonlyMap<string, string>): XPathProgram<MessageContext> {
  const scope: XPathScope<MessageContext> = {
    namespaces,
    function: extensionFunction,
    variable: findVariable,
  }
  try {
    return compileXPath(source, scope)
  } catch (error) {
    if (!(error instanceof XPathSyntaxError)) throw error
    const newer = compileNewerXPath(source, scope)
    if (newer) return newer
    const doubtful = withUnknownFunctions(source, scope, error)
    if (doubtful) return doubtful
    throw new Expected(`an XPath expression (${error.message})`)
  }
}

/** How many functions that are not there one expression may name. */
const MAX_UNKNOWN = 8

/** Compatibility: a function there is none of is a fault when it is reached; the original looks for it then. */
function withUnknownFunctions(
  source: string,
  scope: XPathScope<MessageContext>,
  first: XPathSyntaxError,
): XPathProgram<MessageContext> | undefined {
  const unknown = new Set<string>()
  let error = first
  while (error.unknownFunction !== undefined && unknown.size < MAX_UNKNOWN) {
    unknown.add(error.unknownFunction)
    try {
      return compileXPath(source, {
        ...scope,
        function(prefix, name) {
          const written = prefix === undefined ? name : `${prefix}:${name}`
          return unknown.has(written) ? missingFunction(written) : scope.function(prefix, name)
        },
      })
    } catch (thrown) {
      if (!(thrown instanceof XPathSyntaxError)) throw thrown
      error = thrown
    }
  }
  return undefined
}

function missingFunction(name: string): XPathFunction<MessageContext> {
  const missing = (): never => {
    throw new Fault(0, `there is no function ${name}()`)
  }
  return Object.assign(missing, { warning: `There is no function ${name}(): reaching it is a fault.` })
}

function findVariable(prefix: string | undefined, name: string): XPathVariable<MessageContext> | undefined {
  if (prefix === undefined) return CONTENT_VARIABLES.get(name)
  const read = variableReader(prefix, name)
  const [warning] = prefixWarnings(prefix, name)
  return Object.assign((ctx: MessageContext) => toXPath(read(ctx)), warning === undefined ? {} : { warning })
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
