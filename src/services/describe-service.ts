import type { ServiceModel } from '../core/service-model.ts'
import type { Element } from '../language/xml.ts'
import { describeAccess } from './access-rules.ts'
import type { HookConfig } from './hooks-field.ts'
import { type ServiceConfig, serviceFields } from './service-fields.ts'

/** Describes what a service was compiled to; `resources` are its REST resources as they are written. */
export function describeService(
  config: ServiceConfig,
  {
    listen,
    path,
    resources,
  }: { readonly listen: string; readonly path: string; readonly resources: readonly Element[] },
): ServiceModel {
  const events = config.hooks
    .map(hook => [hook.key === undefined ? hook.name : `route ${hook.key}`, stepsOf(hook)] as const)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
  const options = optionsOf(config)
  return {
    kind: 'service',
    name: config.name,
    listen,
    path,
    events: Object.fromEntries(events),
    ...(resources.length > 0 && { resources: Object.fromEntries(resources.map(resourceOf)) }),
    ...(Object.keys(options).length > 0 && { options }),
  }
}

function stepsOf({ branch, schema, view, takesChunks }: HookConfig): string[] {
  const check = [
    ...(takesChunks ? ['stream'] : []),
    ...(view === undefined ? [] : [`as ${view}`]),
    ...(schema === undefined ? [] : [typeof schema === 'string' ? `schema ${schema}` : 'schema']),
  ]
  if (branch.key) return [...check, `sequence ${branch.key.name}`]
  return [...check, ...branch.element.children.flatMap(child => describeElement(child))]
}

function resourceOf(element: Element): [string, string[]] {
  const value = (name: string): string | undefined =>
    element.attributes.find(each => each.name === name)?.value
  const path = value('uri-template') ?? value('url-mapping') ?? '/*'
  return [`${value('methods') ?? '*'} ${path}`, element.children.flatMap(child => describeElement(child))]
}

/** Describes an element as lines: its name and attributes, and what is inside set in. */
export function describeElement({ name, attributes, children, text }: Element, depth = 0): string[] {
  const given = attributes
    .map(each => ` ${each.name}=${each.value}`)
    .sort()
    .join('')
  const content = text === '' ? '' : ` ${JSON.stringify(text)}`
  const line = `${'  '.repeat(depth)}${name}${given}${content}`
  return [line, ...children.flatMap(child => describeElement(child, depth + 1))]
}

/** What differs from the defaults, but for what is said elsewhere. */
function optionsOf(config: ServiceConfig): Record<string, unknown> {
  const found: Record<string, unknown> = {}
  for (const [key, field] of Object.entries(serviceFields)) {
    const value: unknown = config[key as keyof ServiceConfig]
    if (['name', 'basePath', 'upgradePath', 'hooks', 'listen'].includes(key)) continue
    if (value === undefined || JSON.stringify(value) === JSON.stringify(field.default)) continue
    if (Array.isArray(value) && value.length === 0) continue
    found[key] = key === 'auth' ? describeAccess(config.auth) : value
  }
  return found
}
