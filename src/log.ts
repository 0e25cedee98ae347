import pino from 'pino'
import type { Logger, LogLevel } from './core/logger.ts'

/** How the log is written. */
export interface LogOptions {
  readonly level: LogLevel | 'silent'
  /** Readable lines for people instead of JSON. */
  readonly isReadable: boolean
}

/** A logger that is emptied before the process ends. */
export interface ProcessLog {
  readonly log: Logger
  /** Writes what is left, for a second at most: whoever reads the log may have gone. */
  close(): Promise<void>
}

const CLOSE_LIMIT_MS = 1_000

/** Makes the log of the process, on standard output: JSON lines, or readable ones for a terminal. */
export async function openLog({ level, isReadable }: LogOptions): Promise<ProcessLog> {
  const options: pino.LoggerOptions = {
    level,
    base: undefined,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: label => ({ level: label }) },
  }
  if (isReadable) {
    // Only people at a terminal pay for loading it.
    const { default: pretty } = await import('pino-pretty')
    const stream = pretty({
      translateTime: 'SYS:yyyy-mm-dd HH:MM:ss,l',
      ignore: 'pid,hostname',
      singleLine: true,
      sync: true,
    })
    return { log: pino(options, stream), close: async () => {} }
  }
  const destination = pino.destination({ fd: 1, sync: false })
  // A reader that is gone must not take the gateway with it.
  destination.on('error', () => {})
  const log = pino(options, destination)
  const close = (): Promise<void> =>
    new Promise(resolve => {
      // A connection may outlive the log by a moment, and a closed log throws.
      log.level = 'silent'
      setTimeout(resolve, CLOSE_LIMIT_MS).unref()
      destination.once('close', resolve).once('error', () => resolve())
      destination.end()
    })
  return { log, close }
}
