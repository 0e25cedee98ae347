import type { MessageContext } from '../core/context.ts'
import type { Pipeline } from '../core/ports.ts'
import { exchange } from './exchange.ts'

/** What a lane does to its source while a message waits. */
export interface LaneSource {
  /** Stop reading. */
  pause(): void
  /** Read on. */
  resume(): void
}

/**
 * Keeps messages in order: the next one starts when the last is through. A message that need not wait goes
 * through at once, within the call. While one waits, the source is paused and what it had read already is kept.
 */
export class Lane {
  readonly #source: LaneSource
  #isBusy = false
  #isPaused = false
  #waiting: { readonly ctx: MessageContext; readonly hook: Pipeline }[] = []
  #whenIdle: (() => void) | undefined

  constructor(source: LaneSource) {
    this.#source = source
  }

  /** Takes a message through a pipeline, after those before it. */
  push(ctx: MessageContext, hook: Pipeline): void {
    if (this.#isBusy) {
      this.#waiting.push({ ctx, hook })
      if (this.#isPaused) return
      this.#isPaused = true
      this.#source.pause()
      return
    }
    const outcome = exchange(ctx, hook)
    if (outcome instanceof Promise) this.#wait(outcome)
  }

  get isIdle(): boolean {
    return !this.#isBusy
  }

  /** Resolves when nothing is under way. */
  idle(): Promise<void> {
    if (!this.#isBusy) return Promise.resolve()
    return new Promise(resolve => {
      const before = this.#whenIdle
      this.#whenIdle = () => {
        before?.()
        resolve()
      }
    })
  }

  /** Lets go of what has not started, and tells how many messages that were. */
  clear(): number {
    const { length } = this.#waiting.splice(0)
    this.#resume()
    return length
  }

  #wait(outcome: Promise<void>): void {
    this.#isBusy = true
    // `exchange` never rejects.
    void outcome.then(() => this.#next())
  }

  #next(): void {
    this.#isBusy = false
    while (this.#waiting.length > 0) {
      const { ctx, hook } = this.#waiting.shift()!
      const outcome = exchange(ctx, hook)
      if (outcome instanceof Promise) {
        this.#wait(outcome)
        return
      }
    }
    this.#resume()
    this.#whenIdle?.()
    this.#whenIdle = undefined
  }

  #resume(): void {
    if (!this.#isPaused) return
    this.#isPaused = false
    this.#source.resume()
  }
}
