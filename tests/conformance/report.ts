import type { CaseResult } from './run-case.ts'

const SHOWN_DIAGNOSTICS = 5

/** One line about a case, and under it why it failed. */
export function caseLines(result: CaseResult, isVerbose = false): string {
  const { id, area, confidence, passed, ms, failure, diagnostics = [], log = [] } = result
  const lines = [`${passed ? 'PASS' : 'FAIL'} ${id} (${area}, ${confidence}, ${ms} ms)`]
  if (failure !== undefined) lines.push(indented(failure))
  for (const each of diagnostics.slice(0, SHOWN_DIAGNOSTICS)) lines.push(indented(`deployment: ${each}`))
  const more = diagnostics.length - SHOWN_DIAGNOSTICS
  if (more > 0) lines.push(indented(`deployment: ${more} more errors`))
  if (isVerbose) lines.push(...log.map(line => indented(`log: ${line}`)))
  return lines.join('\n')
}

/** Totals per area, over all, and of the cases nobody doubts. */
export function totalLines(results: readonly CaseResult[]): string {
  const areas = [...new Set(results.map(({ area }) => area))].sort()
  const rows = areas.map(area =>
    totalLine(
      area,
      results.filter(each => each.area === area),
    ),
  )
  return [
    ...rows,
    totalLine('all', results),
    totalLine('confidence high', ofConfidence(results, 'high')),
  ].join('\n')
}

/** Percentage of cases of confidence high that passed; 100 where there are none. */
export function highPercent(results: readonly CaseResult[]): number {
  return percent(ofConfidence(results, 'high'))
}

function ofConfidence(results: readonly CaseResult[], confidence: string): CaseResult[] {
  return results.filter(each => each.confidence === confidence)
}

function totalLine(what: string, results: readonly CaseResult[]): string {
  const passed = results.filter(each => each.passed).length
  return `${what.padEnd(18)} ${String(passed).padStart(4)} of ${String(results.length).padStart(4)}  ${percent(results).toFixed(1).padStart(5)} %`
}

function percent(results: readonly CaseResult[]): number {
  return results.length === 0 ? 100 : (100 * results.filter(each => each.passed).length) / results.length
}

function indented(text: string): string {
  return text.replace(/^/gm, '     ')
}
