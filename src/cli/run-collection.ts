import { writeFileSync } from 'node:fs'
import { connectionsOf } from '../collections/collection.ts'
import type { OpenCollection } from '../collections/open-collection.ts'
import { type ConnectionResult, runConnection } from '../collections/run-connection.ts'
import {
  type CollectionReport,
  hasPassed,
  jsonReport,
  junitReport,
  plainReport,
} from '../collections/run-report.ts'
import { type OpenForOptions, openFor } from './open-for.ts'

/** Options of `myelin run-collection`. */
export interface RunCollectionOptions extends OpenForOptions {
  readonly connection?: readonly string[]
  /** Default `plain`. */
  readonly report?: 'plain' | 'json' | 'junit'
  /** File for the report; standard output where none is given. */
  readonly output?: string
}

const FAILED = 1
const UNUSABLE = 2

/** Runs a collection; gives 0 when all was as expected, 1 when something was not, 2 when the file cannot be used. */
export async function runCollection(file: string, options: RunCollectionOptions): Promise<number> {
  const { environment, report: kind = 'plain', output } = options
  let open: OpenCollection
  let chosen: ReturnType<typeof choose>
  try {
    open = openFor(file, options)
    chosen = choose(open, options.connection)
  } catch (error) {
    console.error((error as Error).message)
    return UNUSABLE
  }
  const connections: ConnectionResult[] = []
  // One after the other: what one captures the next may need.
  for (const { path, connection } of chosen) connections.push(await runConnection(open, path, connection))
  const report: CollectionReport = { collection: open.collection.name, environment, connections }
  if (kind === 'plain' || output !== undefined) console.log(plainReport(report))
  if (kind !== 'plain' || output !== undefined) write(textOf(kind, report), output)
  return hasPassed(report) ? 0 : FAILED
}

function choose(open: OpenCollection, names: readonly string[] | undefined): ReturnType<typeof all> {
  const every = all(open)
  if (!names) return every
  return names.map(name => {
    const connection = open.connection(name)
    return every.find(each => each.connection === connection)!
  })
}

function all(open: OpenCollection): { path: string; connection: ReturnType<OpenCollection['connection']> }[] {
  const every = [...connectionsOf(open.collection)]
  if (every.length === 0) throw new Error(`${open.collection.name} has no connections`)
  return every
}

function textOf(kind: NonNullable<RunCollectionOptions['report']>, report: CollectionReport): string {
  if (kind === 'json') return jsonReport(report)
  return kind === 'junit' ? junitReport(report) : plainReport(report)
}

function write(text: string, output: string | undefined): void {
  if (output === undefined) console.log(text)
  else writeFileSync(output, `${text}\n`)
}
