import type { Claim, Row, Spread } from './claim.ts'

const HEAD = ['', 'unit', 'ours', 'baseline', 'ratio (min-max)', 'goal', '', 'aside, ours | baseline']

/** Gives a claim's rows as text, one line each, columns aligned. */
export function table(claim: Claim, rows: readonly Row[]): string {
  const lines = [HEAD, ...rows.map(cells)]
  const widths = HEAD.map((_, column) => Math.max(...lines.map(line => line[column]!.length)))
  const text = lines.map(line =>
    line
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join('  ')
      .trimEnd(),
  )
  return [`${claim.name}: ${claim.title}`, `baseline: ${claim.baseline}`, '', ...text, ''].join('\n')
}

function cells(row: Row): readonly string[] {
  const { what, unit, ours, baseline, ratio, goal, met } = row
  return [
    what,
    unit,
    number(ours.median),
    number(baseline.median),
    ratioText(ratio),
    goal.of === 'ratio' ? `<= ${goal.atMost.toFixed(2)} x` : `<= ${goal.atMost} ${unit}`,
    met ? 'pass' : 'FAIL',
    aside(row),
  ]
}

function ratioText({ median, min, max }: Spread): string {
  return `${median.toFixed(2)} x (${min.toFixed(2)}-${max.toFixed(2)})`
}

function aside({ aside, samples, noisySamples }: Row): string {
  const parts = Object.entries(aside).map(
    ([name, [ours, base]]) => `${name} ${number(ours)} | ${number(base)}`,
  )
  if (noisySamples > 0) parts.push(`noisy ${noisySamples} of ${samples}`)
  return parts.join(', ')
}

/** Gives a figure with as many digits as are worth reading. */
function number(figure: number): string {
  if (figure >= 100) return figure.toFixed(0)
  return figure.toFixed(figure >= 10 ? 1 : 2)
}
