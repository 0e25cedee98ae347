import { Fault } from '../core/fault.ts'
import type { Step } from '../core/step.ts'
import { enterFault } from '../sequences/pipeline.ts'
import { BROKEN_CONTINUATIONS } from '../websocket/frame-check.ts'
import { Violation } from '../websocket/violation.ts'
import {
  ConnectionError,
  CorruptedFrameError,
  InvalidContinuationFrameError,
  PayloadTooLargeError,
  type WebSocketError,
} from './web-socket-error.ts'

/** Tells what has ended a connection by its typed error, and its code to those who read `ERROR_CODE`. */
export const tellConnectionError: Step = ctx => {
  const { event, fault } = ctx
  if (event !== 'error' || !fault || !(fault.cause instanceof Error)) return
  const typed = typedError(fault.cause)
  enterFault(ctx, new Fault(typed.code, typed.message, { cause: typed }))
}

function typedError(cause: Error): WebSocketError {
  if (!(cause instanceof Violation)) return new ConnectionError(cause.message, { cause })
  const { closeCode, message } = cause
  const options = { cause, closeCode }
  if (closeCode === 1009) return new PayloadTooLargeError(message, options)
  return BROKEN_CONTINUATIONS.includes(message)
    ? new InvalidContinuationFrameError(message, options)
    : new CorruptedFrameError(message, options)
}
