import type { StoreTally } from './readable-store.ts'
import type { Multi, RedisQueue } from './redis-queue.ts'

/** What went through a queue, and what it holds. */
export class RedisTally {
  readonly #queue: RedisQueue

  constructor(queue: RedisQueue) {
    this.#queue = queue
  }

  /** How many there are, taken and not. */
  async size(): Promise<{ readonly taken: number; readonly waiting: number }> {
    const [taken, waiting] = await this.#queue.transact((multi, queue) => {
      multi.llen(queue.toKey('active')).llen(queue.toKey('wait'))
    })
    return { taken: Number(taken), waiting: Number(waiting) }
  }

  /** What went through the queue. */
  async read(): Promise<StoreTally> {
    const [added, fields] = await this.#queue.transact(multi => this.#readCounters(multi))
    return readTally(added, fields)
  }

  /** Corrects a counter. */
  async add(field: keyof StoreTally, by: number): Promise<void> {
    await this.#queue.transact(multi => this.#queue.count(multi, [[field, by]]))
  }

  /** Makes what was put in the sum of what went out and what is there; gives by how much it was wrong. */
  async balance(): Promise<number> {
    const [taken, waiting, added, fields] = await this.#queue.transact((multi, queue) => {
      multi.llen(queue.toKey('active')).llen(queue.toKey('wait'))
      this.#readCounters(multi)
    })
    const { stored, delivered, moved, dropped, died } = readTally(added, fields)
    const wrong = delivered + moved + dropped + died + Number(taken) + Number(waiting) - stored
    if (wrong !== 0) await this.add('stored', wrong)
    return wrong
  }

  #readCounters(multi: Multi): void {
    multi.runCommand('get', [this.#queue.keyOf('id')])
    multi.hgetall(this.#queue.keyOf('tally'))
  }
}

/** What was put in is counted by BullMQ; the field of that name says what else changes it. */
function readTally(added: unknown, reply: unknown): StoreTally {
  const fields = reply as Readonly<Record<string, string | undefined>>
  const count = (field: keyof StoreTally): number => Number(fields[field] ?? 0)
  return {
    stored: Number(added ?? 0) + count('stored'),
    delivered: count('delivered'),
    moved: count('moved'),
    dropped: count('dropped'),
    died: count('died'),
    redelivered: count('redelivered'),
  }
}
