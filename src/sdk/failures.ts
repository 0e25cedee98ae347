import {
  AuthnError,
  AuthzError,
  ConnectionClosureError,
  ConnectionError,
  CorruptedFrameError,
  HandshakeTimedOut,
  InvalidContinuationFrameError,
  InvalidHandshakeError,
  OptionError,
  PayloadTooLargeError,
  SslError,
  UpgradeError,
  type WebSocketError,
} from '../services/web-socket-error.ts'
import { ABNORMAL, NO_STATUS } from '../websocket/close-codes.ts'
import type { DialError } from '../websocket/dial.ts'
import { BROKEN_CONTINUATIONS } from '../websocket/frame-check.ts'
import type { Violation } from '../websocket/violation.ts'
import { httpResponse } from './http-response.ts'

/** Makes the error of a connection that could not be opened. */
export function errorOfDial(url: string, cause: DialError): WebSocketError {
  const message = `cannot connect to ${url}: ${cause.message}`
  switch (cause.failure) {
    case 'address':
      return new OptionError(message, { cause })
    case 'tls':
      return new SslError(message, { cause })
    case 'timeout':
      return new HandshakeTimedOut(message, { cause })
    case 'protocol':
      return new InvalidHandshakeError(message, { cause })
    case 'status':
      return errorOfRefusal(message, cause)
    default:
      return new ConnectionError(message, { cause })
  }
}

function errorOfRefusal(message: string, cause: DialError): WebSocketError {
  const { status = 0, refusal } = cause
  const response = httpResponse(status, refusal?.headers ?? [], refusal?.body)
  if (status === 401) return new AuthnError(message, { cause, response })
  if (status === 403) return new AuthzError(message, { cause, response })
  return new UpgradeError(message, { cause, response })
}

/** The limits a peer may have met, in bytes. */
export interface SizeLimits {
  readonly maxFrameBytes: number
  readonly maxMessageBytes: number
}

/** Makes the error of a connection that this side had to end. */
export function errorOfViolation(cause: Violation, limits: SizeLimits): WebSocketError {
  const { closeCode, limit, message } = cause
  const options = { cause, closeCode }
  if (closeCode === 1009) {
    const [name, most] =
      limit === 'frame' ? ['maxFrameSize', limits.maxFrameBytes] : ['maxMessageSize', limits.maxMessageBytes]
    return new PayloadTooLargeError(`the server sent more than ${name} allows: ${most} bytes`, options)
  }
  const text = `the server broke the protocol: ${message}`
  if (BROKEN_CONTINUATIONS.includes(message)) return new InvalidContinuationFrameError(text, options)
  return new CorruptedFrameError(text, options)
}

/** Makes the error of a connection that the server has closed, or that is lost. */
export function errorOfClose(closeCode: number, reason: string): ConnectionClosureError {
  const why = reason === '' ? '' : `: ${reason}`
  const message =
    closeCode === ABNORMAL
      ? `the connection was lost${why}`
      : closeCode === NO_STATUS
        ? 'the server closed the connection'
        : `the server closed the connection with ${closeCode}${why}`
  return new ConnectionClosureError(message, { closeCode, reason, wasClean: closeCode !== ABNORMAL })
}
