import { Fault } from '../core/fault.ts'
import type { LinkLoss } from '../core/session.ts'

/** Which limit has passed. */
export type LossLimit = 'messages' | 'bytes' | 'age' | 'attempts'

/** A link that was lost, and was not replaced in time. */
export interface Loss {
  readonly address: string
  readonly limit: LossLimit
  /** How long it was away, in milliseconds. */
  readonly ms: number
  /** Messages that waited. */
  readonly dropped: number
  /** Messages that were to be sent again. */
  readonly unproved: number
  /** Why the last attempt failed for good, where one has. */
  readonly failure: Fault | undefined
}

/** Says how a link that is given up is told to the fault sequence, and to the client. */
export function lossOf({ address, limit, ms, dropped, unproved, failure }: Loss): LinkLoss {
  const isOverfull = limit === 'messages' || limit === 'bytes'
  const why = isOverfull ? `too many ${limit} wait` : (failure?.message ?? 'it did not come back')
  const text = `the connection to ${address} was lost, and given up after ${ms} ms: ${why}; ${dropped} messages are dropped`
  return {
    fault: new Fault(failure || limit === 'age' ? 101503 : 101505, text, { cause: failure }),
    code: isOverfull ? 1013 : 1014,
    reason: isOverfull ? 'too much waits for the backend' : 'backend unavailable',
    properties: {
      'takeover.limit': limit,
      'takeover.dropped': dropped,
      'takeover.unproved': unproved,
      'takeover.ms': ms,
    },
  }
}
