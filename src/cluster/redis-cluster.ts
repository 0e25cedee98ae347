import { randomBytes } from 'node:crypto'
import type { Logger } from '../core/logger.ts'
import { decodeFrame, encodeFrame } from './bus-frame.ts'
import { RedisArbiter } from './redis-arbiter.ts'
import { type RedisConnection, releaseRedis, sharedRedis } from './redis-connection.ts'
import { RedisKeys } from './redis-keys.ts'
import { RedisPresence } from './redis-presence.ts'
import type { ClusterLink } from './shared-cluster.ts'
import type { Topics } from './topics.ts'
import { within } from './within.ts'

/** Most bytes that may be on the way to Redis; what is beyond is not sent. */
const MAX_ON_THE_WAY_BYTES = 64 * 1024 * 1024

/** How long a start waits to hear others. */
const FIRST_MS = 2_000

/** What processes tell each other as they come and go. */
const CHANGED = 'cluster.changed'

/** How this process joins others by a Redis. */
export interface RedisClusterOptions {
  readonly nodeId: string
  readonly url: string
  readonly prefix: string
}

type Client = Parameters<Parameters<RedisConnection['run']>[0]>[0]

/** What connects processes by a Redis: channels for messages, keys for all else. */
export class RedisLink implements ClusterLink {
  readonly arbiter: RedisArbiter
  readonly keys: RedisKeys
  readonly #options: RedisClusterOptions
  readonly #log: Logger
  readonly #topics: Topics
  readonly #presence: RedisPresence
  /** One process, though another one may have the same name. */
  readonly #sender: string
  #connection: RedisConnection | undefined
  #subscriber: Client | undefined
  #unlisten: () => void = () => {}
  #waitingBytes = 0
  #unsent = 0
  #isListening = Promise.withResolvers<void>()

  constructor(options: RedisClusterOptions, topics: Topics, log: Logger) {
    const { nodeId, prefix } = options
    const connection = (): RedisConnection => this.#open()
    this.#options = options
    this.#log = log
    this.#topics = topics
    this.#sender = `${nodeId}\n${randomBytes(6).toString('hex')}`
    this.arbiter = new RedisArbiter(this.#sender, prefix, connection)
    this.keys = new RedisKeys(prefix, connection, () => this.#connection?.isThere === true)
    this.#presence = new RedisPresence(this.#sender, prefix, connection, log)
  }

  get others(): readonly string[] {
    return this.#presence.others
  }

  /** Waits for Redis for a moment, and goes on without it. */
  async start(): Promise<void> {
    const connection = sharedRedis(this.#options.url, this.#log)
    this.#connection = connection
    this.#unlisten = connection.listen({
      cameBack: () => this.#onThere(),
      wentAway: () =>
        this.#log.warn({}, 'without Redis no task runs, nor what runs in one process of several'),
    })
    // Messages that come from the first look on are wanted.
    await connection.run(client => this.#subscribe(client)).catch(() => {})
    await within(FIRST_MS, this.#isListening.promise)
    this.#topics.subscribe(CHANGED, () => this.#presence.renew())
    await this.#presence.start()
    this.publish(CHANGED, Buffer.alloc(0))
  }

  async stop(): Promise<void> {
    const connection = this.#connection
    this.#connection = undefined
    this.#unlisten()
    await this.#presence.stop(connection)
    const frame = encodeFrame(this.#sender, CHANGED, Buffer.alloc(0))
    await connection?.run(client => client.publish(this.#channel(), frame)).catch(() => {})
    this.#subscriber?.disconnect()
    this.#subscriber?.stream?.destroy()
    this.#subscriber = undefined
    if (connection) await releaseRedis(connection)
  }

  publish(topic: string, message: Buffer): boolean {
    return this.#send(this.#channel(), topic, message)
  }

  sendTo(nodeId: string, topic: string, message: Buffer): boolean {
    return this.others.includes(nodeId) && this.#send(this.#channel(nodeId), topic, message)
  }

  #open(): RedisConnection {
    if (!this.#connection) throw new Error('this process is not, or no longer, connected to Redis')
    return this.#connection
  }

  #channel(nodeId?: string): string {
    const { prefix } = this.#options
    return nodeId === undefined ? `${prefix}:bus` : `${prefix}:bus:${nodeId}`
  }

  #send(channel: string, topic: string, message: Buffer): boolean {
    const connection = this.#connection
    if (!connection?.isThere || this.#waitingBytes + message.length > MAX_ON_THE_WAY_BYTES) {
      this.#unsent++
      return false
    }
    const frame = encodeFrame(this.#sender, topic, message)
    this.#waitingBytes += frame.length
    const sent = (): void => {
      this.#waitingBytes -= frame.length
    }
    connection
      .run(client => client.publish(channel, frame))
      .then(sent, () => {
        sent()
        this.#unsent++
      })
    return true
  }

  /** Redis is there, or there again: channels may have been lost without a sign. */
  #onThere(): void {
    if (this.#unsent > 0) {
      const text = `${this.#unsent} messages between processes were not sent while Redis was away`
      this.#log.warn({ unsent: this.#unsent }, text)
      this.#unsent = 0
    }
    if (this.#subscriber) this.#subscriber.disconnect(true)
    else this.#connection?.run(client => this.#subscribe(client)).catch(() => {})
    this.#presence.renew()
  }

  /** A connection that listens to channels can do nothing else. */
  async #subscribe(client: Client): Promise<void> {
    if (this.#subscriber) return
    const subscriber = client.duplicate({ autoResubscribe: false })
    this.#subscriber = subscriber
    // The shared connection says what is wrong with Redis.
    subscriber.on('error', () => {})
    subscriber.on('messageBuffer', (_channel: Buffer, frame: Buffer) => this.#arrived(frame))
    subscriber.on('ready', () => {
      subscriber.subscribe(this.#channel(), this.#channel(this.#options.nodeId)).then(
        () => this.#isListening.resolve(),
        () => subscriber.disconnect(true),
      )
    })
    await subscriber.connect()
  }

  #arrived(bytes: Buffer): void {
    const frame = decodeFrame(bytes)
    if (!frame || frame.sender === this.#sender) return
    this.#topics.deliver(frame.topic, frame.message, frame.sender.split('\n', 1)[0]!)
  }
}
