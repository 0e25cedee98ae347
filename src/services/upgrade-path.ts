import type { DirectAnswer, HeaderList, RequestHead } from '../core/route.ts'

/** The kinds of value a parameter of a handshake may have. */
export const PARAMETER_TYPES = ['string', 'int', 'float', 'boolean', 'uuid', 'date'] as const

/** Kind of value of a parameter. */
export type ParameterType = (typeof PARAMETER_TYPES)[number]

const FITS: Readonly<Record<ParameterType, RegExp>> = {
  string: /^[\s\S]+$/,
  int: /^[+-]?\d{1,18}$/,
  float: /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?$/,
  boolean: /^(?:true|false)$/,
  uuid: /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i,
  date: /^\d{4}-\d{2}-\d{2}$/,
}

/** A parameter in the query or the headers of a handshake. */
export interface Parameter {
  readonly name: string
  readonly type: ParameterType
  readonly required: boolean
  readonly default: string | undefined
}

interface PathParameter {
  readonly name: string
  readonly type: ParameterType
}

/** The path a service takes upgrades at, with typed parameters. */
export interface UpgradePath {
  /** What it is served at: the path itself, or what is in front of its first parameter with `/*`. */
  readonly served: string
  readonly parameters: readonly PathParameter[]
  /** The path with its parameters as `{name}`. */
  readonly template: string
  /** Gives the values of its parameters; undefined where a path is another one. */
  match(path: string): string[] | undefined
}

const SEGMENT =
  /^(?:\[(?:(string|int|float|boolean|uuid|date)\s+)?([\w-]+)(?::\s*(\w+))?\]|:([\w-]+)(?:\|(\w+))?|\{([\w-]+)(?::(\w+))?\})$/
const TYPE_NAMES: Readonly<Record<string, ParameterType>> = {
  bool: 'boolean',
  double: 'float',
  decimal: 'float',
  number: 'float',
  integer: 'int',
}

/**
 * Compiles a path such as `/chat/[room:string]/[id:int]`, `/chat/:room/:id|int` or `/chat/{room}`; `.` and nothing are
 * the base path itself.
 * @throws Error with what is wrong with it
 */
export function upgradePath(base: string, path: string): UpgradePath {
  const whole = `${base === '/' ? '' : base}${path === '.' || path === '/' ? '' : path}` || '/'
  const names = new Set<string>()
  const parts = whole.split('/').map(part => {
    if (!/^[[:{]/.test(part)) return part
    const [, typeInFront, bracket, typeBehind, colon, colonType, brace, braceType] = SEGMENT.exec(part) ?? []
    const name = bracket ?? colon ?? brace
    if (name === undefined) throw new Error(`${part} is no parameter; write [room:string]`)
    if (names.has(name)) throw new Error(`the parameter ${name} is there twice`)
    names.add(name)
    const wanted = typeInFront ?? typeBehind ?? colonType ?? braceType ?? 'string'
    const type = TYPE_NAMES[wanted] ?? PARAMETER_TYPES.find(known => known === wanted)
    if (type === undefined) throw new Error(`${wanted} is no type; there are ${PARAMETER_TYPES.join(', ')}`)
    return { name, type }
  })
  const parameters = parts.filter(part => typeof part !== 'string')
  const template = parts.map(part => (typeof part === 'string' ? part : `{${part.name}}`)).join('/')
  if (parameters.length === 0)
    return { served: whole, parameters, template, match: given => (given === whole ? [] : undefined) }
  const fixed = parts.slice(
    0,
    parts.findIndex(part => typeof part !== 'string'),
  ) as string[]
  return { served: `${fixed.join('/')}/*`, parameters, template, match: given => matched(parts, given) }
}

function matched(parts: readonly (string | PathParameter)[], path: string): string[] | undefined {
  const given = path.split('/')
  if (given.length !== parts.length) return undefined
  const values: string[] = []
  for (const [i, part] of parts.entries()) {
    if (typeof part === 'string') {
      if (part !== given[i]) return undefined
      continue
    }
    const value = decoded(given[i]!)
    if (value === undefined || !FITS[part.type].test(value)) return undefined
    values.push(value)
  }
  return values
}

/** Finds what a handshake gives to its messages: 404 for another path, 400 for what is missing or of another kind. */
export function handshakeParameters(
  path: UpgradePath,
  query: readonly Parameter[],
  headers: readonly Parameter[],
): (head: RequestHead) => HeaderList | DirectAnswer {
  return head => {
    const values = path.match(head.path)
    if (!values) return { status: 404, body: 'nothing is served here' }
    const found = path.parameters.map(({ name }, i) => [`uri.var.${name}`, values[i]!] as const)
    const given = new URLSearchParams(head.target.slice(head.path.length + 1))
    const own: (readonly [string, string])[] = [...found]
    for (const [name, value] of given) own.push([`query.param.${name}`, value])
    for (const parameter of query) {
      const problem = check(parameter, given.getAll(parameter.name), 'query', own)
      if (problem) return problem
    }
    for (const parameter of headers) {
      const value = head.headers[parameter.name.toLowerCase()]
      const problem = check(parameter, value === undefined ? [] : [value].flat(), 'header', own)
      if (problem) return problem
    }
    return own
  }
}

function check(
  { name, type, required, default: fallback }: Parameter,
  [given, ...more]: readonly string[],
  where: 'query' | 'header',
  found: (readonly [string, string])[],
): DirectAnswer | undefined {
  if (given === undefined) {
    if (fallback !== undefined) found.push([`${where}.param.${name}`, fallback])
    return required && fallback === undefined
      ? { status: 400, body: `no ${where} parameter ${name} was found` }
      : undefined
  }
  if (more.length > 0) return { status: 400, body: `the ${where} parameter ${name} is there more than once` }
  const isEmptyText = given === '' && type === 'string'
  if (!isEmptyText && !FITS[type].test(given))
    return { status: 400, body: `the ${where} parameter ${name} is no ${type}` }
  if (where === 'header') found.push([`header.param.${name}`, given])
  return undefined
}

/** Gives a parameter as hooks take it: numbers and booleans as such. */
export function typedValue(type: ParameterType, text: string): string | number | boolean {
  if (type === 'int' || type === 'float') return Number(text)
  return type === 'boolean' ? text === 'true' : text
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}
