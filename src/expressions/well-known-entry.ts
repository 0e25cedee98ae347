import type { MessageContext } from '../core/context.ts'
import type { PropertyValue } from '../core/properties.ts'

/** The scopes a property can be set in. */
export const SCOPES = ['default', 'axis2', 'axis2-client', 'transport', 'operation', 'session'] as const

/** Where a property lives. */
export type Scope = (typeof SCOPES)[number]

/** Reads and writes one property; chosen when a configuration is compiled, so that no name is compared later. */
export interface Accessor {
  get(ctx: MessageContext): PropertyValue
  set(ctx: MessageContext, value: PropertyValue): void
  remove(ctx: MessageContext): void
}

/** A property with a meaning, for the engine and for its reference page. */
export interface WellKnown extends Accessor {
  readonly name: string
  readonly scope: Scope
  readonly doc: string
  /** Read through expressions only: it says something about the message. */
  readonly isReadOnly: boolean
}

/** Declares something the engine knows of the message. A configuration may set the same name over it, or remove it. */
export function derived(
  name: string,
  scopes: readonly ('default' | 'axis2')[],
  doc: string,
  derive: (ctx: MessageContext) => PropertyValue,
): WellKnown[] {
  return scopes.map(scope => ({
    name,
    scope,
    doc,
    isReadOnly: true,
    get(ctx) {
      const own = scope === 'default' ? ctx.propertiesIfAny : ctx.transportIfAny?.extra
      return own?.has(name) ? own.get(name) : derive(ctx)
    },
    set: (ctx, value) => (scope === 'default' ? ctx.properties : ctx.transport.extra).set(name, value),
    remove: ctx => (scope === 'default' ? ctx.properties : ctx.transport.extra).hide(name),
  }))
}

/** Declares something the engine acts on. */
export function control(name: string, scope: Scope, doc: string, accessor: Accessor): WellKnown[] {
  return [{ name, scope, doc, isReadOnly: false, ...accessor }]
}

/** Declares something another part of the engine acts on, by reading the plain value under this name. */
export function setting(name: string, scope: 'default' | 'axis2', doc: string): WellKnown[] {
  const own = (ctx: MessageContext) => (scope === 'default' ? ctx.propertiesIfAny : ctx.transportIfAny?.extra)
  return control(name, scope, doc, {
    get: ctx => own(ctx)?.get(name),
    set: (ctx, value) => (scope === 'default' ? ctx.properties : ctx.transport.extra).set(name, value),
    remove: ctx => own(ctx)?.delete(name),
  })
}

/** The text of a value that is set; undefined for none. */
export function textValue(value: PropertyValue): string | undefined {
  return value === null || value === undefined ? undefined : String(value)
}
