import { type OpenCollection, openCollection } from '../collections/open-collection.ts'
import { readIdentity } from '../inbound/keystore.ts'

/** Options of all commands that use a collection. */
export interface OpenForOptions {
  readonly environment?: string
  /** Each `name=value`. */
  readonly variable?: readonly string[]
  readonly insecure?: boolean
}

/** Opens a collection as a command says. @throws Error with what is wrong */
export function openFor(
  file: string,
  { environment, variable = [], insecure }: OpenForOptions,
): OpenCollection {
  const variables = new Map(variable.map(entryOf))
  return openCollection(file, { environment, variables, isInsecure: insecure === true, readIdentity })
}

function entryOf(given: string): [string, string] {
  const at = given.indexOf('=')
  if (at < 1) throw new Error(`--variable takes name=value, not ${given}`)
  return [given.slice(0, at), given.slice(at + 1)]
}
