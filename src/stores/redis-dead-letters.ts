import type { DeadLetter, DeadLetters, Failure, StoreTally } from './readable-store.ts'
import { isRefusal, type RedisQueue } from './redis-queue.ts'
import { readData } from './redis-record.ts'

/** How many are dealt with in one transaction. */
const AT_ONCE = 100

/** Why a message was given up, as it is kept with it. */
type Reason = Failure & { readonly diedAt: number }

/** Writes down why a message was given up. */
export function writeReason({ processor, attempts, code, reason }: Failure): string {
  return JSON.stringify({ processor, attempts, code, reason, diedAt: Date.now() } satisfies Reason)
}

/** Names a message in a queue: its own identifier, with something that nothing else in any queue has. */
export function jobId(message: string, unique: string): string {
  return `${message}~${unique}`
}

function messageOf(id: string): string {
  return id.slice(0, id.lastIndexOf('~'))
}

/** Dead letters in Redis: the failed jobs of the queue. */
export class RedisDeadLetters implements DeadLetters {
  readonly #queue: RedisQueue
  /** Makes a fault of what Redis threw. */
  readonly #guard: <T>(work: Promise<T>) => Promise<T>

  constructor(queue: RedisQueue, guard: <T>(work: Promise<T>) => Promise<T>) {
    this.#queue = queue
    this.#guard = guard
  }

  count(): Promise<number> {
    return this.#guard(this.#dead(ids => ids.length))
  }

  list(limit: number, after?: string): Promise<DeadLetter[]> {
    return this.#guard(this.#list(limit, after))
  }

  resend(ids: readonly string[] | 'all'): Promise<number> {
    return this.#each(ids, some => this.#revive(some))
  }

  discard(ids: readonly string[] | 'all'): Promise<number> {
    return this.#each(ids, some => this.#forget(some))
  }

  async #list(limit: number, after: string | undefined): Promise<DeadLetter[]> {
    const ids = await this.#dead(all => {
      const start = after === undefined ? 0 : all.findLastIndex(id => messageOf(id) === after) + 1
      return all.slice(start, start + limit)
    })
    const letters: DeadLetter[] = []
    for (let i = 0; i < ids.length; i += AT_ONCE) {
      for (const { data, reason } of await this.#lookAt(ids.slice(i, i + AT_ONCE))) {
        const { id, bytes, mediaType, storedAt } = readData(data)
        letters.push({ id, bytes, mediaType, storedAt, ...(JSON.parse(reason) as Reason) })
      }
    }
    return letters
  }

  #each(ids: readonly string[] | 'all', act: (ids: readonly string[]) => Promise<number>): Promise<number> {
    return this.#guard(this.#eachOf(ids, act))
  }

  async #eachOf(
    ids: readonly string[] | 'all',
    act: (ids: readonly string[]) => Promise<number>,
  ): Promise<number> {
    const wanted = ids === 'all' ? undefined : new Set(ids)
    const found = await this.#dead(all => (wanted ? all.filter(id => wanted.has(messageOf(id))) : all))
    let count = 0
    for (let i = 0; i < found.length; i += AT_ONCE) count += await act(found.slice(i, i + AT_ONCE))
    return count
  }

  /** Gives something of the names of the dead, the oldest first. */
  async #dead<T>(pick: (ids: string[]) => T): Promise<T> {
    return pick(await this.#queue.run((client, queue) => client.zrange(queue.toKey('failed'), 0, -1)))
  }

  /** Gives messages and why they died; those that are gone are left out. */
  async #lookAt(ids: readonly string[]): Promise<{ readonly data: string; readonly reason: string }[]> {
    const found = (await this.#queue.transact((multi, queue) => {
      for (const id of ids) multi.runCommand('hmget', [queue.toKey(id), 'data', 'failedReason'])
    })) as [string | null, string | null][]
    return found.flatMap(([data, reason]) => (data && reason ? [{ data, reason }] : []))
  }

  /** Puts dead ones behind those that wait; gives how many were still there. */
  async #revive(ids: readonly string[]): Promise<number> {
    const results = await this.#queue.transact((multi, queue) => {
      const { events, failed, wait, meta, active, marker, prioritized, pc } = queue.keys
      for (const id of ids) {
        const keys = [queue.toKey(id), events, failed, wait, meta, active, marker, prioritized, pc]
        queue.execCommand(multi, 'reprocessJob', [...keys, id, 'LPUSH', 'failedReason', 'failed', '1', '1'])
      }
      this.#queue.count(multi, [['stored', ids.length]])
    })
    return await this.#correct('stored', results.slice(0, ids.length))
  }

  /** Lets go of dead ones; gives how many were still there. */
  async #forget(ids: readonly string[]): Promise<number> {
    const results = await this.#queue.transact((multi, queue) => {
      // A name that is taken off the dead first is not one that somebody put back meanwhile.
      for (const id of ids) multi.runCommand('zrem', [queue.toKey('failed'), id])
    })
    const gone = ids.filter((_, index) => results[index] === 1)
    if (gone.length > 0)
      await this.#queue.transact((multi, queue) => void multi.del(...gone.map(id => queue.toKey(id))))
    return gone.length
  }

  /** What was counted for commands that did nothing is taken back; gives how many did something. */
  async #correct(field: keyof StoreTally, results: readonly unknown[]): Promise<number> {
    const refused = results.filter(isRefusal).length
    if (refused > 0) await this.#queue.transact(multi => this.#queue.count(multi, [[field, -refused]]))
    return results.length - refused
  }
}
