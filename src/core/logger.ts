/** Fields of a log line beside its text. */
export type LogFields = Readonly<Record<string, unknown>>

/** How much a log line matters. */
export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal'

/** What the engine needs of a logger; pino's is one. */
export interface Logger {
  trace(fields: LogFields, text: string): void
  debug(fields: LogFields, text: string): void
  info(fields: LogFields, text: string): void
  warn(fields: LogFields, text: string): void
  error(fields: LogFields, text: string): void
  fatal(fields: LogFields, text: string): void
  isLevelEnabled(level: string): boolean
}
