import { Diagnostics } from '../language/diagnostic.ts'
import { Source } from '../language/source.ts'
import { plainOf, readYaml } from '../language/yaml.ts'
import { fromAsyncApi2 } from './async-api-2.ts'
import { importAsyncApi } from './async-api-import.ts'
import { type HarImportOptions, type Imported, importRecorded } from './har-import.ts'
import { CollectionError, fileText, loadCollection } from './open-collection.ts'
import { archived, isArchive } from './recorded.ts'

/** Files of others that hold no WebSocket, and what to do instead. */
const REFUSED: readonly (readonly [what: string, isIt: (file: Plain) => boolean, why: string])[] = [
  [
    'an OpenAPI description',
    file => 'openapi' in file || 'swagger' in file,
    'It describes no WebSocket messages; myelin mock serves it',
  ],
  [
    'a Postman collection',
    ({ info }) => isMap(info) && ('_postman_id' in info || String(info.schema).includes('getpostman.com')),
    'Postman exports no WebSocket requests; save them as HAR, or write the collection by hand',
  ],
  ['a Postman environment', file => '_postman_variable_scope' in file, 'Write its values under environments'],
  [
    'an Insomnia export',
    file => file._type === 'export' || String(file.type).includes('insomnia'),
    'Files of Insomnia are not read; save the conversation as HAR',
  ],
]

type Plain = Readonly<Record<string, unknown>>

/**
 * Reads a file of another client as a collection: Pororoca, an HTTP archive, or AsyncAPI.
 * @throws Error naming what else it is, or CollectionError
 */
export function importFile(file: string, options: Omit<HarImportOptions, 'name'>): Imported {
  const source = new Source(file, fileText(file).replace(/^\ufeff/, ''))
  const span = { source, start: 0, end: Math.min(1, source.text.length) }
  const value = parsedValue(source)
  if (!isMap(value)) throw new Error(`${file} cannot be imported: it is neither JSON nor YAML of a map`)
  if (String(value.schema).startsWith('Pororoca/')) return { collection: loadCollection(file), notes: [] }
  if (isArchive(value)) {
    const name = file.replace(/^.*[/\\]|\.[^.]*$/g, '')
    return importRecorded(archived(value.log as Plain, file), { name, ...options }, span)
  }
  if ('asyncapi' in value) {
    const version = String(value.asyncapi)
    if (!/^[23]\./.test(version)) throw new Error(`${file} is AsyncAPI ${version}; 2 and 3 are read`)
    const document = version.startsWith('2') ? fromAsyncApi2(value) : value
    return named(file, () => importAsyncApi(document, span))
  }
  const known = REFUSED.find(([, isIt]) => isIt(value))
  if (known) throw new Error(`${file} is refused: it is ${known[0]}. ${known[2]}`)
  throw new Error(
    `${file} is no collection of Pororoca ("schema": "Pororoca/1"), no HTTP archive (HAR) and no AsyncAPI document`,
  )
}

/** JSON is read as such: archives are larger than YAML may be. */
function parsedValue(source: Source): unknown {
  if (/^\s*\{/.test(source.text)) {
    try {
      return JSON.parse(source.text) as unknown
    } catch {
      // YAML says where it is wrong.
    }
  }
  const diagnostics = new Diagnostics()
  const root = readYaml(source, diagnostics)
  if (!root) throw new CollectionError(diagnostics.all())
  return plainOf(root)
}

function named(file: string, read: () => Imported): Imported {
  try {
    return read()
  } catch (error) {
    throw new Error(`${file} cannot be imported: ${(error as Error).message}`)
  }
}

function isMap(value: unknown): value is Plain {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
