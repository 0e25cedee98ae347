import type { Logger } from './logger.ts'

/** What runs again and again. */
export interface Repetition {
  /** As the log names it: `task Poll`. */
  readonly what: string
  /** Gives when it runs next, in milliseconds since 1970, from how often it ran and when last; undefined ends it. */
  next(count: number, lastMs: number): number | undefined
  /** Runs it once. The signal says that it should come to an end. */
  run(signal: AbortSignal): Promise<void>
  /** Whether it runs again while the last run is still under way; otherwise the next one waits. */
  readonly mayOverlap?: boolean
  readonly log: Logger
}
