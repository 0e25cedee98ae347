import type { LogFields, Logger, LogLevel } from '../../src/core/logger.ts'

/** A line of the log. */
export interface LogLine {
  readonly level: LogLevel
  readonly text: string
  readonly fields: LogFields
}

/** A log that keeps what is written to it, at the levels that are enabled. */
export class RecordingLogger implements Logger {
  readonly lines: LogLine[] = []
  readonly #enabled: (level: string) => boolean

  constructor(enabled: (level: string) => boolean = () => true) {
    this.#enabled = enabled
  }

  trace = (fields: LogFields, text: string): void => this.write('trace', fields, text)
  debug = (fields: LogFields, text: string): void => this.write('debug', fields, text)
  info = (fields: LogFields, text: string): void => this.write('info', fields, text)
  warn = (fields: LogFields, text: string): void => this.write('warn', fields, text)
  error = (fields: LogFields, text: string): void => this.write('error', fields, text)
  fatal = (fields: LogFields, text: string): void => this.write('fatal', fields, text)

  isLevelEnabled(level: string): boolean {
    return this.#enabled(level)
  }

  protected write(level: LogLevel, fields: LogFields, text: string): void {
    if (this.#enabled(level)) this.lines.push({ level, fields, text })
  }
}
