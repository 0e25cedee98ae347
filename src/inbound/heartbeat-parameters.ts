import type { Build } from '../language/declare.ts'
import type { Span } from '../language/source.ts'
import { integer } from '../language/types.ts'
import type { HeartbeatOptions } from '../websocket/heartbeat.ts'

/** Parameters for finding clients that are gone though nothing said so. The original knows neither. */
export const heartbeatParameters = {
  'ws.heartbeat.interval': {
    type: integer({ min: 0 }),
    doc: 'Milliseconds without anything from a client until it is pinged; 0 never. Not in the original.',
    default: 0,
  },
  'ws.heartbeat.timeout': {
    type: integer({ min: 10 }),
    doc: 'Milliseconds a client may take to send something when it was pinged; after that it is lost. Default 10000. Not in the original.',
  },
} as const

/** What is given for them. */
export interface HeartbeatValues {
  readonly 'ws.heartbeat.interval': number
  readonly 'ws.heartbeat.timeout': number | undefined
}

const DEFAULT_TIMEOUT_MS = 10_000

/** Gives what the parameters say; undefined where clients are not pinged. */
export function heartbeatOf(given: HeartbeatValues, build: Build, span: Span): HeartbeatOptions | undefined {
  const intervalMs = given['ws.heartbeat.interval']
  const timeoutMs = given['ws.heartbeat.timeout']
  if (intervalMs > 0) return { intervalMs, timeoutMs: timeoutMs ?? DEFAULT_TIMEOUT_MS }
  if (timeoutMs !== undefined) {
    const message = 'Parameter ws.heartbeat.timeout has no effect: clients are not pinged.'
    build.warning(span, 'no-effect', message, 'Set ws.heartbeat.interval to more than 0.')
  }
  return undefined
}
