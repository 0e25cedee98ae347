import pino from 'pino'
import { type Configuration, Gateway, loadWithArchives } from '../gateway.ts'
import { type Diagnostic, format, toRecord } from '../language/diagnostic.ts'
import { reportLines } from './migration-report.ts'

/** How findings are printed. */
export interface ValidateOptions {
  /** One JSON array on standard output instead of text for people. */
  readonly json: boolean
  /** Look at each file by itself, and print what would run. */
  readonly report?: boolean
}

/** Checks configurations as far as `run` would, without opening anything; gives 1 when there are errors. */
export async function validate(
  paths: readonly string[],
  { json, report = false }: ValidateOptions,
): Promise<number> {
  const configuration = await loadWithArchives(paths)
  const { problems, files } = configuration.loaded
  for (const problem of problems) console.error(`myelin: ${problem}`)
  if (report) return surveyed(configuration, json)
  const log = pino({ level: 'silent' })
  const { diagnostics, mocks } = new Gateway({ ...configuration, isThorough: true }, log)
  const found = diagnostics.all()
  if (json) printJson(found)
  else {
    for (const diagnostic of found) console.error(`${format(diagnostic)}\n`)
    console.log(summary(files.length + (mocks?.files.length ?? 0), found) + skippedPart(configuration))
  }
  return problems.length > 0 || diagnostics.errors > 0 ? 1 : 0
}

/** The migration report: what of each file would run, where it stands alone. */
async function surveyed({ loaded, ...rest }: Configuration, json: boolean): Promise<number> {
  const gateway = new Gateway({ ...rest, loaded: { ...loaded, files: [] } }, pino({ level: 'silent' }))
  const { length } = loaded.files
  const files = await gateway.survey(loaded.files, done => showProgress(done, length))
  if (json) printJson(files.flatMap(({ diagnostics }) => diagnostics))
  else console.log(reportLines(files, loaded.skipped).join('\n'))
  const isClean = files.every(({ verdict }) => verdict === 'unchanged')
  return isClean && loaded.problems.length === 0 ? 0 : 1
}

function printJson(found: readonly Diagnostic[]): void {
  console.log(JSON.stringify(found.map(toRecord), null, 2))
}

/** Says how far it is, to people alone, and leaves nothing behind. */
function showProgress(done: number, all: number): void {
  if (process.stderr.isTTY !== true) return
  if (done === all) process.stderr.write('\r\u001b[K')
  else if (done % 50 === 0) process.stderr.write(`\r${done} of ${all} files`)
}

function summary(files: number, found: readonly Diagnostic[]): string {
  const count = (severity: Diagnostic['severity']): number =>
    found.filter(each => each.severity === severity).length
  const parts = [
    plural(files, 'file'),
    plural(count('error'), 'error'),
    plural(count('warning'), 'warning'),
    plural(count('note'), 'note'),
  ]
  return parts.join(', ')
}

function skippedPart({ loaded: { skipped } }: Configuration): string {
  return skipped.length === 0 ? '' : `; ${plural(skipped.length, 'other')} left aside`
}

function plural(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`
}
