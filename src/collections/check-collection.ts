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
  const captured = new Set<string>()
  for (const { connection } of connectionsOf(collection)) {
    checkConnection(collection, connection, environments, captured, dirname(source.path), diagnostics)
    for (const name of capturedBy(connection)) captured.add(name)
  }
}

function checkConnection(
  collection: Collection,
  connection: ConnectionItem,
  environments: readonly (Environment | undefined)[],
  capturedBefore: ReadonlySet<string>,
  folder: string,
  diagnostics: Diagnostics,
): void {
  const found = new Map<string, { readonly problem: Problem; readonly in: Set<string> }>()
  const captured = new Set([...capturedBefore, ...capturedBy(connection)])
  for (const environment of environments) {
    const variables = new Variables(collection, environment, undefined, process.env)
    for (const problem of problemsOf(collection, connection, variables, folder)) {
      const { variable, message, part } = problem
      // A connection is open before it can capture something.
      const known = message || part === 'expect' ? captured : capturedBefore
      if (variable !== undefined && known.has(variable)) continue
      const key = `${message?.name} ${problem.text}`
      const finding = found.get(key) ?? { problem, in: new Set() }
      finding.in.add(environment?.name ?? '')
      found.set(key, finding)
    }
  }
  for (const { problem, in: names } of found.values()) {
    const { part, message, severity, code, text, hint } = problem
    const where = names.size === environments.length ? '' : ` (in ${[...names].join(', ')})`
    const span = message?.span ?? connection.spans[part] ?? connection.span
    diagnostics.report({ severity, code, message: text + where, span, ...(hint !== undefined && { hint }) })
  }
}

function capturedBy(connection: ConnectionItem): string[] {
  return [connection, ...(connection.messages ?? [])].flatMap(({ capture }) =>
    capture.map(({ variable }) => variable),
  )
}
