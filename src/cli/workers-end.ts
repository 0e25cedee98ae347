import type { ControlledWorker } from '../cluster/control-hub.ts'
import type { LastLedger } from '../cluster/control-messages.ts'
import type { Deaths } from '../core/joined-ledger.ts'
import type { Logger } from '../core/logger.ts'
import type { DrainStep } from '../drain.ts'
import { JoinedDrain } from '../management/joined-drain.ts'
import { keepLedger } from '../management/kept-ledgers.ts'

/** The end of all workers, from when they are told to stop: one progress, and one ledger that is kept. */
export class WorkersEnd {
  readonly #log: Logger
  readonly #members: readonly ControlledWorker[]
  readonly #drain: JoinedDrain
  #step: DrainStep | undefined

  /** `members` are those that run now. */
  constructor(
    log: Logger,
    { members, deaths }: { readonly members: readonly ControlledWorker[]; deaths(): Deaths },
  ) {
    this.#log = log
    this.#members = members
    const pids = new Map(members.map(({ state }) => [state.worker, state.pid]))
    this.#drain = new JoinedDrain(pids, { deaths, told: step => this.#told(step) })
  }

  /** Takes a step of the drain of one of them. */
  take(worker: number, step: object): void {
    this.#drain.take(worker, step as DrainStep)
  }

  /** Says that one has ended. */
  gone(worker: number): void {
    this.#drain.gone(worker)
  }

  /** Keeps one ledger of the last ones of all, for commands that ask when the processes have gone. */
  keep(lasts: readonly LastLedger[]): void {
    const [first] = lasts
    const ledger = this.#step?.outcome?.ledger
    if (!first || !ledger) return
    const { dataFolder, paths } = first
    const url = lasts.map(last => last.url).find(each => each !== undefined)
    try {
      keepLedger({ ...ledger, pid: process.pid, url, paths: [...paths] }, dataFolder)
    } catch (error) {
      this.#log.warn({}, `the ledger is not kept in full for \`myelin ledger\`: ${(error as Error).message}`)
    }
  }

  #told(step: DrainStep): void {
    const { stage, requests, sessions, inFlight, workers, text, outcome } = step
    const isNew = stage !== this.#step?.stage
    this.#step = step
    for (const member of this.#members) member.tell({ kind: 'drain step', step })
    if (outcome) {
      const { differences } = outcome.ledger
      const cut = { requests: outcome.requests, sessions: outcome.sessions }
      if (outcome.isClean) this.#log.info(cut, 'all workers have stopped; nothing was cut')
      else
        this.#log.warn(
          { ...cut, differences },
          `all workers have stopped; not all came to its end: ${cut.requests} HTTP requests and ${cut.sessions} WebSocket clients were cut${differences.map(each => `; ${each.text}`).join('')}`,
        )
    } else if (isNew)
      this.#log.info({ stage, workers, requests, sessions, inFlight }, `stopping all workers: ${text}`)
  }
}
