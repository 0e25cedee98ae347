import { inDocumentOrder, rootOf } from '../message/xml/order.ts'
import { XML_NAMESPACE, XmlDocument, type XmlNode } from '../message/xml/tree.ts'
import { remembered } from './remembered.ts'
import type { XPathScope } from './xpath.ts'
import { fromLibrary, toLibrary } from './xpath-conversion.ts'
import { coreFunction } from './xpath-functions.ts'
import {
  type BinaryExpr,
  type CallExpr,
  type Comparison,
  compare,
  type Evaluable,
  library,
  nodeSet,
  type PathExpr,
  parseXPath,
  type StepExpr,
  type UnaryExpr,
  type Value,
  type VariableExpr,
} from './xpath-library.ts'
import { asBinary, isPositional, literalPosition, splitName } from './xpath-positions.ts'
import { type Axis, applySteps, filterNodes, type Place, type PreparedStep } from './xpath-steps.ts'
import { XPathSyntaxError, type XPathToken } from './xpath-tokens.ts'

/** How many texts of `evaluate()` stay compiled. */

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
  /** What the author of the expression should know. */
  readonly warnings: string[] = []

  constructor(scope: XPathScope<C>, tokens: readonly XPathToken[]) {
    this.#scope = scope
    this.#tokens = tokens
  }

  /**
   * Makes an expression that can be evaluated. The one given is used up.
   * @throws XPathSyntaxError when it names a function or variable there is none of
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
    if (uri === undefined) {
      return () => {
        throw new Error(`the prefix "${prefix}" is not declared`)
      }
    }
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

  /** The namespace of a prefix; undefined, and a warning, for one that is not declared. */
  #namespace(prefix: string): string | undefined {
    const uri = prefix === 'xml' ? XML_NAMESPACE : this.#scope.namespaces.get(prefix)
    if (uri === undefined) {
      this.#warn(
        `The prefix "${prefix}" is not declared, so this is a fault when it is evaluated; add xmlns:${prefix}="…".`,
      )
    }
    return uri
  }

  #warn(warning: string | undefined): void {
    if (warning !== undefined && !this.warnings.includes(warning)) this.warnings.push(warning)
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
      this.#warn(given.warning)
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
    if (ignored && local === 'evaluate' && bound.length === 1) return this.#evaluate(bound[0] as Evaluable)
    if (ignored && local === 'document') {
      throw new XPathSyntaxError(
        'document() is not allowed: an expression must not read other documents',
        offset,
      )
    }
    const core = ignored ? coreFunction(local) : undefined
    if (!core) throw new XPathSyntaxError(`there is no function ${functionName}()`, offset, functionName)
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

  /** `evaluate(text)`: the text is an expression for the same place. */
  #evaluate(text: Evaluable): Evaluable {
    this.readsContent = true
    const compiled = remembered((source): Evaluable => {
      const { expression, tokens } = parseXPath(source)
      return new XPathBinding(this.#scope, tokens).bind(expression)
    })
    return { evaluate: place => compiled(text.evaluate(place).stringValue()).evaluate(place) }
  }

  #variable({ variable }: VariableExpr): Evaluable {
    const { prefix, local } = splitName(variable)
    const read = this.#scope.variable(prefix, local)
    if (!read) {
      const offset = this.#offsetOf(({ type, text }) => type === 'QNAME' && text === variable)
      throw new XPathSyntaxError(`there is no variable $${variable}`, offset)
    }
    this.#warn(read.warning)
    const isContent = prefix === undefined && /^(?:body|header|env)$/.test(local)
    if (read.readsContent ?? isContent) this.readsContent = true
    return { evaluate: place => toLibrary(read(place.caller as C)) }
  }

  #offsetOf(isIt: (token: XPathToken) => boolean): number | undefined {
    return this.#tokens.find(isIt)?.offset
  }
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
