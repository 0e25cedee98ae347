import type { Ledger } from '../core/ledger.ts'
import { type KeptLedger, keptLedgers } from '../management/kept-ledgers.ts'
import { printColumns, printJson } from './columns.ts'
import { clientFor, NobodyThere, type TargetOptions } from './management-client.ts'

/** Options of `myelin ledger`. */
export interface LedgerOptions extends TargetOptions {
  /** A file with the ledgers of processes that have stopped. */
  readonly file?: string
}

/**
 * Prints what became of every message: in the gateway that runs, or in the one that stopped last. With `check` it
 * gives 1 where an account does not come out even. 2 where nobody can be asked.
 */
export async function ledger(what: string | undefined, options: LedgerOptions): Promise<number> {
  if (what !== undefined && what !== 'check') throw new Error(`there is no ledger ${what}; there is check`)
  let found: Ledger
  try {
    found = await find(options)
  } catch (error) {
    if (!(error instanceof NobodyThere)) throw error
    console.error(`myelin: ${error.message}`)
    return 2
  }
  if (options.json) printJson(found)
  else print(found, what === 'check')
  const { differences } = found
  if (what !== 'check') return 0
  if (!options.json) for (const { text } of differences) console.error(`myelin: ${text}`)
  return differences.length === 0 ? 0 : 1
}

async function find(options: LedgerOptions): Promise<Ledger> {
  if (options.file !== undefined) return lastOf(keptLedgers(options.file), options)
  let absent: NobodyThere
  try {
    return await clientFor(options).ask<Ledger>('GET', '/ledger')
  } catch (error) {
    if (!(error instanceof NobodyThere)) throw error
    absent = error
  }
  // Several that run are to be told apart first.
  if (options.url === undefined && absent.message.startsWith('several')) throw absent
  return lastOf(keptLedgers(), options, absent)
}

function lastOf(kept: readonly KeptLedger[], { url }: LedgerOptions, absent?: Error): KeptLedger {
  const wanted = url?.replace(/\/+$/, '')
  const last = kept.findLast(each => wanted === undefined || each.url === wanted)
  if (last) return last
  throw new NobodyThere(absent?.message ?? 'no ledger is kept there')
}

function print(ledger: Ledger, isBrief: boolean): void {
  const { node, at, isFinal, services, stores, workers } = ledger
  const when = new Date(at).toISOString()
  const of = workers ? `${node} with ${workers.length} workers` : node
  console.log(isFinal ? `${of}, stopped at ${when}` : `${of}, which runs, at ${when}`)
  if (isBrief) {
    const sum = (figures: readonly number[]): number => figures.reduce((all, each) => all + each, 0)
    const received = sum(services.map(each => each.received))
    const inFlight = sum(services.map(each => each.inFlight))
    console.log(`received ${received}, ended ${received - inFlight}, in flight ${inFlight}`)
    return
  }
  const endings = Object.keys(services[0]?.ended ?? {}) as (keyof (typeof services)[number]['ended'])[]
  printColumns(
    ['SERVICE', 'RECEIVED', ...endings.map(ending => ending.toUpperCase()), 'IN FLIGHT'],
    services.map(({ service, received, ended, inFlight }) => [
      service,
      received,
      ...endings.map(ending => ended[ending]),
      inFlight,
    ]),
  )
  if (stores.length > 0) printStores(stores)
  if (workers) printWorkers(ledger)
}

function printStores(stores: Ledger['stores']): void {
  console.log('')
  const columns = ['stored', 'delivered', 'moved', 'dropped', 'died', 'held', 'redelivered'] as const
  printColumns(
    ['STORE', 'KIND', ...columns.map(column => column.toUpperCase()), 'DEAD LETTERS'],
    stores.map(account => [
      account.store,
      account.kind,
      ...columns.map(column => account[column]),
      account.deadLetters,
    ]),
  )
}

function printWorkers({ workers = [], deaths = [] }: Ledger): void {
  console.log('')
  const rows = [...workers.map(each => ({ ...each, how: '' })), ...deaths]
  printColumns(
    ['WORKER', 'PROCESS', 'RECEIVED', 'IN FLIGHT', 'ENDED'],
    rows.map(each => [each.worker, each.pid, each.received, each.inFlight, each.how]),
  )
}
