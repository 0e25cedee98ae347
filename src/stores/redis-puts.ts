import type { MessageNumber } from '../core/ports.ts'
import { addTo } from './redis-additions.ts'
import type { RedisQueue } from './redis-queue.ts'
import { fullFault, storeFault } from './store-fault.ts'

/** Most messages that are sent together: more would hold up what others have to say to Redis. */
const MAX_BATCH = 200
const MAX_BATCH_CHARS = 1_000_000

/** Most characters that wait for an answer: what Redis is too slow for is refused instead of kept. */
const MAX_PENDING_CHARS = 64_000_000

interface Put {
  readonly id: string
  readonly data: string
  readonly number: MessageNumber | undefined
  readonly done: (last: number | undefined) => void
  readonly failed: (error: unknown) => void
}

/** Sends what is put into a store at about the same time together, in order. */
export class RedisPuts {
  /** How many messages the store may hold. */
  maxMessages = Infinity
  readonly #queue: RedisQueue
  readonly #name: string
  #waiting: Put[] = []
  #pendingChars = 0
  readonly #underway = new Set<Promise<void>>()

  constructor(queue: RedisQueue, name: string) {
    this.#queue = queue
    this.#name = name
  }

  /**
   * Resolves when Redis has it, or has left it out since its number is not the next one of its sender; with the last
   * number of that. @throws RedisError while Redis is away. @throws Fault when too much waits already
   */
  put(id: string, data: string, number?: MessageNumber): Promise<number | undefined> {
    // A message of any size goes when nothing else does.
    if (this.#pendingChars > 0 && this.#pendingChars + data.length > MAX_PENDING_CHARS)
      throw storeFault(`message store ${this.#name}: Redis is too slow for what is put in`, 1_000)
    this.#pendingChars += data.length
    return new Promise((done, failed) => {
      if (this.#waiting.push({ id, data, number, done, failed }) > 1) return
      // The first one goes alone; those that come while it is under way go together.
      if (this.#underway.size === 0) this.#send()
      else setImmediate(() => this.#send())
    })
  }

  /** Resolves when nothing waits for an answer any more. */
  async settled(): Promise<void> {
    while (this.#waiting.length > 0 || this.#underway.size > 0) {
      this.#send()
      await Promise.all(this.#underway)
    }
  }

  #send(): void {
    const all = this.#waiting
    this.#waiting = []
    let batch: Put[] = []
    let chars = 0
    for (const put of all) {
      if (batch.length > 0 && (batch.length === MAX_BATCH || chars + put.data.length > MAX_BATCH_CHARS)) {
        this.#sendBatch(batch, chars)
        batch = []
        chars = 0
      }
      batch.push(put)
      chars += put.data.length
    }
    if (batch.length > 0) this.#sendBatch(batch, chars)
  }

  #sendBatch(batch: readonly Put[], chars: number): void {
    const sent = addTo(this.#queue, batch, this.maxMessages)
      .then(
        lasts => {
          for (const [index, { done, failed }] of batch.entries()) {
            const last = lasts[index]
            if (last === 'full') failed(fullFault(this.#name, this.maxMessages))
            else done(last)
          }
        },
        error => {
          for (const { failed } of batch) failed(error)
        },
      )
      .then(() => {
        this.#pendingChars -= chars
        this.#underway.delete(sent)
      })
    this.#underway.add(sent)
  }
}
