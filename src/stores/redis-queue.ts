import type { RedisQueueBackend, WorkerOptions } from 'bullmq'
import type { RedisConnection } from '../cluster/redis-connection.ts'
import type { StoreTally } from './readable-store.ts'

/** Locks only tell who took a message; that it is alive is for the lease to say. A day, in milliseconds. */
const LOCK_MS = 86_400_000

/** How many events BullMQ keeps for those who watch a queue. */
const EVENTS = 100

type Client = Awaited<RedisQueueBackend['client']>
/** A transaction that is being put together. */
export type Multi = ReturnType<Client['multi']>

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
    return await this.run((client, queue) => this.transactBy(client, multi => fill(multi, queue)))
  }

  /** Runs something with the queue. @throws RedisError */
  run<T>(work: (client: Client, queue: RedisQueueBackend) => Promise<T>): Promise<T> {
    return this.#connection.run(async redis => {
      if (this.#opened?.of !== redis) this.#opened = { of: redis, backend: this.#open(redis) }
      const queue = await this.#opened.backend
      return await work(await queue.client, queue)
    })
  }

  /** Does so over a connection at hand. */
  async transactBy(client: Client, fill: (multi: Multi) => void): Promise<unknown[]> {
    const multi = client.multi()
    fill(multi)
    const results = await multi.exec()
    return (results ?? []).map(([error, result]) => {
      if (error) throw error
      return result as unknown
    })
  }

  /** Changes counters. */
  count(multi: Multi, counted: readonly Counted[]): void {
    const sums = new Map<string, number>()
    for (const [field, by] of counted) sums.set(field, (sums.get(field) ?? 0) + by)
    for (const [field, by] of sums) multi.runCommand('hincrby', [this.keyOf('tally'), field, by])
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
export function isRefusal(result: unknown): boolean {
  return typeof result === 'number' && result < 0
}
