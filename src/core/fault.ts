import { BodyError } from '../message/body-error.ts'
import { ContentError } from '../message/content-error.ts'

/** What a fault code of the field means. Configurations match on the numbers. */
export const FAULT_CODES = {
  0: 'error while mediating',
  101000: 'receiver: error while sending',
  101001: 'receiver: error while receiving',
  101500: 'error while sending to the backend',
  101501: 'error while receiving from the backend',
  101503: 'connection failed',
  101504: 'timeout waiting for an answer',
  101505: 'connection closed',
  101506: 'protocol violation',
  101507: 'connecting was given up',
  101508: 'connect timed out',
  101509: 'the queue of the endpoint is full',
  101510: 'the response could not be processed',
  102510: 'another HTTP error of the backend',
  303000: 'no endpoint of the group is ready',
  303001: 'endpoint not ready',
  303002: 'WSDL endpoint not ready',
  303003: 'the endpoint could not authenticate',
  303100: 'the load-balance group went on to another endpoint',
  304100: 'the fail-over group went on to another endpoint',
  305100: 'endpoint not found',
  306000: 'the message store cannot be used',
  309001: 'session-aware load balancing: no endpoint ready',
  309002: 'session-aware load balancing: no such path',
  309003: 'session-aware load balancing: the session failed',
  401000: 'callout failed',
  401001: 'blocking call failed',
  401002: 'the backend of a blocking call failed',
  401003: 'a call could not be sent',
  500000: 'the backend answered with a SOAP fault',
  500101: 'a mandatory parameter of a template is missing',
  600001: 'the payload of a request could not be read',
  601000: 'the payload could not be read',
} as const

/** The number of a fault, as configurations see it in `ERROR_CODE`. */
export type FaultCode = keyof typeof FAULT_CODES

/** Where in the configuration a step stands. */
export interface Place {
  readonly file: string
  readonly line: number
  readonly column: number
}

/** What may be said of a fault beside its code and text. */
export interface FaultOptions {
  readonly detail?: string
  readonly cause?: unknown
  readonly isSettled?: boolean
  /** The close code for a client session that is left without a backend by it. */
  readonly closeCode?: number | undefined
  /** When it may be worth another try, in milliseconds from now. */
  readonly retryAfterMs?: number | undefined
}

/** A failure while mediating. It runs the nearest fault sequence outwards. */
export class Fault extends Error {
  /** A number of the field, or what a throwError wrote. */
  readonly code: FaultCode | string
  /** More than the message, for `ERROR_DETAIL`. */
  readonly detail: string
  /** Whether it has been dealt with where it came up: it ends the flow, and no fault sequence runs for it. */
  readonly isSettled: boolean
  /** The close code for a client session that is left without a backend by it, where that is not for its cause to say. */
  readonly closeCode: number | undefined
  /** When it may be worth another try, in milliseconds from when it came up. */
  readonly retryAfterMs: number | undefined
  /** The step that failed, set by the pipeline it stood in. */
  place: Place | undefined

  constructor(code: FaultCode | string, message: string, options: FaultOptions = {}) {
    super(message, { cause: options.cause })
    this.name = 'Fault'
    this.code = code
    this.detail = options.detail ?? message
    this.isSettled = options.isSettled === true
    this.closeCode = options.closeCode
    this.retryAfterMs = options.retryAfterMs
  }

  /** Makes a fault of whatever was thrown. A `Fault` stays what it is, a bug becomes code 0 with its stack. */
  static from(thrown: unknown): Fault {
    if (thrown instanceof Fault) return thrown
    if (thrown instanceof BodyError) return new Fault(codeOf(thrown), thrown.message, { cause: thrown })
    if (thrown instanceof ContentError) return new Fault(601000, thrown.message, { cause: thrown })
    const error = thrown instanceof Error ? thrown : new Error(String(thrown))
    return new Fault(0, error.message, { detail: error.stack ?? error.message, cause: error })
  }

  /** Whether the message could not be handed to an endpoint, rather than failing on the way to it; not once settled. */
  get isDelivery(): boolean {
    if (this.isSettled) return false
    return typeof this.code === 'number' && this.code >= 101500 && this.code < 400000
  }
}

function codeOf({ of, failure }: BodyError): FaultCode {
  if (of === 'request') return 600001
  return failure === 'encoding' ? 101510 : 101501
}
