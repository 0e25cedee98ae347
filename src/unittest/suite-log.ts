import type { LogFields, Logger, LogLevel } from '../core/logger.ts'

const KEPT_LEVELS: readonly string[] = ['info', 'warn', 'error', 'fatal']
const MAX_LINES = 50

/** Keeps what a gateway under test logs from level info, the last lines of it. */
export class SuiteLog implements Logger {
  readonly #lines: string[] = []

  trace = this.#at('trace')
  debug = this.#at('debug')
  info = this.#at('info')
  warn = this.#at('warn')
  error = this.#at('error')
  fatal = this.#at('fatal')

  /** Level and text of each line. */
  get lines(): readonly string[] {
    return this.#lines
  }

  clear(): void {
    this.#lines.length = 0
  }

  isLevelEnabled(level: string): boolean {
    return KEPT_LEVELS.includes(level)
  }

  #at(level: LogLevel): (fields: LogFields, text: string) => void {
    return (_fields, text) => {
      if (!KEPT_LEVELS.includes(level)) return
      this.#lines.push(`${level} ${text}`)
      if (this.#lines.length > MAX_LINES) this.#lines.shift()
    }
  }
}
