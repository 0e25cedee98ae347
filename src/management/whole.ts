import type { WorkerAnswers, WorkerState } from '../cluster/control-messages.ts'
import type { WorkerControl } from '../cluster/worker-control.ts'
import { joinLedgers, type LedgerOfWorker, sumOfStores } from '../core/joined-ledger.ts'
import { IN_MEMORY, type Ledger, type StoreAccount, type WorkerDeath } from '../core/ledger.ts'
import { DrainSteps } from '../drain.ts'
import type { Gateway } from '../gateway.ts'
import type { DeadLetter, ReadableStore } from '../stores/readable-store.ts'
import { storeAccount } from '../stores/store-account.ts'

/** Which dead letters: their ids, or all. */
export type WhichLetters = readonly string[] | 'all'

/** More dead letters than any store keeps. */
const ALL_LETTERS = 100_000

/** A gateway as those see it who operate it: by itself, or with all the workers of its server as one. */
export class Whole {
  readonly gateway: Gateway
  readonly #control: WorkerControl | undefined
  /** The steps of the drain of all workers. */
  readonly #steps = new DrainSteps()

  /** Answers the other workers through `control` from then on. */
  constructor(gateway: Gateway, control?: WorkerControl) {
    this.gateway = gateway
    this.#control = control
    control?.on('ledger', () => gateway.ledger())
    control?.on('stores', () => Promise.all(gateway.stores.filter(isOwn).map(storeAccount)))
    control?.on('state', () => undefined)
    control?.on('letters', store => this.#own(store)?.deadLetters.list(ALL_LETTERS) ?? [])
    control?.on('resend', (store, which) => this.#own(store)?.deadLetters.resend(which as WhichLetters) ?? 0)
    control?.on(
      'discard',
      (store, which) => this.#own(store)?.deadLetters.discard(which as WhichLetters) ?? 0,
    )
  }

  /** Tells what became of every message so far. */
  async ledger(): Promise<Ledger> {
    const own = this.gateway.ledger()
    if (!this.#control) return await own
    const { answers, silent, deaths } = await this.#control.ask('ledger')
    const others = answers.map(({ worker, pid, value }) => ({ worker, pid, ledger: value as Ledger }))
    const mine: LedgerOfWorker = { worker: this.#control.number, pid: process.pid, ledger: await own }
    const parts = [mine, ...others].toSorted((a, b) => a.worker - b.worker)
    return joinLedgers(parts, { isFinal: false, deaths, silent })
  }

  /** Draws up the accounts of stores; of those in memory each worker has its own. */
  async accounts(stores: readonly ReadableStore[]): Promise<readonly StoreAccount[]> {
    const own = await Promise.all(stores.map(storeAccount))
    if (!stores.some(isOwn)) return own
    const said = await this.#ask('stores')
    const others = said?.answers.flatMap(({ value }) => value as readonly StoreAccount[]) ?? []
    const names = new Set(stores.map(({ name }) => name))
    return sumOfStores([...own, ...others.filter(({ store }) => names.has(store))])
  }

  /** Lists the oldest dead letters of a store, from behind the one with an id on. */
  async deadLetters(store: ReadableStore, limit: number, after?: string): Promise<readonly DeadLetter[]> {
    const said = isOwn(store) ? await this.#ask('letters', store.name) : undefined
    if (!said) return await store.deadLetters.list(limit, after)
    const own = await store.deadLetters.list(ALL_LETTERS)
    const others = said.answers.flatMap(({ value }) => value as readonly DeadLetter[])
    const all = [...own, ...others].toSorted((a, b) => a.diedAt - b.diedAt)
    const from = after === undefined ? 0 : all.findIndex(({ id }) => id === after) + 1
    return all.slice(from, from + limit)
  }

  /** Sends dead letters again, or lets go of them; gives how many that were. */
  async dealWith(store: ReadableStore, action: 'resend' | 'discard', which: WhichLetters): Promise<number> {
    const said = isOwn(store) ? await this.#ask(action, store.name, which) : undefined
    const others = said?.answers.reduce((sum, { value }) => sum + Number(value), 0) ?? 0
    return others + (await store.deadLetters[action](which))
  }

  /** Tells of the workers and those that died; undefined where it is not several. */
  async workers(): Promise<
    | {
        readonly workers: readonly WorkerState[]
        readonly died: number
        readonly deaths: readonly WorkerDeath[]
      }
    | undefined
  > {
    const said = await this.#ask('state')
    return said && { workers: said.workers, died: said.deaths.count, deaths: said.deaths.last }
  }

  /** How far stopping is, once it has begun. */
  get draining(): DrainSteps | undefined {
    const { draining } = this.gateway
    return draining && (this.#control ? this.#steps : draining.steps)
  }

  /** Takes note of a step of the drain of all workers. */
  get steps(): DrainSteps {
    return this.#steps
  }

  async #ask(name: string, ...args: readonly unknown[]): Promise<WorkerAnswers | undefined> {
    return await this.#control?.ask(name, ...args)
  }

  #own(name: unknown): ReadableStore | undefined {
    return this.gateway.stores.find(store => store.name === name && isOwn(store))
  }
}

/** Whether each worker has a store of its own by its name. */
function isOwn({ kind }: ReadableStore): boolean {
  return kind === IN_MEMORY
}
