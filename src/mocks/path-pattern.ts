import { isValueType, typed, VALUE_TYPES, type ValueType } from './value-type.ts'

/** What a path gave. */
export type PathParams = Readonly<Record<string, string | number | boolean>>

interface Segment {
  readonly literal?: string
  readonly name?: string
  readonly type: ValueType
}

/** The path of a mock, whose segments may be parameters: `/ws/user/:username`, `/orders/:id|int`. */
export class PathPattern {
  /** As it is written. */
  readonly text: string
  readonly parameters: readonly string[]
  /** Whether it takes all paths below it: it ends in `/*`. */
  readonly isOpen: boolean
  /** Path of the service that has to be there for it, with `/*` where its end is not fixed. */
  readonly servedAt: string
  readonly #segments: readonly Segment[]

  constructor(text: string) {
    const given = text.slice(1).split('/')
    this.text = text
    this.isOpen = given.at(-1) === '*'
    this.#segments = (this.isOpen ? given.slice(0, -1) : given).map(segmentOf)
    this.parameters = this.#segments.flatMap(({ name }) => name ?? [])
    const open = this.#segments.findIndex(({ name }) => name !== undefined)
    const fixed = open < 0 ? this.#segments : this.#segments.slice(0, open)
    const prefix = fixed.map(({ literal }) => `/${literal}`).join('')
    this.servedAt = open < 0 && !this.isOpen ? prefix : `${prefix}/*`
  }

  /**
   * Finds the values of the parameters in a path. 'mismatch' for a path that would be this one, were a value of its
   * type; undefined for another path.
   */
  match(path: string): PathParams | 'mismatch' | undefined {
    const given = path.slice(1).split('/')
    const segments = this.#segments
    if (this.isOpen ? given.length < segments.length : given.length !== segments.length) return undefined
    let isMismatch = false
    const values: Record<string, string | number | boolean> = Object.create(null)
    for (let i = 0; i < segments.length; i++) {
      const { literal, name, type } = segments[i]!
      if (name === undefined) {
        if (literal !== given[i] && literal !== decoded(given[i]!)) return undefined
        continue
      }
      const text = decoded(given[i]!)
      if (text === undefined || text === '') return undefined
      const value = typed(text, type)
      if (value === undefined) isMismatch = true
      else values[name] = value
    }
    return isMismatch ? 'mismatch' : values
  }

  /** Its parameters with the types of their values. */
  get typedParameters(): { readonly name: string; readonly type: ValueType }[] {
    return this.#segments.flatMap(({ name, type }) => (name === undefined ? [] : [{ name, type }]))
  }

  /** The path with parameters as OpenAPI writes them. */
  get template(): string {
    return `/${this.#segments.map(({ literal, name }) => literal ?? `{${name}}`).join('/')}`
  }

  /** What is wrong with a path; undefined where nothing is. */
  static problem(text: string): { readonly message: string; readonly part: string } | undefined {
    if (!text.startsWith('/')) return { message: 'A path begins with /.', part: text }
    if (/[?#\s]/.test(text)) return { message: 'A path has no query, fragment or blanks.', part: text }
    const names = new Set<string>()
    for (const segment of text.slice(1).split('/')) {
      if (!segment.startsWith(':')) continue
      const [name = '', type = 'string'] = segment.slice(1).split('|')
      if (!/^[A-Za-z_][\w-]*$/.test(name)) return { message: `${segment} names no parameter.`, part: segment }
      if (!isValueType(type))
        return { message: `${type} is no type of a parameter: ${VALUE_TYPES.join(', ')}.`, part: segment }
      if (names.has(name)) return { message: `Parameter ${name} is there twice.`, part: segment }
      names.add(name)
    }
    return undefined
  }
}

function segmentOf(text: string): Segment {
  if (!text.startsWith(':')) return { literal: text, type: 'string' }
  const [name, type = 'string'] = text.slice(1).split('|')
  return { name: name!, type: type as ValueType }
}

function decoded(text: string): string | undefined {
  try {
    return text.includes('%') ? decodeURIComponent(text) : text
  } catch {
    return undefined
  }
}
