import type { RedisQueueBackend, WorkerOptions } from 'bullmq'
import type { RedisConnection } from '../cluster/redis-connection.ts'
import type { MessageNumber } from '../core/ports.ts'
import { MAX_DEAD_LETTERS } from './memory-dead-letters.ts'
import type { Removal, StoreTally } from './readable-store.ts'
import { addNext } from './redis-numbered.ts'

/** Locks only tell who took a message; that it is alive is for the lease to say. A day, in milliseconds. */
const LOCK_MS = 86_400_000

/** How many events BullMQ keeps for those who watch a queue. */
const EVENTS = 100

/** BullMQ tries nothing again: that is for processors to do, in order. */
const ONCE = { attempts: 1 }

type Client = Awaited<RedisQueueBackend['client']>
/** A transaction that is being put together. */
export type Multi = ReturnType<Client['multi']>

/** A message that is put in, with its number where it has one. */
export interface AddedMessage {
  readonly id: string
  readonly data: string
  readonly number?: MessageNumber | undefined
}

/** A message as it is in Redis. */
export interface QueuedMessage {
  /** Its name in the queue. */
  readonly id: string
  readonly data: string
  /** How often it was handed out before. */
  readonly handOuts: number
}

/** A message that was taken, with who took it. */
export interface TakenByToken {
  readonly id: string
  readonly token: string
  /** Whether nobody ever saw it: it counts as not handed out. */
  readonly isUnseen?: boolean
}

/** A message that is through. */
export interface Ended {
  readonly id: string
  readonly as: Removal | 'died'
  /** Why it died; it is kept with it. */
  readonly why?: string
}

/** A change of a counter, made together with what it counts. */
export type Counted = readonly [field: keyof StoreTally, by: number]

/**
 * A queue of BullMQ, by the scripts of its own that each do one thing as a whole. Counters change in the same
 * transaction. Everything rejects with a `RedisError` while Redis is away.
 */
export class RedisQueue {
  readonly #connection: RedisConnection
  readonly #name: string
  readonly #options: Omit<WorkerOptions, 'connection'>
  #opened: { readonly of: unknown; readonly backend: Promise<RedisQueueBackend> } | undefined

  constructor(connection: RedisConnection, name: string, prefix: string) {
    this.#connection = connection
    // A colon ends the name of a queue in the names of its keys.
    this.#name = name.replace(/[:%]/g, encodeURIComponent)
    this.#options = { prefix: `${prefix}:stores`, lockDuration: LOCK_MS, skipVersionCheck: true }
  }

  /** Names a key of its own beside those of the queue. */
  keyOf(what: string): string {
    return `${this.#options.prefix}:${this.#name}:${what}`
  }

  /** Runs something in one transaction; gives what each of its commands said. @throws RedisError when one failed */
  async transact(fill: (multi: Multi, queue: RedisQueueBackend) => void): Promise<unknown[]> {
    return await this.run((client, queue) => this.#transact(client, multi => fill(multi, queue)))
  }

  /** Runs something with the queue. @throws RedisError */
  run<T>(work: (client: Client, queue: RedisQueueBackend) => Promise<T>): Promise<T> {
    return this.#connection.run(async redis => {
      if (this.#opened?.of !== redis) this.#opened = { of: redis, backend: this.#open(redis) }
      const queue = await this.#opened.backend
      return await work(await queue.client, queue)
    })
  }

  /**
   * Puts messages behind those that are there, and gives the last number of its sender then for each that has a
   * number. They are counted by BullMQ, with those that are left out.
   */
  async add(messages: readonly AddedMessage[]): Promise<readonly (number | undefined)[]> {
    const at = Date.now()
    const [first] = messages
    if (messages.length === 1 && first && !first.number) {
      const { id, data } = first
      // The one that is alone needs no transaction.
      await this.run((client, queue) => queue.addJobToTransaction(client, jobOf(id, data, at), id))
      return [undefined]
    }
    const results = await this.transact((multi, queue) => {
      for (const { id, data, number } of messages) {
        const add = (): void => void queue.addJobToTransaction(multi, jobOf(id, data, at), id)
        const place = { id, job: queue.toKey(id), wait: queue.keys.wait ?? '', at }
        if (number) addNext(multi, this, number, place, add)
        else add()
      }
    })
    let last = -1
    return messages.map(({ number }) => {
      last += number ? 3 : 1
      return number && Number(results[last])
    })
  }

  /**
   * Lets go of messages that were taken by a token, and takes others from the front: gives those it had not taken, and
   * what it takes.
   */
  async goOn(
    ended: readonly Ended[],
    wanted: number,
    token: string,
  ): Promise<{ readonly refused: readonly Ended[]; readonly found: readonly QueuedMessage[] }> {
    if (ended.length === 0 && wanted === 0) return { refused: [], found: [] }
    return await this.run(async (client, queue) => {
      let missing = wanted
      const telling =
        ended.length > 0
          ? this.#transact(client, multi => {
              for (const end of ended) {
                const wantsNext = end.why === undefined && missing > 0
                if (wantsNext) missing--
                queue.execCommand(multi, 'moveToFinished', argumentsOf(queue, end, token, wantsNext))
              }
              this.count(
                multi,
                ended.map(({ as }) => [as, 1]),
              )
            })
          : []
      const taking = Array.from({ length: missing }, () => queue.moveToActive(token, undefined as never))
      const [told, ...taken] = await Promise.all([telling, ...taking])
      return {
        refused: ended.filter((_, index) => isRefusal(told[index])),
        found: [
          ...told.slice(0, ended.length).map(readNext),
          ...taken.map(([job, id]) => job && { id, data: job.data, handOuts: job.attemptsStarted - 1 }),
        ].filter(each => each !== undefined && each !== null),
      }
    })
  }

  /** Puts taken ones back in front, the first of them first, each by the token it was taken by. */
  async putBack(taken: readonly TakenByToken[], counted?: Counted): Promise<void> {
    if (taken.length === 0) return
    await this.transact((multi, queue) => {
      const { active, wait, stalled, paused, meta, limiter, prioritized, marker, events } = queue.keys
      const keys = [active, wait, stalled, paused, meta, limiter, prioritized, marker, events]
      for (const { id, token, isUnseen } of taken.toReversed()) {
        const key = queue.toKey(id)
        queue.execCommand(multi, 'moveJobFromActiveToWait', [...keys, id, token, key])
        if (isUnseen) multi.runCommand('hincrby', [key, 'ats', -1])
      }
      if (counted) this.count(multi, [counted])
    })
  }

  /** Lets go of one whose token is another's by now, or nobody's; false where somebody works on it, or it is gone. */
  async discard(id: string): Promise<boolean> {
    return await this.run(async (_, queue) => {
      const job = await queue.getJobData(id)
      return job !== undefined && (await queue.remove(id, false)) === 1
    })
  }

  /** The ones that are taken, the oldest first, each with its token; `0`, which fits all, where that is not known. */
  async taken(): Promise<{ readonly id: string; readonly token: string }[]> {
    const ids = await this.run((client, queue) => client.lrange(queue.toKey('active'), 0, -1))
    if (ids.length === 0) return []
    const [tokens] = (await this.transact((multi, queue) => {
      multi.runCommand(
        'mget',
        ids.map(id => `${queue.toKey(id)}:lock`),
      )
    })) as [(string | null)[]]
    return ids.map((id, index) => ({ id, token: tokens[index] ?? '0' })).reverse()
  }

  /** Gives something of the names of the dead, the oldest first. */
  async dead<T>(pick: (ids: string[]) => T): Promise<T> {
    return pick(await this.run((client, queue) => client.zrange(queue.toKey('failed'), 0, -1)))
  }

  /** Gives messages and why they died; those that are gone are left out. */
  async lookAt(ids: readonly string[]): Promise<{ readonly data: string; readonly reason: string }[]> {
    const found = (await this.transact((multi, queue) => {
      for (const id of ids) multi.runCommand('hmget', [queue.toKey(id), 'data', 'failedReason'])
    })) as [string | null, string | null][]
    return found.flatMap(([data, reason]) => (data && reason ? [{ data, reason }] : []))
  }

  /** Puts dead ones behind those that wait; gives how many were still there. */
  async revive(ids: readonly string[]): Promise<number> {
    const results = await this.transact((multi, queue) => {
      const { events, failed, wait, meta, active, marker, prioritized, pc } = queue.keys
      for (const id of ids) {
        const keys = [queue.toKey(id), events, failed, wait, meta, active, marker, prioritized, pc]
        queue.execCommand(multi, 'reprocessJob', [...keys, id, 'LPUSH', 'failedReason', 'failed', '1', '1'])
      }
      this.count(multi, [['stored', ids.length]])
    })
    return await this.#correct('stored', results.slice(0, ids.length))
  }

  /** Lets go of dead ones; gives how many were still there. */
  async forget(ids: readonly string[]): Promise<number> {
    const results = await this.transact((multi, queue) => {
      // A name that is taken off the dead first is not one that somebody put back meanwhile.
      for (const id of ids) multi.runCommand('zrem', [queue.toKey('failed'), id])
    })
    const gone = ids.filter((_, index) => results[index] === 1)
    if (gone.length > 0)
      await this.transact((multi, queue) => void multi.del(...gone.map(id => queue.toKey(id))))
    return gone.length
  }

  /** What was counted for commands that did nothing is taken back; gives how many did something. */
  async #correct(field: keyof StoreTally, results: readonly unknown[]): Promise<number> {
    const refused = results.filter(isRefusal).length
    if (refused > 0) await this.transact(multi => this.count(multi, [[field, -refused]]))
    return results.length - refused
  }

  /** How many there are, taken and not. */
  async size(): Promise<{ readonly taken: number; readonly waiting: number }> {
    const [taken, waiting] = await this.transact((multi, queue) => {
      multi.llen(queue.toKey('active')).llen(queue.toKey('wait'))
    })
    return { taken: Number(taken), waiting: Number(waiting) }
  }

  /** What went through the queue. */
  async tally(): Promise<StoreTally> {
    const [added, fields] = await this.transact(multi => this.#readCounters(multi))
    return readTally(added, fields)
  }

  /** Corrects a counter. */
  async addToTally(field: keyof StoreTally, by: number): Promise<void> {
    await this.transact(multi => this.count(multi, [[field, by]]))
  }

  /** Makes what was put in the sum of what went out and what is there; gives by how much it was wrong. */
  async balance(): Promise<number> {
    const [taken, waiting, added, fields] = await this.transact((multi, queue) => {
      multi.llen(queue.toKey('active')).llen(queue.toKey('wait'))
      this.#readCounters(multi)
    })
    const { stored, delivered, moved, dropped, died } = readTally(added, fields)
    const wrong = delivered + moved + dropped + died + Number(taken) + Number(waiting) - stored
    if (wrong !== 0) await this.addToTally('stored', wrong)
    return wrong
  }

  /** Changes counters. */
  count(multi: Multi, counted: readonly Counted[]): void {
    const sums = new Map<string, number>()
    for (const [field, by] of counted) sums.set(field, (sums.get(field) ?? 0) + by)
    for (const [field, by] of sums) multi.runCommand('hincrby', [this.keyOf('tally'), field, by])
  }

  #readCounters(multi: Multi): void {
    multi.runCommand('get', [this.keyOf('id')])
    multi.hgetall(this.keyOf('tally'))
  }

  async #transact(client: Client, fill: (multi: Multi) => void): Promise<unknown[]> {
    const multi = client.multi()
    fill(multi)
    const results = await multi.exec()
    return (results ?? []).map(([error, result]) => {
      if (error) throw error
      return result as unknown
    })
  }

  /** Loads the library: a gateway without such a store never does. */
  async #open(client: unknown): Promise<RedisQueueBackend> {
    const { createRedisBackend } = await import('bullmq')
    const options = { ...this.#options, connection: client as never, skipWaitingForReady: true }
    const queue = createRedisBackend(this.#name, options)
    // A connection that is lost is made again, and said to be lost, by its owner.
    queue.on('error', () => {})
    await queue.setQueueMeta({ 'opts.maxLenEvents': EVENTS }).catch(() => {
      this.#opened = undefined
    })
    return queue
  }
}

/** BullMQ is told that a job was not there, or not taken by the one who said so, by a number. */
function isRefusal(result: unknown): boolean {
  return typeof result === 'number' && result < 0
}

function argumentsOf(
  queue: RedisQueueBackend,
  { id, why }: Ended,
  token: string,
  wantsNext: boolean,
): (string | number | boolean | Buffer)[] {
  const job = { id, opts: ONCE } as never
  return why === undefined
    ? queue.moveToCompletedArgs(job, '', true, token, wantsNext)
    : queue.moveToFailedArgs(job, why, { count: MAX_DEAD_LETTERS }, token)
}

function readNext(result: unknown): QueuedMessage | undefined {
  if (!Array.isArray(result) || !Array.isArray(result[0])) return undefined
  const fields = result[0] as readonly string[]
  const field = (name: string): string => fields[fields.indexOf(name) + 1] ?? ''
  return { id: String(result[1]), data: field('data'), handOuts: Number(field('ats')) - 1 }
}

function jobOf(
  id: string,
  data: string,
  timestamp: number,
): Parameters<RedisQueueBackend['addJobToTransaction']>[1] {
  return {
    id,
    name: 'message',
    data,
    opts: {},
    timestamp,
    progress: 0,
    attemptsMade: 0,
    attemptsStarted: 0,
    stalledCounter: 0,
    failedReason: '',
    returnvalue: '',
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
