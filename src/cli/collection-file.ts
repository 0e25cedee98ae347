import { writeFileSync } from 'node:fs'
import { asyncApiDocument } from '../asyncapi/document.ts'
import type { Collection } from '../collections/collection.ts'
import { collectionArchive } from '../collections/collection-archive.ts'
import { collectionChannels } from '../collections/collection-channels.ts'
import { collectionText } from '../collections/collection-text.ts'
import { importFile } from '../collections/foreign-file.ts'
import { loadCollection, openCollection } from '../collections/open-collection.ts'
import { exportPororoca } from '../collections/pororoca-export.ts'
import { withoutSecrets } from '../collections/secrets.ts'
import { readIdentity } from '../inbound/keystore.ts'
import { yamlText } from '../language/yaml-text.ts'
import { versionLine } from './version.ts'

/** Options of `myelin collection import` and `export`. */
export interface CollectionFileOptions {
  readonly output?: string
  readonly withSecrets?: boolean
  /** Only these environments. */
  readonly environment?: readonly string[]
  /** What to export: a collection of Pororoca, an HTTP archive, or an AsyncAPI document. */
  readonly format?: 'pororoca' | 'har' | 'asyncapi'
  /** Whether messages of an archive expect the answers they had. */
  readonly withAnswers?: boolean
}

/** Reads a file of Pororoca, an HTTP archive or an AsyncAPI document and writes it as a collection. */
export async function importCollection(file: string, options: CollectionFileOptions): Promise<number> {
  const { withSecrets = false, withAnswers = false } = options
  const { collection, notes } = importFile(file, { withSecrets, withAnswers })
  for (const note of notes) console.error(`myelin: ${note}`)
  write(collectionText(allowed(collection, options)), options)
  return 0
}

/** Reads a collection and writes it as a file of another client; says what that cannot hold. */
export async function exportCollection(file: string, options: CollectionFileOptions): Promise<number> {
  const { format = 'pororoca', environment = [] } = options
  if (format !== 'pororoca') {
    if (environment.length > 1) throw new Error(`--format ${format} is of one environment`)
    const open = openCollection(file, { environment: environment[0], readIdentity })
    const { name } = open.collection
    if (format === 'har') write(await collectionArchive(open, versionLine()), options)
    else write(yamlText(asyncApiDocument({ title: name }, await collectionChannels(open))), options)
    return 0
  }
  const { content, notes } = exportPororoca(
    allowed(chosen(loadCollection(file), options.environment), options),
  )
  for (const note of notes) console.error(`myelin: ${note}`)
  write(`${JSON.stringify(content, null, 2)}\n`, options)
  return 0
}

function allowed(collection: Collection, { withSecrets }: CollectionFileOptions): Collection {
  if (withSecrets) return collection
  const { collection: censored, left } = withoutSecrets(collection)
  if (left > 0)
    console.error(
      `myelin: ${left} ${left === 1 ? 'secret is' : 'secrets are'} left out; --with-secrets keeps them`,
    )
  return censored
}

function chosen(collection: Collection, names: readonly string[] | undefined): Collection {
  if (!names) return collection
  const { environments } = collection
  const missing = names.find(name => environments.every(each => each.name !== name))
  if (missing !== undefined) throw new Error(`${collection.name} has no environment ${missing}`)
  return { ...collection, environments: environments.filter(({ name }) => names.includes(name)) }
}

function write(text: string, { output }: CollectionFileOptions): void {
  if (output === undefined) process.stdout.write(text)
  else writeFileSync(output, text)
}
