import { serializeXml } from '../message/xml/serialize.ts'
import type { XmlElement, XmlNode } from '../message/xml/tree.ts'
import { javaDoubleText, plainDigits } from './number-text.ts'
import { XPathBinding } from './xpath-binding.ts'
import { fromLibrary } from './xpath-conversion.ts'
import { parseXPath, stringOf } from './xpath-library.ts'
import { XPathSyntaxError } from './xpath-tokens.ts'

export { XPathSyntaxError }

/** What an XPath expression can result in. null: no value, as of a property that is not there. */
export type XPathValue = XmlNode[] | string | number | boolean | null

/** A function an expression can call, with its arguments evaluated. */
export interface XPathFunction<C> {
  (ctx: C, args: XPathValue[]): XPathValue
  /** Whether it looks at the content of the message. No, unless it says so. */
  readonly readsContent?: boolean
  /** What to tell whoever calls it. */
  readonly warning?: string
}

/** Reads the value of a variable. */
export interface XPathVariable<C> {
  (ctx: C): XPathValue
  /** Whether it looks at the content of the message. `$body`, `$header` and `$env` do unless they deny it. */
  readonly readsContent?: boolean
  /** What to tell whoever names it. */
  readonly warning?: string
}

/** What the names in an expression stand for. Asked once, when the expression is compiled. */
export interface XPathScope<C> {
  /** Prefix to namespace. The default namespace does not apply to names in XPath 1.0. */
  readonly namespaces: ReadonlyMap<string, string>
  /**
   * Finds a function by its name as written, before those of XPath itself are looked at. When the prefix is not
   * declared, or declared as that of the XPath functions, it is asked once more without.
   */
  function(prefix: string | undefined, name: string): XPathFunction<C> | undefined
  /** Finds a variable: `ctx` and `uri.var.id` for `$ctx:uri.var.id`. */
  variable(prefix: string | undefined, name: string): XPathVariable<C> | undefined
}

/** A compiled expression. */
export interface XPathProgram<C> {
  /** Whether it looks at the content of the message; if not, `evaluate` does without a node. */
  readonly readsContent: boolean
  /** What its author should know. */
  readonly warnings: readonly string[]
  /**
   * Evaluates the expression at a node. Nodes come in document order; the array belongs to the caller.
   * @throws Error when the expression cannot be evaluated, such as `count('x')`
   */
  evaluate(node: XmlNode | undefined, ctx: C): XPathValue
}

/**
 * Compiles an XPath 1.0 expression, with the functions `lower-case`, `upper-case` and `ends-with` added.
 *
 * Compatibility: a comparison with a property that is not there is false, `!=` included, as in Jaxen. A prefix
 * that is not declared is a warning, and an error when a step that names it is reached.
 * @throws XPathSyntaxError when it cannot be parsed, or names a function or variable there is none of
 * @example compileXPath('$ctx:count > 3', scope).evaluate(envelope, ctx)
 */
export function compileXPath<C>(source: string, scope: XPathScope<C>): XPathProgram<C> {
  const { expression, tokens } = parseXPath(source)
  const binding = new XPathBinding(scope, tokens)
  const bound = binding.bind(expression)
  return {
    readsContent: binding.readsContent,
    warnings: binding.warnings,
    evaluate: (node, ctx) =>
      fromLibrary(bound.evaluate({ contextNode: node, contextPosition: 1, contextSize: 1, caller: ctx })),
  }
}

/**
 * Gives the text a mediator works with; null when there is no value.
 *
 * Compatibility: an element is its own text, trimmed, but its XML when it has no text of its own or the
 * expression contains `node()`; several nodes are put together, elements as XML; numbers are Java's (`3.0`).
 */
export function xpathText(value: XPathValue, source: string): string | null {
  if (value === null || typeof value === 'string') return value
  if (typeof value === 'number') return javaDoubleText(value)
  if (typeof value === 'boolean') return String(value)
  const [only] = value
  if (!only) return ''
  if (value.length > 1)
    return value.map(node => (node.nodeType === 1 ? xmlOf(node) : contentOf(node))).join('')
  if (only.nodeType === 1) return (!source.includes('node()') && trimmed(only)) || xmlOf(only)
  const parent = only.nodeType === 3 && /node\(\)\s*$/.test(source) ? only.parentNode : null
  return parent?.nodeType === 1 ? trimmed(parent) : contentOf(only)
}

/** Gives the string-value of a result, as `string()` would: that of the first node, '' for no value. */
export function xpathString(value: XPathValue): string {
  if (value === null) return ''
  if (typeof value === 'number') return plainDigits(value)
  if (typeof value !== 'object') return String(value)
  return value[0] ? stringOf(value[0]) : ''
}

/** Takes a result for a condition: no value, '', 0, NaN and no nodes are false. The string "false" is true. */
export function xpathBoolean(value: XPathValue): boolean {
  if (typeof value === 'object' && value !== null) return value.length > 0
  return Boolean(value)
}

function contentOf(node: XmlNode): string {
  switch (node.nodeType) {
    case 9:
      return node.documentElement ? serializeXml(node.documentElement) : ''
    case 2:
    case 3:
      return stringOf(node)
    default:
      // Compatibility: comments and instructions give nothing.
      return ''
  }
}

/** No-break spaces count as spaces. */
function trimmed(element: XmlElement): string {
  return element.ownText.replaceAll('\u00a0', ' ').trim()
}

/** Writes an element; a text that is all it has is trimmed. */
function xmlOf(element: XmlElement): string {
  const text = trimmed(element)
  if (text === '' || text === element.ownText || element.firstElement) return serializeXml(element)
  const copy = element.clone()
  copy.setText(text)
  return serializeXml(copy)
}
