import type { Span } from '../language/source.ts'
import type { Element } from '../language/xml.ts'
import { plainOf, type YamlEntry, type YamlMap, type YamlNode } from '../language/yaml.ts'
import { accessElements } from './access-yaml.ts'
import { isHookName, plainName } from './hook-names.ts'
import { HOOK_OPTIONS } from './hooks-field.ts'
import { type MadeAttribute, madeElement } from './made-element.ts'
import { attributeOf, parametersOf } from './yaml-attributes.ts'
import { resourcesOf } from './yaml-resources.ts'
import { type MapReading, stepElements } from './yaml-steps.ts'

/** What holds an option or several by name, in place of steps. */
const MAPS: ReadonlySet<string> = new Set(['listen', 'secureSocket', 'key', 'mutualSsl', 'protocol'])

/** What tells a map that is a hook with options from one that is a step. */
const OPTIONS_OR_STEPS: ReadonlySet<string> = new Set(['steps', 'do', 'sequence', ...HOOK_OPTIONS])

/** Whether a file holds services with hooks: a map of one, a list of them under `services`, or one under `service`. */
export function holdsServices(node: YamlNode): boolean {
  return (
    node.kind === 'map' &&
    node.entries.some(({ key }) => {
      const name = plainName(key)
      return (
        /^(?:services?|basePath|upgradePath|dispatcherKey|routes|resources)$/.test(name) || isHookName(name)
      )
    })
  )
}

/** Makes the elements of the services of a file; `name` is for one that does not say its own. */
export function serviceElements(node: YamlNode, name: string, reading: MapReading): Element[] {
  if (node.kind !== 'map') return []
  const [only] = node.entries
  if (node.entries.length === 1 && only?.key === 'services' && only.value.kind === 'list')
    return only.value.items.flatMap((item, i) =>
      item.kind === 'map' ? [serviceOf(item, `${name}-${i + 1}`, reading)] : wrong(item, reading),
    )
  if (node.entries.length === 1 && only?.key === 'service')
    return only.value.kind === 'map' ? [serviceOf(only.value, name, reading)] : wrong(only.value, reading)
  return [serviceOf(node, name, reading)]
}

function wrong({ span }: YamlNode, { diagnostics }: MapReading): [] {
  diagnostics.error(span, 'bad-value', 'A service is a map of its options and hooks.')
  return []
}

function serviceOf(node: YamlMap, name: string, reading: MapReading): Element {
  const attributes: MadeAttribute[] = []
  const children: Element[] = []
  for (const entry of node.entries) {
    const made = optionOf(entry, reading)
    if (Array.isArray(made)) children.push(...made)
    else attributes.push(made)
  }
  if (!attributes.some(each => each.name === 'name'))
    attributes.push({ name: 'name', value: name, nameSpan: node.span })
  const [first] = node.entries
  return madeElement({ name: 'service', span: first?.keySpan ?? node.span, attributes, children })
}

function optionOf({ key, keySpan, value }: YamlEntry, reading: MapReading): MadeAttribute | Element[] {
  const name = plainName(key)
  if (isHookName(name)) return [hookOf(name, keySpan, value, reading)]
  if (name === 'routes' || name === 'route') return routesOf(value, reading)
  if (name === 'resources' || name === 'resource') return resourcesOf(value, reading)
  if (name === 'query' || name === 'headers') return namedOf(name === 'query' ? 'query' : 'header', value)
  if (name === 'upgradeHeaders') return namedOf('upgradeHeader', value)
  if (name === 'auth') return accessElements(keySpan, value, reading)
  if (name === 'parameters') return [parametersOf(keySpan, value)]
  if (MAPS.has(name)) return [mapOf(name, keySpan, value)]
  return attributeOf(name, { key, keySpan, value })
}

/** A hook: a list of steps, one step, the name of a sequence, or a map with a schema and steps. */
function hookOf(
  name: string,
  span: Span,
  value: YamlNode,
  reading: MapReading,
  attributes: readonly MadeAttribute[] = [],
): Element {
  const { mediators } = reading.vocabulary
  if (value.kind === 'scalar' && value.value !== null && !mediators.has(value.text)) {
    const sequence = { name: 'sequence', value: value.text, nameSpan: span, valueSpan: value.span }
    return madeElement({ name, span, attributes: [...attributes, sequence] })
  }
  if (value.kind === 'map' && value.entries.some(({ key }) => OPTIONS_OR_STEPS.has(key))) {
    const own: MadeAttribute[] = [...attributes]
    const children: Element[] = []
    for (const entry of value.entries) {
      if (entry.key === 'steps' || entry.key === 'do') children.push(...stepElements(entry.value, reading))
      else if (entry.key === 'schema' && entry.value.kind === 'map') own.push(schemaText(entry))
      else own.push(attributeOf(plainName(entry.key), entry))
    }
    return madeElement({ name, span, attributes: own, children })
  }
  return madeElement({ name, span, attributes, children: stepElements(value, reading) })
}

function schemaText({ keySpan, value }: YamlEntry): MadeAttribute {
  return { name: 'schema', value: JSON.stringify(plainOf(value)), nameSpan: keySpan, valueSpan: value.span }
}

function routesOf(value: YamlNode, reading: MapReading): Element[] {
  if (value.kind !== 'map') {
    reading.diagnostics.error(value.span, 'bad-value', 'routes is a map of keys, each with its steps.')
    return []
  }
  return value.entries.map(({ key, keySpan, value: steps }) =>
    hookOf('route', keySpan, steps, reading, [{ name: 'key', value: key, nameSpan: keySpan }]),
  )
}

/** `query: {since: int, limit: {type: int, required: false, default: 10}}`, and headers alike. */
function namedOf(name: string, value: YamlNode): Element[] {
  if (value.kind !== 'map') return []
  return value.entries.map(({ key, keySpan, value: given }) => {
    const own = { name: 'name', value: key, nameSpan: keySpan }
    const short = name === 'upgradeHeader' ? 'value' : 'type'
    const more =
      given.kind === 'map'
        ? given.entries.map(entry => attributeOf(plainName(entry.key), entry))
        : given.kind === 'scalar' && given.value !== null
          ? [{ name: short, value: given.text, nameSpan: keySpan, valueSpan: given.span }]
          : []
    return madeElement({ name, span: keySpan, attributes: [own, ...more] })
  })
}

function mapOf(name: string, span: Span, value: YamlNode): Element {
  if (value.kind === 'scalar') {
    const given = {
      name: name === 'listen' ? 'port' : 'name',
      value: value.text,
      nameSpan: span,
      valueSpan: value.span,
    }
    return madeElement({ name, span, attributes: [given] })
  }
  const entries = value.kind === 'map' ? value.entries : []
  const attributes: MadeAttribute[] = []
  const children: Element[] = []
  for (const entry of entries) {
    if (entry.value.kind === 'map') children.push(mapOf(plainName(entry.key), entry.keySpan, entry.value))
    else attributes.push(attributeOf(plainName(entry.key), entry))
  }
  return madeElement({ name, span, attributes, children })
}
