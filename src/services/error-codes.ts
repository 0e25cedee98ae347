import { Fault } from '../core/fault.ts'

/** What the typed errors stand for: what `ERROR_CODE` says, and the status a client gets that asks for an upgrade. */
const ERRORS: Readonly<Record<string, readonly [code: string, status: number]>> = {
  AuthnError: ['AUTHENTICATION_FAILED', 401],
  AuthError: ['AUTH_FAILED', 401],
  AuthzError: ['AUTHORIZATION_FAILED', 403],
  UpgradeError: ['UPGRADE_REFUSED', 400],
  InvalidHandshakeError: ['INVALID_HANDSHAKE', 400],
  PayloadBindingError: ['PAYLOAD_BINDING_FAILED', 400],
  PayloadValidationError: ['PAYLOAD_VALIDATION_FAILED', 400],
  WebSocketError: ['WEBSOCKET_ERROR', 400],
  OptionError: ['INVALID_OPTION', 500],
  ConnectionError: ['CONNECTION_FAILED', 502],
  ConnectionClosureError: ['CONNECTION_CLOSED', 502],
  SslError: ['TLS_FAILED', 502],
  PayloadTooLargeError: ['PAYLOAD_TOO_LARGE', 502],
  CorruptedFrameError: ['CORRUPTED_FRAME', 502],
  InvalidContinuationFrameError: ['INVALID_CONTINUATION_FRAME', 502],
  HandshakeTimedOut: ['HANDSHAKE_TIMED_OUT', 504],
  ReadTimedOutError: ['READ_TIMED_OUT', 504],
  WriteTimedOutError: ['WRITE_TIMED_OUT', 504],
}

const STATUS: ReadonlyMap<string, number> = new Map(Object.values(ERRORS))

/** Gives the code of a typed error; undefined for any other value. */
export function errorCodeOf(thrown: unknown): string | undefined {
  if (!(thrown instanceof Error)) return undefined
  const { code } = thrown as { readonly code?: unknown }
  if (typeof code === 'string' && STATUS.has(code)) return code
  return Object.hasOwn(ERRORS, thrown.name) ? ERRORS[thrown.name]![0] : undefined
}

/** Gives the status that an error code stands for before an upgrade; undefined for a code of others. */
export function statusOfCode(code: unknown): number | undefined {
  return typeof code === 'string' ? STATUS.get(code) : undefined
}

/** Gives a typed error as a fault with its code, by which fault sequences know it; anything else as it is. */
export function withCode(thrown: unknown): unknown {
  const code = thrown instanceof Fault ? undefined : errorCodeOf(thrown)
  if (code === undefined) return thrown
  const { message } = thrown as Error
  return new Fault(code, message, { cause: thrown })
}
