import { createHash } from 'node:crypto'
import type { Bus, Ownership } from '../core/cluster.ts'
import type { Logger } from '../core/logger.ts'
import type { Lifecycle } from '../core/ports.ts'
import { pause } from '../sequences/repeating.ts'
import { type Arbiter, LEASE_MS } from './arbiter.ts'

/** How long before a lease ends that could not be renewed its work is told to stop. */
const MARGIN_MS = 1_000

/** How often a lease is renewed, and how often one that another process has is asked for. */
const RENEW_MS = 1_000
const RETRY_MS = 500

/** How long work stays where it is, however much another process wants it. */
const STAY_MS = 3_000

/** How long work may take to end that moves to another process. */
const HANDOVER_MS = 3_000

const WANTED = 'cluster.wanted'
const FREE = 'cluster.free'

/** What work that runs in one process is decided with. */
export interface OwningPlace {
  readonly nodeId: string
  readonly arbiter: Arbiter
  readonly bus: Bus
  readonly log: Logger
}

/**
 * Work that runs in one process at a time, which holds a lease for it. The process a name fits best to by chance asks
 * for it, so that the work of many names is spread over the processes.
 */
export class Owned implements Ownership {
  readonly #name: string
  readonly #work: Lifecycle
  readonly #place: OwningPlace
  #stopping = new AbortController()
  #waking = new AbortController()
  #loop: Promise<void> | undefined
  #subscriptions: readonly (() => void)[] = []
  #validUntil = -Infinity
  #sinceMs = 0
  #isWorking = false
  #isWanted = false
  #fence: NodeJS.Timeout | undefined
  /** Starts and stops follow one another. */
  #turn: Promise<void> = Promise.resolve()

  constructor(name: string, work: Lifecycle, place: OwningPlace) {
    this.#name = name
    this.#work = work
    this.#place = place
  }

  get isHere(): boolean {
    return this.#isWorking && performance.now() < this.#validUntil
  }

  async start(): Promise<void> {
    const { bus } = this.#place
    this.#stopping = new AbortController()
    this.#subscriptions = [
      bus.subscribe(WANTED, (name, from) => this.#onWanted(name.toString(), from)),
      bus.subscribe(FREE, (name, from) => {
        if (name.toString() === this.#name && this.#rank(this.#place.nodeId, from) === 0) this.#waking.abort()
      }),
    ]
    this.#loop = this.#goOn(this.#stopping.signal)
  }

  async stop(graceMs: number): Promise<void> {
    if (!this.#loop) return
    this.#stopping.abort()
    this.#waking.abort()
    for (const end of this.#subscriptions) end()
    const keep = setInterval(() => void this.#renew().catch(() => {}), RENEW_MS)
    await this.#endWork(graceMs)
    clearInterval(keep)
    await this.#loop
    this.#loop = undefined
    await this.#giveUp()
  }

  async #goOn(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const isHeld = await this.#renew().catch(() => undefined)
      if (signal.aborted) return
      if (isHeld) await this.#beginWork()
      else if (isHeld === false) await this.#notHeld()
      if (this.#isWanted) {
        await this.#handOver()
        await this.#wait(RENEW_MS * 2, signal)
      }
      await this.#wait(this.#isWorking ? RENEW_MS : RETRY_MS, signal)
    }
  }

  /** Asks for the lease, which counts from before the question; undefined when the answer was too late. */
  async #renew(): Promise<boolean | undefined> {
    const sentMs = performance.now()
    const isHeld = await this.#place.arbiter.hold(this.#name, LEASE_MS)
    if (!isHeld) return false
    this.#validUntil = sentMs + LEASE_MS - MARGIN_MS
    this.#guard()
    return performance.now() < this.#validUntil || undefined
  }

  /** Stops the work in time when the lease is not renewed any more. */
  #guard(): void {
    clearTimeout(this.#fence)
    this.#fence = setTimeout(
      () => {
        // Timers count whole milliseconds, and may come a fraction of one early: nothing would stop the work then.
        if (performance.now() < this.#validUntil) {
          this.#guard()
          return
        }
        if (!this.#isWorking) return
        this.#place.log.warn(
          {},
          `${this.#name} stops here: that it may run here could not be renewed in time`,
        )
        void this.#endWork(MARGIN_MS)
      },
      Math.max(0, this.#validUntil - performance.now()) + 1,
    )
  }

  async #notHeld(): Promise<void> {
    this.#validUntil = -Infinity
    if (this.#isWorking) {
      this.#place.log.warn({}, `${this.#name} stops here: another process has taken it over`)
      await this.#endWork(0)
    } else if (this.#rank(this.#place.nodeId) === 0) {
      this.#place.bus.publish(WANTED, Buffer.from(this.#name))
    }
  }

  #onWanted(name: string, from: string): void {
    if (name !== this.#name || !this.#isWorking) return
    if (performance.now() - this.#sinceMs < STAY_MS || this.#rank(from) !== 0) return
    this.#isWanted = true
    this.#waking.abort()
  }

  async #handOver(): Promise<void> {
    this.#isWanted = false
    if (!this.#isWorking) return
    await this.#endWork(HANDOVER_MS)
    await this.#giveUp()
  }

  async #giveUp(): Promise<void> {
    clearTimeout(this.#fence)
    if (this.#validUntil === -Infinity) return
    this.#validUntil = -Infinity
    await this.#place.arbiter.release(this.#name).catch(() => {})
    this.#place.bus.publish(FREE, Buffer.from(this.#name))
  }

  #beginWork(): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#isWorking || this.#stopping.signal.aborted || performance.now() >= this.#validUntil) return
      this.#isWorking = true
      this.#sinceMs = performance.now()
      this.#place.log.info({}, `${this.#name} runs here`)
      await this.#work.start()
    })
  }

  #endWork(graceMs: number): Promise<void> {
    return this.#inTurn(async () => {
      if (!this.#isWorking) return
      try {
        await this.#work.stop(graceMs)
      } finally {
        this.#isWorking = false
      }
    })
  }

  #inTurn(act: () => Promise<void>): Promise<void> {
    this.#turn = this.#turn.then(act).catch(error => {
      this.#place.log.error({ err: error }, `${this.#name} failed`)
    })
    return this.#turn
  }

  async #wait(ms: number, signal: AbortSignal): Promise<void> {
    if (!signal.aborted && this.#waking.signal.aborted) this.#waking = new AbortController()
    await pause(ms, this.#waking.signal)
  }

  /** To how many processes the name fits better than to one; another one may be about to leave. */
  #rank(nodeId: string, leaving?: string): number {
    const mine = this.#fit(nodeId)
    const { bus, nodeId: self } = this.#place
    const others = [self, ...bus.others].filter(other => other !== nodeId && other !== leaving)
    return others.filter(other => this.#fit(other) > mine).length
  }

  #fit(nodeId: string): string {
    return createHash('sha256').update(`${this.#name}\n${nodeId}`).digest('hex')
  }
}
