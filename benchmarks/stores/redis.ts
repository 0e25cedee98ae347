import { Job, Queue, Worker } from 'bullmq'
import { RedisStore } from '../../src/stores/redis-store.ts'
import { RedisServer } from '../../tests/support/redis.ts'
import { readRow } from './messages.ts'
import { QUIET } from './quiet-log.ts'
import type { StoreSubject } from './subject.ts'

/** The store in Redis, and BullMQ by itself: both on a Redis that writes to disk before it answers. */
export const redis: StoreSubject = {
  name: 'redis',

  async open() {
    const server = await RedisServer.start({ isDurable: true })
    const store = new RedisStore('bench', QUIET, { url: server.url, prefix: 'bench' })
    return {
      store,
      async [Symbol.asyncDispose]() {
        await store.stop()
        await server[Symbol.asyncDispose]()
      },
    }
  },

  async openEngine() {
    const server = await RedisServer.start({ isDurable: true })
    const connection = { host: '127.0.0.1', port: server.port, maxRetriesPerRequest: null }
    const queue = new Queue<{ data: string }>('bare', { connection })
    const worker = new Worker<{ data: string }>('bare', null, { connection, lockDuration: 600_000 })
    return {
      async add(rows) {
        await Promise.all(
          rows.map(row => queue.add('row', { data: row.toString() }, { removeOnComplete: true })),
        )
      },
      async removeOldest(count) {
        let removed = 0
        let job: Job<{ data: string }> | undefined = await worker.getNextJob('bare', { block: false })
        while (job) {
          // As a worker does: the next job comes with the answer.
          removed++
          readRow(Buffer.from(job.data.data))
          const next: Awaited<ReturnType<Job['moveToCompleted']>> = await job.moveToCompleted(
            '',
            'bare',
            removed < count,
          )
          job = next?.[0] && Job.fromJSON(worker, next[0], next[1])
        }
        return removed
      },
      async [Symbol.asyncDispose]() {
        await worker.close(true)
        await queue.close()
        await server[Symbol.asyncDispose]()
      },
    }
  },
}
