import type { Span } from '../language/source.ts'
import type { Element } from '../language/xml.ts'
import type { YamlMap, YamlNode } from '../language/yaml.ts'
import { plainName } from './hook-names.ts'
import { type MadeAttribute, madeElement } from './made-element.ts'
import { attributeOf } from './yaml-attributes.ts'
import { type MapReading, stepElements } from './yaml-steps.ts'

/** Makes the REST resources of a service: a map of `GET /orders/{id}`, or a list of maps with their parts. */
export function resourcesOf(value: YamlNode, reading: MapReading): Element[] {
  if (value.kind === 'map')
    return value.entries.map(({ key, keySpan, value: steps }) => resourceByName(key, keySpan, steps, reading))
  if (value.kind !== 'list') return []
  return value.items.flatMap(item => (item.kind === 'map' ? [resourceOf(item, reading)] : []))
}

/** `GET /orders/{id}: [steps]` */
function resourceByName(key: string, span: Span, steps: YamlNode, reading: MapReading): Element {
  const attributes = resourceAttributes(key, span)
  const flow = madeElement({ name: 'inSequence', span, children: stepElements(steps, reading) })
  return madeElement({ name: 'resource', span, attributes, children: [flow] })
}

/** Reads `GET /orders/{id}`, or the path alone for any method. */
export function resourceAttributes(key: string, span: Span): MadeAttribute[] {
  const [, methods, path] = /^(?:([A-Z][A-Z ,]*)\s+)?(\S+)$/.exec(key.trim()) ?? []
  return [
    ...(methods === undefined
      ? []
      : [{ name: 'methods', value: methods.replaceAll(',', ' '), nameSpan: span }]),
    { name: 'uri-template', value: path ?? key, nameSpan: span },
  ]
}

const RESOURCE_NAMES: ReadonlyMap<string, string> = new Map([
  ['path', 'uri-template'],
  ['uriTemplate', 'uri-template'],
  ['urlMapping', 'url-mapping'],
  ['method', 'methods'],
  ['methods', 'methods'],
])

const FLOWS: ReadonlyMap<string, string> = new Map([
  ['steps', 'inSequence'],
  ['in', 'inSequence'],
  ['inSequence', 'inSequence'],
  ['out', 'outSequence'],
  ['outSequence', 'outSequence'],
  ['fault', 'faultSequence'],
  ['faultSequence', 'faultSequence'],
])

function resourceOf(item: YamlMap, reading: MapReading): Element {
  const attributes: MadeAttribute[] = []
  const children: Element[] = []
  for (const entry of item.entries) {
    const name = plainName(entry.key)
    const flow = FLOWS.get(name)
    if (flow && entry.value.kind !== 'scalar')
      children.push(
        madeElement({ name: flow, span: entry.keySpan, children: stepElements(entry.value, reading) }),
      )
    else {
      const { value, ...rest } = attributeOf(flow ?? RESOURCE_NAMES.get(name) ?? entry.key, entry)
      attributes.push({ ...rest, value: value.replaceAll(',', ' ') })
    }
  }
  return madeElement({ name: 'resource', span: item.span, attributes, children })
}
