/** Says how a run is done. */
export interface RunOptions {
  /** Fewer and shorter rounds: to see that all works, not to quote. */
  readonly quick: boolean
  /** A command that stands in for the gateway; placeholders as in `subjects.ts`. */
  readonly subjectCommand?: readonly string[]
  /** Told what is being done. */
  readonly progress: (text: string) => void
}

/** One figure of one side in one round. */
export interface Sample {
  readonly value: number
  /** What else is worth seeing, by name, for the table's last column. */
  readonly aside?: Readonly<Record<string, number>>
  /** True when others used the subject's core meanwhile. */
  readonly noisy?: boolean
}

/** The middle and the ends of several figures. */
export interface Spread {
  readonly median: number
  readonly min: number
  readonly max: number
}

/** What is to be reached: a limit on our figure or on its ratio to the baseline's. */
export interface Goal {
  readonly of: 'ours' | 'ratio'
  readonly atMost: number
}

/** One line of a claim's table. */
export interface Row {
  readonly what: string
  readonly unit: string
  readonly ours: Spread
  readonly baseline: Spread
  /** Ours to the baseline's, taken within each round. */
  readonly ratio: Spread
  readonly goal: Goal
  readonly met: boolean
  /** Medians of what was noted aside: ours first, then the baseline's. */
  readonly aside: Readonly<Record<string, readonly [number, number]>>
  readonly samples: number
  readonly noisySamples: number
}

/** Something said of the gateway's speed or size, with the measurement that shows it. */
export interface Claim {
  readonly name: string
  readonly title: string
  /** What the figures are compared with. */
  readonly baseline: string
  run(options: RunOptions): Promise<readonly Row[]>
}

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

/**
 * Measures both sides in turn, ours first, and makes a row of it. The ratio is the median of the rounds' ratios, so
 * that a machine that gets slower or busier meanwhile does so to both sides.
 */
export async function compare(comparison: Comparison): Promise<Row> {
  const { what, unit, goal, rounds, progress } = comparison
  const ours: Sample[] = []
  const baseline: Sample[] = []
  for (let round = 1; round <= rounds; round++) {
    progress(`${what}: round ${round} of ${rounds}`)
    ours.push(await comparison.ours())
    baseline.push(await comparison.baseline())
  }
  const ratio = spread(ours.map((sample, i) => sample.value / baseline[i]!.value))
  const own = spread(values(ours))
  return {
    what,
    unit,
    ours: own,
    baseline: spread(values(baseline)),
    ratio,
    goal,
    met: (goal.of === 'ours' ? own : ratio).median <= goal.atMost,
    aside: asides(ours, baseline),
    samples: 2 * rounds,
    noisySamples: [...ours, ...baseline].filter(sample => sample.noisy).length,
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
