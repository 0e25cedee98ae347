import { Fault } from '../core/fault.ts'
import type { RelayedClose } from '../websocket/close-codes.ts'
import { dialErrorOf } from './handshake-refusal.ts'

/** Faults that leave a session without its backend, with what its client is told. No address leaks to it. */
const UNREACHABLE: Readonly<Record<number, string>> = {
  101503: 'backend unavailable',
  101506: 'backend unavailable',
  101508: 'backend did not answer in time',
}

/** What a session has left of its backends. */
export interface Remaining {
  /** Whether it has lost a link, or has not got one. */
  readonly hasLost: boolean
  readonly hasAny: boolean
}

/** Gives what a client is closed with whose message has ended with a fault, where that leaves it without its backend. */
export function closeAfter(fault: Fault, { hasLost, hasAny }: Remaining): RelayedClose | undefined {
  // A call over a link that is not the client's own concerns its message alone.
  const reason = hasLost ? unreachableBy(fault) : undefined
  if (reason !== undefined) return { code: 1014, reason }
  if (fault.closeCode === undefined || hasAny) return undefined
  return { code: fault.closeCode, reason: 'backend suspended' }
}

/** Looks behind the faults of groups. */
function unreachableBy(fault: Fault): string | undefined {
  if (!dialErrorOf(fault)) return undefined
  let last = fault
  while (last.cause instanceof Fault) last = last.cause
  return UNREACHABLE[last.code as number]
}
