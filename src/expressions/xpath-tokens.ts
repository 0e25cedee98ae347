/** Says why a text is no XPath expression. */
export class XPathSyntaxError extends Error {
  /** Where in the expression, in UTF-16 units from 0; undefined when that is not known. */
  readonly offset: number | undefined
  /** The function there is none of, as it is written; that may be all that is wrong. */
  readonly unknownFunction: string | undefined

  constructor(message: string, offset?: number, unknownFunction?: string) {
    super(message)
    this.name = 'XPathSyntaxError'
    this.offset = offset
    this.unknownFunction = unknownFunction
  }
}

/** A token under the name the grammar of the library knows it by. */
export interface XPathToken {
  readonly type: string
  readonly text: string
  readonly offset: number
}

const SYMBOLS: Readonly<Record<string, string>> = {
  '..': 'DOUBLEDOT',
  '::': 'DOUBLECOLON',
  '//': 'DOUBLESLASH',
  '!=': 'NOTEQUAL',
  '<=': 'LESSTHANOREQUAL',
  '>=': 'GREATERTHANOREQUAL',
  '=': 'EQUALS',
  '<': 'LESSTHAN',
  '>': 'GREATERTHAN',
  '+': 'PLUS',
  '-': 'MINUS',
  '|': 'BAR',
  '/': 'SLASH',
  '(': 'LEFTPARENTHESIS',
  ')': 'RIGHTPARENTHESIS',
  ',': 'COMMA',
  '@': 'AT',
  '[': 'LEFTBRACKET',
  ']': 'RIGHTBRACKET',
  '.': 'DOT',
  $: 'DOLLAR',
}

const NAME = String.raw`[\p{L}_][\p{L}\p{N}\p{M}._\-·]*`
const TOKEN = new RegExp(
  [
    String.raw`[ \t\r\n]+`,
    String.raw`(?<number>\d+(?:\.\d*)?|\.\d+)`,
    `(?<literal>"[^"]*"|'[^']*')`,
    String.raw`(?<symbol>\.\.|::|\/\/|!=|<=|>=|[=<>+\-|\/(),@[\].$])`,
    String.raw`(?<anyLocal>${NAME}:\*)`,
    `(?<name>${NAME}(?::${NAME})?)`,
    String.raw`(?<star>\*)`,
  ].join('|'),
  'uy',
)

/** After these a name or `*` cannot be an operator (XPath 1.0, 3.7). A `$` is here for variables named `and`. */
const EXPECTS_OPERAND = new Set(
  'AT DOUBLECOLON LEFTPARENTHESIS LEFTBRACKET COMMA DOLLAR AND OR MOD DIV MULTIPLYOPERATOR SLASH DOUBLESLASH BAR PLUS MINUS EQUALS NOTEQUAL LESSTHAN LESSTHANOREQUAL GREATERTHAN GREATERTHANOREQUAL'.split(
    ' ',
  ),
)

const NODE_TYPES = new Set(['comment', 'text', 'node'])
const AXES = new Set(
  'ancestor ancestor-or-self attribute child descendant descendant-or-self following following-sibling namespace parent preceding preceding-sibling self'.split(
    ' ',
  ),
)

/**
 * Splits an expression into tokens, after XPath 1.0 (3.7). The library has no positions, takes `*` and `and`
 * after a comma for operators, and does not allow space between the name of a function and its bracket.
 * @throws XPathSyntaxError
 */
export function tokenizeXPath(source: string): XPathToken[] {
  const tokens: XPathToken[] = []
  TOKEN.lastIndex = 0
  while (TOKEN.lastIndex < source.length) {
    const offset = TOKEN.lastIndex
    const groups = TOKEN.exec(source)?.groups
    if (!groups) throw unexpected(source, offset)
    const before = tokens[tokens.length - 1]?.type
    const operand = before === undefined || EXPECTS_OPERAND.has(before)
    const rest = TOKEN.lastIndex
    const token = classify(groups, operand, before, () => /^[ \t\r\n]*(\(|::)?(.)?/s.exec(source.slice(rest)))
    if (token === undefined) continue
    if (token.type === 'AXISNAME' && !AXES.has(token.text)) {
      throw new XPathSyntaxError(`there is no axis "${token.text}"; there is ${[...AXES].join(', ')}`, offset)
    }
    tokens.push({ ...token, offset })
  }
  return tokens
}

function classify(
  groups: Readonly<Record<string, string | undefined>>,
  operand: boolean,
  before: string | undefined,
  ahead: () => RegExpExecArray | null,
): { type: string; text: string } | undefined {
  const { number, literal, symbol, anyLocal, name, star } = groups
  if (number !== undefined) return { type: 'NUMBER', text: number }
  if (literal !== undefined) return { type: 'LITERAL', text: literal.slice(1, -1) }
  if (symbol !== undefined) return { type: SYMBOLS[symbol] ?? symbol, text: symbol }
  if (anyLocal !== undefined) return { type: 'NCNAMECOLONASTERISK', text: anyLocal }
  if (star !== undefined) return { type: operand ? 'ASTERISKNAMETEST' : 'MULTIPLYOPERATOR', text: star }
  if (name === undefined) return undefined
  if (!operand && /^(?:and|or|mod|div)$/.test(name)) return { type: name.toUpperCase(), text: name }
  if (before === 'DOLLAR') return { type: 'QNAME', text: name }
  const [, mark, next] = ahead() ?? []
  if (mark === '::') return { type: 'AXISNAME', text: name }
  if (mark !== '(') return { type: 'QNAME', text: name }
  if (NODE_TYPES.has(name)) return { type: 'NODETYPE', text: name }
  if (name !== 'processing-instruction') return { type: 'FUNCTIONNAME', text: name }
  return { type: next === ')' ? 'NODETYPE' : 'PROCESSINGINSTRUCTIONWITHLITERAL', text: name }
}

function unexpected(source: string, offset: number): XPathSyntaxError {
  const character = String.fromCodePoint(source.codePointAt(offset) ?? 0)
  if (character === '"' || character === "'") {
    return new XPathSyntaxError(`the string that begins with ${character} does not end`, offset)
  }
  const hint = character === '&' ? '; write "and"' : ''
  return new XPathSyntaxError(`${character} is not allowed here${hint}`, offset)
}
