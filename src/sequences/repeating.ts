import type { Lifecycle } from '../core/ports.ts'
import type { Repetition } from '../core/repetition.ts'

/** Longest time a timer of Node can wait. */
const LONGEST_WAIT_MS = 2 ** 31 - 1

/** How many runs of one thing may be under way at once; further ones are left out. */
const MAX_OVERLAPPING = 100

/** Runs something by a schedule, from `start` to `stop`. A run that fails is logged, and the next one comes. */
export class Repeating implements Lifecycle {
  readonly #repetition: Repetition
  readonly #running = new Set<Promise<void>>()
  #stopping = new AbortController()
  #timer: NodeJS.Timeout | undefined
  #count = 0

  constructor(repetition: Repetition) {
    this.#repetition = repetition
  }

  async start(): Promise<void> {
    this.#stopping = new AbortController()
    this.#count = 0
    this.#plan(Date.now())
  }

  async stop(graceMs: number): Promise<void> {
    clearTimeout(this.#timer)
    this.#stopping.abort()
    if (this.#running.size === 0) return
    const { promise, resolve } = Promise.withResolvers<void>()
    const deadline = setTimeout(resolve, graceMs)
    await Promise.race([promise, Promise.all(this.#running)])
    clearTimeout(deadline)
  }

  #plan(lastMs: number): void {
    if (this.#stopping.signal.aborted) return
    const dueMs = this.#repetition.next(this.#count, lastMs)
    if (dueMs !== undefined) this.#wait(dueMs)
  }

  #wait(dueMs: number): void {
    const waitMs = Math.max(0, dueMs - Date.now())
    this.#timer = setTimeout(
      () => {
        if (waitMs > LONGEST_WAIT_MS) this.#wait(dueMs)
        else this.#fire(dueMs)
      },
      Math.min(waitMs, LONGEST_WAIT_MS),
    )
  }

  #fire(dueMs: number): void {
    const { mayOverlap, what, log } = this.#repetition
    this.#count++
    if (this.#running.size >= MAX_OVERLAPPING) {
      log.warn({}, `${what}: ${MAX_OVERLAPPING} runs are still under way; this one is left out`)
      this.#plan(dueMs)
      return
    }
    const stopping = this.#stopping
    const run = this.#run()
    this.#running.add(run)
    void run.then(() => {
      this.#running.delete(run)
      // One that ends after a stop and a new start has no successor: that start has begun anew.
      if (mayOverlap || stopping !== this.#stopping) return
      // What is late is not made up for.
      this.#plan(Math.max(dueMs, Date.now() - LATE_MS))
    })
    if (mayOverlap) this.#plan(dueMs)
  }

  async #run(): Promise<void> {
    try {
      await this.#repetition.run(this.#stopping.signal)
    } catch (error) {
      this.#repetition.log.error({ err: error }, `${this.#repetition.what} failed`)
    }
  }
}

/** A timer fires a little late as a matter of course; that alone does not shift the schedule. */
const LATE_MS = 50

/** Waits, unless it is told to end before; says whether the time went by. */
export function pause(ms: number, signal: AbortSignal): Promise<boolean> {
  if (signal.aborted) return Promise.resolve(false)
  return new Promise(resolve => {
    const timer = setTimeout(() => end(true), ms)
    const onAbort = (): void => end(false)
    const end = (isOver: boolean): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', onAbort)
      resolve(isOver)
    }
    signal.addEventListener('abort', onAbort)
  })
}
