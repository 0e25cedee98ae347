import { didYouMean } from '../language/diagnostic.ts'
import type { MockScope } from './mock-scope.ts'
import { Choice, Each, type Form, Hole, Literal, type Piece, written } from './template-pieces.ts'
import { type Lookup, lookupOf, NoSuchValue, SOURCES } from './template-value.ts'

/** What is wrong with a template, and in which part of it. */
export interface TemplateProblem {
  readonly message: string
  readonly part: string
  readonly hint?: string | undefined
}

/** How a template is read. */
export interface TemplateOptions {
  /** Whether a value that is missing is a fault; otherwise it is empty. */
  readonly strict: boolean
  /** Is told what is wrong. */
  readonly problem: (problem: TemplateProblem) => void
}

/** Blocks so deep inside each other are no template anybody wrote. */
const MOST_LEVELS = 50
/** A text with holes, `{{json-params.echo}}`, that is filled in for each message. */
export class Template {
  /** As it is written. */
  readonly source: string
  /** The text where it has no holes. */
  readonly constant: string | undefined
  readonly #pieces: readonly Piece[]

  constructor(text: string, options: TemplateOptions) {
    const pieces = new Parsing(text, options).read()
    this.source = text
    this.#pieces = pieces
    this.constant = pieces.every(piece => piece instanceof Literal)
      ? pieces.map(piece => (piece as Literal).text).join('')
      : undefined
  }

  /**
   * Fills it in.
   * @throws Fault where a value is missing and must not be
   */
  text(scope: MockScope): string {
    return this.constant ?? written(this.#pieces, scope)
  }
}

interface Open {
  readonly kind: 'if' | 'each'
  readonly tag: string
  readonly lookup: Lookup
  readonly isQuoted: boolean
  readonly body: Piece[]
  otherwise: Piece[] | undefined
}

const TAG = /\{\{\s*([^{}]*?)\s*\}\}/g

class Parsing {
  readonly #text: string
  readonly #options: TemplateOptions
  readonly #isJson: boolean
  readonly #root: Piece[] = []
  readonly #open: Open[] = []
  #isQuoted = false

  constructor(text: string, options: TemplateOptions) {
    this.#text = text
    this.#options = options
    // A text that begins as JSON does is taken for JSON.
    this.#isJson = /^\s*(?:[{["](?!\{)|\{\{#)/.test(text)
  }

  read(): readonly Piece[] {
    let end = 0
    for (const match of this.#text.matchAll(TAG)) {
      this.#literal(this.#text.slice(end, match.index))
      end = match.index + match[0].length
      this.#tag(match[1]!, match[0])
    }
    const rest = this.#text.slice(end)
    this.#literal(rest)
    for (const { kind, tag } of this.#open) this.#wrong({ message: `{{/${kind}}} is missing.`, part: tag })
    if (/\{\{[#/]?[A-Za-z@]/.test(rest)) {
      const part = /\{\{[^\n]{0,40}/.exec(rest)![0]
      this.#wrong({ message: 'This {{ has no }}.', part })
    }
    return this.#root
  }

  #tag(inner: string, tag: string): void {
    const [first = '', ...words] = inner.split(/\s+/)
    if (first === 'else') this.#otherwise(tag)
    else if (first === '/if' || first === '/each') this.#close(first.slice(1), tag)
    else if (first.startsWith('#')) this.#begin(first.slice(1), words, tag)
    else if (first === 'json') this.#hole(words, tag, 'json')
    else this.#hole([first, ...words], tag, this.#isJson && this.#isQuoted ? 'quoted' : 'text')
  }

  #hole(words: readonly string[], tag: string, form: Form): void {
    const lookup = this.#lookup(words, tag)
    if (lookup) this.#pieces.push(new Hole(lookup, form, this.#options.strict ? words.join(' ') : undefined))
  }

  #begin(kind: string, words: readonly string[], tag: string): void {
    if (kind !== 'if' && kind !== 'each') {
      this.#wrong({ message: `There is no {{#${kind}}}.`, part: tag, hint: didYouMean(kind, ['if', 'each']) })
      return
    }
    if (this.#open.length >= MOST_LEVELS) {
      this.#wrong({ message: `More than ${MOST_LEVELS} blocks stand inside each other.`, part: tag })
      return
    }
    const lookup = this.#lookup(words, tag) ?? (() => undefined)
    this.#open.push({ kind, tag, lookup, isQuoted: this.#isQuoted, body: [], otherwise: undefined })
  }

  #otherwise(tag: string): void {
    const open = this.#open.at(-1)
    if (!open || open.otherwise) this.#wrong({ message: 'This {{else}} belongs to nothing.', part: tag })
    else {
      open.otherwise = []
      this.#isQuoted = open.isQuoted
    }
  }

  #close(kind: string, tag: string): void {
    const open = this.#open.at(-1)
    if (open?.kind !== kind) {
      this.#wrong({ message: `This {{/${kind}}} ends nothing that was begun.`, part: tag })
      return
    }
    this.#open.pop()
    const { lookup, body, otherwise = [] } = open
    this.#pieces.push(kind === 'if' ? new Choice(lookup, body, otherwise) : new Each(lookup, body, otherwise))
  }

  #lookup(words: readonly string[], part: string): Lookup | undefined {
    try {
      return lookupOf(
        words,
        this.#open.some(({ kind }) => kind === 'each'),
      )
    } catch (error) {
      if (!(error instanceof NoSuchValue)) throw error
      const hint = error.near === undefined ? undefined : didYouMean(error.near, SOURCES)
      this.#wrong({ message: error.message, part, hint })
      return undefined
    }
  }

  #literal(text: string): void {
    if (text === '') return
    this.#pieces.push(new Literal(text))
    for (let i = 0; i < text.length; i++) {
      if (text[i] === '\\' && this.#isQuoted) i++
      else if (text[i] === '"') this.#isQuoted = !this.#isQuoted
    }
  }

  get #pieces(): Piece[] {
    const open = this.#open.at(-1)
    return open ? (open.otherwise ?? open.body) : this.#root
  }

  #wrong(problem: TemplateProblem): void {
    this.#options.problem(problem)
  }
}
