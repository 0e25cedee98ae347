import { setTimeout as wait } from 'node:timers/promises'
import type { MockFields } from './mock-reading.ts'

/** What becomes of an answer: it comes, it is a failure, or nobody answers until the time is up. */
export type Trouble = 'none' | 'failure' | 'timeout'

/** Makes answers late, or has them fail. */
export class Latency {
  readonly #minMs: number
  readonly #maxMs: number
  readonly #failureRate: number
  readonly #timeoutRate: number
  readonly #timeoutMs: number

  constructor(given: {
    readonly minMs: number
    readonly maxMs: number
    readonly failureRate: number
    readonly timeoutRate: number
    readonly timeoutMs: number
  }) {
    this.#minMs = given.minMs
    this.#maxMs = given.maxMs
    this.#failureRate = given.failureRate
    this.#timeoutRate = given.timeoutRate
    this.#timeoutMs = given.timeoutMs
  }

  /** Waits as long as it takes, and says what becomes of the answer. */
  async pass(): Promise<Trouble> {
    const chance = Math.random()
    if (chance < this.#timeoutRate) {
      await wait(this.#timeoutMs, undefined, { ref: false })
      return 'timeout'
    }
    const ms = this.#minMs + Math.random() * (this.#maxMs - this.#minMs)
    if (ms > 0) await wait(ms, undefined, { ref: false })
    return chance < this.#timeoutRate + this.#failureRate ? 'failure' : 'none'
  }
}

/** Reads `latency:`; undefined where there is none. */
export function readLatency(owner: MockFields): Latency | undefined {
  const fields = owner.fields('latency')
  if (!fields) return undefined
  const minMs = fields.duration('min-ms') ?? 0
  const maxMs = fields.duration('max-ms') ?? minMs
  const failureRate = fields.number('failure-rate', { max: 1, isWhole: false }) ?? 0
  const timeoutRate = fields.number('timeout-rate', { max: 1, isWhole: false }) ?? 0
  const timeoutMs = fields.duration('timeout-ms') ?? 30_000
  if (maxMs < minMs) fields.error(fields.span, 'bad-combination', 'max-ms is less than min-ms.')
  if (failureRate + timeoutRate > 1)
    fields.error(fields.span, 'bad-combination', 'failure-rate and timeout-rate are more than 1 together.')
  return new Latency({ minMs, maxMs, failureRate, timeoutRate, timeoutMs })
}
