/** A payload that is not what its content type says, with the place in the payload where one is known. */
export class ContentError extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, { cause })
    this.name = 'ContentError'
  }
}
