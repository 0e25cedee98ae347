import type { Logger } from './logger.ts'

/** What runs again and again. */
export interface Repetition {
  /** As the log names it: `task Poll`. */
  readonly what: string
  /**
   * The schedule as text. Processes with the same one share it; another one takes its place when a process starts with
   * it. Without one, it is the same as long as the name is.
   */
  readonly plan?: string
  /** Gives when it runs next, in milliseconds since 1970, from how often it ran and when last; undefined ends it. */
  next(count: number, lastMs: number): number | undefined
  /** Runs it once. The signal says that it should come to an end. */
  run(signal: AbortSignal): Promise<void>
  /** Whether it runs again while the last run is still under way; otherwise the next one waits. */
  readonly mayOverlap?: boolean
  /** Which servers may run it, by what they are called; default all. */
  readonly servers?: readonly string[]
  readonly log: Logger
}
