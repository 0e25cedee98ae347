import { dirname } from 'node:path'
import type { Diagnostics } from '../language/diagnostic.ts'
import type { Source } from '../language/source.ts'
import type { YamlNode } from '../language/yaml.ts'
import { type Collection, type ConnectionItem, connectionsOf, type Environment } from './collection.ts'
import { type Problem, problemsOf } from './problems.ts'
import { collectionIn } from './read-collection.ts'
import { Variables } from './variables.ts'

/** Reads and checks a collection as `validate` does: each connection in each environment. */
export function checkCollection(root: YamlNode, source: Source, diagnostics: Diagnostics): void {
  const collection = collectionIn(root, source, diagnostics)
  if (!collection) return
  const environments = collection.environments.length === 0 ? [undefined] : collection.environments
  for (const { connection } of connectionsOf(collection))
    checkConnection(collection, connection, environments, dirname(source.path), diagnostics)
}

function checkConnection(
  collection: Collection,
  connection: ConnectionItem,
  environments: readonly (Environment | undefined)[],
  folder: string,
  diagnostics: Diagnostics,
): void {
  const found = new Map<string, { problem: Problem; in: string[] }>()
  const captured = new Set(
    [connection, ...(connection.messages ?? [])].flatMap(({ capture }) => capture.map(each => each.variable)),
  )
  for (const environment of environments) {
    const variables = new Variables(collection, environment, undefined, process.env)
    for (const name of captured) if (variables.get(name) === undefined) variables.set(name, `captured`)
    for (const problem of problemsOf(collection, connection, variables, folder)) {
      const key = `${problem.message?.name} ${problem.text}`
      const known = found.get(key) ?? { problem, in: [] }
      known.in.push(environment?.name ?? '')
      found.set(key, known)
    }
  }
  for (const { problem, in: names } of found.values()) {
    const { part, message, severity, code, text, hint } = problem
    const where = names.length === environments.length ? '' : ` (in ${names.join(', ')})`
    const span = message?.span ?? connection.spans[part] ?? connection.span
    diagnostics.report({ severity, code, message: text + where, span, ...(hint !== undefined && { hint }) })
  }
}
