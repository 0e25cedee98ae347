/** What a server answered an upgrade with. */
export interface HttpResponse {
  /** 101 for an upgrade. */
  readonly status: number
  readonly headers: Headers
  /** Undefined for an upgrade, and where it was too long or did not come in whole. */
  readonly body: Buffer | undefined
}

/** What else is known of an error. */
export interface WebSocketErrorOptions {
  readonly cause?: unknown
  readonly closeCode?: number | undefined
  readonly reason?: string | undefined
  readonly wasClean?: boolean | undefined
  readonly isOwn?: boolean | undefined
  readonly response?: HttpResponse | undefined
  readonly data?: string | Buffer | undefined
}

/** The error that all others are a kind of. Match on the class, or on `code`, which never changes. */
export class WebSocketError extends Error {
  readonly code: string = 'WEBSOCKET_ERROR'
  /** The close code this is about, where it is about one. */
  readonly closeCode: number | undefined
  /** What the server answered instead of an upgrade, where it did. */
  readonly response: HttpResponse | undefined

  constructor(message: string, { cause, closeCode, response }: WebSocketErrorOptions = {}) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = new.target.name
    this.closeCode = closeCode
    this.response = response
  }

  /** Gives what the server answered instead of an upgrade; undefined where it answered nothing. */
  getHttpResponse(): HttpResponse | undefined {
    return this.response
  }
}

/** An option, or an argument, that cannot be meant so. */
export class OptionError extends WebSocketError {
  override readonly code = 'INVALID_OPTION'
}

/** The server could not be reached, or the connection was lost and not to be had again. */
export class ConnectionError extends WebSocketError {
  override readonly code = 'CONNECTION_FAILED'
}

/** The connection is closed: by the other side, by this one, or cut. */
export class ConnectionClosureError extends WebSocketError {
  override readonly code = 'CONNECTION_CLOSED'
  /** Why, as the other side put it. */
  readonly reason: string
  /** Whether the other side, or this one, has said that it closes. */
  readonly wasClean: boolean
  /** Whether it was this side. */
  readonly isOwn: boolean

  constructor(message: string, options: WebSocketErrorOptions = {}) {
    super(message, options)
    this.reason = options.reason ?? ''
    this.wasClean = options.wasClean ?? false
    this.isOwn = options.isOwn ?? false
  }
}

/** The handshake broke its rules. */
export class InvalidHandshakeError extends WebSocketError {
  override readonly code: string = 'INVALID_HANDSHAKE'
}

/** The upgrade was refused with an HTTP status. */
export class UpgradeError extends InvalidHandshakeError {
  override readonly code = 'UPGRADE_REFUSED'
}

/** The handshake took too long. */
export class HandshakeTimedOut extends WebSocketError {
  override readonly code = 'HANDSHAKE_TIMED_OUT'
}

/** No message came in time. The connection stays open. */
export class ReadTimedOutError extends WebSocketError {
  override readonly code = 'READ_TIMED_OUT'
}

/** The other side did not take a message in time, which was not sent. The connection stays open. */
export class WriteTimedOutError extends WebSocketError {
  override readonly code = 'WRITE_TIMED_OUT'
}

/** A frame or message is larger than it may be. */
export class PayloadTooLargeError extends WebSocketError {
  override readonly code = 'PAYLOAD_TOO_LARGE'
}

/** The other side sent what the protocol forbids. */
export class CorruptedFrameError extends WebSocketError {
  override readonly code: string = 'CORRUPTED_FRAME'
}

/** The other side sent fragments that do not follow one another. */
export class InvalidContinuationFrameError extends CorruptedFrameError {
  override readonly code = 'INVALID_CONTINUATION_FRAME'
}

/** Credentials could not be had, or were refused. */
export class AuthError extends WebSocketError {
  override readonly code: string = 'AUTH_FAILED'
}

/** The server does not know who this is (401). */
export class AuthnError extends AuthError {
  override readonly code = 'AUTHENTICATION_FAILED'
}

/** The server knows who this is, and does not allow it (403). */
export class AuthzError extends AuthError {
  override readonly code = 'AUTHORIZATION_FAILED'
}

/** TLS failed: a certificate that is not trusted, is for another host, or was not shown. */
export class SslError extends WebSocketError {
  override readonly code = 'TLS_FAILED'
}

/** A message cannot be read as what was asked for. It has been taken, and the connection stays open. */
export class PayloadBindingError extends WebSocketError {
  override readonly code: string = 'PAYLOAD_BINDING_FAILED'
  /** The message as it came. */
  readonly data: string | Buffer | undefined

  constructor(message: string, options: WebSocketErrorOptions = {}) {
    super(message, options)
    this.data = options.data
  }
}

/** A message can be read, but the schema does not allow it. It has been taken, and the connection stays open. */
export class PayloadValidationError extends PayloadBindingError {
  override readonly code = 'PAYLOAD_VALIDATION_FAILED'
}
