import { cutReason, isSendable } from '../websocket/close-codes.ts'
import { isKind, KIND } from './kind.ts'

/** What a hook gives back to close its client. */
export class CloseFrame {
  readonly [KIND] = 'close'
  readonly code: number
  readonly reason: string

  constructor(code: number, reason: string) {
    this.code = code
    this.reason = reason
  }
}

/** Makes what a hook gives back to close its client. */
export interface Close {
  /** @throws RangeError for a code that may not be sent: below 1000, 1004 to 1006, 1015 to 2999, and above 4999 */
  (code?: number, reason?: string): CloseFrame
  normal(reason?: string): CloseFrame
  goingAway(reason?: string): CloseFrame
  protocolError(reason?: string): CloseFrame
  unsupportedData(reason?: string): CloseFrame
  invalidPayload(reason?: string): CloseFrame
  policyViolation(reason?: string): CloseFrame
  messageTooBig(reason?: string): CloseFrame
  internalServerError(reason?: string): CloseFrame
}

/** The close codes that hooks use, by name. */
export const closeCodes = {
  NormalClosure: 1000,
  GoingAway: 1001,
  ProtocolError: 1002,
  UnsupportedData: 1003,
  InvalidPayload: 1007,
  PolicyViolation: 1008,
  MessageTooBig: 1009,
  InternalServerError: 1011,
} as const

/** Checks a code that is to be sent. @throws RangeError for one that may not be */
export function checkedCode(code: number): number {
  if (isSendable(code)) return code
  throw new RangeError(`close code ${code} may not be sent: 1000 to 1003, 1007 to 1014, and 3000 to 4999 may`)
}

function named(code: number, usual: string): (reason?: string) => CloseFrame {
  return (reason = usual) => new CloseFrame(code, cutReason(reason))
}

/** Makes what a hook gives back to close its client: `close.normal()`, `close(4001, 'try another room')`. */
export const close: Close = Object.assign(
  (code = 1000, reason = ''): CloseFrame => new CloseFrame(checkedCode(code), cutReason(reason)),
  {
    normal: named(1000, 'Normal closure'),
    goingAway: named(1001, 'Going away'),
    protocolError: named(1002, 'Protocol error'),
    unsupportedData: named(1003, 'Unsupported data'),
    invalidPayload: named(1007, 'Invalid payload'),
    policyViolation: named(1008, 'Policy violation'),
    messageTooBig: named(1009, 'Message too big'),
    internalServerError: named(1011, 'Internal server error'),
  },
)

/** Whether a value is what a hook gives back to close its client. */
export function isCloseFrame(value: unknown): value is CloseFrame {
  return isKind(value, 'close')
}
