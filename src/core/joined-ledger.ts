import {
  type Difference,
  differencesOf,
  IN_MEMORY,
  type Ledger,
  type ServiceAccount,
  type StoreAccount,
  type WorkerAccount,
  type WorkerDeath,
} from './ledger.ts'

/** The ledger of one worker. */
export interface LedgerOfWorker {
  readonly worker: number
  readonly pid: number
  readonly ledger: Ledger
}

/** What is known of workers that ended without a word. */
export interface Deaths {
  readonly count: number
  /** The last of them. */
  readonly last: readonly WorkerDeath[]
  /** What all of them were heard to have counted. */
  readonly services: readonly ServiceAccount[]
  /** The same of stores in memory: what those held has gone. */
  readonly stores: readonly StoreAccount[]
}

/** Makes one ledger of those of all workers of a server; `silent` are workers that did not answer. */
export function joinLedgers(
  parts: readonly LedgerOfWorker[],
  { isFinal, deaths, silent }: Pick<Ledger, 'isFinal'> & { deaths: Deaths; silent: readonly number[] },
): Ledger {
  const ledgers = parts.map(({ ledger }) => ledger)
  const services = sumOfServices([...ledgers.flatMap(each => each.services), ...deaths.services])
  const stores = sumOfStores(
    ledgers.toSorted((a, b) => b.at - a.at).flatMap(each => each.stores),
    deaths.stores,
  )
  const differences = [
    ...differencesOf(services, stores, isFinal),
    ...deaths.last.map(differenceOfDeath),
    ...earlierDeaths(deaths),
    ...silent.map(worker => ({
      of: `worker ${worker}`,
      by: 0,
      text: `worker ${worker} does not answer: its counts are missing`,
    })),
  ]
  const node = ledgers.map(({ server }) => server).find(each => each !== undefined) ?? 'all workers'
  const at = ledgers.reduce((latest, each) => Math.max(latest, each.at), 0) || Date.now()
  const workers = parts.map(({ worker, pid, ledger }) => ({ worker, pid, ...totalOf(ledger.services) }))
  return { node, at, isFinal, services, stores, differences, workers, deaths: deaths.last }
}

/** Adds up services of the same name. */
export function sumOfServices(accounts: readonly ServiceAccount[]): ServiceAccount[] {
  const sums = new Map<string, ServiceAccount>()
  for (const account of accounts) {
    const sum = sums.get(account.service)
    sums.set(account.service, sum ? addService(sum, account) : account)
  }
  return [...sums.values()]
}

/** Adds up stores in memory, of which each worker has its own; of others all workers tell the same, and the first counts. */
export function sumOfStores(
  accounts: readonly StoreAccount[],
  gone: readonly StoreAccount[] = [],
): StoreAccount[] {
  const sums = new Map<string, StoreAccount>()
  for (const account of accounts) {
    const sum = sums.get(account.store)
    if (!sum || (sum.unknown !== undefined && account.unknown === undefined)) sums.set(account.store, account)
    else if (account.kind === IN_MEMORY) sums.set(account.store, addStore(sum, account))
  }
  for (const account of gone) {
    const lost = { ...account, held: 0, deadLetters: 0 }
    const sum = sums.get(account.store)
    sums.set(account.store, sum ? addStore(sum, lost) : lost)
  }
  return [...sums.values()]
}

/** How many messages services took in, and how many of them have not ended. */
export function totalOf(services: readonly ServiceAccount[]): Pick<WorkerAccount, 'received' | 'inFlight'> {
  let [received, inFlight] = [0, 0]
  for (const service of services) {
    received += service.received
    inFlight += service.inFlight
  }
  return { received, inFlight }
}

function addService(a: ServiceAccount, b: ServiceAccount): ServiceAccount {
  return {
    service: a.service,
    received: a.received + b.received,
    ended: addEach(a.ended, b.ended),
    inFlight: a.inFlight + b.inFlight,
    slow: addEach(a.slow, b.slow),
    takeover: addEach(a.takeover, b.takeover),
  }
}

function addStore(a: StoreAccount, b: StoreAccount): StoreAccount {
  const counted = ({ store: _, kind: __, unknown: ___, ...counts }: StoreAccount): typeof counts => counts
  return { ...a, ...addEach(counted(a), counted(b)) }
}

function addEach<T extends object>(a: T, b: T): T {
  const others = b as Readonly<Record<string, number>>
  return Object.fromEntries(Object.entries(a).map(([key, value]) => [key, value + (others[key] ?? 0)])) as T
}

function differenceOfDeath({ worker, pid, how, at, heardAt, inFlight }: WorkerDeath): Difference {
  const of = `worker ${worker}`
  const known =
    heardAt === undefined
      ? 'what it took in is not known'
      : `${((at - heardAt) / 1000).toFixed(1)} s before ${inFlight} messages were in flight; what came after is not known`
  return { of, by: inFlight, text: `${of} (process ${pid}) ${how}: ${known}` }
}

function earlierDeaths({ count, last }: Deaths): Difference[] {
  const earlier = count - last.length
  return earlier > 0 ? [{ of: 'workers', by: 0, text: `${earlier} more workers ended like that before` }] : []
}
