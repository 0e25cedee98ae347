import { ContentError } from '../message/content-error.ts'

/** What a fault code of the field means. Configurations match on the numbers. */
export const FAULT_CODES = {
  0: 'error while mediating',
  101503: 'connection failed',
  101504: 'timeout waiting for an answer',
  101505: 'connection closed',
  101506: 'protocol violation',
  101507: 'connecting was given up',
  101508: 'connect timed out',
  101509: 'the queue of the endpoint is full',
  303001: 'endpoint not ready',
  305100: 'endpoint not found',
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

/** A failure while mediating. It runs the nearest fault sequence outwards. */
export class Fault extends Error {
  readonly code: FaultCode
  /** More than the message, for `ERROR_DETAIL`. */
  readonly detail: string
  /** The step that failed, set by the pipeline it stood in. */
  place: Place | undefined

  constructor(code: FaultCode, message: string, options: { detail?: string; cause?: unknown } = {}) {
    super(message, { cause: options.cause })
    this.name = 'Fault'
    this.code = code
    this.detail = options.detail ?? message
  }

  /** Makes a fault of whatever was thrown. A `Fault` stays what it is, a bug becomes code 0 with its stack. */
  static from(thrown: unknown): Fault {
    if (thrown instanceof Fault) return thrown
    if (thrown instanceof ContentError) return new Fault(601000, thrown.message, { cause: thrown })
    const error = thrown instanceof Error ? thrown : new Error(String(thrown))
    return new Fault(0, error.message, { detail: error.stack ?? error.message, cause: error })
  }

  /** Whether the message could not be handed to an endpoint, rather than failing on the way to it. */
  get isDelivery(): boolean {
    return this.code >= 101500 && this.code < 400000
  }
}
