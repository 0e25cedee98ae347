import type { Ending, MessageCounters, SlowPolicy, TakeoverCounts } from './metrics.ts'

/** What one service took in, and what became of it. */
export interface ServiceAccount {
  readonly service: string
  readonly received: number
  readonly ended: Readonly<Record<Ending, number>>
  /** Taken in and not ended. */
  readonly inFlight: number
  readonly slow: Readonly<Record<SlowPolicy, number>>
  readonly takeover: Readonly<TakeoverCounts>
}

/** What went through one message store, and what it holds. */
export interface StoreAccount {
  readonly store: string
  readonly kind: string
  readonly stored: number
  readonly delivered: number
  readonly moved: number
  readonly dropped: number
  readonly died: number
  readonly redelivered: number
  readonly held: number
  readonly deadLetters: number
  /** Set where it is away and cannot be asked. */
  readonly unknown?: string
}

/** One account that does not come out even. */
export interface Difference {
  /** The service or store, as `proxy service orders`. */
  readonly of: string
  /** How many messages are missing; below 0, how many were counted that are not there. */
  readonly by: number
  readonly text: string
}

/** Every accepted message, counted to what became of it. */
export interface Ledger {
  /** The process it is of. */
  readonly node: string
  /** Names the server that process is part of. */
  readonly server?: string | undefined
  /** When it was drawn up, in milliseconds since 1970. */
  readonly at: number
  /** Whether the process has stopped: nothing may be in flight then. */
  readonly isFinal: boolean
  readonly services: readonly ServiceAccount[]
  readonly stores: readonly StoreAccount[]
  readonly differences: readonly Difference[]
  /** The workers it is of, where it is of a server with several. */
  readonly workers?: readonly WorkerAccount[]
  /** Those that ended without a word, the last ones; their counts are among the others. */
  readonly deaths?: readonly WorkerDeath[]
}

/** What one worker of a server has to do with its ledger. */
export interface WorkerAccount {
  readonly worker: number
  readonly pid: number
  readonly received: number
  readonly inFlight: number
}

/** A worker that ended without drawing up a last ledger. */
export interface WorkerDeath extends WorkerAccount {
  /** As `was ended by SIGKILL`. */
  readonly how: string
  /** When that was, in milliseconds since 1970. */
  readonly at: number
  /** When its counts were heard of last: what it did after is not known. Undefined where they never were. */
  readonly heardAt: number | undefined
}

/** Draws up the account of a service. */
export function serviceAccount(service: string, counters: MessageCounters): ServiceAccount {
  const { received, ended, inFlight, slow, takeover } = counters
  return { service, received, ended: { ...ended }, inFlight, slow: { ...slow }, takeover: { ...takeover } }
}

/** Finds what does not come out even in the accounts of services and stores. */
export function differencesOf(
  services: readonly ServiceAccount[],
  stores: readonly StoreAccount[],
  isFinal: boolean,
): Difference[] {
  const found: Difference[] = []
  for (const { service, received, inFlight } of services) {
    const ended = received - inFlight
    if (inFlight < 0) {
      const text = `${service}: received ${received}, ended ${ended}: ${-inFlight} more than came in`
      found.push({ of: service, by: inFlight, text })
    } else if (isFinal && inFlight > 0) {
      const text = `${service}: received ${received}, ended ${ended}: ${inFlight} did not end`
      found.push({ of: service, by: inFlight, text })
    }
  }
  for (const account of stores) {
    const difference = storeDifference(account, isFinal)
    if (difference) found.push(difference)
  }
  return found
}

function storeDifference(account: StoreAccount, isFinal: boolean): Difference | undefined {
  const { store, kind, stored, held, unknown } = account
  const of = `message store ${store}`
  if (unknown !== undefined) return { of, by: 0, text: `${of}: it cannot be asked: ${unknown}` }
  const left = account.delivered + account.moved + account.dropped + account.died
  const by = stored - left - held
  if (by !== 0)
    return { of, by, text: `${of}: stored ${stored}, left ${left}, held ${held}: ${by} are missing` }
  if (isFinal && kind === IN_MEMORY && held > 0)
    return { of, by: held, text: `${of}: it held ${held} when the process ended, and is in memory` }
  return undefined
}

/** The kind of a store that holds nothing any more when its process has ended. */
export const IN_MEMORY = 'in memory'
