import type { XmlNode } from '../message/xml/tree.ts'
import {
  type Evaluable,
  type LibraryFunction,
  library,
  nodeSet,
  stringOf,
  type Value,
} from './xpath-library.ts'
import type { Place } from './xpath-steps.ts'

/** A function every expression can call. */
export interface CoreFunction {
  readonly call: LibraryFunction
  readonly minArgs: number
  readonly maxArgs: number
  /** Whether the result is a number, so that `[last()]` means a position. */
  readonly isNumber: boolean
  /** Whether the result depends on the place of a node among the others. */
  readonly isPosition: boolean
  /** Whether it looks at the context node when it is called with this many arguments. */
  readsContext(args: number): boolean
}

/** Finds a function of XPath 1.0, or one of those Jaxen adds: `lower-case`, `upper-case`, `ends-with`. */
export function coreFunction(name: string): CoreFunction | undefined {
  return CORE.get(name)
}

const { functions } = new library.FunctionResolver()
const NUMBERS = new Set('last position count string-length number sum floor ceiling round'.split(' '))
const DEFAULT_TO_CONTEXT = new Set(
  'local-name namespace-uri name string string-length normalize-space number'.split(' '),
)

/** Where the library departs from the specification: ours. */
const REPLACED: Readonly<Record<string, LibraryFunction>> = {
  // Without a DTD no attribute is an ID, and a DTD is refused.
  id: () => nodeSet([]),
  lang,
  'local-name': (place, of) => string(nameOf('local-name', 'localName', place, of)),
  'namespace-uri': (place, of) => string(nameOf('namespace-uri', 'namespaceURI', place, of)),
  name: (place, of) => string(nameOf('name', 'nodeName', place, of)),
  'string-length': (place, of) => new library.XNumber([...textOf(place, of)].length),
  substring,
  'lower-case': (place, of) => string(textOf(place, of).toLowerCase()),
  'upper-case': (place, of) => string(textOf(place, of).toUpperCase()),
  'ends-with': (place, of, end) => new library.XBoolean(textOf(place, of).endsWith(textOf(place, end))),
}

const ARGUMENTS: Readonly<Record<string, readonly [number, number]>> = {
  last: [0, 0],
  position: [0, 0],
  count: [1, 1],
  id: [1, 1],
  'local-name': [0, 1],
  'namespace-uri': [0, 1],
  name: [0, 1],
  string: [0, 1],
  concat: [2, Infinity],
  'starts-with': [2, 2],
  'ends-with': [2, 2],
  contains: [2, 2],
  'substring-before': [2, 2],
  'substring-after': [2, 2],
  substring: [2, 3],
  'string-length': [0, 1],
  'normalize-space': [0, 1],
  'lower-case': [1, 1],
  'upper-case': [1, 1],
  translate: [3, 3],
  boolean: [1, 1],
  not: [1, 1],
  true: [0, 0],
  false: [0, 0],
  lang: [1, 1],
  number: [0, 1],
  sum: [1, 1],
  floor: [1, 1],
  ceiling: [1, 1],
  round: [1, 1],
}

const CORE: ReadonlyMap<string, CoreFunction> = new Map(
  Object.entries(ARGUMENTS).map(([name, [minArgs, maxArgs]]) => [
    name,
    {
      call: REPLACED[name] ?? (functions[`{}${name}`] as LibraryFunction),
      minArgs,
      maxArgs,
      isNumber: NUMBERS.has(name),
      isPosition: name === 'last' || name === 'position',
      readsContext: args => name === 'lang' || (args === 0 && DEFAULT_TO_CONTEXT.has(name)),
    },
  ]),
)

function string(text: string): Value {
  return new library.XString(text)
}

function textOf(place: Place, of: Evaluable | undefined): string {
  if (of) return of.evaluate(place).stringValue()
  return place.contextNode ? stringOf(place.contextNode) : ''
}

function nameOf(
  fn: string,
  part: 'localName' | 'namespaceURI' | 'nodeName',
  place: Place,
  of: Evaluable | undefined,
): string {
  const set = of?.evaluate(place)
  if (set && !(set instanceof library.XNodeSet)) throw new Error(`${fn} expects nodes, such as a path gives`)
  const node: XmlNode | undefined = set ? set.nodes[0] : place.contextNode
  if (node?.nodeType === 7) return part === 'namespaceURI' ? '' : node.target
  return node?.nodeType === 1 || node?.nodeType === 2 ? node[part] : ''
}

function lang(place: Place, of: Evaluable | undefined): Value {
  const wanted = textOf(place, of).toLowerCase()
  for (let node = place.contextNode as XmlNode | null | undefined; node; node = node.parentNode) {
    const given =
      node.nodeType === 1 ? node.getAttribute('lang', 'http://www.w3.org/XML/1998/namespace') : undefined
    if (given === undefined) continue
    const found = given.toLowerCase()
    return new library.XBoolean(found === wanted || found.startsWith(`${wanted}-`))
  }
  return new library.XBoolean(false)
}

/** Counts characters, not UTF-16 units, and rounds as XPath 1.0 (4.2) has it: NaN gives ''. */
function substring(place: Place, of?: Evaluable, from?: Evaluable, count?: Evaluable): Value {
  const characters = [...textOf(place, of)]
  const start = Math.round(from?.evaluate(place).numberValue() ?? 1)
  const end = count ? start + Math.round(count.evaluate(place).numberValue()) : Infinity
  if (Number.isNaN(start) || Number.isNaN(end)) return string('')
  return string(characters.slice(Math.max(0, start - 1), Math.max(0, end - 1)).join(''))
}
