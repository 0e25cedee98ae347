import pino from 'pino'
import type { LogFields, Logger, LogLevel } from './core/logger.ts'

/** How the log is written. */
export interface LogOptions {
  readonly level: LogLevel | 'silent'
  /** Readable lines for people instead of JSON. */
  readonly isReadable: boolean
  /** What every line has, such as which worker wrote it. */
  readonly fields?: LogFields | undefined
}

/** A logger that is emptied before the process ends. */
export interface ProcessLog {
  readonly log: Logger
  /** Writes lines that are complete as they are, after what was logged before. */
  write(lines: string): void
  /** Writes what is left, for a second at most: whoever reads the log may have gone. */
  close(): Promise<void>
}

const CLOSE_LIMIT_MS = 1_000

/** Makes the log of the process, on standard output: JSON lines, or readable ones for a terminal. */
export async function openLog({ level, isReadable, fields }: LogOptions): Promise<ProcessLog> {
  const options: pino.LoggerOptions = {
    level,
    base: fields ?? null,
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
    const write = (lines: string): void => void process.stdout.write(lines)
    return { log: pino(options, stream), write, close: async () => {} }
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
  return { log, write: lines => void destination.write(lines), close }
}
