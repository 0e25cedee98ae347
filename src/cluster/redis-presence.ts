import type { Logger } from '../core/logger.ts'
import type { RedisConnection } from './redis-connection.ts'
import { RedisScript } from './redis-script.ts'

/** How often a process says that it is there, and how long that holds. */
const BEAT_MS = 1_000
const HOLDS_MS = 3_000

/** How many times in a row another process of the same name is seen before it is one: the last one's mark may stay. */
const TWICE = 5

const BEAT = new RedisScript(`
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
redis.call('PEXPIRE', KEYS[1], ARGV[2] * 2)
return redis.call('ZRANGE', KEYS[1], 0, -1)`)

/** Tells which processes are there: each says so every second, and is gone three seconds after the last time. */
export class RedisPresence {
  readonly #sender: string
  readonly #key: string
  readonly #connection: () => RedisConnection
  readonly #log: Logger
  #others: readonly string[] = []
  #timer: NodeJS.Timeout | undefined
  #lastMs = 0
  #namesakes = 0

  /** The sender is the name of this process, and what tells it from another one of that name, on a line of its own. */
  constructor(sender: string, prefix: string, connection: () => RedisConnection, log: Logger) {
    this.#sender = sender
    this.#key = `${prefix}:nodes`
    this.#connection = connection
    this.#log = log
  }

  /** Names of the other processes that are there. */
  get others(): readonly string[] {
    return this.#others
  }

  async start(): Promise<void> {
    this.#timer = setInterval(() => this.renew(), BEAT_MS)
    await this.#beat()
  }

  /** Says that this process is there. */
  renew(): void {
    void this.#beat()
  }

  /** Says that it leaves. */
  async stop(connection: RedisConnection | undefined): Promise<void> {
    clearInterval(this.#timer)
    this.#timer = undefined
    this.#others = []
    await connection?.run(client => client.zrem(this.#key, this.#sender)).catch(() => {})
  }

  async #beat(): Promise<void> {
    try {
      const all = (await BEAT.run(this.#connection(), this.#key, this.#sender, HOLDS_MS)) as string[]
      if (this.#timer === undefined) return
      this.#lastMs = performance.now()
      const others = all.filter(sender => sender !== this.#sender).map(sender => sender.split('\n', 1)[0]!)
      this.#others = others
      this.#watchForNamesake(others)
    } catch {
      if (performance.now() - this.#lastMs > HOLDS_MS) this.#others = []
    }
  }

  #watchForNamesake(others: readonly string[]): void {
    const nodeId = this.#sender.split('\n', 1)[0]!
    this.#namesakes = others.includes(nodeId) ? this.#namesakes + 1 : 0
    if (this.#namesakes !== TWICE) return
    const text = `another process is called ${nodeId} too; give each its own name by the setting myelin.node_id`
    this.#log.error({ nodeId }, text)
  }
}
