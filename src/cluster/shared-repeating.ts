import type { Lifecycle } from '../core/ports.ts'
import type { Repetition } from '../core/repetition.ts'
import { pause } from '../sequences/repeating.ts'
import { type Arbiter, LEASE_MS, type Progress, type ScheduleState } from './arbiter.ts'
import { within } from './within.ts'

/** How many runs of one thing may be under way in this process at once; further ones are left to others. */
const MAX_OVERLAPPING = 100

/** How often a process that waits for nothing near looks where a schedule is; it counts as there meanwhile. */
const LOOK_MS = 2_000

/** How soon it looks again when another process is at a run, or nobody can be asked. */
const SOON_MS = 500

/** What is later than this was not waited for by anybody: it is run once, and what else was missed is left out. */
const LATE_MS = 1_000

/**
 * Runs something by a schedule that all processes share: each waits for the next run and tries to take it up, and one
 * of them does. While the arbiter cannot be reached, nothing runs.
 */
export class SharedRepeating implements Lifecycle {
  readonly #name: string
  readonly #repetition: Repetition
  readonly #plan: string
  readonly #arbiter: Arbiter
  readonly #running = new Set<Promise<void>>()
  #stopping = new AbortController()
  #loop: Promise<void> | undefined
  /** What this process knows, for an arbiter that has lost it. */
  #known: Progress | undefined
  /** How far the clock of the arbiter is ahead of the one here that never jumps. */
  #aheadMs = 0
  #isFull = false

  constructor(name: string, repetition: Repetition, arbiter: Arbiter) {
    this.#name = name
    this.#repetition = repetition
    this.#plan = repetition.plan ?? ''
    this.#arbiter = arbiter
  }

  async start(): Promise<void> {
    this.#stopping = new AbortController()
    this.#known = undefined
    this.#loop = this.#goOn(this.#stopping.signal)
  }

  async stop(graceMs: number): Promise<void> {
    this.#stopping.abort()
    if (this.#loop === undefined) return
    await within(graceMs, Promise.all([this.#loop, ...this.#running]))
    this.#loop = undefined
    await this.#arbiter.leave(this.#name, this.#plan).catch(() => {})
  }

  async #goOn(signal: AbortSignal): Promise<void> {
    let state: ScheduleState | undefined
    let isOther = false
    while (!signal.aborted) {
      try {
        state = state ? await this.#further(state, signal) : await this.#join(true)
        if (state.isOther && !isOther)
          this.#say('another schedule for it was put in its place; this one waits')
        isOther = state.isOther
      } catch {
        // Who lost the arbiter says so once for all; what was known of the schedule still holds.
        await pause(SOON_MS, signal)
      }
    }
  }

  /** Waits for the next run as long as that makes sense, and takes it up if it is due. */
  async #further(state: ScheduleState, signal: AbortSignal): Promise<ScheduleState> {
    if (state.isOther || state.dueMs === undefined) {
      await pause(LOOK_MS, signal)
      return this.#join(false)
    }
    const leftMs = state.dueMs - this.#nowMs()
    const isBusy = state.busyUntilMs > this.#nowMs()
    if (isBusy || leftMs > LOOK_MS) {
      await pause(isBusy ? SOON_MS : LOOK_MS, signal)
      return this.#join(false)
    }
    if (leftMs > 0 && !(await pause(Math.ceil(leftMs), signal))) return state
    if (this.#isTooBusy()) {
      await pause(SOON_MS, signal)
      return this.#join(false)
    }
    return this.#claim(state.count, state.dueMs)
  }

  async #join(replaces: boolean): Promise<ScheduleState> {
    const arbiter = this.#arbiter
    const first = async (): Promise<Progress> => {
      const dueMs = this.#repetition.next(0, await arbiter.now())
      return { count: 0, dueMs }
    }
    const known = this.#known ?? (await first())
    return this.#learn(await arbiter.join(this.#name, this.#plan, known, replaces))
  }

  async #claim(count: number, dueMs: number): Promise<ScheduleState> {
    const busyMs = this.#repetition.mayOverlap ? 0 : LEASE_MS
    const nextMs = this.#after(count + 1, dueMs, LATE_MS)
    const state = await this.#arbiter.claim(this.#name, this.#plan, { count, nextMs, busyMs })
    this.#learn(state)
    if (!state.isMine) return state.isOther ? this.#join(false) : state
    const run = busyMs > 0 ? this.#runAlone(count + 1, dueMs, busyMs) : this.#run(this.#stopping.signal)
    this.#running.add(run)
    void run.then(() => this.#running.delete(run))
    if (busyMs === 0) return state
    await run
    return this.#join(false)
  }

  /** Gives the run after one that was due; one that was missed by more than so much does not count. */
  #after(count: number, dueMs: number, lateMs: number): number | undefined {
    const next = this.#repetition.next(count, dueMs)
    const nowMs = this.#nowMs()
    return next !== undefined && next < nowMs - lateMs ? this.#repetition.next(count, nowMs) : next
  }

  /** Runs it, and keeps others from the next run until it is over. */
  async #runAlone(count: number, dueMs: number, busyMs: number): Promise<void> {
    const arbiter = this.#arbiter
    const lost = new AbortController()
    let keptMs = performance.now()
    const keep = setInterval(async () => {
      const sentMs = performance.now()
      const isKept = await arbiter.keepOn(this.#name, this.#plan, busyMs).catch(() => undefined)
      if (isKept) keptMs = sentMs
      else if (isKept === false || sentMs - keptMs > busyMs * 0.7) lost.abort()
    }, busyMs / 5)
    await this.#run(AbortSignal.any([this.#stopping.signal, lost.signal]))
    clearInterval(keep)
    await arbiter.finish(this.#name, this.#plan, this.#after(count, dueMs, 0)).catch(() => {})
  }

  async #run(signal: AbortSignal): Promise<void> {
    try {
      await this.#repetition.run(signal)
    } catch (error) {
      this.#repetition.log.error({ err: error }, `${this.#repetition.what} failed`)
    }
  }

  #isTooBusy(): boolean {
    const isFull = this.#running.size >= MAX_OVERLAPPING
    if (isFull && !this.#isFull) {
      const text = `${MAX_OVERLAPPING} runs are still under way; further ones are left to others`
      this.#repetition.log.warn({}, `${this.#repetition.what}: ${text}`)
    }
    this.#isFull = isFull
    return isFull
  }

  #learn<T extends ScheduleState>(state: T): T {
    this.#aheadMs = state.nowMs - performance.now()
    if (!state.isOther) this.#known = { count: state.count, dueMs: state.dueMs }
    return state
  }

  #nowMs(): number {
    return performance.now() + this.#aheadMs
  }

  #say(text: string): void {
    this.#repetition.log.info({}, `${this.#repetition.what}: ${text}`)
  }
}
