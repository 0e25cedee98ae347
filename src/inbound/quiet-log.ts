import type { LogFields, Logger } from '../core/logger.ts'

/** One line of a kind in so many milliseconds. */
const EVERY_MS = 10_000

/** Warns of what may happen very often: one line of each kind in ten seconds, with how many were left out before it. */
export class QuietLog {
  readonly #log: Logger
  readonly #kinds = new Map<string, { at: number; leftOut: number }>()

  constructor(log: Logger) {
    this.#log = log
  }

  /** Warns, unless there was a line of this kind a short while ago. There are few kinds: none is made of what clients say. */
  warn(kind: string, fields: LogFields, text: string, now = performance.now()): void {
    const last = this.#kinds.get(kind)
    if (last && now - last.at < EVERY_MS) {
      last.leftOut++
      return
    }
    this.#kinds.set(kind, { at: now, leftOut: 0 })
    this.#log.warn(last?.leftOut ? { ...fields, leftOut: last.leftOut } : fields, text)
  }
}
