import type { MessageContext } from '../core/context.ts'
import { expression } from '../expressions/expression.ts'
import { accessor } from '../expressions/scopes.ts'
import type { Scope } from '../expressions/well-known-entry.ts'
import type { Build, EndpointNode } from '../language/declare.ts'
import { attribute, type Config, children } from '../language/field.ts'
import type { Span } from '../language/source.ts'
import { name, text } from '../language/types.ts'

const fields = {
  name: attribute(name, { doc: 'Name of the property.', required: true }),
  value: attribute(text, { doc: 'Its value.' }),
  expression: attribute(expression, { doc: 'Expression giving its value, for each message.' }),
  scope: attribute(text, { doc: 'default, axis2 or transport.', default: 'default' }),
} as const

/** Properties set on each message before it is sent. */
export const endpointProperties = children(fields, {
  doc: 'A property set on each message just before it is sent, or a setting such as loadbalance.weight.',
})

type EndpointProperty = Config<typeof fields>

const SCOPES: readonly string[] = ['default', 'axis2', 'transport']

/** Makes what sets the properties; undefined where there are none. */
export function propertySetter(
  properties: readonly EndpointProperty[],
  build: Build,
  span: Span,
): ((ctx: MessageContext) => void) | undefined {
  const setters: ((ctx: MessageContext) => void)[] = []
  for (const { name, value, expression, scope } of properties) {
    if (name === undefined || isSetting(name)) continue
    if (!SCOPES.includes(scope)) {
      const message = `Property ${name} of the endpoint is not set: there is no scope ${scope} here.`
      build.warning(span, 'no-effect', message, `Scopes are ${SCOPES.join(', ')}.`)
      continue
    }
    const { set } = accessor(scope as Scope, name)
    if (value !== undefined) setters.push(ctx => set(ctx, value))
    else if (expression) setters.push(ctx => set(ctx, expression.text(ctx) ?? undefined))
  }
  if (setters.length === 0) return undefined
  return ctx => {
    for (const set of setters) set(ctx)
  }
}

/** Reads a property of an endpoint that says something to the group it stands in. */
export function settingOf(node: EndpointNode, name: string): string | undefined {
  return settingIn(node.config, name)
}

/** Reads a property that stands beside a group, and says something to it. */
export function settingIn(config: object | undefined, name: string): string | undefined {
  const { property: properties } = (config ?? {}) as { property?: readonly EndpointProperty[] }
  return properties?.find(property => property.name === name)?.value
}

function isSetting(name: string): boolean {
  return name.startsWith('loadbalance.')
}
