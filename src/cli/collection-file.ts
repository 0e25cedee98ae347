import { readFileSync, writeFileSync } from 'node:fs'
import type { Collection } from '../collections/collection.ts'
import { collectionText } from '../collections/collection-text.ts'
import { loadCollection } from '../collections/open-collection.ts'
import { exportPororoca } from '../collections/pororoca-export.ts'
import { withoutSecrets } from '../collections/secrets.ts'

/** Options of `myelin collection import` and `export`. */
export interface CollectionFileOptions {
  readonly output?: string
  readonly withSecrets?: boolean
  /** Only these environments. */
  readonly environment?: readonly string[]
}

/** Reads a file of Pororoca and writes it as a collection. */
export async function importCollection(file: string, options: CollectionFileOptions): Promise<number> {
  if (!/"schema"\s*:\s*"Pororoca\//.test(readFileSync(file, 'utf8')))
    throw new Error(`${file} is no collection of Pororoca: it has no "schema": "Pororoca/1"`)
  write(collectionText(allowed(loadCollection(file), options)), options)
  return 0
}

/** Reads a collection and writes it as a file of Pororoca; says what that cannot hold. */
export async function exportCollection(file: string, options: CollectionFileOptions): Promise<number> {
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
