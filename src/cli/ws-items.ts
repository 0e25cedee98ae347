import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import {
  type ClientMessage,
  type ConnectionItem,
  connectionsOf,
  type Folder,
} from '../collections/collection.ts'
import { loadCollection, type OpenCollection } from '../collections/open-collection.ts'
import { withYamlItem, withYamlValue, type YamlPath, yamlText } from '../language/yaml-text.ts'
import { type OpenForOptions, openFor } from './open-for.ts'

/** Options of the commands for the connections of a collection. */
export interface WsItemOptions extends OpenForOptions {
  /** The path of a folder. */
  readonly folder?: string
}

/** Prints the connections of a collection. */
export async function list(file: string, options: WsItemOptions): Promise<number> {
  const open = openFor(file, options)
  for (const { path, connection } of connectionsOf(open.collection)) {
    console.log(open.variables.masked(`${path}  ${open.variables.fill(connection.url)}`))
    for (const message of connection.messages ?? []) console.log(`  ${message.name}  ${about(message, open)}`)
  }
  return 0
}

function about({ kind, content, file, code }: ClientMessage, { variables, folder }: OpenCollection): string {
  const what = kind === 'close' ? `close ${code}` : kind
  if (file === undefined) return `${what}, ${Buffer.byteLength(variables.fill(content))} bytes`
  const path = variables.fill(file)
  const size = statSync(resolve(folder, path), { throwIfNoEntry: false })?.size
  return variables.masked(`${what}, ${path}, ${size === undefined ? 'which is not there' : `${size} bytes`}`)
}

/** Adds a connection to a file; comments and all else in it stay. */
export async function add(
  file: string,
  name: string,
  url: string,
  { folder }: WsItemOptions,
): Promise<number> {
  const connection = { name, url }
  if (!existsSync(file)) {
    if (folder !== undefined) throw new Error(`${file}: there is no such file, and no folder ${folder}`)
    writeFileSync(
      file,
      yamlText({ collection: file.replace(/^.*[\\/]|\.[^.]*$/g, ''), connections: [connection] }),
    )
    return 0
  }
  const collection = ownCollection(file)
  const { path, folder: target } =
    folder === undefined ? { path: [], folder: collection } : folderAt(collection, folder)
  if (target.items.some(item => item.kind === 'connection' && item.name === name))
    throw new Error(`${file} has a connection ${name} already`)
  writeFileSync(file, withYamlItem(readFileSync(file, 'utf8'), [...path, 'connections'], connection))
  return 0
}

/** Renames a connection in a file; all else in it stays. */
export async function rename(file: string, name: string, newName: string): Promise<number> {
  const collection = ownCollection(file)
  const all = [...placesOf(collection)]
  const found =
    all.find(({ path }) => path === name) ?? all.find(({ connection }) => connection.name === name)
  if (!found)
    throw new Error(`${file} has no connection ${name}; it has ${all.map(({ path }) => path).join(', ')}`)
  writeFileSync(file, withYamlValue(readFileSync(file, 'utf8'), [...found.place, 'name'], newName))
  return 0
}

function ownCollection(file: string): Folder {
  if (/"schema"\s*:\s*"Pororoca\//.test(readFileSync(file, 'utf8')))
    throw new Error(`${file} is a collection of Pororoca; import it first: myelin collection import`)
  return loadCollection(file)
}

function folderAt(root: Folder, path: string): { path: YamlPath; folder: Folder } {
  let folder = root
  const place: (string | number)[] = []
  for (const name of path.split('/')) {
    const index = folder.folders.findIndex(each => each.name === name)
    if (index < 0) throw new Error(`there is no folder ${name} in ${folder.name}`)
    place.push('folders', index)
    folder = folder.folders[index]!
  }
  return { path: place, folder }
}

function* placesOf(
  { items, folders }: Folder,
  place: YamlPath = [],
  prefix = '',
): Generator<{ path: string; place: YamlPath; connection: ConnectionItem }> {
  for (const [index, item] of items.entries())
    if (item.kind === 'connection')
      yield { path: prefix + item.name, place: [...place, 'connections', index], connection: item }
  for (const [index, folder] of folders.entries())
    yield* placesOf(folder, [...place, 'folders', index], `${prefix}${folder.name}/`)
}
