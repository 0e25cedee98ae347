import { type Deaths, joinLedgers, type LedgerOfWorker } from '../core/joined-ledger.ts'
import type { DrainOutcome, DrainStage, DrainStep } from '../drain.ts'
import { sumOfCuts } from '../inbound/leave.ts'

const STAGES: readonly DrainStage[] = ['announcing', 'ending', 'closing', 'releasing', 'stopped']

/** Least time between two steps of one stage, in milliseconds. */
const PROGRESS_MS = 900

/** One worker that is to stop. */
interface Part {
  readonly pid: number
  step: DrainStep | undefined
  isOver: boolean
}

/** Makes one progress of those of all workers: it is as far as the one that is behind all others. */
export class JoinedDrain {
  readonly #parts: ReadonlyMap<number, Part>
  readonly #deaths: () => Deaths
  readonly #told: (step: DrainStep) => void
  readonly #start = performance.now()
  #stage: DrainStage | undefined
  #toldMs = 0

  /** `told` is called with each step of the whole; `workers` are those that run, by their number. */
  constructor(
    workers: ReadonlyMap<number, number>,
    { deaths, told }: { deaths(): Deaths; told(step: DrainStep): void },
  ) {
    this.#parts = new Map(
      [...workers].map(([worker, pid]) => [worker, { pid, step: undefined, isOver: false }]),
    )
    this.#deaths = deaths
    this.#told = told
  }

  /** Whether all have come to their end. */
  get isOver(): boolean {
    return this.#stage === 'stopped'
  }

  /** Takes a step of a worker. */
  take(worker: number, step: DrainStep): void {
    const part = this.#parts.get(worker)
    if (!part || part.isOver) return
    part.step = step
    part.isOver = step.stage === 'stopped'
    this.#look()
  }

  /** Says that a worker has gone, with or without a word. */
  gone(worker: number): void {
    const part = this.#parts.get(worker)
    if (!part || part.isOver) return
    part.isOver = true
    this.#look()
  }

  #look(): void {
    if (this.isOver) return
    const there = [...this.#parts.values()].filter(part => !part.isOver)
    const steps = there.map(part => part.step)
    if (!steps.every(step => step !== undefined)) return
    const stage = STAGES[Math.min(...steps.map(step => STAGES.indexOf(step.stage)), STAGES.length - 1)]!
    const now = performance.now()
    if (stage === this.#stage && now - this.#toldMs < PROGRESS_MS) return
    this.#stage = stage
    this.#toldMs = now
    const ms = Math.round(now - this.#start)
    if (stage === 'stopped') {
      this.#told({
        stage,
        ms,
        requests: 0,
        sessions: 0,
        inFlight: 0,
        text: 'stopped',
        outcome: this.#outcome(),
      })
      return
    }
    let inFlight = 0
    for (const step of steps) inFlight += step.inFlight
    const text = steps.find(step => step.stage === stage)!.text
    this.#told({ stage, ms, ...sumOfCuts(steps), inFlight, text, workers: there.length })
  }

  #outcome(): DrainOutcome {
    const parts: LedgerOfWorker[] = []
    const cuts: DrainOutcome[] = []
    for (const [worker, { pid, step }] of this.#parts) {
      if (!step?.outcome) continue
      parts.push({ worker, pid, ledger: step.outcome.ledger })
      cuts.push(step.outcome)
    }
    const ledger = joinLedgers(parts, { isFinal: true, deaths: this.#deaths(), silent: [] })
    const cut = sumOfCuts(cuts)
    const isClean = cut.requests === 0 && cut.sessions === 0 && ledger.differences.length === 0
    return { ...cut, isClean, ledger }
  }
}
