import type { Expression } from '../expressions/value.ts'

/** How long, and with how much, a client is kept while its backend is away. Durations are in milliseconds. */
export interface TakeoverPolicy {
  readonly maxMessages: number
  readonly maxBytes: number
  readonly maxAgeMs: number
  /** Close codes after which the backend is expected back, 1006 for a lost connection. */
  readonly codes: readonly number[]
  /** So many messages of each client, its first ones, are stored and replayed. */
  readonly opening: number
  /** True for further messages to store. */
  readonly openingWhen: Expression | undefined
  /** Of stored messages for which it gives the same, the last one counts. */
  readonly openingKey: Expression | undefined
  readonly openingMaxBytes: number
  /** What becomes of messages that were written, and that nobody knows to have arrived. */
  readonly unproved: 'drop' | 'resend'
  /** How often a ping asks the backend how far it has got. */
  readonly proofIntervalMs: number
}

/** A message for a backend. */
export interface Outgoing {
  readonly data: Buffer
  readonly isBinary: boolean
  /** Whether it may be compressed. */
  readonly compress: boolean
  /** Set for an opening message: what it has in common with the one it replaces, '' for nothing. */
  readonly key: string | undefined
}
