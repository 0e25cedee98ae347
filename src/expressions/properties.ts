import type { MessageContext } from '../core/context.ts'
import type { PropertyValue } from '../core/properties.ts'
import { Expected } from '../language/types.ts'
import { accessor } from './scopes.ts'
import { type Expression, textOf, truthOf } from './value.ts'
import type { Scope } from './well-known.ts'

type Read = (ctx: MessageContext) => PropertyValue

const READABLE: readonly string[] = ['default', 'axis2', 'operation', 'transport']
const LATER: readonly string[] = ['registry', 'func', 'file']

/** Properties that are computed from the payload. */
const FROM_CONTENT: readonly string[] = ['FAULT', 'MESSAGE_FORMAT']

/** The scope a variable prefix stands for: `$ctx:name` and its like. */
const PREFIXES: ReadonlyMap<string, Scope> = new Map([
  ['ctx', 'default'],
  ['axis2', 'axis2'],
  ['trp', 'transport'],
  ['operation', 'operation'],
])

/**
 * Finds how `get-property(scope, name)` reads. Scopes `system` and `env` both give environment variables.
 * @throws Expected for a scope that is known and not supported yet
 */
export function propertyReader(scope: string, name: string): Read {
  if (name === '') return () => ''
  if (scope === 'system' || scope === 'env') return () => process.env[name] ?? ''
  if (LATER.includes(scope)) {
    throw new Expected(
      `a scope out of ${READABLE.join(', ')}, system, env`,
      `Scope ${scope} is not supported yet.`,
    )
  }
  if (!READABLE.includes(scope)) throw new Expected(`one of the scopes ${READABLE.join(', ')}`)
  const { get } = accessor(scope as Scope, name)
  if (scope !== 'default') return get
  // Compatibility: a name that is no property may be a local entry.
  return ctx => get(ctx) ?? ctx.deployment.entry(name)?.text
}

/** Finds how a variable such as `$ctx:name` reads; undefined for a prefix without a meaning. */
export function variableReader(prefix: string, name: string): Read | undefined {
  const scope = PREFIXES.get(prefix)
  if (scope) return accessor(scope, name).get
  if (prefix === 'var') return ctx => ctx.variables.get(name)
  if (prefix === 'sys') return () => process.env[name] ?? ''
  if (prefix === 'url') return ctx => queryParameter(ctx, name)
  return undefined
}

function queryParameter(ctx: MessageContext, name: string): string {
  const query = (ctx.to ?? ctx.origin.request?.target ?? '').split('?')[1] ?? ''
  for (const [key, value] of new URLSearchParams(query))
    if (key.toLowerCase() === name.toLowerCase()) return value
  return ''
}

const CALL = /^(?:[\w-]+:)?get-property\(\s*(?:(?:'([^']*)'|"([^"]*)")\s*,\s*)?(?:'([^']*)'|"([^"]*)")\s*\)$/
const VARIABLE = /^\$([\w-]+):([\w.-]+)$/

/**
 * Compiles an expression that is nothing but one property: no XPath engine runs for it. Undefined for any other.
 * @throws Expected for a scope that cannot be read
 */
export function propertyExpression(source: string): Expression | undefined {
  const call = CALL.exec(source)
  if (call) {
    const scope = call[1] ?? call[2]
    const name = call[3] ?? call[4] ?? ''
    if (scope !== undefined && !isScope(scope)) throw dateFormat(scope)
    return ofReader(source, propertyReader(scope ?? 'default', name), FROM_CONTENT.includes(name))
  }
  const variable = VARIABLE.exec(source)
  const read = variable && variableReader(variable[1]!, variable[2]!)
  return read ? ofReader(source, read, false) : undefined
}

/** Whether the first of two arguments of get-property is a scope; otherwise it is a key, and a date format follows. */
export function isScope(word: string): boolean {
  return READABLE.includes(word) || LATER.includes(word) || word === 'system' || word === 'env'
}

/** Says that date formats come later. */
export function dateFormat(key: string): Expected {
  return new Expected(
    'a scope and a name',
    `get-property('${key}', format) with a date format is not supported yet.`,
  )
}

function ofReader(source: string, read: Read, readsContent: boolean): Expression {
  return {
    source,
    language: 'property',
    readsContent,
    text: ctx => textOf(read(ctx)),
    boolean: ctx => truthOf(read(ctx)),
    value: read,
  }
}
