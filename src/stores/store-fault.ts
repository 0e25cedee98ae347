import { Fault } from '../core/fault.ts'

/** After this long it is worth trying again, in milliseconds. */
const RETRY_AFTER_MS = 2_000

/** Makes the fault of a store that cannot be used now: HTTP callers get 503, and a time to wait. */
export function storeFault(message: string, retryAfterMs = RETRY_AFTER_MS): Fault {
  return new Fault(306000, message, { retryAfterMs })
}

/** Makes the fault of a store that has no room; `bytes` where that is known. */
export function fullFault(store: string, messages: number, bytes?: number): Fault {
  const size = bytes === undefined ? '' : ` of ${bytes} bytes`
  return storeFault(`message store ${store} is full: it holds ${messages} messages${size}`)
}
