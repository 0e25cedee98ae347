import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Redis } from 'ioredis'
import type { Logger } from '../core/logger.ts'
import { RedisAddress } from './redis-address.ts'
import { RedisError, translated } from './redis-error.ts'
import { checkServer, type ServerFacts } from './redis-server.ts'

/** How often Redis is asked whether it is there, in milliseconds. */
const WATCH_MS = 300

/** How long it may take to answer that before it is taken for gone, in milliseconds. */
const SILENCE_MS = 1_200

/** How long a first command waits for the first connection, in milliseconds. */
const FIRST_MS = 2_000

/** No command waits longer than this, whatever happens, in milliseconds. */
const COMMAND_MS = 5_000

/** Longest pause between two attempts to connect, in milliseconds; up to half of it is chance. */
const MAX_RETRY_MS = 1_000

/** Hears that Redis came, with what is known of it, or went. */
export interface RedisListener {
  cameBack?(): void
  wentAway?(): void
}

/**
 * A connection to Redis that is made again for ever. Nothing waits in it: while Redis is away commands fail at once,
 * and those under way when it goes fail within two seconds, so that whoever called can say so. One that answers
 * nothing, though its connection stands, counts as away too.
 */
export class RedisConnection {
  readonly address: RedisAddress
  readonly #log: Logger
  readonly #listeners = new Set<RedisListener>()
  #client: Redis | undefined
  #loading: Promise<Redis> | undefined
  #facts: ServerFacts | undefined
  #first = Promise.withResolvers<void>()
  #awaySince: number | undefined
  #reason = 'it was not asked yet'
  #watch: NodeJS.Timeout | undefined
  /** The watch that waits for its answer. */
  #asked: NodeJS.Timeout | undefined
  /** What Redis calls the connection. */
  #id: number | undefined
  #isEnded = false

  /** Makes none yet: that is done for the first command. @throws RedisError when the URL is none of a Redis */
  constructor(url: string, log: Logger) {
    this.address = new RedisAddress(url)
    this.#log = log
  }

  /** Whether it answered when it was last asked. */
  get isThere(): boolean {
    return this.#facts !== undefined
  }

  /** What is known of the server; undefined while it is away. */
  get facts(): ServerFacts | undefined {
    return this.#facts
  }

  /** Tells somebody about its coming and going; what this gives ends it. */
  listen(listener: RedisListener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /**
   * Runs commands. @throws RedisError when Redis is away, at once, goes away meanwhile, within two seconds, or refuses
   * one of them
   */
  async run<T>(work: (client: Redis) => Promise<T>): Promise<T> {
    if (!this.#client || !this.#facts) await this.open()
    try {
      return await work(this.#client!)
    } catch (error) {
      throw translated(error, this.address)
    }
  }

  /** Connects when that was not done yet. @throws RedisError while Redis is away */
  async open(): Promise<void> {
    if (this.#isEnded) throw this.#away()
    this.#loading ??= this.#load()
    await this.#loading
    if (this.#awaySince === undefined && !this.#facts) await this.#first.promise
    if (!this.#facts) throw this.#away()
  }

  /** Ends it for good. Commands under way fail. */
  async close(): Promise<void> {
    if (this.#isEnded) return
    this.#isEnded = true
    clearInterval(this.#watch)
    this.#first.resolve()
    const client = await this.#loading?.catch(() => undefined)
    this.#facts = undefined
    this.#listeners.clear()
    client?.disconnect()
    client?.stream?.destroy()
  }

  /** Loads the library with the first connection: a gateway without Redis never does. */
  async #load(): Promise<Redis> {
    const { Redis } = await import('ioredis')
    const client = new Redis({
      ...this.address.options,
      lazyConnect: true,
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      // Commands under way fail when the connection closes, instead of with their time.
      maxRetriesPerRequest: 0,
      commandTimeout: COMMAND_MS,
      connectTimeout: COMMAND_MS,
      maxLoadingRetryTime: MAX_RETRY_MS,
      retryStrategy: times => retryAfter(times),
    })
    this.#client = client
    client.on('error', (error: Error) => {
      this.#reason = error.message
    })
    client.on('close', () => this.#went())
    client.on('ready', () => void this.#came(client))
    if (this.#isEnded) return client
    // What becomes of it is heard by its events.
    client.connect().catch(() => {})
    const timer = setTimeout(() => {
      this.#reason = `it did not answer within ${FIRST_MS} ms`
      this.#went()
    }, FIRST_MS)
    void this.#first.promise.then(() => clearTimeout(timer))
    this.#watch = setInterval(() => void this.#ask(client), WATCH_MS).unref()
    return client
  }

  async #came(client: Redis): Promise<void> {
    try {
      // What the connection before this one sent, and Redis has not read yet, was reported as failed: it is not to be
      // done after all, and not after what is sent from now on.
      if (this.#id !== undefined) await client.client('KILL', 'ID', this.#id).catch(() => {})
      const facts = await checkServer(client, this.address)
      this.#id = await client.client('ID')
      if (this.#isEnded || client.status !== 'ready') return
      this.#facts = facts
    } catch (error) {
      this.#reason = translated(error, this.address).message
      client.disconnect(true)
      return
    }
    const { address } = this
    const fields = { redis: address.place, version: this.#facts.version }
    if (this.#awaySince === undefined) this.#log.info(fields, `Redis at ${address.place} is there`)
    else this.#log.info(fields, `Redis at ${address.place} is back after ${secondsSince(this.#awaySince)} s`)
    if (this.#facts.warning) this.#log.warn(fields, this.#facts.warning)
    this.#awaySince = undefined
    this.#reason = 'it closed the connection'
    this.#first.resolve()
    for (const listener of this.#listeners) listener.cameBack?.()
  }

  #went(): void {
    this.#facts = undefined
    if (this.#awaySince !== undefined || this.#isEnded) return
    this.#awaySince = Date.now()
    this.#log.error(
      { redis: this.address.place, reason: this.#reason },
      `Redis at ${this.address.place} is away since ${new Date(this.#awaySince).toISOString()}: ${this.#reason}`,
    )
    this.#first.resolve()
    for (const listener of this.#listeners) listener.wentAway?.()
  }

  /** Finds out about a Redis that holds its connections and answers nothing. */
  async #ask(client: Redis): Promise<void> {
    if (client.status !== 'ready' || this.#asked !== undefined) return
    const { stream } = client
    const timer = setTimeout(async () => {
      // A timer that is late because this process was busy comes before what has arrived meanwhile.
      await nextTurn()
      if (this.#asked !== timer) return
      this.#reason = `it answers nothing for ${SILENCE_MS} ms`
      stream.destroy()
    }, SILENCE_MS)
    this.#asked = timer
    // A ping that fails has the connection closed anyway.
    await client.ping().catch(() => {})
    clearTimeout(timer)
    this.#asked = undefined
  }

  #away(): RedisError {
    const since = this.#awaySince
    const text = since === undefined ? 'is not connected' : `is away since ${secondsSince(since)} s`
    return new RedisError('away', `Redis at ${this.address.place} ${text}: ${this.#reason}`)
  }
}

function retryAfter(times: number): number {
  const longest = Math.min(50 * 2 ** Math.min(times, 10), MAX_RETRY_MS)
  return longest / 2 + Math.random() * (longest / 2)
}

function secondsSince(moment: number): string {
  return ((Date.now() - moment) / 1_000).toFixed(1)
}

const SHARED = new Map<string, { connection: RedisConnection; users: number }>()

/** Gives the connection that everything in this process shares for commands that do not block. */
export function sharedRedis(url: string, log: Logger): RedisConnection {
  const shared = SHARED.get(url) ?? { connection: new RedisConnection(url, log), users: 0 }
  shared.users++
  SHARED.set(url, shared)
  return shared.connection
}

/** Gives it back; the last one to do so closes it. */
export async function releaseRedis(connection: RedisConnection): Promise<void> {
  for (const [url, shared] of SHARED) {
    if (shared.connection !== connection || --shared.users > 0) continue
    SHARED.delete(url)
    await connection.close()
  }
}
