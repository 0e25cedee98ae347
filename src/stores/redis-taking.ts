import type { RedisConnection } from '../cluster/redis-connection.ts'
import type { Logger } from '../core/logger.ts'
import type { Removal } from './readable-store.ts'
import { RedisLease } from './redis-lease.ts'
import { type Ended, type QueuedMessage, RedisMoves } from './redis-moves.ts'
import type { RedisQueue } from './redis-queue.ts'
import { readData } from './redis-record.ts'
import { RedisTally } from './redis-tally.ts'
import type { StoredMessage } from './stored-message.ts'

/** Most messages that are fetched before somebody asks for them. */
const MAX_AHEAD = 32

/** Most messages whose end is told in one transaction. */
const MAX_TOLD = 100

/** Who comes back this soon for the next message is given it without a way to Redis, in milliseconds. */
const SOON_MS = 250

/** Messages nobody came for are put back after this long, in milliseconds. */
const UNWANTED_MS = 1_000

/** How the work on a message ended. */
export type Ending = { readonly as: Removal } | { readonly as: 'died'; readonly why: string }

/** A message this process has taken. */
interface Taken {
  readonly id: string
  /** Its place among those that were taken. */
  readonly place: number
  readonly message: StoredMessage
  /** Whether somebody got it. */
  isSeen: boolean
  /** Set when it is through; it stays in hand until Redis knows. */
  ending?: Ending
}

interface Waiter<T> {
  done(value: T): void
  failed(error: unknown): void
}

/**
 * The messages of a store that this process has taken: handed out, or fetched ahead for one who takes them quickly.
 * One thing at a time is asked of Redis; what comes up meanwhile goes together with the next.
 */
export class RedisTaking {
  readonly #name: string
  readonly #log: Logger
  readonly #moves: RedisMoves
  readonly #tally: RedisTally
  readonly #lease: RedisLease
  readonly #inHand = new Map<StoredMessage, Taken>()
  /** Fetched, or given back, and not in anybody's hands; the first in front. */
  #ready: Taken[] = []
  /** Whether nobody comes for those that are ready. */
  #isUnwanted = false
  #takers: Waiter<StoredMessage | undefined>[] = []
  #ended: (Waiter<void> & { readonly taken: Taken; readonly ending: Ending })[] = []
  #work: Promise<void> | undefined
  #places = 0
  #ahead = 0
  #servedAt = 0

  constructor(name: string, log: Logger, queue: RedisQueue, connection: RedisConnection) {
    this.#name = name
    this.#log = log
    this.#moves = new RedisMoves(queue)
    this.#tally = new RedisTally(queue)
    const isBusy = (): boolean => this.#inHand.size > 0 || this.#ready.length > 0
    this.#lease = new RedisLease(connection, queue.keyOf('taker'), {
      get isBusy() {
        return isBusy()
      },
      taken: () => this.#recover(),
      idles: idleMs => this.#idles(idleMs),
    })
  }

  /** Names this process among those that take. */
  get holder(): string {
    return this.#lease.holder
  }

  /** Takes the next message; undefined as well while another process takes them. @throws RedisError */
  take(): Promise<StoredMessage | undefined> {
    return new Promise((done, failed) => {
      this.#takers.push({ done, failed })
      if (this.#lease.isHeld) this.#serve()
      this.#start()
    })
  }

  /** Puts a message back in its place: the next one who asks gets it, or it goes back when nobody does. */
  release(message: StoredMessage): void {
    const taken = this.#inHand.get(message)
    if (!taken || taken.ending) return
    this.#inHand.delete(message)
    message.handOuts++
    const index = this.#ready.findIndex(({ place }) => place > taken.place)
    this.#ready.splice(index < 0 ? this.#ready.length : index, 0, taken)
  }

  /** Resolves when Redis knows how the work on a message ended. @throws RedisError */
  end(message: StoredMessage, ending: Ending): Promise<void> {
    const taken = this.#inHand.get(message)
    if (!taken) return Promise.resolve()
    taken.ending = ending
    return new Promise((done, failed) => {
      this.#ended.push({ taken, ending, done, failed })
      this.#start()
    })
  }

  /** Has the next one who takes make sure first that this process still may. */
  doubt(): void {
    this.#lease.doubt()
  }

  /** Lets another process take, where nothing is in anybody's hands here. */
  async leave(): Promise<void> {
    this.#isUnwanted = this.#ready.length > 0
    this.#ahead = 0
    this.#start()
    await this.#work
    if (this.#takers.length === 0 && this.#inHand.size === 0 && this.#ready.length === 0)
      await this.#lease.release()
  }

  /** Puts back what is not through, and lets another process take. What is in hand may come again. */
  async stop(): Promise<void> {
    await this.#work
    const open = [...this.#inHand.values()].filter(({ ending }) => !ending)
    const rest = [...open, ...this.#ready].sort((a, b) => a.place - b.place)
    this.#inHand.clear()
    this.#ready = []
    await this.#putBack(rest, open.length).catch(() => {})
    await this.#lease.release()
  }

  #start(): void {
    if (this.#takers.length === 0 && this.#ended.length === 0 && !this.#isUnwanted) return
    this.#work ??= this.#run().finally(() => {
      this.#work = undefined
      this.#start()
    })
  }

  async #run(): Promise<void> {
    // Others of the same turn come along.
    await new Promise(setImmediate)
    while (this.#takers.length > 0 || this.#ended.length > 0 || this.#isUnwanted) await this.#once()
  }

  async #once(): Promise<void> {
    const asking = this.#takers.slice()
    const told = this.#ended.splice(0, MAX_TOLD)
    try {
      const isMine = asking.length > 0 ? await this.#lease.hold() : this.#lease.isHeld
      if (isMine) this.#serve()
      else this.#ready = []
      if (this.#isUnwanted) await this.#return()
      const wanted = isMine ? this.#wanted() : 0
      const ended = told.filter(({ taken }) => this.#inHand.has(taken.message)).map(readEnded)
      const { refused, found } = await this.#moves.goOn(ended, wanted, this.holder)
      this.#accept(found)
      for (const end of ended) if (!refused.includes(end)) this.#forget(end.id)
      for (const end of refused) await this.#settle(end)
      for (const { done } of told) done()
      if (found.length < wanted) this.#ahead = 0
      this.#serve()
      if (isMine && this.#takers.includes(asking[0]!)) await this.#lookForLost()
    } catch (error) {
      // What has been done of it is not known.
      this.#lease.doubt()
      for (const { failed } of told) failed(error)
      for (const { failed } of this.#leave(asking)) failed(error)
      return
    }
    for (const { done } of this.#leave(asking)) done(undefined)
  }

  /** Gives what is ready to those who ask. */
  #serve(): void {
    while (this.#takers.length > 0 && this.#ready.length > 0) {
      const taken = this.#ready.shift()!
      this.#inHand.set(taken.message, taken)
      taken.isSeen = true
      this.#servedAt = performance.now()
      this.#lease.use()
      this.#takers.shift()!.done(taken.message)
    }
  }

  /** The ones who still wait, who do so no longer. */
  #leave(asking: readonly Waiter<StoredMessage | undefined>[]): Waiter<StoredMessage | undefined>[] {
    const still = this.#takers.filter(taker => asking.includes(taker))
    this.#takers = this.#takers.filter(taker => !asking.includes(taker))
    return still
  }

  /** How many messages are to be fetched. */
  #wanted(): number {
    const isHungry = this.#takers.length > 0 && performance.now() - this.#servedAt < SOON_MS
    if (isHungry) this.#ahead = Math.min(MAX_AHEAD, Math.max(1, this.#ahead * 2))
    return Math.max(0, this.#takers.length + this.#ahead - this.#ready.length)
  }

  #accept(found: readonly QueuedMessage[]): void {
    for (const { id, data, handOuts } of found) {
      // One that cannot be read stops the store where it is, and is kept: a newer version may know it.
      const message = readData(data)
      message.handOuts += handOuts
      this.#ready.push({ id, place: this.#places++, message, isSeen: false })
    }
  }

  #forget(id: string): void {
    for (const taken of this.#inHand.values()) if (taken.id === id) this.#inHand.delete(taken.message)
  }

  /**
   * Deals with a message Redis does not know as taken by this process: it was told before, or the process was taken
   * for gone and another one has the message. Then what becomes of it there decides.
   */
  async #settle({ id, as }: Ended): Promise<void> {
    if (as === 'died' || !(await this.#moves.discard(id))) await this.#tally.add(as, -1)
    this.#forget(id)
  }

  /** Brings what Redis knows in line with what there is, before this process takes its first message. */
  async #recover(): Promise<void> {
    const untold = [...this.#inHand.values()].filter(({ ending }) => ending)
    const ended = untold.map(taken => readEnded({ taken, ending: taken.ending! }))
    const { refused } = await this.#moves.goOn(ended, 0, this.holder)
    for (const end of ended) if (!refused.includes(end)) this.#forget(end.id)
    for (const end of refused) await this.#settle(end)

    const taken = await this.#moves.taken()
    const mine = new Set(taken.filter(({ token }) => token === this.holder).map(({ id }) => id))
    this.#ready = this.#ready.filter(({ id }) => mine.has(id))
    const known = new Set([...this.#inHand.values(), ...this.#ready].map(({ id }) => id))
    const lost = taken
      .filter(({ id }) => !known.has(id))
      .map(({ id, token }) => ({ id, token, isUnseen: token === this.holder }))
    const again = lost.filter(({ isUnseen }) => !isUnseen).length
    await this.#moves.putBack(lost, again > 0 ? ['redelivered', again] : undefined)
    if (again > 0) this.#warn(again, 'messages come again, for the process that had them is gone')
    const wrong = await this.#tally.balance()
    if (wrong !== 0) this.#warn(wrong, 'messages more were stored than was counted: the count is put right')
  }

  #warn(messages: number, text: string): void {
    this.#log.warn({ store: this.#name, messages }, `message store ${this.#name}: ${messages} ${text}`)
  }

  /** Looks whether something is taken that is in nobody's hands: an answer of Redis may have been lost. */
  async #lookForLost(): Promise<void> {
    const { taken } = await this.#tally.size()
    if (taken > this.#inHand.size + this.#ready.length) this.#lease.doubt()
  }

  #idles(idleMs: number): void {
    if (idleMs < UNWANTED_MS || this.#ready.length === 0) return
    this.#isUnwanted = true
    this.#start()
  }

  /** Puts back what nobody came for: not while more is being fetched, which is behind it. */
  async #return(): Promise<void> {
    this.#isUnwanted = false
    this.#ahead = 0
    await this.#putBack(this.#ready.splice(0))
  }

  async #putBack(all: readonly Taken[], again = 0): Promise<void> {
    const { holder: token } = this
    await this.#moves.putBack(
      all.map(({ id, isSeen }) => ({ id, token, isUnseen: !isSeen })),
      again > 0 ? ['redelivered', again] : undefined,
    )
  }
}

function readEnded({ taken: { id }, ending }: { readonly taken: Taken; readonly ending: Ending }): Ended {
  return 'why' in ending ? { id, as: ending.as, why: ending.why } : { id, as: ending.as }
}
