import { ContentError } from './content-error.ts'

/** What may be wrong with a body. */
export type BodyFailure = 'too-large' | 'encoding' | 'broken-off'

/** A body that cannot be had: larger than one may be, not what its Content-Encoding says, or broken off. */
export class BodyError extends ContentError {
  readonly failure: BodyFailure
  /** Whose body it is: that of a client's request, or of a backend's answer. */
  readonly of: 'request' | 'answer'

  constructor(of: 'request' | 'answer', failure: BodyFailure, message: string, cause?: unknown) {
    super(message, cause)
    this.name = 'BodyError'
    this.of = of
    this.failure = failure
  }
}
