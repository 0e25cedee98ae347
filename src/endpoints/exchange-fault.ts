import { Fault, type FaultCode } from '../core/fault.ts'

/**
 * How far an HTTP exchange came: 0 connecting, 2 sending, 3 waiting for the response, 4 and 5 in the midst of it.
 * Compatibility: the original adds this number to its fault codes, and configurations may list the sums.
 */
export type ExchangePhase = 0 | 2 | 3 | 4 | 5

/** A failure of an exchange with an HTTP backend. */
export class ExchangeFault extends Fault {
  readonly phase: ExchangePhase

  constructor(code: FaultCode, message: string, options: { phase?: ExchangePhase; cause?: unknown } = {}) {
    super(code, message, { cause: options.cause })
    this.phase = options.phase ?? 0
  }
}
