import { csvCell } from './input-rows.ts'
import type { Iteration, Repetition } from './repeat.ts'

const PERCENTILES = [50, 90, 95, 99] as const

/** How long the iterations that went well took, in milliseconds. */
export interface Latencies {
  readonly min: number
  readonly mean: number
  readonly p50: number
  readonly p90: number
  readonly p95: number
  readonly p99: number
  readonly max: number
}

/** Gives the latencies of the iterations that went well; undefined where none did. */
export function latenciesOf({ iterations }: Repetition): Latencies | undefined {
  const sorted = iterations
    .flatMap(({ failure, durationMs }) => (failure === undefined ? [durationMs] : []))
    .sort((a, b) => a - b)
  if (sorted.length === 0) return undefined
  const percentile = (percent: number): number =>
    rounded(sorted[Math.ceil((percent / 100) * sorted.length) - 1]!)
  const [p50, p90, p95, p99] = PERCENTILES.map(percentile) as [number, number, number, number]
  const mean = rounded(sorted.reduce((sum, each) => sum + each, 0) / sorted.length)
  return { min: rounded(sorted[0]!), mean, p50, p90, p95, p99, max: rounded(sorted.at(-1)!) }
}

/** Tells people how repeating went. */
export function repetitionText(repetition: Repetition): string {
  const { iterations, durationMs } = repetition
  const failed = iterations.filter(({ failure }) => failure !== undefined)
  const latencies = latenciesOf(repetition)
  const perSecond = iterations.length / Math.max(durationMs / 1000, 0.001)
  return [
    `${iterations.length} iterations in ${rounded(durationMs)} ms (${rounded(perSecond)} per second), ${failed.length} failed`,
    ...(latencies
      ? [
          `latency in ms: ${Object.entries(latencies)
            .map(([name, value]) => `${name} ${value}`)
            .join(', ')}`,
        ]
      : []),
    ...failed.slice(0, 5).map(({ iteration, failure }) => `  iteration ${iteration}: ${failure}`),
  ].join('\n')
}

/** Writes an iteration for each line, and the values it was given. */
export function repetitionCsv({ iterations }: Repetition): string {
  const names = namesOf(iterations)
  const lines = iterations.map(each => [
    each.iteration,
    each.connection,
    each.failure ?? 'success',
    each.startedAt.toISOString(),
    rounded(each.durationMs),
    ...names.map(name => each.input[name] ?? ''),
  ])
  const head = ['iteration', 'connection', 'result', 'startedAt', 'durationInMs', ...names]
  return [head, ...lines].map(line => line.map(csvCell).join(',')).join('\n')
}

/** Writes all iterations, with the latencies in front. */
export function repetitionJson(repetition: Repetition): string {
  const { iterations, durationMs } = repetition
  const failed = iterations.filter(({ failure }) => failure !== undefined).length
  const list = iterations.map(({ iteration, connection, failure, startedAt, durationMs: took, input }) => ({
    iteration,
    connection,
    result: failure ?? 'success',
    startedAt: startedAt.toISOString(),
    durationInMs: rounded(took),
    input,
  }))
  const summary = {
    total: iterations.length,
    failed,
    durationInMs: rounded(durationMs),
    latencyInMs: latenciesOf(repetition),
  }
  return JSON.stringify({ ...summary, iterations: list }, null, 2)
}

function namesOf(iterations: readonly Iteration[]): string[] {
  return [...new Set(iterations.flatMap(({ input }) => Object.keys(input)))]
}

function rounded(ms: number): number {
  return Math.round(ms * 100) / 100
}
