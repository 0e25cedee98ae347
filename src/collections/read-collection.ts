import { type Diagnostics, didYouMean } from '../language/diagnostic.ts'
import type { Source, Span } from '../language/source.ts'
import { plainOf, readYaml, type YamlMap, type YamlNode, yamlValue } from '../language/yaml.ts'
import type { Collection, ConnectionItem, Environment, Folder, Item } from './collection.ts'
import { ItemReader, startOf } from './item-reader.ts'
import { importPororoca } from './pororoca-import.ts'
import { readCaptures, readExpectations, readMessage } from './read-message.ts'
import {
  readAuth,
  readCompression,
  readParams,
  readReconnect,
  readTrusts,
  readVariables,
} from './read-parts.ts'

const MOST_FOLDERS_DEEP = 30

/**
 * Reads a collection, of YAML or JSON; a file of Pororoca is imported. What is wrong is reported, and undefined is given
 * for what is no collection at all.
 */
export function readCollection(source: Source, diagnostics: Diagnostics): Collection | undefined {
  const root = readYaml(source, diagnostics)
  return root && collectionIn(root, source, diagnostics)
}

/** Reads the collection that a file is. */
export function collectionIn(
  root: YamlNode,
  source: Source,
  diagnostics: Diagnostics,
): Collection | undefined {
  if (root.kind === 'map' && isPororoca(root)) return imported(root, source, diagnostics)
  if (root.kind === 'map' && isCollection(root)) return new Reading(diagnostics).collection(root)
  const known = root.kind === 'map' ? didYouMean(root.entries[0]?.key ?? '', ['collection']) : undefined
  const hint = known ?? 'Write collection: and its name, and a list of connections.'
  const message = 'This is no collection: option collection is not there.'
  diagnostics.error(startOf(root.span), 'missing', message, hint)
  return undefined
}

/** Tells whether a file of YAML or JSON is a collection, or one of Pororoca: it says so itself. */
export function isCollection(root: YamlNode): boolean {
  return root.kind === 'map' && (isPororoca(root) || yamlValue(root, 'collection')?.kind === 'scalar')
}

function isPororoca(root: YamlMap): boolean {
  const schema = yamlValue(root, 'schema')
  return schema?.kind === 'scalar' && schema.text.startsWith('Pororoca/')
}

function imported(root: YamlMap, source: Source, diagnostics: Diagnostics): Collection | undefined {
  const span = yamlValue(root, 'schema')!.span
  try {
    return importPororoca(plainOf(root), span, spansIn(root))
  } catch (error) {
    diagnostics.error(span, 'bad-value', `${source.path} cannot be imported: ${(error as Error).message}.`)
    return undefined
  }
}

/** Where each request of a Pororoca file stands, in the order of the file. */
function spansIn(root: YamlMap): ReadonlyMap<string, Span> {
  const spans = new Map<string, Span>()
  const visit = (map: YamlMap, path: string): void => {
    for (const key of ['folders', 'requests']) {
      const list = yamlValue(map, key)
      if (list?.kind !== 'list') continue
      for (const [index, item] of list.items.entries()) {
        if (item.kind !== 'map') continue
        const name = yamlValue(item, 'name')
        const here = `${path}/${key}/${index}`
        spans.set(here, name?.span ?? startOf(item.span))
        for (const { key: field, value } of item.entries) spans.set(`${here}/${field}`, value.span)
        visit(item, here)
      }
    }
  }
  visit(root, '')
  return spans
}

class Reading {
  readonly #diagnostics: Diagnostics

  constructor(diagnostics: Diagnostics) {
    this.#diagnostics = diagnostics
  }

  collection(root: YamlMap): Collection {
    const of = new ItemReader(root, 'collection', 'collection', this.#diagnostics)
    return {
      name: of.text('collection') ?? '',
      id: of.text('id'),
      createdAt: of.text('createdAt'),
      variables: readVariables(of, 'variables'),
      environments: this.#environments(of),
      auth: readAuth(of),
      headers: readParams(of, 'headers'),
      items: this.#items(of),
      folders: this.#folders(of, 0),
      extra: of.extra(),
    }
  }

  /** A map of names, each with its variables; or a list where more is to be said. */
  #environments(of: ItemReader): readonly Environment[] {
    const value = of.entry('environments')?.value
    if (value?.kind === 'map')
      return value.entries.flatMap(({ key, value: variables }) => {
        if (variables.kind === 'scalar' && variables.value === null)
          return [{ name: key, isCurrent: false, isInsecure: false, variables: [] }]
        if (variables.kind !== 'map') {
          of.expected(variables, 'environments', 'a map of variables for each')
          return []
        }
        const list: YamlMap = {
          ...variables,
          entries: [{ key: 'variables', keySpan: variables.span, value: variables }],
        }
        const reader = new ItemReader(list, `environment ${key}`, 'collection environment', this.#diagnostics)
        return [
          { name: key, isCurrent: false, isInsecure: false, variables: readVariables(reader, 'variables') },
        ]
      })
    return (of.maps('environments') ?? []).map(map => {
      const reader = new ItemReader(map, 'environment', 'collection environment', this.#diagnostics)
      return {
        name: reader.requiredName(),
        id: reader.text('id'),
        createdAt: reader.text('createdAt'),
        isCurrent: reader.flag('current', false),
        isInsecure: reader.flag('insecure', false),
        variables: readVariables(reader, 'variables'),
        extra: reader.extra(),
      }
    })
  }

  #folders(of: ItemReader, depth: number): readonly Folder[] {
    return (of.maps('folders') ?? []).flatMap(map => {
      if (depth >= MOST_FOLDERS_DEEP) {
        of.expected(map, 'folders', `folders in no more than ${MOST_FOLDERS_DEEP} others`)
        return []
      }
      const reader = new ItemReader(map, 'folder', 'collection folder', this.#diagnostics)
      const name = reader.requiredName()
      const folders = this.#folders(reader, depth + 1)
      return [{ name, items: this.#items(reader), folders, extra: reader.extra() }]
    })
  }

  #items(of: ItemReader): readonly Item[] {
    const names = new Set<string>()
    return (of.maps('connections') ?? []).map((map): Item => {
      const [first] = map.entries
      if (map.entries.length === 1 && first!.key === 'pororoca')
        return {
          kind: 'kept',
          extra: { fields: plainOf(first!.value) as Record<string, unknown>, without: [] },
        }
      const connection = this.#connection(map)
      const { name, span } = connection
      if (name !== '' && names.has(name))
        this.#diagnostics.warning(
          span,
          'duplicate-name',
          `There is a connection ${name} already; that one is meant.`,
        )
      names.add(name)
      return connection
    })
  }

  #connection(map: YamlMap): ConnectionItem {
    const of = new ItemReader(map, 'connection', 'collection connection', this.#diagnostics)
    const version = of.entry('httpVersion')?.value
    const names = new Set<string>()
    const messages = of.maps('messages')?.map(each => readMessage(each, this.#diagnostics))
    for (const { name, span } of messages ?? []) {
      if (name !== '' && names.has(name))
        this.#diagnostics.warning(
          span,
          'duplicate-name',
          `There is a message ${name} already; that one is meant.`,
        )
      names.add(name)
    }
    return {
      kind: 'connection',
      name: of.requiredName(),
      url: of.required('url'),
      httpVersion: version?.kind === 'scalar' ? Number(version.value) : 1.1,
      headers: readParams(of, 'headers'),
      auth: readAuth(of) ?? { kind: 'inherit' },
      subprotocols: readParams(of, 'subprotocols'),
      compression: readCompression(of),
      trusts: readTrusts(of),
      reconnect: readReconnect(of),
      expect: readExpectations(of),
      capture: readCaptures(of),
      messages,
      span: of.span('name'),
      spans: Object.fromEntries(map.entries.map(({ key, value }) => [key, value.span])),
      extra: of.extra(),
    }
  }
}
