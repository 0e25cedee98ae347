/** Close codes a side can only observe, never send (RFC 6455, 7.4.1). */
const NEVER_SENT: ReadonlySet<number> = new Set([1004, 1005, 1006, 1015])

/** The code of a connection that ended without a close frame (RFC 6455, 7.1.5). */
export const ABNORMAL = 1006

/** The code of a close frame without a status (RFC 6455, 7.1.5). */
export const NO_STATUS = 1005

/** The code by which a server tells its clients to connect again (registered with the IANA). */
export const SERVICE_RESTART = 1012

/** The most bytes a close reason may have: a control frame's 125 less the two of the code (RFC 6455, 5.5). */
export const MAX_REASON_BYTES = 123

/**
 * Tells whether a close code may be put on the wire.
 *
 * Registered codes are 1000 to 1003 and 1007 to 1014, libraries own 3000 to 3999, applications 4000 to 4999.
 */
export function isSendable(code: number): boolean {
  if (!Number.isInteger(code)) return false
  if (code >= 3000) return code <= 4999
  return code >= 1000 && code <= 1014 && !NEVER_SENT.has(code)
}

/** Cuts a reason to what fits into a close frame, never inside a character. */
export function cutReason(reason: string): string {
  if (reason.length * 3 <= MAX_REASON_BYTES) return reason
  const bytes = Buffer.from(reason)
  if (bytes.length <= MAX_REASON_BYTES) return reason
  let end = MAX_REASON_BYTES
  while (((bytes[end] ?? 0) & 0xc0) === 0x80) end--
  return bytes.toString('utf8', 0, end)
}

/** What a side is told when the other side of its session has ended. A missing code means a frame without a status. */
export interface RelayedClose {
  readonly code: number | undefined
  readonly reason: string
}

/**
 * Maps the end of a backend's connection to the close its client gets: the backend's own code and reason where
 * they may be sent, a frame without a status for 1005, and 1014 (bad gateway) where the connection was lost.
 */
export function closeForClient(code: number, reason: string): RelayedClose {
  if (code === NO_STATUS) return { code: undefined, reason: '' }
  if (isSendable(code)) return { code, reason: cutReason(reason) }
  return { code: 1014, reason: 'backend connection lost' }
}

/**
 * Maps the end of a client's connection to the close its backend gets: the client's own code and reason where
 * they may be sent, a frame without a status for 1005, and 1001 (going away) where the client vanished.
 */
export function closeForBackend(code: number, reason: string): RelayedClose {
  if (code === NO_STATUS) return { code: undefined, reason: '' }
  if (isSendable(code)) return { code, reason: cutReason(reason) }
  return { code: 1001, reason: 'client connection lost' }
}
