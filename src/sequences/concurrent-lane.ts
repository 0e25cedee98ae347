import type { Exchange, MessageContext } from '../core/context.ts'
import type { Pipeline } from '../core/ports.ts'
import type { MaybePromise } from '../core/step.ts'
import type { Concurrency } from '../websocket/options.ts'
import { exchange } from './exchange.ts'
import type { LaneSource } from './lane.ts'

/** From this many messages, or bytes of them, that wait for their key on, the source is paused. */
const MAX_WAITING = 1_024
const MAX_WAITING_BYTES = 1024 * 1024

interface Job {
  readonly ctx: MessageContext
  readonly hook: Pipeline
  /** How many came before it. */
  readonly number: number
  readonly bytes: number
  readonly key: string | undefined
  turn: PromiseWithResolvers<void> | undefined
}

/**
 * Lets several messages of one source run beside each other. Those with equal keys run one after another, and so does
 * what is no message: the beginning and the end of a session have all before them behind them, and nothing beside
 * them. While no more may start and one waits, or while too much waits for its key, the source is paused.
 */
export class ConcurrentLane {
  readonly #source: LaneSource
  readonly #concurrency: Concurrency
  /** What may start as soon as there is room, in the order it came. */
  #ready: Job[] = []
  /** What waits behind a job of equal key that is ready or under way; there is a list for each such key. */
  readonly #behind = new Map<string, Job[]>()
  /** What came behind an event that has not ended, that event included until it starts. */
  #held: Job[] = []
  /** All that has not ended, oldest first, where replies keep their order. */
  readonly #turns: Map<Exchange, Job> | undefined
  #count = 0
  #active = 0
  #isAlone = false
  #waiting = 0
  #waitingBytes = 0
  #isPaused = false
  #whenIdle: (() => void)[] = []

  constructor(source: LaneSource, concurrency: Concurrency) {
    this.#source = source
    this.#concurrency = concurrency
    this.#turns = concurrency.ordersReplies ? new Map() : undefined
  }

  /** Takes a message through a pipeline, as soon as it may start. */
  push(ctx: MessageContext, hook: Pipeline): void {
    const key = ctx.event === 'message' ? this.#concurrency.key?.(ctx) : undefined
    const bytes = ctx.frameData?.length ?? 0
    const job: Job = { ctx, hook, number: this.#count++, bytes, key, turn: undefined }
    this.#turns?.set(ctx.exchange, job)
    this.#waiting++
    this.#waitingBytes += bytes
    if (isEvent(job) || this.#held.length > 0) this.#held.push(job)
    else this.#admit(job)
    this.#fill()
  }

  get isIdle(): boolean {
    return this.#active === 0 && this.#waiting === 0
  }

  /** Resolves when nothing is under way. */
  idle(): Promise<void> {
    return this.isIdle ? Promise.resolve() : new Promise(resolve => this.#whenIdle.push(resolve))
  }

  /**
   * Waits until all that came before a message has ended, where replies keep their order. At once for what no message
   * of this lane is the cause of.
   */
  turnOf(ctx: MessageContext): MaybePromise<void> {
    const job = this.#turns?.get(ctx.exchange)
    if (!job || job === this.#oldest) return undefined
    job.turn ??= Promise.withResolvers()
    return job.turn.promise
  }

  /** Lets go of what has not started, and tells how many messages that were. */
  clear(): number {
    const waiting = [...this.#ready, ...this.#held, ...[...this.#behind.values()].flat()]
    for (const { key } of this.#ready) if (key !== undefined) this.#behind.delete(key)
    for (const queue of this.#behind.values()) queue.length = 0
    this.#ready = []
    this.#held = []
    this.#waiting = 0
    this.#waitingBytes = 0
    for (const { ctx } of waiting) this.#turns?.delete(ctx.exchange)
    this.#oldest?.turn?.resolve()
    this.#regulate()
    return waiting.length
  }

  get #oldest(): Job | undefined {
    return this.#turns?.values().next().value
  }

  /** Puts a message where it waits for its key, or for room. */
  #admit(job: Job): void {
    const { key } = job
    if (key !== undefined) {
      const queue = this.#behind.get(key)
      if (queue) {
        queue.push(job)
        return
      }
      this.#behind.set(key, [])
    }
    this.#ready.push(job)
  }

  #fill(): void {
    for (let job = this.#next(); job; job = this.#next()) this.#start(job)
    this.#regulate()
    if (this.isIdle) for (const resolve of this.#whenIdle.splice(0)) resolve()
  }

  #next(): Job | undefined {
    if (this.#isAlone || this.#active >= this.#concurrency.max) return undefined
    return this.#ready.shift() ?? this.#nextHeld()
  }

  #nextHeld(): Job | undefined {
    const [first] = this.#held
    if (!first) return undefined
    if (isEvent(first)) {
      if (this.#active > 0) return undefined
      this.#isAlone = true
      return this.#held.shift()
    }
    const end = this.#held.findIndex(isEvent)
    for (const job of this.#held.splice(0, end < 0 ? this.#held.length : end)) this.#admit(job)
    return this.#ready.shift()
  }

  #start(job: Job): void {
    this.#active++
    this.#waiting--
    this.#waitingBytes -= job.bytes
    const outcome = exchange(job.ctx, job.hook)
    if (!(outcome instanceof Promise)) {
      this.#end(job)
      return
    }
    // `exchange` never rejects.
    void outcome.then(() => {
      this.#end(job)
      this.#fill()
    })
  }

  #end({ ctx, key }: Job): void {
    this.#active--
    this.#isAlone = false
    if (key !== undefined) {
      const following = this.#behind.get(key)!.shift()
      if (following) this.#insert(following)
      else this.#behind.delete(key)
    }
    if (!this.#turns) return
    this.#turns.delete(ctx.exchange)
    this.#oldest?.turn?.resolve()
  }

  /** What came first starts first: the oldest is never kept from starting by those that wait for its end. */
  #insert(job: Job): void {
    const at = this.#ready.findIndex(({ number }) => number > job.number)
    if (at < 0) this.#ready.push(job)
    else this.#ready.splice(at, 0, job)
  }

  #regulate(): void {
    const isFull = this.#isAlone || this.#held.length > 0 || this.#active >= this.#concurrency.max
    const isTooMuch = this.#waiting >= MAX_WAITING || this.#waitingBytes >= MAX_WAITING_BYTES
    const pauses = this.#waiting > 0 && (isFull || isTooMuch)
    if (pauses === this.#isPaused) return
    this.#isPaused = pauses
    if (pauses) this.#source.pause()
    else this.#source.resume()
  }
}

function isEvent({ ctx: { event } }: Job): boolean {
  return event === 'open' || event === 'close'
}
