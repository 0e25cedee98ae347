import { Properties } from './properties.ts'

/**
 * What configurations call the axis2 scope: how this message travels. Names with a meaning are fields, each set
 * through the table of well-known properties; all others are in `extra`.
 */
export class TransportState {
  /** `HTTP_SC`: status of the HTTP response. */
  status: number | undefined
  /** `messageType`: media type the message leaves in. */
  messageType: string | undefined
  /** `ContentType`: the Content-Type header it leaves with. */
  contentType: string | undefined
  /** `FORCE_SC_ACCEPTED`, as it was set. */
  forceAccepted: unknown
  /** `websocket.accept.contenType`: content type negotiated with a WebSocket backend. */
  acceptContentType: string | undefined
  /** `websocket.subprotocol`: list of subprotocols offered to a WebSocket backend. */
  subprotocol: string | undefined
  /** `NO_ENTITY_BODY`: the message leaves without a body. */
  noEntityBody: unknown
  /** Everything else. */
  readonly extra: Properties

  constructor(from?: TransportState) {
    this.extra = new Properties(from?.extra)
    if (from) {
      this.status = from.status
      this.messageType = from.messageType
      this.contentType = from.contentType
      this.forceAccepted = from.forceAccepted
      this.acceptContentType = from.acceptContentType
      this.subprotocol = from.subprotocol
      this.noEntityBody = from.noEntityBody
    }
  }
}

/** Whether a property set as text or as a boolean says yes: `true` in any case. */
export function isTrue(value: unknown): boolean {
  return value === true || value === 'true' || (typeof value === 'string' && value.toLowerCase() === 'true')
}
