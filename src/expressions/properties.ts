import type { MessageContext } from '../core/context.ts'
import { Fault } from '../core/fault.ts'
import type { PropertyValue } from '../core/properties.ts'
import { LateValue } from '../core/template-frame.ts'
import { Expected } from '../language/types.ts'
import { DEFAULT_PATTERN, dateFormat } from './date-format.ts'
import { fileProperty, systemProperty } from './external-properties.ts'
import { registryAccessor } from './registry-scope.ts'
import { accessor } from './scopes.ts'
import { toAddress } from './to-address.ts'
import { type Expression, nodesOf, textOf, truthOf } from './value.ts'
import type { Scope } from './well-known.ts'

type Read = (ctx: MessageContext) => PropertyValue

const PROPERTIES: readonly string[] = ['default', 'axis2', 'operation', 'transport', 'session']
const SCOPES: readonly string[] = [...PROPERTIES, 'registry', 'func', 'system', 'env', 'file']

/** Properties that are computed from the payload. */
const FROM_CONTENT: readonly string[] = [
  'FAULT',
  'MESSAGE_FORMAT',
  'websocket.text.frame',
  'websocket.binary.frame',
]

/** The scope a variable prefix stands for: `$ctx:name` and its like. */
const PREFIXES: ReadonlyMap<string, Scope> = new Map([
  ['ctx', 'default'],
  ['axis2', 'axis2'],
  ['trp', 'transport'],
  ['operation', 'operation'],
  ['session', 'session'],
])

/** A call of `get-property`, its arguments told apart. */
export interface PropertyCall {
  readonly scope: string
  readonly name: string
  readonly pattern: string | undefined
}

/**
 * Tells the arguments of `get-property` apart: the name, before it a scope, behind it a date format.
 * Compatibility: of two arguments the first is the name if it is no scope.
 */
export function propertyCall([first = '', second, third]: readonly string[]): PropertyCall {
  if (second === undefined) return { scope: 'default', name: first, pattern: undefined }
  if (SCOPES.includes(first)) return { scope: first, name: second, pattern: third }
  return { scope: 'default', name: first, pattern: second }
}

/**
 * Finds how `get-property` reads. A name that is empty gives ''.
 * @throws Error when a date format means nothing
 */
export function propertyReader({ scope, name, pattern }: PropertyCall): Read {
  if (name === '') return () => ''
  if (name === 'SYSTEM_TIME') return () => String(Date.now())
  if (name === 'SYSTEM_DATE') {
    const format = dateFormat(pattern ?? DEFAULT_PATTERN)
    return () => format.format(new Date())
  }
  switch (scope) {
    case 'system':
      return () => systemProperty(name)
    case 'env':
      return () => process.env[name] ?? ''
    case 'file':
      return () => fileProperty(name)
    case 'registry':
      return registryAccessor(name).get
    case 'func':
      return ctx => {
        if (ctx.parameters) return templateParameter(ctx, name)
        throw new Fault(0, `get-property('func', '${name}') stands outside of a template`)
      }
  }
  const { get } = accessor(scope as Scope, name)
  if (scope !== 'default') return get
  // Compatibility: a name that is no property may be a local entry.
  return ctx => get(ctx) ?? ctx.deployment.entry(name)?.text
}

/** Gives a parameter of the template call around the step that runs; one that was passed unevaluated is evaluated now. */
export function templateParameter(ctx: MessageContext, name: string): PropertyValue {
  const value = ctx.parameters?.values.get(name)
  return value instanceof LateValue ? value.evaluate(ctx) : value
}

/** Finds how a variable such as `$ctx:name` reads. */
export function variableReader(prefix: string, name: string): Read {
  const scope = PREFIXES.get(prefix)
  if (scope) return accessor(scope, name).get
  switch (prefix) {
    case 'var':
      return ctx => ctx.variables.get(name)
    case 'func':
      return ctx => templateParameter(ctx, name)
    case 'sys':
      return () => systemProperty(name)
    case 'url': {
      const wanted = name.toLowerCase()
      return ctx => queryParameter(ctx, wanted)
    }
    default:
      return ctx => memberOf(ctx, prefix, name)
  }
}

/** Whether a prefix of a variable means something by itself, rather than naming a property that holds a map. */
export function isVariablePrefix(prefix: string): boolean {
  return PREFIXES.has(prefix) || ['var', 'func', 'sys', 'url'].includes(prefix)
}

/** `$orders:id`: the entry `id` of the map in the property `orders`, as text. */
function memberOf(ctx: MessageContext, property: string, key: string): PropertyValue {
  const held = ctx.propertiesIfAny?.get(property)
  if (held instanceof Map) return textOf(held.get(key))
  if (typeof held === 'object' && held !== null && Object.hasOwn(held, key)) {
    return textOf((held as Readonly<Record<string, unknown>>)[key])
  }
  if (typeof held === 'object' && held !== null) return null
  throw new Fault(
    0,
    `there is no variable $${property}:${key}, and the property ${property} does not hold a map`,
  )
}

function queryParameter(ctx: MessageContext, wanted: string): string {
  const to = toAddress(ctx) ?? ctx.origin.request?.target ?? ''
  const start = to.indexOf('?')
  if (start < 0) return ''
  for (const [key, value] of new URLSearchParams(to.slice(start)))
    if (key.toLowerCase() === wanted) return value
  return ''
}

const LITERAL = `'[^']*'|"[^"]*"`
const CALL = new RegExp(
  String.raw`^(?:[\w-]+:)?get-property\(\s*((?:${LITERAL})(?:\s*,\s*(?:${LITERAL})){0,2})\s*\)$`,
)
const VARIABLE = /^\$([\w-]+):([\w.-]+)$/

/**
 * Compiles an expression that is nothing but one property: no XPath engine runs for it. Undefined for any other.
 * @throws Expected for a date format that means nothing
 */
export function propertyExpression(source: string): Expression | undefined {
  const args = CALL.exec(source)?.[1]?.match(new RegExp(LITERAL, 'g'))
  if (args) {
    const call = propertyCall(args.map(arg => arg.slice(1, -1)))
    return {
      ...ofReader(source, compiled(call), FROM_CONTENT.includes(call.name)),
      warnings: callWarnings(call),
    }
  }
  const [, prefix = '', name = ''] = VARIABLE.exec(source) ?? []
  if (prefix === '') return undefined
  return {
    ...ofReader(source, variableReader(prefix, name), FROM_CONTENT.includes(name)),
    warnings: prefixWarnings(prefix, name),
  }
}

function compiled(call: PropertyCall): Read {
  try {
    return propertyReader(call)
  } catch (error) {
    throw new Expected(`an XPath expression (${(error as Error).message})`)
  }
}

/** Warns of a scope that is none. */
export function callWarnings({ name, pattern }: PropertyCall): string[] {
  if (pattern === undefined || name.startsWith('SYSTEM_')) return []
  return [`There is no scope "${name}": the property of this name is read, and "${pattern}" means nothing.`]
}

/** Warns of a prefix that means something only where a property of that name holds a map. */
export function prefixWarnings(prefix: string, name: string): string[] {
  if (isVariablePrefix(prefix)) return []
  return [`$${prefix}:${name} is a fault unless the property ${prefix} holds a map.`]
}

function ofReader(source: string, read: Read, readsContent: boolean): Expression {
  return {
    source,
    language: 'property',
    readsContent,
    text: ctx => textOf(read(ctx), source),
    boolean: ctx => truthOf(read(ctx)),
    value: read,
    nodes: ctx => nodesOf(read(ctx)),
  }
}
