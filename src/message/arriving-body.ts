import type { Readable } from 'node:stream'

/** A payload that has not come in yet: it is read in when somebody looks into it, else passed on as it comes. */
export interface ArrivingBody {
  /** Its length in bytes as it travels; undefined when nobody said. */
  readonly length: number | undefined
  /** The bytes, where all are there and only their Content-Encoding is still to be undone. */
  readonly received?: Buffer | undefined
  /** Whether it is the message of a WebSocket, rather than a body of HTTP. */
  readonly isFrame?: boolean
  /** Gives the bytes as they come, still in their Content-Encoding. Whoever takes them reads them, or destroys them. */
  stream(): Readable
  /**
   * Reads it to its end, and undoes its Content-Encoding.
   * @throws BodyError when it is too large, breaks off, or is not what its encoding says
   */
  collect(): Promise<Buffer>
}
