import { timingSafeEqual } from 'node:crypto'
import { type MockFields, placeIn } from './mock-reading.ts'
import { type PathParams, PathPattern } from './path-pattern.ts'
import { isValueType, typed, VALUE_TYPES, type ValueType } from './value-type.ts'

/** What of a request decides which mock takes it. */
export interface MockTarget {
  readonly path: string
  /** Without the question mark. */
  readonly query: string
  /** Host without port, in lower case. */
  readonly host: string
  /** A header field by name in lower case. */
  header(name: string): string | undefined
}

/** What an address found in a request, or what the request is refused with. */
export type Found =
  | { readonly pathParams: PathParams; readonly query: Readonly<Record<string, unknown>> }
  | { readonly status: 400 | 401; readonly error: string }

/** Where a mock is: path, host, the types of its parameters, and who may ask. */
export class MockAddress {
  readonly path: PathPattern
  /** In lower case; undefined for any host. */
  readonly host: string | undefined
  /** Parameters of the query whose type is given. */
  readonly query: readonly (readonly [name: string, type: ValueType])[]
  readonly #authorization: string | undefined

  constructor(
    path: PathPattern,
    host: string | undefined,
    query: readonly (readonly [name: string, type: ValueType])[],
    authorization: string | undefined,
  ) {
    this.path = path
    this.host = host
    this.query = query
    this.#authorization = authorization
  }

  /** Looks at a request; undefined for one that is not for it. */
  find(target: MockTarget): Found | undefined {
    if (this.host !== undefined && this.host !== target.host) return undefined
    const pathParams = this.path.match(target.path)
    if (pathParams === undefined) return undefined
    if (pathParams === 'mismatch') return { status: 400, error: 'A parameter of the path is of another type' }
    if (
      this.#authorization !== undefined &&
      !isSame(this.#authorization, target.header('authorization') ?? '')
    )
      return { status: 401, error: 'Unauthorized' }
    const query: Record<string, unknown> = Object.create(null)
    if (target.query !== '')
      for (const [name, value] of new URLSearchParams(target.query)) query[name] = value
    for (const [name, type] of this.query) {
      const text = query[name]
      if (text === undefined) continue
      const value = typed(String(text), type)
      if (value === undefined) return { status: 400, error: `Query parameter ${name} is no ${type}` }
      query[name] = value
    }
    return { pathParams, query }
  }

  /** How those who may ask show who they are; undefined where anybody may. */
  get scheme(): 'basic' | 'bearer' | undefined {
    if (this.#authorization === undefined) return undefined
    return this.#authorization.startsWith('Basic ') ? 'basic' : 'bearer'
  }

  /** Tells it from others: two of the same cannot be told apart. */
  get key(): string {
    const shape = this.path.text.replace(/:[^/]+/g, ':')
    return `${this.host ?? ''} ${shape}`
  }
}

function isSame(wanted: string, given: string): boolean {
  const [a, b] = [Buffer.from(wanted), Buffer.from(given)]
  return a.length === b.length && timingSafeEqual(a, b)
}

/** Reads `path`, `host`, `query` and `auth`; undefined where the path is none. */
export function readAddress(fields: MockFields): MockAddress | undefined {
  const node = fields.required('path')
  const text = fields.text('path')
  const host = fields.text('host')?.toLowerCase()
  const query = readQuery(fields)
  const authorization = readAuthorization(fields)
  if (!node || text === undefined) return undefined
  const problem = PathPattern.problem(text)
  if (problem) {
    fields.error(placeIn(node, problem.part), 'bad-value', problem.message)
    return undefined
  }
  return new MockAddress(new PathPattern(text), host, query, authorization)
}

function readQuery(fields: MockFields): (readonly [name: string, type: ValueType])[] {
  const node = fields.get('query')
  if (!node) return []
  if (node.kind !== 'map') {
    fields.error(node.span, 'bad-value', 'query is a map: the type of each parameter by its name.')
    return []
  }
  return node.entries.flatMap(({ key, value }): (readonly [string, ValueType])[] => {
    const type = value.kind === 'scalar' ? value.text.replace(/^:/, '') : ''
    if (isValueType(type)) return [[key, type]]
    fields.error(value.span, 'bad-value', `The type of a parameter is one of ${VALUE_TYPES.join(', ')}.`)
    return []
  })
}

function readAuthorization(fields: MockFields): string | undefined {
  const auth = fields.fields('auth')
  if (!auth) return undefined
  const [bearer, username, password = ''] = ['bearer', 'username', 'password'].map(key => auth.text(key))
  if (bearer !== undefined && username === undefined) return `Bearer ${bearer}`
  if (username !== undefined && bearer === undefined)
    return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
  auth.error(auth.span, 'bad-combination', 'auth has bearer, or username and password.')
  return undefined
}
