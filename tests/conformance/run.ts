import { parseArgs } from 'node:util'
import { type Case, findCorpus, readCases } from './case.ts'
import { caseLines, highPercent, totalLines } from './report.ts'
import type { CaseResult } from './run-case.ts'
import { runCases } from './run-cases.ts'

const USAGE = `Usage: npm run conformance -- FOLDER [options]

Runs the scenarios of YAML files against a gateway, and says which hold.

  --case ID          only this case; repeatable
  --area NAME        only this area; repeatable
  --confidence NAME  only cases of this confidence: high or medium
  --corpus DIR       folder of the configurations that cases name; default: a folder named corpus beside the cases
                     or above them
  --min PERCENT      exit code 1 when fewer of the cases of confidence high hold
  --json             print the results as JSON
  --verbose          print the last lines of the log of cases that fail`

const options = {
  case: { type: 'string', multiple: true },
  area: { type: 'string', multiple: true },
  confidence: { type: 'string' },
  corpus: { type: 'string' },
  min: { type: 'string' },
  json: { type: 'boolean' },
  verbose: { type: 'boolean' },
} as const

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({ options, allowPositionals: true })
  const [folder] = positionals
  if (folder === undefined || positionals.length > 1) throw new Error('name one folder of cases')
  const isWanted = ({ id, area, confidence }: Case): boolean =>
    (values.case?.includes(id) ?? true) &&
    (values.area?.includes(area) ?? true) &&
    (values.confidence ?? confidence) === confidence
  const cases = readCases(folder).filter(isWanted)
  if (cases.length === 0) throw new Error(`there are no such cases in ${folder}`)

  const results: CaseResult[] = []
  for await (const result of runCases(cases, { corpus: values.corpus ?? findCorpus(folder) })) {
    results.push(result)
    if (!values.json) console.log(caseLines(result, values.verbose))
  }
  console.log(values.json ? JSON.stringify(results, null, 2) : `\n${totalLines(results)}`)
  return highPercent(results) < Number(values.min ?? 0) ? 1 : 0
}

try {
  process.exitCode = await main()
} catch (error) {
  console.error(`${(error as Error).message}\n\n${USAGE}`)
  process.exitCode = 2
}
