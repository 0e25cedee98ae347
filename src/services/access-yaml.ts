import type { Span } from '../language/source.ts'
import type { Element } from '../language/xml.ts'
import { plainOf, type YamlEntry, type YamlMap, type YamlNode } from '../language/yaml.ts'
import { plainName } from './hook-names.ts'
import { type MadeAttribute, madeElement } from './made-element.ts'
import { attributeOf } from './yaml-attributes.ts'
import type { MapReading } from './yaml-steps.ts'

/** Short names of the kinds. */
const KINDS: ReadonlyMap<string, string> = new Map([
  ['users', 'fileUserStoreConfig'],
  ['jwt', 'jwtValidatorConfig'],
  ['oauth2', 'oauth2IntrospectionConfig'],
  ['introspection', 'oauth2IntrospectionConfig'],
  ['ldap', 'ldapUserStoreConfig'],
])

/** What holds values by any name. */
const MAPS: ReadonlySet<string> = new Set(['customClaims', 'optionalParams', 'customHeaders'])

/** Makes the elements of `auth`: a list of maps, or one map. */
export function accessElements(span: Span, value: YamlNode, reading: MapReading): Element[] {
  const items = value.kind === 'list' ? value.items : [value]
  if (items.length === 0)
    reading.diagnostics.error(span, 'bad-value', 'auth is an empty list: nobody would be checked.')
  return items.flatMap(item => {
    if (item.kind === 'map') return [entryOf(item)]
    const message =
      'auth is a list of maps, each with fileUserStoreConfig, jwtValidatorConfig or oauth2IntrospectionConfig.'
    reading.diagnostics.error(item.span, 'bad-value', message)
    return []
  })
}

function entryOf(item: YamlMap): Element {
  const entries = item.entries.map(entry => ({ ...entry, key: KINDS.get(entry.key) ?? plainName(entry.key) }))
  return elementOf('auth', item.entries[0]?.keySpan ?? item.span, entries)
}

function elementOf(name: string, span: Span, entries: readonly YamlEntry[]): Element {
  const attributes: MadeAttribute[] = []
  const children: Element[] = []
  for (const entry of entries) {
    const { key, keySpan, value } = entry
    if (MAPS.has(key)) attributes.push({ ...attributeOf(key, entry), value: JSON.stringify(plainOf(value)) })
    else if (value.kind === 'map') children.push(elementOf(key, keySpan, plainEntries(value)))
    else if (key === 'fileUserStoreConfig') children.push(storeOf(keySpan, value))
    else if (key === 'users' && value.kind === 'list') children.push(...usersOf(value.items))
    else attributes.push(attributeOf(key, entry))
  }
  return madeElement({ name, span, attributes, children })
}

/** `users: users.yaml`, or the users themselves. */
function storeOf(span: Span, value: YamlNode): Element {
  const file = { name: 'file', nameSpan: span, valueSpan: value.span }
  return value.kind === 'list'
    ? madeElement({ name: 'fileUserStoreConfig', span, children: usersOf(value.items) })
    : madeElement({
        name: 'fileUserStoreConfig',
        span,
        attributes: [{ ...file, value: value.kind === 'scalar' ? value.text : '' }],
      })
}

function usersOf(items: readonly YamlNode[]): Element[] {
  return items.map(item => elementOf('user', item.span, item.kind === 'map' ? plainEntries(item) : []))
}

function plainEntries({ entries }: YamlMap): YamlEntry[] {
  return entries.map(entry => ({ ...entry, key: plainName(entry.key) }))
}
