import type { ServiceModel } from '../core/service-model.ts'
import type { ServedService } from '../language/declare.ts'

/** Describes what services were compiled to, by kind and name; one that is served in two places is there once. */
export function explain(services: readonly ServedService[]): ServiceModel[] {
  const models = new Map<string, ServiceModel>()
  for (const served of services) {
    const model = served.model?.() ?? described(served)
    const key = `${model.kind} ${model.name}`
    const known = models.get(key)
    // The resources of a service are part of what it says itself.
    if (known === undefined && !models.has(`service ${model.name}`)) models.set(key, model)
    else if (served.model && known === undefined) models.set(key, model)
  }
  return [...models.values()].sort((a, b) => (`${a.kind} ${a.name}` < `${b.kind} ${b.name}` ? -1 : 1))
}

function described({ service, listener, path }: ServedService): ServiceModel {
  const events = Object.keys(service.on).map(
    event => [`on${event[0]!.toUpperCase()}${event.slice(1)}`, []] as const,
  )
  return {
    kind: service.kind,
    name: service.name,
    listen: shownListener(listener),
    path,
    events: Object.fromEntries(events),
  }
}

/** Says where something listens, for people. */
export function shownListener(listener: ServedService['listener']): string {
  if (typeof listener === 'string') return listener
  if ('inbound' in listener) return listener.inbound
  return `${listener.tls ? 'tls ' : ''}${listener.host ?? ''}:${listener.port}`
}

/** Writes models for people: the same text for the same model, whatever it was written in. */
export function explainText(models: readonly ServiceModel[]): string {
  return models.map(model => textOf(model).join('\n')).join('\n\n')
}

function textOf({ kind, name, listen, path, events, resources = {}, options = {} }: ServiceModel): string[] {
  const lines = [`${kind} ${name}`, `  listen ${listen}`, `  path ${path}`]
  for (const [option, value] of Object.entries(options).sort(([a], [b]) => (a < b ? -1 : 1)))
    lines.push(`  ${option} ${typeof value === 'string' ? value : JSON.stringify(value)}`)
  for (const [event, steps] of Object.entries(events))
    lines.push(`  ${event}`, ...steps.map(step => `    ${step}`))
  for (const [resource, steps] of Object.entries(resources))
    lines.push(`  ${resource}`, ...steps.map(step => `    ${step}`))
  return lines
}
