import type {
  Account,
  ControlFromWorker,
  ControlToWorker,
  LastLedger,
  StopKind,
  WorkerAnswers,
} from './control-messages.ts'
import { workerNumber } from './worker.ts'

/** How often a worker says what it has counted, in milliseconds. */
const ACCOUNT_MS = 500

/** How long all may take to answer; who started them waits a little less. */
const ANSWER_MS = 3_000

type Answer = (...args: readonly unknown[]) => unknown

/**
 * A worker's control channel, by which it and the others of its server are operated as one: ledgers, stores, stopping.
 * It leads through the process that started them, with or without a Redis.
 */
export class WorkerControl {
  /** Which worker this is. */
  readonly number: number
  readonly #answers = new Map<string, Answer>()
  readonly #asked = new Map<number, (said: WorkerAnswers | Error) => void>()
  readonly #take = (said: unknown): void => this.#told(said as ControlToWorker)
  #lastId = 0
  #reporting: NodeJS.Timeout | undefined
  #onStop: (how: StopKind) => void = () => {}
  #onStep: (step: object) => void = () => {}

  constructor(number: number) {
    this.number = number
  }

  /** Takes what comes from now on; `stop` is called when all are to stop, `step` with each step of that. */
  start(on: { stop(how: StopKind): void; step(step: object): void }): void {
    this.#onStop = on.stop
    this.#onStep = on.step
    process.on('message', this.#take)
  }

  /** Says what has been counted, now and then. */
  report(account: () => Promise<Account>): void {
    let known = ''
    this.#reporting = setInterval(async () => {
      const { at, ...counted } = await account()
      const text = JSON.stringify(counted)
      if (text === known) this.say({ kind: 'same account', at })
      else this.say({ kind: 'account', account: { at, ...counted } })
      known = text
    }, ACCOUNT_MS).unref()
  }

  /** Answers others that ask by a name. */
  on(name: string, answer: Answer): void {
    this.#answers.set(name, answer)
  }

  /** Asks all other workers. @throws Error where who started them does not answer */
  ask(name: string, ...args: readonly unknown[]): Promise<WorkerAnswers> {
    const id = ++this.#lastId
    return new Promise((resolve, reject) => {
      const late = setTimeout(
        () => done(new Error('the process that started this worker does not answer')),
        ANSWER_MS,
      )
      const done = (said: WorkerAnswers | Error): void => {
        clearTimeout(late)
        this.#asked.delete(id)
        if (said instanceof Error) reject(said)
        else resolve(said)
      }
      this.#asked.set(id, done)
      this.say({ kind: 'ask workers', id, name, args })
    })
  }

  /** Has all workers stop, this one too. */
  stopAll(how: StopKind): void {
    this.say({ kind: 'stop all', how })
  }

  /** Hands over the last ledger; false where nobody is there to take it. */
  async leave(last: LastLedger): Promise<boolean> {
    clearInterval(this.#reporting)
    return await new Promise(resolve => this.say({ kind: 'last ledger', last }, error => resolve(!error)))
  }

  /** Ends all of it. */
  stop(): void {
    clearInterval(this.#reporting)
    process.off('message', this.#take)
    for (const done of this.#asked.values()) done(new Error('this process stops'))
  }

  /** Says something; calls back when that has left, with an error where it cannot. */
  say(said: ControlFromWorker, sent: (error: Error | null) => void = () => {}): void {
    if (process.connected) process.send!(said, sent)
    else sent(new Error('the process that started this worker has gone'))
  }

  #told(said: ControlToWorker): void {
    if (said.kind === 'worker question') void this.#reply(said)
    else if (said.kind === 'workers said') this.#asked.get(said.id)?.(said.said)
    else if (said.kind === 'drain step') this.#onStep(said.step)
    else if (said.kind === 'stop') this.#onStop(said.how)
  }

  async #reply({ id, name, args }: Extract<ControlToWorker, { kind: 'worker question' }>): Promise<void> {
    try {
      const answer = this.#answers.get(name)
      if (!answer) throw new Error(`nothing answers ${name}`)
      this.say({ kind: 'worker answer', id, value: await answer(...args) })
    } catch (error) {
      this.say({ kind: 'worker answer', id, value: undefined, error: (error as Error).message })
    }
  }
}

/** The control channel of this process; undefined where it is no worker. */
export function controlOfThisProcess(): WorkerControl | undefined {
  const number = workerNumber()
  return number === undefined ? undefined : new WorkerControl(number)
}
