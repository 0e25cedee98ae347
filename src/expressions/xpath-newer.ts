import type { MessageContext } from '../core/context.ts'
import { payloadOf } from '../message/codecs/soap.ts'
import { rootOf } from '../message/xml/order.ts'
import { XmlDocument, XmlElement, type XmlNode } from '../message/xml/tree.ts'
import { fontoxpath } from './fontoxpath.ts'
import { propertyCall, propertyReader } from './properties.ts'
import type { XPathProgram, XPathScope, XPathValue } from './xpath.ts'
import { toXPath } from './xpath-value.ts'

const KNOWN: Readonly<Record<string, string | undefined>> = {
  fn: 'http://www.w3.org/2005/xpath-functions',
  xs: 'http://www.w3.org/2001/XMLSchema',
  math: 'http://www.w3.org/2005/xpath-functions/math',
  map: 'http://www.w3.org/2005/xpath-functions/map',
  array: 'http://www.w3.org/2005/xpath-functions/array',
}

type Read = (ctx: MessageContext) => XPathValue

/**
 * Compiles an expression that is none of XPath 1.0 as one of XPath 3.1; undefined when it is none of that either.
 * Properties are read by `get-property` with fixed names and by variables; the context is the payload.
 */
export function compileNewerXPath(
  source: string,
  { namespaces, variable }: XPathScope<MessageContext>,
): XPathProgram<MessageContext> | undefined {
  const reads = new Map<string, Read>()
  let readsContent = false
  const rewritten = source.replace(OUTSIDE, (found, prefix?: string, name?: string, args?: string) => {
    const read = name === undefined ? propertyOf(args) : variable(prefix, name)
    if (!read) return found
    if ('readsContent' in read && read.readsContent) readsContent = true
    const known = `value${reads.size}`
    reads.set(known, read)
    return `($${known}?*)`
  })
  const { evaluateXPath } = fontoxpath()
  const options = {
    namespaceResolver: (prefix: string) =>
      prefix === '' ? '' : (namespaces.get(prefix) ?? KNOWN[prefix] ?? null),
    language: evaluateXPath.XPATH_3_1_LANGUAGE,
  }
  const evaluate = (node: XmlNode, values: Readonly<Record<string, unknown>>, type: number): unknown =>
    evaluateXPath(rewritten, node, null, values, type as never, options)
  const nothing = Object.fromEntries([...reads.keys()].map(name => [name, []]))
  try {
    evaluate(new XmlElement('nothing'), nothing, evaluateXPath.ALL_RESULTS_TYPE)
  } catch (error) {
    // Errors of this family are about the expression; others are about what it was evaluated on just now.
    if (/XPST\d/.test((error as Error).message)) return undefined
  }
  return {
    readsContent:
      readsContent || /\/|\*|@|(?:^|[^\w.])\.(?!\d)|^\s*[\w-]+\s*$/.test(rewritten.replace(NO_PATHS, '')),
    warnings: [],
    evaluate(root, ctx) {
      const node = (root?.nodeType === 1 && payloadOf(root)) || root || new XmlElement('nothing')
      const top = rootOf(node)
      // A path from the root needs a document above the outermost element.
      if (top.nodeType === 1) new XmlDocument().append(top)
      const values: Record<string, unknown> = {}
      for (const [name, read] of reads) values[name] = sequenceOf(read(ctx))
      const items = evaluate(node, values, evaluateXPath.ALL_RESULTS_TYPE) as unknown[]
      if (items.every(isNode)) return items
      const [only] = items
      if (items.length === 1 && /^(?:string|number|boolean)$/.test(typeof only)) return only as XPathValue
      return String(evaluate(node, values, evaluateXPath.STRING_TYPE))
    },
  }
}

/** A value as the members of an array, which is how a sequence is handed over. */
function sequenceOf(value: XPathValue): unknown[] {
  return Array.isArray(value) ? value : value === null ? [] : [value]
}

const STRINGS = /"[^"]*"|'[^']*'/g
/** What looks like a path and is none. */
const NO_PATHS = /"[^"]*"|'[^']*'|\(\$\w+\?\*\)/g
/** Strings, which are left alone; variables; and calls of get-property on fixed names. */
const OUTSIDE =
  /"[^"]*"|'[^']*'|\$(?:([\w-]+):)?([\w-][\w.-]*)|(?:[\w-]+:)?get-property\(\s*((?:'[^']*'|"[^"]*")(?:\s*,\s*(?:'[^']*'|"[^"]*")){0,2})\s*\)/g

function propertyOf(args: string | undefined): Read | undefined {
  const names = args?.match(STRINGS)?.map(name => name.slice(1, -1))
  if (!names) return undefined
  const read = propertyReader(propertyCall(names))
  return ctx => toXPath(read(ctx))
}

function isNode(item: unknown): item is XmlNode {
  return typeof item === 'object' && item !== null && 'nodeType' in item
}
