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
  /** Undefined, like the ratio, for a figure that stands for itself. */
  readonly baseline?: Spread
  /** Ours to the baseline's, taken within each round. */
  readonly ratio?: Spread
  /** Undefined for what is only worth knowing. */
  readonly goal?: Goal
  /** Whether the goal is reached; true where there is none. */
  readonly met: boolean
  /** Medians of what was noted aside: ours first, then the baseline's if there is one. */
  readonly aside: Readonly<Record<string, readonly number[]>>
  readonly samples: number
  readonly noisySamples: number
}

/** Something said of the gateway's speed, size or soundness, with the measurement that shows it. */
export interface Claim {
  readonly name: string
  readonly title: string
  /** What the figures are compared with; undefined when all of them stand for themselves. */
  readonly baseline?: string
  run(options: RunOptions): Promise<readonly Row[]>
}
