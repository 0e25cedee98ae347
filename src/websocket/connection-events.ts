import type { Agreement } from './compression.ts'
import type { MessageSink } from './frame-reader.ts'

/** What the owner of a connection is told. Every connection ends with exactly one `onClose`. */
export interface ConnectionEvents {
  /** A whole text or binary message. The buffer is the receiver's to keep. */
  onMessage(data: Buffer, isBinary: boolean): void
  /** A long message that is not complete: gives who takes its pieces, or nobody for it to be joined. */
  onLongMessage?(isBinary: boolean): MessageSink | undefined
  /** From how many bytes on a message counts as long; default 64 KiB. */
  readonly streamFromBytes?: number | undefined
  /** A ping. The owner answers it; without this it is answered here. */
  onPing?(data: Buffer): void
  /** A pong. */
  onPong?(data: Buffer): void
  /**
   * The peer reads slower than it is sent to: more waits than `maxUnsentBytes`, or than there is room for in the
   * process. The owner is to hold up what comes for it. `onDrain` follows, or `onClose`.
   */
  onBehind?(): void
  /** All that was written has left, after a time when the operating system did not take it. */
  onDrain?(): void
  /** The peer has sent its close frame, with a code or 1005: no more messages come. `onClose` follows once the socket is closed. */
  onClosing?(code: number, reason: string): void
  /**
   * The connection is over. The code is the peer's, 1005 for a close frame without one, or 1006 for a lost
   * connection; `failure` says why where this side ended it (a frame too large, invalid UTF-8, …).
   */
  onClose(code: number, reason: string, failure?: Error): void
}

/** How a connection begins. */
export interface ConnectionStart {
  /** The subprotocol both sides agreed on; empty when there is none. */
  readonly subprotocol: string
  readonly isClient: boolean
  /** The most a message may have, and one of its frames; default as much as a message. */
  readonly maxMessageBytes: number
  readonly maxFrameBytes?: number | undefined
  readonly closeTimeoutMs: number
  /** What both sides agreed on about compression. */
  readonly compression?: Agreement | undefined
}
