import { type RedisConnection, releaseRedis, sharedRedis } from '../cluster/redis-connection.ts'
import { RedisError } from '../cluster/redis-error.ts'
import type { MessageContext } from '../core/context.ts'
import type { Logger } from '../core/logger.ts'
import type { MessageNumber } from '../core/ports.ts'
import type { Resource } from '../language/declare.ts'
import type { Failure, ReadableStore, Removal, StoreTally } from './readable-store.ts'
import { jobId, RedisDeadLetters, writeReason } from './redis-dead-letters.ts'
import { RedisNumbered } from './redis-numbered.ts'
import { RedisPuts } from './redis-puts.ts'
import { RedisQueue } from './redis-queue.ts'
import { writeData } from './redis-record.ts'
import { RedisTaking } from './redis-taking.ts'
import { RedisTally } from './redis-tally.ts'
import { storeFault } from './store-fault.ts'
import { StoredMessage } from './stored-message.ts'
import { encodeStored } from './stored-record.ts'

/** Where a store is kept. */
export interface RedisStoreOptions {
  readonly url: string
  /** What the names of all its keys begin with. */
  readonly prefix: string
}

/**
 * Messages in Redis, in order, for all processes that have the same one. As safe as Redis is: it must write to disk
 * what it is told. One process at a time takes messages; when it is gone, what it had in its hands goes first.
 */
export class RedisStore implements ReadableStore, Resource {
  readonly name: string
  readonly kind = 'redis'
  readonly deadLetters: RedisDeadLetters
  readonly numbered: RedisNumbered
  readonly #log: Logger
  readonly #connection: RedisConnection
  readonly #tally: RedisTally
  readonly #puts: RedisPuts
  readonly #taking: RedisTaking
  readonly #forgetConnection: () => void
  #count = 0
  #isStopped = false

  constructor(name: string, log: Logger, { url, prefix }: RedisStoreOptions) {
    this.name = name
    this.#log = log
    this.#connection = sharedRedis(url, log)
    const queue = new RedisQueue(this.#connection, name, prefix)
    this.#tally = new RedisTally(queue)
    this.#puts = new RedisPuts(queue, name)
    this.#taking = new RedisTaking(name, log, queue, this.#connection)
    this.deadLetters = new RedisDeadLetters(queue, work => this.#guard(work))
    this.numbered = new RedisNumbered(
      queue,
      async (ctx, number) => (await this.#put(ctx, number)) ?? 0,
      work => this.#guard(work),
    )
    this.#forgetConnection = this.#connection.listen({
      cameBack: () => this.#warn(),
      wentAway: () => this.#taking.doubt(),
    })
  }

  /** Most messages it may hold, for what this process puts in. */
  set maxMessages(most: number) {
    this.#puts.maxMessages = most
  }

  start(): void {
    // Whoever needs it before it is there is told so, and the log tells when it is not.
    this.#connection.open().catch(() => {})
  }

  /**
   * Resolves when Redis has the message.
   * @throws Fault 306000 when Redis is away, or goes away meanwhile, within two seconds: then it may have it all the same
   */
  async put(ctx: MessageContext): Promise<void> {
    await this.#put(ctx)
  }

  async size(): Promise<number> {
    const { taken, waiting } = await this.#guard(this.#tally.size())
    return taken + waiting
  }

  tally(): Promise<StoreTally> {
    return this.#guard(this.#tally.read())
  }

  /** Gives undefined as well while another process takes messages. @throws Fault 306000 when Redis is away */
  async take(): Promise<StoredMessage | undefined> {
    return this.#isStopped ? undefined : await this.#guard(this.#taking.take())
  }

  release(message: StoredMessage): void {
    this.#taking.release(message)
  }

  /** @throws Fault 306000 when Redis is away; it is told as soon as it is back, before anything else is taken */
  remove(message: StoredMessage, as: Removal): Promise<void> {
    return this.#guard(this.#taking.end(message, { as }))
  }

  /** @throws Fault 306000 when Redis is away; it is told as soon as it is back, before anything else is taken */
  bury(message: StoredMessage, why: Failure): Promise<void> {
    return this.#guard(this.#taking.end(message, { as: 'died', why: writeReason(why) }))
  }

  async leave(): Promise<void> {
    if (!this.#isStopped) await this.#taking.leave()
  }

  async stop(): Promise<void> {
    if (this.#isStopped) return
    this.#isStopped = true
    await this.#puts.settled()
    await this.#taking.stop()
    this.#forgetConnection()
    await releaseRedis(this.#connection)
  }

  #put(ctx: MessageContext, number?: MessageNumber): Promise<number | undefined> {
    const message = StoredMessage.of(ctx)
    const id = jobId(message.id, `${this.#taking.holder.slice(-8)}${(this.#count++).toString(36)}`)
    return this.#guard(this.#puts.put(id, writeData(encodeStored(message, this.#log)), number))
  }

  #warn(): void {
    if (this.#connection.facts?.isAppendOnly) return
    this.#log.warn(
      { store: this.name },
      `message store ${this.name}: Redis at ${this.#connection.address.place} does not write to disk what it is told: set its appendonly to yes`,
    )
  }

  async #guard<T>(work: Promise<T>): Promise<T> {
    try {
      return await work
    } catch (error) {
      if (!(error instanceof RedisError)) throw error
      throw storeFault(`message store ${this.name} cannot be used: ${error.message}`)
    }
  }
}
