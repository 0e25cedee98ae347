import { isSynapseFunction, TAKES_PATH } from './synapse-functions.ts'
import { SynapseLexer, SynapseSyntaxError, type SynapseToken } from './synapse-lexer.ts'
import type { SynapseOperator, SynapseSource, SynapseStep, SynapseTerm } from './synapse-term.ts'
import { literalNumber } from './synapse-values.ts'
import {
  ACCESSES,
  COMPARISONS,
  INSTEAD,
  LOGICAL,
  NO_MEMBERS,
  PATH_FUNCTIONS,
  SCOPES,
  SOURCES,
  WORDS,
} from './synapse-words.ts'

export { SynapseSyntaxError }

/**
 * Parses what stands between `${` and `}`.
 *
 * Compatibility: `and` and `or` bind as tightly as each other and more tightly than comparisons, so each comparison
 * beside them needs brackets.
 * @throws SynapseSyntaxError
 */
export function parseSynapse(source: string): SynapseTerm {
  const parser = new SynapseParser(new SynapseLexer(source))
  return parser.whole()
}

class SynapseParser {
  readonly #lexer: SynapseLexer

  constructor(lexer: SynapseLexer) {
    this.#lexer = lexer
  }

  whole(): SynapseTerm {
    const term = this.#expression()
    const { kind, text, offset } = this.#lexer.next
    if (kind === 'end') return term
    if (kind === 'number' && text.startsWith('-')) {
      throw this.#lexer.error(`a space belongs between "-" and what follows it`, offset)
    }
    throw this.#lexer.error(`"${text}" is not expected here`, offset)
  }

  #expression(): SynapseTerm {
    const start = this.#start()
    const condition = this.#comparison()
    if (!this.#lexer.takeIf('?')) return condition
    const yes = this.#expression()
    this.#lexer.expect(':')
    const no = this.#expression()
    return { kind: 'choice', text: this.#since(start), condition, yes, no }
  }

  #comparison(): SynapseTerm {
    const start = this.#start()
    let left = this.#logical()
    for (let found = this.#takeOperator(COMPARISONS); found; found = this.#takeOperator(COMPARISONS)) {
      const right = this.#logical()
      left = { kind: 'operation', text: this.#since(start), operator: found, left, right }
    }
    return left
  }

  #logical(): SynapseTerm {
    const start = this.#start()
    const left = this.#sum()
    const { kind, text } = this.#lexer.next
    const operator = kind === 'string' || !Object.hasOwn(LOGICAL, text) ? undefined : LOGICAL[text]
    if (!operator) return left
    this.#lexer.take()
    const right = this.#logical()
    return { kind: 'operation', text: this.#since(start), operator, left, right }
  }

  #sum(): SynapseTerm {
    return this.#chain(['+', '-'], () => this.#chain(['*', '/', '%'], () => this.#factor()))
  }

  #chain(operators: readonly SynapseOperator[], operand: () => SynapseTerm): SynapseTerm {
    const start = this.#start()
    let left = operand()
    for (let found = this.#takeOperator(operators); found; found = this.#takeOperator(operators)) {
      const right = operand()
      left = { kind: 'operation', text: this.#since(start), operator: found, left, right }
    }
    return left
  }

  #takeOperator(operators: readonly SynapseOperator[]): SynapseOperator | undefined {
    return this.#lexer.takeIf(...operators)?.text as SynapseOperator | undefined
  }

  #factor(): SynapseTerm {
    const start = this.#start()
    const token = this.#lexer.take()
    switch (token.kind) {
      case 'number':
        return { kind: 'literal', text: token.text, value: literalNumber(token.text) }
      case 'string':
        return { kind: 'literal', text: this.#since(start), value: token.text }
      case 'word':
        return this.#word(token, start)
      case 'symbol':
        return this.#symbol(token, start)
      case 'end':
        throw this.#lexer.error('the expression ends too early', token.offset)
    }
  }

  #symbol({ text, offset }: SynapseToken, start: number): SynapseTerm {
    if (text === '$') return this.#access('payload', '', start)
    if (text === '(') {
      const inner = this.#expression()
      this.#lexer.expect(')')
      return inner
    }
    if (text === '[') {
      const items = this.#list(']')
      return { kind: 'list', text: this.#since(start), items }
    }
    const hint = text === '!' ? '; write not(…)' : text === '-' ? '; write 0 - x for the opposite of x' : ''
    throw this.#lexer.error(`"${text}" is not expected here${hint}`, offset)
  }

  #word({ text, offset }: SynapseToken, start: number): SynapseTerm {
    if (WORDS.has(text)) return { kind: 'literal', text, value: WORDS.get(text) }
    if (isSynapseFunction(text)) return this.#call(text, start)
    if (ACCESSES.has(text)) return this.#reference(text, offset, start)
    const instead = Object.hasOwn(INSTEAD, text) ? `; write ${INSTEAD[text]}` : ''
    const what = this.#lexer.next.text === '(' ? `function ${text}()` : `value ${text}`
    throw this.#lexer.error(`there is no ${what}${instead}`, offset)
  }

  /** `payload`, `vars.name` and their like, from behind the first word. */
  #reference(word: string, offset: number, start: number): SynapseTerm {
    if (word === 'payload') return this.#access('payload', '', start)
    const scopes = SCOPES[word]
    if (!scopes) return this.#access(SOURCES[word] ?? 'vars', this.#key(), start)
    const scope = this.#lexer.takeIf('.') && this.#lexer.take().text
    const source = scope !== undefined && Object.hasOwn(scopes, scope) ? scopes[scope] : undefined
    if (!source) {
      const known = Object.keys(scopes).map(name => `${word}.${name}`)
      throw this.#lexer.error(`${word} needs one of ${known.join(', ')}`, offset)
    }
    return this.#access(source, this.#key(), start)
  }

  #access(source: SynapseSource, name: string, start: number): SynapseTerm {
    const path = source === 'payload' || source === 'vars' ? this.#path() : []
    return { kind: 'access', text: this.#since(start), source, name, path }
  }

  /** `.name` or `["name"]`. */
  #key(): string {
    const dot = this.#lexer.takeIf('.')
    if (this.#lexer.takeIf('[')) {
      const { kind, text, offset } = this.#lexer.take()
      if (kind !== 'string') throw this.#lexer.error('a name in quotes is missing', offset)
      this.#lexer.expect(']')
      return text
    }
    if (!dot) throw this.#lexer.error('a name is missing')
    return this.#member()
  }

  #member(): string {
    const { kind, text, offset } = this.#lexer.take()
    if (kind === 'word' && !NO_MEMBERS.has(text)) return text
    const written = kind === 'word' || kind === 'number' ? `; write ["${text}"]` : ''
    throw this.#lexer.error(`a name is missing${written}`, offset)
  }

  #path(): SynapseStep[] {
    const steps: SynapseStep[] = []
    for (;;) {
      const dots = this.#lexer.takeIf('.', '..')?.text
      const deep = dots === '..'
      if (!deep && this.#lexer.takeIf('[')) steps.push(this.#brackets())
      else if (dots === undefined) return steps
      else if (this.#lexer.takeIf('*')) steps.push({ kind: 'wildcard', deep })
      else {
        const name = this.#functionAhead()
        if (name !== undefined) return [...steps, { kind: 'function', name }]
        steps.push({ kind: 'name', name: this.#member(), deep })
      }
    }
  }

  /** A function at the end of a path, such as `length()`. */
  #functionAhead(): string | undefined {
    const { kind, text, offset } = this.#lexer.next
    const call = kind === 'word' ? this.#lexer.takeRaw(/[\w-]+\s*\(\s*\)/y) : undefined
    if (call === undefined) return undefined
    if (!PATH_FUNCTIONS.has(text)) throw this.#lexer.error(`a path cannot end in ${text}()`, offset)
    return text
  }

  #brackets(): SynapseStep {
    const { offset } = this.#lexer.next
    if (this.#lexer.takeIf('?')) {
      this.#lexer.expect('(')
      return this.#filter(offset)
    }
    if (this.#lexer.takeIf('*')) {
      this.#lexer.expect(']')
      return { kind: 'wildcard', deep: false }
    }
    const first = this.#bound()
    if (this.#lexer.takeIf(':')) {
      const to = this.#bound()
      if (this.#lexer.takeIf(':')) throw this.#lexer.error('a slice has a start and an end, no more', offset)
      this.#lexer.expect(']')
      return { kind: 'slice', from: first, to }
    }
    if (!first) throw this.#lexer.error('an index is missing')
    const items = this.#lexer.takeIf(',') ? [first, ...this.#list(']')] : [first]
    if (items.length === 1) this.#lexer.expect(']')
    return { kind: 'index', items }
  }

  /** An index, or an end of a slice; there is none before `:` and `]`. */
  #bound(): SynapseTerm | undefined {
    const { kind, text } = this.#lexer.next
    if (kind === 'symbol' && (text === ':' || text === ']')) return undefined
    const start = this.#start()
    const sign = this.#lexer.takeIf('-', '+')
    const term = this.#expression()
    if (sign?.text !== '-') return term
    const zero: SynapseTerm = { kind: 'literal', text: '0', value: 0 }
    return { kind: 'operation', text: this.#since(start), operator: '-', left: zero, right: term }
  }

  /** The text of a filter with the values to be put into it, up to `)]`. */
  #filter(offset: number): SynapseStep {
    const parts: (string | SynapseTerm)[] = []
    let raw = ''
    let before = ''
    let end = this.#lexer.next.offset
    for (let depth = 1; ; ) {
      const { kind, text, offset: at } = this.#lexer.next
      if (kind === 'end') throw this.#lexer.error('")" is missing', at)
      if (at > end) raw += ' '
      const isValue =
        kind === 'word' &&
        before !== '.' &&
        before !== '..' &&
        (ACCESSES.has(text) || isSynapseFunction(text))
      if (isValue) {
        parts.push(raw, this.#factor())
        raw = ''
        before = ''
        end = this.#lexer.next.offset
        continue
      }
      const token = this.#lexer.take()
      if (kind === 'symbol' && text === '(') depth++
      if (kind === 'symbol' && text === ')' && --depth === 0) break
      raw += this.#lexer.source.slice(token.offset, token.end)
      if (text === '=~') raw += this.#lexer.takeRaw(/\s*\/(?:[^/\\]|\\.)*\/[a-z]*/y) ?? ''
      before = kind === 'symbol' ? text : ''
      end = text === '=~' ? this.#lexer.offset : token.end
    }
    this.#lexer.expect(']')
    return { kind: 'filter', parts: [...parts, raw], offset }
  }

  #call(name: string, start: number): SynapseTerm {
    this.#lexer.expect('(')
    const args = this.#list(')')
    const isResource = name === 'registry' && this.#lexer.takeRaw(/\s*\.\s*property\s*\(/y) !== undefined
    let property: SynapseTerm | undefined
    if (isResource) {
      property = this.#expression()
      this.#lexer.expect(')')
    }
    const path = !isResource && TAKES_PATH.has(name) ? this.#path() : []
    return { kind: 'call', text: this.#since(start), offset: start, name, args, path, property }
  }

  #list(close: string): SynapseTerm[] {
    const items: SynapseTerm[] = []
    if (this.#lexer.takeIf(close)) return items
    do items.push(this.#expression())
    while (this.#lexer.takeIf(','))
    this.#lexer.expect(close)
    return items
  }

  #start(): number {
    return this.#lexer.next.offset
  }

  #since(start: number): string {
    return this.#lexer.source.slice(start, this.#lexer.offset).trim()
  }
}
