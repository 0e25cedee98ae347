import { createRequire } from 'node:module'
import type { XmlNode } from '../message/xml/tree.ts'
import { plainDigits } from './number-text.ts'
import type { Place } from './xpath-steps.ts'
import { tokenizeXPath, XPathSyntaxError, type XPathToken } from './xpath-tokens.ts'

/** A value, or an expression, of the library. A value evaluates to itself. */
export interface Evaluable {
  evaluate(place: Place): Value
}

/** A value of the library. */
export interface Value extends Evaluable {
  stringValue(): string
  numberValue(): number
  booleanValue(): boolean
}

/** A value that operators compare. */
export type Comparison =
  | 'equals'
  | 'notequal'
  | 'lessthan'
  | 'lessthanorequal'
  | 'greaterthan'
  | 'greaterthanorequal'

interface XString extends Value {
  readonly str: string
}
interface XNumber extends Value {
  readonly num: number
}
interface XBoolean extends Value {
  readonly b: boolean
}
interface XNodeSet extends Value {
  nodes: XmlNode[]
  size: number
}

/** What the parser of the library makes of `a = b`, `a + b` and their like. */
export interface BinaryExpr extends Evaluable {
  lhs: Evaluable
  rhs: Evaluable
}
/** `-a` */
export interface UnaryExpr extends Evaluable {
  rhs: Evaluable
}
/** `axis::test[predicate]` */
export interface StepExpr {
  readonly axis: number
  readonly nodeTest: {
    readonly type: number
    readonly name?: string
    readonly prefix?: string | null
    readonly localName?: string
  }
  readonly predicates: readonly Evaluable[]
}
/** A location path, or any other expression in the place of one. */
export interface PathExpr extends Evaluable {
  readonly filter?: Evaluable
  readonly filterPredicates?: readonly Evaluable[]
  readonly locationPath?: { readonly absolute: boolean; readonly steps: readonly StepExpr[] }
}
/** `f(a, b)` */
export interface CallExpr extends Evaluable {
  readonly functionName: string
  readonly arguments: readonly Evaluable[]
}
/** `$name` */
export interface VariableExpr extends Evaluable {
  readonly variable: string
}

type Class<T> = { new (...args: never[]): T; readonly prototype: T }

/** The part of the package `xpath` in use. Its own types would bring those of the browser with them. */
interface Library {
  readonly XPathParser: (new () => { tokenize: unknown; parse(source: string): { expression: Evaluable } }) &
    Readonly<Record<string, number>>
  readonly OrOperation: Class<BinaryExpr>
  readonly AndOperation: Class<BinaryExpr>
  readonly BarOperation: Class<BinaryExpr>
  readonly EqualsOperation: Class<BinaryExpr>
  readonly NotEqualOperation: Class<BinaryExpr>
  readonly LessThanOperation: Class<BinaryExpr>
  readonly LessThanOrEqualOperation: Class<BinaryExpr>
  readonly GreaterThanOperation: Class<BinaryExpr>
  readonly GreaterThanOrEqualOperation: Class<BinaryExpr>
  readonly PlusOperation: Class<BinaryExpr>
  readonly MinusOperation: Class<BinaryExpr>
  readonly MultiplyOperation: Class<BinaryExpr>
  readonly DivOperation: Class<BinaryExpr>
  readonly ModOperation: Class<BinaryExpr>
  readonly UnaryMinusOperation: Class<UnaryExpr>
  readonly PathExpr: Class<PathExpr>
  readonly FunctionCall: Class<CallExpr>
  readonly VariableReference: Class<VariableExpr>
  readonly Step: { readonly STEPNAMES: Readonly<Record<number, string>> }
  readonly NodeTest: Readonly<Record<string, number>>
  readonly FunctionResolver: new () => {
    readonly functions: Readonly<Record<string, LibraryFunction | undefined>>
  }
  readonly XString: { new (text: string): XString; readonly prototype: XString }
  readonly XNumber: { new (value: number | string): XNumber; readonly prototype: XNumber }
  readonly XBoolean: { new (value: boolean): XBoolean; readonly prototype: XBoolean }
  readonly XNodeSet: { new (): XNodeSet; readonly prototype: XNodeSet }
}

/** A function as the library wants it: it evaluates its arguments by itself. */
export type LibraryFunction = (place: Place, ...args: Evaluable[]) => Value

/** The package `xpath`: its grammar, its values and operators, and most of its functions. */
export const library: Library = createRequire(import.meta.url)('xpath')

/** Stands for a property that is not there. Everything but a comparison takes it for an empty node-set. */
export const MISSING: Value = new library.XNodeSet()

/** Makes a node-set of nodes that are in document order, each once. */
export function nodeSet(nodes: XmlNode[]): Value {
  const set = new library.XNodeSet()
  set.nodes = nodes
  set.size = nodes.length
  return set
}

/** The string-value of a node (XPath 1.0, 5). */
export function stringOf(node: XmlNode): string {
  switch (node.nodeType) {
    case 1:
    case 9:
      return node.text
    case 2:
      return node.value
    case 3:
      return node.wholeText
    default:
      return node.data
  }
}

// Every node-set is made by `nodeSet`, so the library need not sort and compare nodes to find that out again:
// it did so in quadratic time. Its number of an empty set was 0, and `1e3` was a number (XPath 1.0, 4.4).
Object.assign(library.XNodeSet.prototype, {
  first(this: XNodeSet): XmlNode | undefined {
    return this.nodes[0]
  },
  toArray(this: XNodeSet): XmlNode[] {
    return this.nodes
  },
  toUnsortedArray(this: XNodeSet): XmlNode[] {
    return this.nodes
  },
  stringForNode: stringOf,
  toString(this: XNodeSet): string {
    return this.nodes[0] ? stringOf(this.nodes[0]) : ''
  },
  number(this: XNodeSet): XNumber {
    return new library.XNumber(this.stringValue())
  },
  numberValue(this: XNodeSet): number {
    return new library.XNumber(this.stringValue()).num
  },
})
Object.assign(library.XNumber.prototype, {
  numberFormat: /^[ \t\r\n]*-?(?:\d+(?:\.\d*)?|\.\d+)[ \t\r\n]*$/,
  toString(this: XNumber): string {
    return plainDigits(this.num)
  },
})

/** Parses an expression with the grammar of the library. @throws XPathSyntaxError */
export function parseXPath(source: string): {
  readonly expression: Evaluable
  readonly tokens: XPathToken[]
} {
  const tokens = tokenizeXPath(source)
  if (tokens.length === 0) throw new XPathSyntaxError('the expression is empty', 0)
  const end = { type: 'EOF', text: '', offset: source.length }
  const codes = [...tokens.map(token => library.XPathParser[token.type]), 1]
  // The grammar does not say where it gave up: at the last token it asked for.
  let reached = 0
  const watched = new Proxy(codes, {
    get(target, key) {
      reached = Math.max(reached, Number(key))
      return target[Number(key)]
    },
  })
  const parser = new library.XPathParser()
  parser.tokenize = () => [watched, [...tokens.map(token => token.text), '']]
  try {
    return { expression: parser.parse(source).expression, tokens }
  } catch {
    const { type, offset } = tokens[reached] ?? end
    if (type === 'EOF') throw new XPathSyntaxError('the expression ends too early', offset)
    const rest = source.slice(offset, tokens[reached + 1]?.offset).trimEnd()
    throw new XPathSyntaxError(`"${rest}" is not expected here`, offset)
  }
}

/** Compares two values. A missing property is neither equal nor unequal to anything, and has no order. */
export function compare(how: Comparison, left: Value, right: Value): Value {
  if (left === MISSING || right === MISSING) return new library.XBoolean(false)
  if (left instanceof library.XNodeSet && right instanceof library.XNodeSet) {
    return new library.XBoolean(compareSets(how, left.nodes, right.nodes))
  }
  return (left as unknown as Record<Comparison, (other: Value) => Value>)[how](right)
}

/** Whether any node of one set compares so with any of the other, without trying every pair. */
function compareSets(how: Comparison, left: readonly XmlNode[], right: readonly XmlNode[]): boolean {
  if (left.length === 0 || right.length === 0) return false
  if (how === 'equals' || how === 'notequal') {
    const texts = new Set(left.map(stringOf))
    if (how === 'equals') return right.some(node => texts.has(stringOf(node)))
    return texts.size > 1 || right.some(node => !texts.has(stringOf(node)))
  }
  const lowestLeft = extreme(left, Math.min)
  const highestLeft = extreme(left, Math.max)
  const lowestRight = extreme(right, Math.min)
  const highestRight = extreme(right, Math.max)
  switch (how) {
    case 'lessthan':
      return lowestLeft < highestRight
    case 'lessthanorequal':
      return lowestLeft <= highestRight
    case 'greaterthan':
      return highestLeft > lowestRight
    case 'greaterthanorequal':
      return highestLeft >= lowestRight
  }
}

function extreme(nodes: readonly XmlNode[], choose: (a: number, b: number) => number): number {
  let found = Number.NaN
  for (const node of nodes) {
    const number = new library.XNumber(stringOf(node)).num
    if (!Number.isNaN(number)) found = Number.isNaN(found) ? number : choose(found, number)
  }
  return found
}
