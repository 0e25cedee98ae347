import type { DeadLetter, DeadLetters, Failure } from './readable-store.ts'
import type { RedisQueue } from './redis-queue.ts'
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
    return this.#guard(this.#queue.dead(ids => ids.length))
  }

  list(limit: number, after?: string): Promise<DeadLetter[]> {
    return this.#guard(this.#list(limit, after))
  }

  resend(ids: readonly string[] | 'all'): Promise<number> {
    return this.#each(ids, some => this.#queue.revive(some))
  }

  discard(ids: readonly string[] | 'all'): Promise<number> {
    return this.#each(ids, some => this.#queue.forget(some))
  }

  async #list(limit: number, after: string | undefined): Promise<DeadLetter[]> {
    const ids = await this.#queue.dead(all => {
      const start = after === undefined ? 0 : all.findLastIndex(id => messageOf(id) === after) + 1
      return all.slice(start, start + limit)
    })
    const letters: DeadLetter[] = []
    for (let i = 0; i < ids.length; i += AT_ONCE) {
      for (const { data, reason } of await this.#queue.lookAt(ids.slice(i, i + AT_ONCE))) {
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
    const found = await this.#queue.dead(all => (wanted ? all.filter(id => wanted.has(messageOf(id))) : all))
    let count = 0
    for (let i = 0; i < found.length; i += AT_ONCE) count += await act(found.slice(i, i + AT_ONCE))
    return count
  }
}
