/** A WebSocket conversation as it was saved, by whichever client. */
export interface RecordedConversation {
  readonly url: string
  /** Headers of the upgrade request, but for those that every such request has. */
  readonly headers: readonly (readonly [name: string, value: string])[]
  /** Subprotocols the client offered. */
  readonly offered: readonly string[]
  /** The one that was agreed on; '' for none. */
  readonly subprotocol: string
  /** Messages and the close, in order. */
  readonly events: readonly RecordedEvent[]
}

/** A message of a saved conversation, or its close. */
export interface RecordedEvent {
  readonly kind: 'text' | 'binary' | 'close'
  readonly isSent: boolean
  /** When, in milliseconds since 1970. */
  readonly at: number
  /** Bytes of a message; empty for a close. */
  readonly data: Buffer
  /** Code and reason of a close. */
  readonly code: number
  readonly reason: string
  /** The name of a message of a collection. */
  readonly name?: string | undefined
}
