import type { Goal, Row, Sample, Spread } from './claim.ts'

/** What to measure, side by side. */
export interface Comparison {
  readonly what: string
  readonly unit: string
  readonly goal: Goal
  readonly rounds: number
  readonly ours: () => Promise<Sample>
  readonly baseline: () => Promise<Sample>
  readonly progress: (text: string) => void
}

/** Something else to set ours against, for information. */
export interface Other {
  /** Follows the comparison's own words in the table. */
  readonly what: string
  readonly measure: () => Promise<Sample>
}

/**
 * Measures both sides in turn, ours first, and makes a row of it. The ratio is the median of the rounds' ratios, so
 * that a machine that gets slower or busier meanwhile does so to both sides.
 */
export async function compare(comparison: Comparison): Promise<Row> {
  const [row] = await compareAll(comparison, [])
  return row!
}

/** Measures more sides than two in turn, as `compare` does; each but ours makes a row, the baseline's being first. */
export async function compareAll(comparison: Comparison, others: readonly Other[]): Promise<readonly Row[]> {
  const { what, unit, goal, rounds, progress } = comparison
  const sides = [comparison.ours, comparison.baseline, ...others.map(({ measure }) => measure)]
  const samples: readonly Sample[][] = sides.map(() => [])
  for (let round = 1; round <= rounds; round++) {
    progress(`${what}: round ${round} of ${rounds}`)
    for (const [i, measure] of sides.entries()) samples[i]!.push(await measure())
  }
  const [ours = [], baseline = [], ...more] = samples
  return [
    rowOf({ what, unit, goal }, ours, baseline),
    ...more.map((other, i) => rowOf({ what: `${what}; ${others[i]!.what}`, unit }, ours, other)),
  ]
}

function rowOf(
  { what, unit, goal }: { what: string; unit: string; goal?: Goal },
  ours: readonly Sample[],
  baseline: readonly Sample[],
): Row {
  const ratio = spread(ours.map((sample, i) => sample.value / baseline[i]!.value))
  const own = spread(values(ours))
  return {
    what,
    unit,
    ours: own,
    baseline: spread(values(baseline)),
    ratio,
    ...(goal && { goal }),
    met: goal === undefined || (goal.of === 'ours' ? own : ratio).median <= goal.atMost,
    aside: asides(ours, baseline),
    samples: ours.length + baseline.length,
    noisySamples: [...ours, ...baseline].filter(sample => sample.noisy).length,
  }
}

/** A figure that stands for itself, measured once. */
export interface Finding {
  readonly what: string
  readonly unit: string
  readonly value: number
  /** The limit; without one the figure is only worth knowing. */
  readonly atMost?: number
  readonly aside?: Readonly<Record<string, number>>
}

/** Makes a row of a figure that has a limit and no baseline. */
export function finding({ what, unit, value, atMost, aside = {} }: Finding): Row {
  return {
    what,
    unit,
    ours: spread([value]),
    ...(atMost !== undefined && { goal: { of: 'ours', atMost } }),
    met: atMost === undefined || value <= atMost,
    aside: Object.fromEntries(Object.entries(aside).map(([name, figure]) => [name, [figure]])),
    samples: 1,
    noisySamples: 0,
  }
}

function values(samples: readonly Sample[]): readonly number[] {
  return samples.map(sample => sample.value)
}

function asides(ours: readonly Sample[], baseline: readonly Sample[]): Row['aside'] {
  const medianOf = (samples: readonly Sample[], name: string): number =>
    spread(samples.map(sample => sample.aside?.[name] ?? Number.NaN)).median
  const names = Object.keys(ours[0]?.aside ?? {})
  return Object.fromEntries(names.map(name => [name, [medianOf(ours, name), medianOf(baseline, name)]]))
}

/** Gives the median and the ends of one or more figures. */
export function spread(figures: readonly number[]): Spread {
  const sorted = figures.toSorted((a, b) => a - b)
  const middle = (sorted.length - 1) / 2
  const median = (sorted[Math.floor(middle)]! + sorted[Math.ceil(middle)]!) / 2
  return { median, min: sorted[0]!, max: sorted.at(-1)! }
}
