import pino from 'pino'
import { Gateway, loadConfiguration } from '../gateway.ts'
import { type Diagnostic, format, toRecord } from '../language/diagnostic.ts'

/** How findings are printed. */
export interface ValidateOptions {
  /** One JSON array on standard output instead of text for people. */
  readonly json: boolean
}

/** Checks configurations as far as `run` would, without opening anything; gives 1 when there are errors. */
export async function validate(paths: readonly string[], { json }: ValidateOptions): Promise<number> {
  const configuration = loadConfiguration(paths)
  const { problems, files } = configuration.loaded
  for (const problem of problems) console.error(`myelin: ${problem}`)
  const { diagnostics } = new Gateway(configuration, pino({ level: 'silent' }))
  const found = diagnostics.all()
  if (json) console.log(JSON.stringify(found.map(toRecord), null, 2))
  else {
    for (const diagnostic of found) console.error(`${format(diagnostic)}\n`)
    console.log(summary(files.length, found))
  }
  return problems.length > 0 || diagnostics.errors > 0 ? 1 : 0
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

function plural(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`
}
