import type { RedisQueueBackend } from 'bullmq'
import { MAX_DEAD_LETTERS } from './memory-dead-letters.ts'
import type { Removal } from './readable-store.ts'
import { type Counted, isRefusal, type RedisQueue } from './redis-queue.ts'

/** BullMQ tries nothing again: that is for processors to do, in order. */
const ONCE = { attempts: 1 }

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

/** Takes messages of a queue, and lets go of them: each step is one transaction. */
export class RedisMoves {
  readonly #queue: RedisQueue

  constructor(queue: RedisQueue) {
    this.#queue = queue
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
    return await this.#queue.run(async (client, queue) => {
      let missing = wanted
      const telling =
        ended.length > 0
          ? this.#queue.transactBy(client, multi => {
              for (const end of ended) {
                const wantsNext = end.why === undefined && missing > 0
                if (wantsNext) missing--
                queue.execCommand(multi, 'moveToFinished', argumentsOf(queue, end, token, wantsNext))
              }
              this.#queue.count(
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
    await this.#queue.transact((multi, queue) => {
      const { active, wait, stalled, paused, meta, limiter, prioritized, marker, events } = queue.keys
      const keys = [active, wait, stalled, paused, meta, limiter, prioritized, marker, events]
      for (const { id, token, isUnseen } of taken.toReversed()) {
        const key = queue.toKey(id)
        queue.execCommand(multi, 'moveJobFromActiveToWait', [...keys, id, token, key])
        if (isUnseen) multi.runCommand('hincrby', [key, 'ats', -1])
      }
      if (counted) this.#queue.count(multi, [counted])
    })
  }

  /** Lets go of one whose token is another's by now, or nobody's; false where somebody works on it, or it is gone. */
  async discard(id: string): Promise<boolean> {
    return await this.#queue.run(async (_, queue) => {
      const job = await queue.getJobData(id)
      return job !== undefined && (await queue.remove(id, false)) === 1
    })
  }

  /** The ones that are taken, the oldest first, each with its token; `0`, which fits all, where that is not known. */
  async taken(): Promise<{ readonly id: string; readonly token: string }[]> {
    const ids = await this.#queue.run((client, queue) => client.lrange(queue.toKey('active'), 0, -1))
    if (ids.length === 0) return []
    const [tokens] = (await this.#queue.transact((multi, queue) => {
      multi.runCommand(
        'mget',
        ids.map(id => `${queue.toKey(id)}:lock`),
      )
    })) as [(string | null)[]]
    return ids.map((id, index) => ({ id, token: tokens[index] ?? '0' })).reverse()
  }
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
