import type { MessageContext } from '../core/context.ts'
import type { Entry } from '../core/entry.ts'
import { XmlElement, type XmlNode } from '../message/xml/tree.ts'
import { remembered } from './remembered.ts'
import { SynapseSyntaxError } from './synapse-lexer.ts'
import { compilePath, type Evaluate } from './synapse-path.ts'
import { textArg } from './synapse-signature.ts'
import type { SynapseCall, SynapseTerm } from './synapse-term.ts'
import { isNodeList, jsonOf, SynapseError, type SynapseValue } from './synapse-values.ts'
import { xpathText } from './xpath.ts'
import { type PreparedXPath, prepareXPath } from './xpath-expression.ts'

type Compile = (term: SynapseTerm) => Evaluate
type Namespaces = ReadonlyMap<string, string>

/** Compiles a call of a function that looks at more than its arguments. @throws SynapseSyntaxError */
export function compileSpecial(call: SynapseCall, compile: Compile, namespaces: Namespaces): Evaluate {
  switch (call.name) {
    case 'exists':
      return exists(call.args.map(compile))
    case 'xpath':
      return xpath(call, compile, namespaces)
    case 'registry':
      return registry(call, compile)
    default:
      throw new SynapseSyntaxError(
        `${call.name}() is not supported: put the secret into the environment and read it as configs.name`,
        call.offset,
      )
  }
}

function exists([access]: readonly Evaluate[]): Evaluate {
  return ctx => {
    try {
      return access?.(ctx) !== null
    } catch {
      return false
    }
  }
}

/** Compiles a call of `registry`: the text of a resource, a property of it, or a place in its JSON. */
function registry({ args, path, property, text }: SynapseCall, compile: Compile): Evaluate {
  const [key] = args.map(compile)
  const name = property && compile(property)
  const follow = path.length === 0 ? undefined : compilePath(path, text, compile)
  return ctx => {
    const path = textArg(key?.(ctx))
    const entry = ctx.deployment.entry(path)
    if (!entry) throw new SynapseError(`there is no resource ${path}`)
    if (follow) return follow(jsonOfEntry(entry), ctx)
    if (!name) return entry.text
    const wanted = textArg(name(ctx))
    const value = entry.property(wanted)
    if (value === undefined) throw new SynapseError(`resource ${path} has no property ${wanted}`)
    return value
  }
}

const parsed = new WeakMap<Entry, { readonly value: unknown }>()

function jsonOfEntry(entry: Entry): unknown {
  const known = parsed.get(entry) ?? { value: jsonOf(entry.text, `resource ${entry.key}`) }
  parsed.set(entry, known)
  return known.value
}

/** Compiles a call of `xpath` for its text. */
function xpath(call: SynapseCall, compile: Compile, namespaces: Namespaces): Evaluate {
  const { evaluate, source } = xpathCall(call, compile, namespaces)
  return ctx => {
    const text = xpathText(evaluate(ctx), source(ctx))
    if (text === null) throw new SynapseError(`${call.text} gives nothing`)
    return text
  }
}

/** Compiles a call of `xpath` for the nodes it selects, or for its value where it selects none. */
export function xpathNodes(call: SynapseCall, compile: Compile, namespaces: Namespaces): Evaluate {
  const { evaluate } = xpathCall(call, compile, namespaces)
  return evaluate
}

/** Whether a call of `xpath` reads the payload. */
export function xpathReadsContent({ args: [path, variable] }: SynapseCall, namespaces: Namespaces): boolean {
  if (variable) return false
  return path?.kind !== 'literal' || prepareXPath(textArg(path.value), namespaces).readsContent
}

interface XPathCall {
  readonly evaluate: (ctx: MessageContext) => XmlNode[] | string | number | boolean | null
  readonly source: (ctx: MessageContext) => string
}

function xpathCall({ args, offset }: SynapseCall, compile: Compile, namespaces: Namespaces): XPathCall {
  const [first] = args
  const [path, variable] = args.map(compile)
  if (!first || !path) throw new SynapseSyntaxError('xpath() takes an XPath', offset)
  const prepare = remembered((source): PreparedXPath => prepareXPath(source, namespaces))
  const source = (ctx: MessageContext): string => textArg(path(ctx))
  const fixed = first.kind === 'literal' ? fixedXPath(textArg(first.value), prepare, offset) : undefined
  return {
    source,
    evaluate: ctx => {
      const prepared = fixed ?? prepare(source(ctx))
      return prepared.evaluate(ctx, variable && xmlVariable(ctx, textArg(variable(ctx))))
    },
  }
}

function fixedXPath(
  source: string,
  prepare: (source: string) => PreparedXPath,
  offset: number,
): PreparedXPath {
  try {
    return prepare(source)
  } catch (error) {
    throw new SynapseSyntaxError(`xpath() takes ${(error as Error).message}`, offset)
  }
}

/** The XML in a variable, or in a field of one that holds a map: `name` or `name.field`. */
function xmlVariable(ctx: MessageContext, name: string): XmlElement {
  const dot = name.indexOf('.')
  const outer: SynapseValue = ctx.variables.get(dot < 0 ? name : name.slice(0, dot))
  if (outer === undefined) throw new SynapseError(`Variable ${name} is not defined`)
  const field = name.slice(dot + 1)
  const value =
    dot < 0 ? outer : outer instanceof Map ? outer.get(field) : (outer as Record<string, unknown>)?.[field]
  const element = isNodeList(value) ? value[0] : value
  if (element instanceof XmlElement) return element
  throw new SynapseError(`variable ${name} holds no XML`)
}
