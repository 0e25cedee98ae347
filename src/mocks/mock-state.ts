import { plainOf, type YamlNode } from '../language/yaml.ts'
import type { MockFields } from './mock-reading.ts'
import { readTemplate } from './mock-reply.ts'
import type { MockScope } from './mock-scope.ts'
import type { Template } from './template.ts'

/** What is asked of the state of a connection, by name; undefined asks for a name that was not set. */
export type When = readonly (readonly [name: string, value: string | undefined])[]

/** What becomes of the state of a connection, by name. */
export type StateChange = readonly (readonly [name: string, value: Template])[]

/** Whether the state of a connection is what is asked for. */
export function isIn(when: When, state: ReadonlyMap<string, unknown>): boolean {
  for (const [name, wanted] of when) {
    const value = state.get(name)
    if (wanted === undefined ? value !== undefined : value === undefined || String(value) !== wanted)
      return false
  }
  return true
}

/** Changes the state of a connection. */
export function setState(set: StateChange, scope: MockScope, state: Map<string, unknown>): void {
  for (const [name, value] of set) state.set(name, value.text(scope))
}

/** Reads `when:`, a state or a map of several. */
export function readWhen(fields: MockFields): When {
  return entriesOf(fields, 'when').map(([name, node]) => [name, textIn(node)])
}

/** Reads `set:`, a state or a map of several. */
export function readSet(fields: MockFields, key = 'set'): StateChange {
  return entriesOf(fields, key).map(([name, node]) => [
    name,
    readTemplate(node, textIn(node) ?? '', fields.reading),
  ])
}

function entriesOf(fields: MockFields, key: string): readonly (readonly [name: string, value: YamlNode])[] {
  const node = fields.get(key)
  if (!node) return []
  if (node.kind === 'scalar') return [['state', node]]
  if (node.kind === 'map') return node.entries.map(({ key: name, value }) => [name, value])
  fields.error(node.span, 'bad-value', `${key} is a state, or a map of several.`)
  return []
}

function textIn(node: YamlNode): string | undefined {
  if (node.kind === 'scalar') return node.value === null ? undefined : node.text
  return JSON.stringify(plainOf(node))
}
