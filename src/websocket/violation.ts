/** The limit a peer met. */
export type FrameLimit = 'frame' | 'message'

/** What a peer did against the protocol or our limits, and the code its connection is closed with for it. */
export class Violation extends Error {
  readonly closeCode: 1002 | 1007 | 1009
  /** The limit it met, where it met one. */
  readonly limit: FrameLimit | undefined

  constructor(closeCode: 1002 | 1007 | 1009, message: string, limit?: FrameLimit) {
    super(message)
    this.name = 'Violation'
    this.closeCode = closeCode
    this.limit = limit
  }
}

/** Something RFC 6455 or RFC 7692 forbids: 1002. */
export function protocolError(message: string): Violation {
  return new Violation(1002, message)
}

/** Text, or the reason of a close frame, that is no UTF-8 (RFC 6455, 8.1), or data that cannot be inflated: 1007. */
export function badData(message: string): Violation {
  return new Violation(1007, message)
}

/** A frame or message over the limit, in bytes: 1009. Said is where the limit is set for all connections. */
export function tooLarge(limit: FrameLimit, maxBytes: number): Violation {
  const where = `the setting transport.ws.max_${limit}_bytes`
  const text = `its ${limit} is larger than ${where} allows: ${maxBytes} bytes (1009)`
  return new Violation(1009, text, limit)
}
