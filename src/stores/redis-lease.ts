import type { RedisConnection } from '../cluster/redis-connection.ts'
import { holderName, isGone } from './redis-holder.ts'

/** How long after the last sign of life of a process another one may take its messages, in milliseconds. */
export const LEASE_MS = 5_000

/** What is taken this shortly before its end could come to Redis after it, in milliseconds. */
const MARGIN_MS = 1_000

/** A process that takes nothing for this long lets others do so, in milliseconds. */
const IDLE_MS = 3_000

/** Gives whether it is held by another (0, with its name), still by this one (1), or by this one from now on (2). */
const HOLD = `
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] and holder ~= ARGV[3] then return {0, holder} end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return {holder == ARGV[1] and 1 or 2, ''}`

const RELEASE = `
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0`

/** Who has a lease. */
export interface LeaseUser {
  /** Whether it must be kept although nothing is taken: there are messages in hand. */
  readonly isBusy: boolean
  /** Called when it is this process's anew, or may have been another's meanwhile, before anything is taken. */
  taken(): Promise<void>
  /** Called now and then with how long nothing was taken, in milliseconds. */
  idles(idleMs: number): void
}

/**
 * The right to take messages from a store, which one process has at a time: that keeps them in order. It is renewed
 * while the process uses it, and ends by itself when the process does not: at once where that is known to be gone.
 */
export class RedisLease {
  /** Marks the messages that this process works on. */
  readonly holder = holderName()
  readonly #connection: RedisConnection
  readonly #key: string
  readonly #user: LeaseUser
  #until = 0
  #usedAt = 0
  #timer: NodeJS.Timeout | undefined

  constructor(connection: RedisConnection, key: string, user: LeaseUser) {
    this.#connection = connection
    this.#key = key
    this.#user = user
  }

  /** Whether this process has it for some time to come, as far as is known. */
  get isHeld(): boolean {
    return this.#until - MARGIN_MS > performance.now()
  }

  /** Gives whether this process has it, or could have it now. Called once at a time. @throws RedisError */
  async hold(): Promise<boolean> {
    this.use()
    if (this.isHeld) return true
    const askedAt = performance.now()
    const answer = await this.#ask()
    this.#timer ??= setInterval(() => void this.#renew(), LEASE_MS / 4).unref()
    if (answer === 0) return false
    if (answer === 2 || this.#until === 0) await this.#user.taken()
    this.#until = askedAt + LEASE_MS
    return true
  }

  /** Says that something was taken. */
  use(): void {
    this.#usedAt = performance.now()
  }

  /** Has the next one ask again: what was known may be outdated. */
  doubt(): void {
    this.#until = 0
  }

  /** Gives it back, for another process to have it at once. */
  async release(): Promise<void> {
    clearInterval(this.#timer)
    this.#timer = undefined
    this.#until = 0
    if (!this.#connection.isThere) return
    await this.#connection.run(client => client.eval(RELEASE, 1, this.#key, this.holder)).catch(() => {})
  }

  async #renew(): Promise<void> {
    const now = performance.now()
    const idleMs = now - this.#usedAt
    this.#user.idles(idleMs)
    // Somebody else may want it.
    if (!this.#user.isBusy && idleMs > IDLE_MS) return await this.release()
    // Where it is not this process's any more, or was not for a moment, the next one who wants it finds out.
    if (this.#until === 0 || !this.#connection.isThere) return
    const answer = await this.#ask().catch(() => 0)
    this.#until = answer === 1 && this.#until !== 0 ? now + LEASE_MS : 0
  }

  async #ask(): Promise<number> {
    const [answer, other] = await this.#send('')
    return answer === 0 && isGone(other) ? (await this.#send(other))[0] : answer
  }

  #send(instead: string): Promise<[number, string]> {
    return this.#connection.run(
      client => client.eval(HOLD, 1, this.#key, this.holder, LEASE_MS, instead) as Promise<[number, string]>,
    )
  }
}
