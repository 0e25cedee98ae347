import type { Claim, Row, Spread } from './claim.ts'

const HEAD = ['', 'unit', 'ours', 'baseline', 'ratio (min-max)', 'goal', '', 'aside']

/** Gives a claim's rows as text, one line each, columns aligned, without columns in which nothing stands. */
export function table(claim: Claim, rows: readonly Row[]): string {
  const head = rows.some(row => row.baseline) ? [...HEAD.slice(0, -1), 'aside, ours | baseline'] : HEAD
  const lines = [head, ...rows.map(cells)]
  const isUsed = HEAD.map((_, column) => lines.slice(1).some(line => line[column] !== ''))
  const widths = HEAD.map((_, column) => Math.max(...lines.map(line => line[column]!.length)))
  const text = lines.map(line =>
    line
      .map((cell, column) => cell.padEnd(widths[column]!))
      .filter((_, column) => isUsed[column])
      .join('  ')
      .trimEnd(),
  )
  const baseline = claim.baseline === undefined ? [] : [`baseline: ${claim.baseline}`]
  return [`${claim.name}: ${claim.title}`, ...baseline, '', ...text, ''].join('\n')
}

function cells(row: Row): readonly string[] {
  const { what, unit, ours, baseline, ratio, goal, met } = row
  return [
    what,
    unit,
    number(ours.median),
    baseline ? number(baseline.median) : '',
    ratio ? ratioText(ratio) : '',
    goalText(row),
    goal ? (met ? 'pass' : 'FAIL') : 'info',
    aside(row),
  ]
}

function goalText({ goal, unit }: Row): string {
  if (!goal) return ''
  return goal.of === 'ratio' ? `<= ${goal.atMost.toFixed(2)} x` : `<= ${goal.atMost} ${unit}`
}

function ratioText({ median, min, max }: Spread): string {
  return `${median.toFixed(2)} x (${min.toFixed(2)}-${max.toFixed(2)})`
}

function aside({ aside, samples, noisySamples }: Row): string {
  const parts = Object.entries(aside).map(([name, figures]) => `${name} ${figures.map(number).join(' | ')}`)
  if (noisySamples > 0) parts.push(`noisy ${noisySamples} of ${samples}`)
  return parts.join(', ')
}

/** Gives a figure with as many digits as are worth reading. */
function number(figure: number): string {
  if (Number.isInteger(figure) || figure >= 100) return figure.toFixed(0)
  return figure.toFixed(figure >= 10 ? 1 : 2)
}
