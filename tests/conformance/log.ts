import { RecordingLogger } from '../support/recording-logger.ts'
import { excerpt } from './until.ts'

const SHOWN_LEVELS: ReadonlySet<string> = new Set(['info', 'warn', 'error', 'fatal'])

/** What a case expects of the log. */
export interface LogExpectation {
  readonly contains?: readonly string[]
  readonly absent?: readonly string[]
  /** How often each text must occur, exactly. */
  readonly count?: number
  /** How often each text must occur at least. */
  readonly count_min?: number
  readonly within_ms?: number
}

/** Keeps what a gateway logs from level info. */
export class CaseLog extends RecordingLogger {
  constructor() {
    super(level => SHOWN_LEVELS.has(level))
  }

  /** The last lines, for whoever wonders why a case failed. */
  tail(lines: number): readonly string[] {
    return this.#texts.slice(-lines)
  }

  /** Says which text is missing, or there too often; undefined when all is as expected. */
  problem({ contains = [], count, count_min = 1 }: LogExpectation): string | undefined {
    for (const text of contains) {
      const found = this.#occurrences(text)
      if (count === undefined ? found < count_min : found !== count) {
        const wanted = count === undefined ? `at least ${count_min} times` : `${count} times`
        return `expected ${excerpt(text)} in the log ${wanted}, found it ${found} times`
      }
    }
    return undefined
  }

  /** Says which text is there that must not be. */
  presenceProblem({ absent = [] }: LogExpectation): string | undefined {
    const found = absent.find(text => this.#occurrences(text) > 0)
    return found === undefined ? undefined : `expected no ${excerpt(found)} in the log`
  }

  #occurrences(text: string): number {
    return this.#texts.reduce((sum, line) => sum + line.split(String(text)).length - 1, 0)
  }

  get #texts(): readonly string[] {
    return this.lines.map(({ text, fields: { err } }) =>
      err instanceof Error ? `${text} ${err.message}` : text,
    )
  }
}
