import { Fault } from '../core/fault.ts'
import type { MockScope } from './mock-scope.ts'
import type { Lookup } from './template-value.ts'

/** A part of a template. */
export interface Piece {
  write(scope: MockScope): string
}

/** Items of a list that are written. */
const MOST_ITEMS = 10_000

/** Writes parts one behind the other. */
export function written(pieces: readonly Piece[], scope: MockScope): string {
  let text = ''
  for (const piece of pieces) text += piece.write(scope)
  return text
}

/** Text as it is. */
export class Literal implements Piece {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }

  write(): string {
    return this.text
  }
}

/** How a value is written: as it is, within the quotes of JSON, or as JSON. */
export type Form = 'text' | 'quoted' | 'json'

/** A value; within the quotes of JSON it stays within them, whatever it is. */
export class Hole implements Piece {
  readonly #lookup: Lookup
  readonly #form: Form
  /** Its name, where it must have a value. */
  readonly #needed: string | undefined

  constructor(lookup: Lookup, form: Form, needed: string | undefined) {
    this.#lookup = lookup
    this.#form = form
    this.#needed = needed
  }

  write(scope: MockScope): string {
    const value = this.#lookup(scope)
    if (value === undefined) {
      if (this.#needed !== undefined) throw new Fault(0, `The mock has no value for {{${this.#needed}}}.`)
      return this.#form === 'json' ? 'null' : ''
    }
    if (this.#form === 'json') return JSON.stringify(value)
    const text = typeof value === 'string' ? value : value === null ? 'null' : asText(value)
    return this.#form === 'quoted' ? JSON.stringify(text).slice(1, -1) : text
  }
}

function asText(value: unknown): string {
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

/** One of two parts, as a value is true or not. */
export class Choice implements Piece {
  readonly #lookup: Lookup
  readonly #then: readonly Piece[]
  readonly #else: readonly Piece[]

  constructor(lookup: Lookup, then: readonly Piece[], otherwise: readonly Piece[]) {
    this.#lookup = lookup
    this.#then = then
    this.#else = otherwise
  }

  write(scope: MockScope): string {
    return written(holds(this.#lookup(scope)) ? this.#then : this.#else, scope)
  }
}

/** Whether a value counts as true: an empty one does not. */
function holds(value: unknown): boolean {
  return Array.isArray(value) ? value.length > 0 : Boolean(value)
}

/** A part that is written for each item of a list. */
export class Each implements Piece {
  readonly #lookup: Lookup
  readonly #body: readonly Piece[]
  readonly #none: readonly Piece[]

  constructor(lookup: Lookup, body: readonly Piece[], none: readonly Piece[]) {
    this.#lookup = lookup
    this.#body = body
    this.#none = none
  }

  write(scope: MockScope): string {
    const value = this.#lookup(scope)
    const items = Array.isArray(value) ? (value as unknown[]) : []
    if (items.length === 0) return written(this.#none, scope)
    const { item, index } = scope
    let text = ''
    for (let i = 0; i < items.length && i < MOST_ITEMS; i++) {
      scope.item = items[i]
      scope.index = i
      text += written(this.#body, scope)
    }
    scope.item = item
    scope.index = index
    return text
  }
}
