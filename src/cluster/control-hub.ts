import { type Deaths, sumOfServices, sumOfStores, totalOf } from '../core/joined-ledger.ts'
import type { WorkerDeath } from '../core/ledger.ts'
import type {
  Account,
  ControlFromWorker,
  ControlToWorker,
  WorkerAnswer,
  WorkerAnswers,
  WorkerState,
} from './control-messages.ts'

/** How long the others may take to answer a worker. */
const ANSWER_MS = 2_000

/** So many deaths are told one by one. */
const MAX_DEATHS = 20

/** A worker, as the process that started it reaches it. */
export interface ControlledWorker {
  readonly state: WorkerState
  tell(message: ControlToWorker): void
}

interface Question {
  readonly missing: Set<ControlledWorker>
  readonly answers: WorkerAnswer[]
  readonly silent: number[]
  end(): void
}

/** Where the control channels of all workers meet: passes on what one asks the others, and remembers what those had
 * counted that died. Part of the process that started them. */
export class ControlHub {
  readonly #members = new Map<ControlledWorker, Account | undefined>()
  readonly #questions = new Map<number, Question>()
  #lastId = 0
  #deaths: Deaths = { count: 0, last: [], services: [], stores: [] }

  /** What is known of those that ended without a word. */
  get deaths(): Deaths {
    return this.#deaths
  }

  /** Takes in a worker that was started. */
  join(member: ControlledWorker): void {
    this.#members.set(member, undefined)
  }

  /** Lets go of one that has handed over its last ledger. */
  leave(member: ControlledWorker): void {
    this.#members.delete(member)
    for (const question of this.#questions.values()) if (question.missing.delete(member)) question.end()
  }

  /** Lets go of one that ended without a word, if it ever served. */
  bury(member: ControlledWorker, how: string): void {
    const account = this.#members.get(member)
    const { worker, pid, isReady } = member.state
    this.leave(member)
    if (!isReady && !account) return
    const { count, last, services, stores } = this.#deaths
    const heardAt = account?.at
    const death: WorkerDeath = {
      worker,
      pid,
      how,
      at: Date.now(),
      heardAt,
      ...totalOf(account?.services ?? []),
    }
    this.#deaths = {
      count: count + 1,
      last: [...last, death].slice(-MAX_DEATHS),
      services: sumOfServices([...services, ...(account?.services ?? [])]),
      stores: sumOfStores([...stores, ...(account?.stores ?? [])]),
    }
  }

  /** Takes what a worker says. */
  take(member: ControlledWorker, said: ControlFromWorker): void {
    if (said.kind === 'account') {
      if (this.#members.has(member)) this.#members.set(member, said.account)
    } else if (said.kind === 'same account') {
      const account = this.#members.get(member)
      if (account) this.#members.set(member, { ...account, at: said.at })
    } else if (said.kind === 'ask workers') this.#ask(member, said)
    else if (said.kind === 'worker answer') this.#answered(member, said)
  }

  #ask(
    asking: ControlledWorker,
    { id, name, args }: Extract<ControlFromWorker, { kind: 'ask workers' }>,
  ): void {
    const own = ++this.#lastId
    const others = [...this.#members.keys()].filter(member => member !== asking && member.state.isReady)
    const late = setTimeout(() => {
      for (const { state } of question.missing) question.silent.push(state.worker)
      question.missing.clear()
      question.end()
    }, ANSWER_MS)
    const question: Question = {
      missing: new Set(others),
      answers: [],
      silent: [],
      end: () => {
        if (question.missing.size > 0) return
        clearTimeout(late)
        this.#questions.delete(own)
        const { answers, silent } = question
        const workers = [...this.#members].map(([{ state }, account]) => ({ ...state, heardAt: account?.at }))
        const said: WorkerAnswers = { answers, silent, workers, deaths: this.#deaths }
        asking.tell({ kind: 'workers said', id, said })
      },
    }
    this.#questions.set(own, question)
    for (const member of others) member.tell({ kind: 'worker question', id: own, name, args })
    question.end()
  }

  #answered(
    member: ControlledWorker,
    { id, value, error }: Extract<ControlFromWorker, { kind: 'worker answer' }>,
  ): void {
    const question = this.#questions.get(id)
    if (!question?.missing.delete(member)) return
    const { worker, pid } = member.state
    if (error === undefined) question.answers.push({ worker, pid, value })
    else question.silent.push(worker)
    question.end()
  }
}
