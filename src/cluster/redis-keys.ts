import type { SharedKeys } from '../core/cluster.ts'
import type { RedisConnection } from './redis-connection.ts'
import { RedisScript } from './redis-script.ts'

// A counter without an end, however it came about, gets one.
const COUNT = new RedisScript(`
local count = redis.call('INCR', KEYS[1])
local left = redis.call('PTTL', KEYS[1])
if left < 0 then
  redis.call('PEXPIRE', KEYS[1], ARGV[1])
  left = tonumber(ARGV[1])
end
return {count, left}`)

/** Values in Redis. */
export class RedisKeys implements SharedKeys {
  readonly #prefix: string
  readonly #connection: () => RedisConnection

  readonly #isThere: () => boolean

  constructor(prefix: string, connection: () => RedisConnection, isThere: () => boolean) {
    this.#prefix = prefix
    this.#connection = connection
    this.#isThere = isThere
  }

  get isThere(): boolean {
    return this.#isThere()
  }

  async get(key: string): Promise<Buffer | undefined> {
    return (await this.#connection().run(client => client.getBuffer(this.#of(key)))) ?? undefined
  }

  async set(key: string, value: Buffer, ttlMs: number): Promise<void> {
    const untilMs = Math.max(1, Math.round(ttlMs))
    await this.#connection().run(client => client.set(this.#of(key), value, 'PX', untilMs))
  }

  async delete(key: string): Promise<void> {
    await this.#connection().run(client => client.del(this.#of(key)))
  }

  async count(key: string, windowMs: number): Promise<{ count: number; leftMs: number }> {
    const window = Math.max(1, Math.round(windowMs))
    const answer = await COUNT.run(this.#connection(), this.#of(key), window)
    const [count, leftMs] = answer as [number, number]
    return { count, leftMs }
  }

  #of(key: string): string {
    return `${this.#prefix}:key:${key}`
  }
}
