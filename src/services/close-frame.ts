import { CLOSES, type CloseName, type NamedClose } from '../core/close-names.ts'
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
export const closeCodes = Object.fromEntries(
  Object.entries(CLOSES).map(([name, { code }]) => [name, code]),
) as { readonly [N in CloseName]: (typeof CLOSES)[N]['code'] }

/** Checks a code that is to be sent. @throws RangeError for one that may not be */
export function checkedCode(code: number): number {
  if (isSendable(code)) return code
  throw new RangeError(`close code ${code} may not be sent: 1000 to 1003, 1007 to 1014, and 3000 to 4999 may`)
}

function named({ code, reason: usual }: NamedClose): (reason?: string) => CloseFrame {
  return (reason = usual) => new CloseFrame(code, cutReason(reason))
}

/** Makes what a hook gives back to close its client: `close.normal()`, `close(4001, 'try another room')`. */
export const close: Close = Object.assign(
  (code = 1000, reason = ''): CloseFrame => new CloseFrame(checkedCode(code), cutReason(reason)),
  {
    normal: named(CLOSES.NormalClosure),
    goingAway: named(CLOSES.GoingAway),
    protocolError: named(CLOSES.ProtocolError),
    unsupportedData: named(CLOSES.UnsupportedData),
    invalidPayload: named(CLOSES.InvalidPayload),
    policyViolation: named(CLOSES.PolicyViolation),
    messageTooBig: named(CLOSES.MessageTooBig),
    internalServerError: named(CLOSES.InternalServerError),
  },
)

/** Whether a value is what a hook gives back to close its client. */
export function isCloseFrame(value: unknown): value is CloseFrame {
  return isKind(value, 'close')
}
