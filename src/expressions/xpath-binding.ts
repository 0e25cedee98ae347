import { inDocumentOrder, rootOf } from '../message/xml/order.ts'
import { XML_NAMESPACE, XmlDocument, type XmlNode } from '../message/xml/tree.ts'
import type { XPathScope, XPathValue } from './xpath.ts'
import { coreFunction } from './xpath-functions.ts'
import {
  type BinaryExpr,
  type CallExpr,
  type Comparison,
  compare,
  type Evaluable,
  library,
  MISSING,
  nodeSet,
  type PathExpr,
  type StepExpr,
  type UnaryExpr,
  type Value,
  type VariableExpr,
} from './xpath-library.ts'
import { asBinary, isPositional, literalPosition, splitName } from './xpath-positions.ts'
import { type Axis, applySteps, filterNodes, type Place, type PreparedStep } from './xpath-steps.ts'
import { XPathSyntaxError, type XPathToken } from './xpath-tokens.ts'

type Predicate = PreparedStep['predicates'][number]

const COMPARISONS: readonly [new (...args: never[]) => BinaryExpr, Comparison][] = [
  [library.EqualsOperation, 'equals'],
  [library.NotEqualOperation, 'notequal'],
  [library.LessThanOperation, 'lessthan'],
  [library.LessThanOrEqualOperation, 'lessthanorequal'],
  [library.GreaterThanOperation, 'greaterthan'],
  [library.GreaterThanOrEqualOperation, 'greaterthanorequal'],
]
const { NAMETESTANY, NAMETESTPREFIXANY, NAMETESTQNAME, COMMENT, TEXT, PI } = library.NodeTest

/**
 * Connects a parsed expression with the functions, variables and namespaces it names, once and for all:
 * what remains for a message is to walk the tree and call functions.
 */
export class XPathBinding<C> {
  readonly #scope: XPathScope<C>
  readonly #tokens: readonly XPathToken[]
  /** Whether the context node at this place of the expression belongs to the content of the message. */
  #onContent = true
  /** Whether anything so far looks at the content of the message. */
  readsContent = false

  constructor(scope: XPathScope<C>, tokens: readonly XPathToken[]) {
    this.#scope = scope
    this.#tokens = tokens
  }

  /**
   * Makes an expression that can be evaluated. The one given is used up.
   * @throws XPathSyntaxError when it names a function, variable or prefix there is none of
   */
  bind(expr: Evaluable): Evaluable {
    if (expr instanceof library.PathExpr) return this.#path(expr)
    if (expr instanceof library.FunctionCall) return this.#call(expr)
    if (expr instanceof library.VariableReference) return this.#variable(expr)
    if (expr instanceof library.UnaryMinusOperation) {
      ;(expr as UnaryExpr).rhs = this.bind((expr as UnaryExpr).rhs)
      return expr
    }
    const operation = asBinary(expr)
    if (!operation) return expr
    const lhs = this.bind(operation.lhs)
    const rhs = this.bind(operation.rhs)
    const [, how] = COMPARISONS.find(([comparison]) => expr instanceof comparison) ?? []
    if (how) return { evaluate: place => compare(how, lhs.evaluate(place), rhs.evaluate(place)) }
    if (expr instanceof library.BarOperation) {
      return { evaluate: place => union(lhs.evaluate(place), rhs.evaluate(place)) }
    }
    operation.lhs = lhs
    operation.rhs = rhs
    return expr
  }

  #path({ filter, filterPredicates = [], locationPath }: PathExpr): Evaluable {
    const outside = this.#onContent
    const from = filter && this.#filter(filter)
    const predicates = filterPredicates.map(p => this.#predicate(p))
    const steps = locationPath
      ? mergeDescendants(locationPath.steps.map(step => this.#step(step)))
      : undefined
    if (steps && this.#onContent) this.readsContent = true
    this.#onContent = outside
    if (from && predicates.length === 0 && !steps) return from
    const absolute = locationPath?.absolute === true
    return {
      evaluate: place => {
        const nodes = from ? filtered(from.evaluate(place), predicates, place) : [contextOf(place, absolute)]
        return nodeSet(steps ? applySteps(steps, nodes, place.caller) : nodes)
      },
    }
  }

  /** Binds what a path starts from. Its steps look at content only if that is content. */
  #filter(filter: Evaluable): Evaluable {
    const before = this.readsContent
    this.readsContent = false
    const bound = this.bind(filter)
    this.#onContent = this.readsContent
    this.readsContent ||= before
    return bound
  }

  #step({ axis: number, nodeTest, predicates }: StepExpr): PreparedStep {
    const axis = library.Step.STEPNAMES[number] as Axis
    const first = literalPosition(predicates[0])
    return {
      axis,
      test: this.#test(nodeTest, axis),
      positional: predicates.some(isPositional),
      limit: first ?? Infinity,
      predicates: predicates.map(p => this.#predicate(p)),
    }
  }

  #test({ type, name, prefix, localName }: StepExpr['nodeTest'], axis: Axis): PreparedStep['test'] {
    const principal = axis === 'attribute' || axis === 'namespace' ? 2 : 1
    const uri = typeof prefix === 'string' ? this.#namespace(prefix) : ''
    switch (type) {
      case NAMETESTANY:
        return node => node.nodeType === principal
      case NAMETESTPREFIXANY:
        return node => node.nodeType === principal && node.namespaceURI === uri
      case NAMETESTQNAME:
        return node =>
          node.nodeType === principal && node.localName === localName && node.namespaceURI === uri
      case COMMENT:
        return node => node.nodeType === 8
      case TEXT:
        return node => node.nodeType === 3 && anyNode(node)
      case PI:
        return node => node.nodeType === 7 && (name === undefined || node.target === name)
      default:
        return anyNode
    }
  }

  #namespace(prefix: string): string {
    const uri = prefix === 'xml' ? XML_NAMESPACE : this.#scope.namespaces.get(prefix)
    if (uri !== undefined) return uri
    const offset = this.#offsetOf(
      ({ type, text }) => /^QNAME$|^NCNAME/.test(type) && text.startsWith(`${prefix}:`),
    )
    throw new XPathSyntaxError(`the prefix "${prefix}" is not declared; add xmlns:${prefix}="…"`, offset)
  }

  #predicate(expr: Evaluable): Predicate {
    const bound = this.bind(expr)
    return place => {
      const value = bound.evaluate(place)
      return value instanceof library.XNumber ? value.num === place.contextPosition : value.booleanValue()
    }
  }

  #call({ functionName, arguments: args }: CallExpr): Evaluable {
    const { prefix, local } = splitName(functionName)
    const bound = args.map(arg => this.bind(arg))
    const uri = prefix && this.#scope.namespaces.get(prefix)
    const ignored = uri === undefined || uri.endsWith('/xpath-functions')
    const given = this.#scope.function(prefix, local) ?? (ignored && this.#scope.function(undefined, local))
    if (given) {
      if (given.readsContent) this.readsContent = true
      return {
        evaluate: place =>
          toLibrary(
            given(
              place.caller as C,
              bound.map(arg => fromLibrary(arg.evaluate(place))),
            ),
          ),
      }
    }
    const offset = this.#offsetOf(({ type, text }) => type === 'FUNCTIONNAME' && text === functionName)
    const core = ignored ? coreFunction(local) : undefined
    if (!core) throw new XPathSyntaxError(`there is no function ${functionName}()`, offset)
    const { minArgs, maxArgs, call } = core
    if (args.length < minArgs || args.length > maxArgs) {
      const most = maxArgs === Infinity ? ' or more' : maxArgs > minArgs ? ` to ${maxArgs}` : ''
      throw new XPathSyntaxError(
        `${functionName}() takes ${minArgs}${most} arguments, not ${args.length}`,
        offset,
      )
    }
    if (core.readsContext(args.length) && this.#onContent) this.readsContent = true
    return { evaluate: place => call(place, ...bound) }
  }

  #variable({ variable }: VariableExpr): Evaluable {
    const { prefix, local } = splitName(variable)
    const read = this.#scope.variable(prefix, local)
    if (!read) {
      const offset = this.#offsetOf(({ type, text }) => type === 'QNAME' && text === variable)
      throw new XPathSyntaxError(`there is no variable $${variable}`, offset)
    }
    const isContent = prefix === undefined && /^(?:body|header|env)$/.test(local)
    if (read.readsContent ?? isContent) this.readsContent = true
    return { evaluate: place => toLibrary(read(place.caller as C)) }
  }

  #offsetOf(isIt: (token: XPathToken) => boolean): number | undefined {
    return this.#tokens.find(isIt)?.offset
  }
}

/** Turns a value of a caller into one of the library. */
function toLibrary(value: XPathValue): Value {
  if (value === null) return MISSING
  if (typeof value === 'string') return new library.XString(value)
  if (typeof value === 'number') return new library.XNumber(value)
  if (typeof value === 'boolean') return new library.XBoolean(value)
  return nodeSet(value.length > 1 ? inDocumentOrder([...value]) : value)
}

/** Turns a value of the library into one of a caller. */
export function fromLibrary(value: Value): XPathValue {
  if (value === MISSING) return null
  if (value instanceof library.XNodeSet) return value.nodes
  if (value instanceof library.XString) return value.str
  if (value instanceof library.XNumber) return value.num
  return value.booleanValue()
}

function contextOf(place: Place, absolute: boolean): XmlNode {
  const node = place.contextNode
  if (!node) throw new Error('there is no content to look into')
  if (!absolute) return node
  const root = rootOf(node)
  if (root.nodeType !== 1) return root
  // A path from the root names the outermost element first, so there has to be something above it.
  const document = new XmlDocument()
  document.append(root)
  return document
}

function filtered(value: Value, predicates: readonly Predicate[], place: Place): XmlNode[] {
  if (value instanceof library.XNodeSet) return filterNodes(predicates, value.nodes, place.caller)
  if (predicates.length > 0) throw new Error('a predicate needs nodes, and this is a value')
  // Compatibility: a path into a property that holds plain text finds nothing; it is no fault.
  return []
}

function union(left: Value, right: Value): Value {
  if (!(left instanceof library.XNodeSet) || !(right instanceof library.XNodeSet)) {
    throw new Error('"|" joins nodes, and this is a value')
  }
  return nodeSet(inDocumentOrder([...left.nodes, ...right.nodes]))
}

/** To XPath, text and CDATA sections side by side are one node, the first, and empty ones are none. */
function anyNode(node: XmlNode): boolean {
  if (node.nodeType !== 3) return true
  return node.previousSibling?.nodeType !== 3 && (node.data !== '' || node.wholeText !== '')
}

/** Takes `//x` in one step, unless `x` is told by its place among its siblings. */
function mergeDescendants(steps: readonly PreparedStep[]): PreparedStep[] {
  const merged: PreparedStep[] = []
  for (const step of steps) {
    const before = merged[merged.length - 1]
    const skips =
      before?.axis === 'descendant-or-self' && before.test === anyNode && before.predicates.length === 0
    if (skips && !step.positional && step.axis === 'child')
      merged[merged.length - 1] = { ...step, axis: 'descendant' }
    else merged.push(step)
  }
  return merged
}
