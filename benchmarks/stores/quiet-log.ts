import type { Logger } from '../../src/core/logger.ts'

/** A log that says what is wrong, and nothing else. */
export const QUIET: Logger = {
  trace() {},
  debug() {},
  info() {},
  warn() {},
  error(_fields, text) {
    console.error(text)
  },
  fatal() {},
  isLevelEnabled: () => false,
}
