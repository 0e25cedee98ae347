import type { Case } from './case.ts'
import { type CaseOptions, type CaseResult, runCase } from './run-case.ts'
import { takeTurn } from './turn.ts'

/** What a worker is given to do. */
export interface Assignment {
  readonly cases: readonly Case[]
  readonly options: CaseOptions
}

/** What a worker says: how a case went, or that another run has its turn. Silence means that a case hangs. */
export type Report = CaseResult | 'waiting'

// Runs cases one after the other in a process of its own, which may hang or die without taking the report with it.
const uncaught: unknown[] = []
process.on('uncaughtException', error => uncaught.push(error))
process.on('unhandledRejection', error => uncaught.push(error))

process.once('disconnect', () => process.exit(1))
process.once('message', async ({ cases, options }: Assignment) => {
  for (const each of cases) {
    await using _turn = await takeTurn(() => process.send!('waiting' satisfies Report))
    await report(withUncaught(await runCase(each, options)))
  }
  process.exit(0)
})

function withUncaught(result: CaseResult): CaseResult {
  const [first] = uncaught.splice(0)
  if (first === undefined) return result
  const stack = first instanceof Error ? first.stack : String(first)
  const failure = [result.failure, `uncaught: ${stack}`].filter(Boolean).join('; ')
  return { ...result, passed: false, failure }
}

function report(result: Report): Promise<void> {
  return new Promise(resolve => process.send!(result, () => resolve()))
}
