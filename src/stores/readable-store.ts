import type { MessageStore } from '../core/ports.ts'
import type { MaybePromise } from '../core/step.ts'
import type { StoredMessage } from './stored-message.ts'

/** How a stored message ended that nobody will take again. */
export type Removal = 'delivered' | 'moved' | 'dropped'

/** Why a message was given up. */
export interface Failure {
  /** The processor that gave it up. */
  readonly processor: string
  readonly attempts: number
  /** The code of the last fault, and what it said. */
  readonly code: number
  readonly reason: string
}

/** A message that was given up, as far as a list shows it. */
export interface DeadLetter extends Failure {
  readonly id: string
  /** When it was stored, and when given up, in milliseconds since 1970. */
  readonly storedAt: number
  readonly diedAt: number
  /** Size of its payload. */
  readonly bytes: number
  readonly mediaType: string
}

/** Messages that were given up. They are kept until somebody sends them again or discards them, up to a limit. */
export interface DeadLetters {
  count(): MaybePromise<number>
  /** Lists the oldest, from behind the one with an id on. */
  list(limit: number, after?: string): MaybePromise<readonly DeadLetter[]>
  /** Puts them back into the store, behind what is there; gives how many that were. */
  resend(ids: readonly string[] | 'all'): MaybePromise<number>
  /** Lets go of them for good; gives how many that were. */
  discard(ids: readonly string[] | 'all'): MaybePromise<number>
}

/** What went through a store since it was made, by how it ended. What it holds is the rest. */
export interface StoreTally {
  /** Put in, those sent again from the dead letters included. */
  readonly stored: number
  readonly delivered: number
  readonly moved: number
  readonly dropped: number
  /** Given up and kept as dead letters. */
  readonly died: number
  /** Handed out again after a crash: they may have been delivered before. */
  readonly redelivered: number
}

/** A store that message processors can read. Each call may throw a `Fault` where what keeps the messages is away. */
export interface ReadableStore extends MessageStore {
  /** `in memory`, `embedded` or `redis`, as lists show it. */
  readonly kind: string
  readonly deadLetters: DeadLetters
  /** How many messages it holds, those that are worked on included. */
  size(): MaybePromise<number>
  tally(): MaybePromise<StoreTally>
  /** Takes the oldest message that nobody works on; it stays in the store until it is removed or buried. */
  take(): MaybePromise<StoredMessage | undefined>
  /** Puts a message that was taken back in its place. */
  release(message: StoredMessage): MaybePromise<void>
  /** Removes a message that was taken. */
  remove(message: StoredMessage, as: Removal): MaybePromise<void>
  /** Makes a message that was taken a dead letter. */
  bury(message: StoredMessage, why: Failure): MaybePromise<void>
  /** Lets another process take messages at once, where one process has to leave that to the other; this one takes none for now. */
  leave?(): MaybePromise<void>
}

/** Whether a message processor can read a store. */
export function isReadable(store: MessageStore | undefined): store is ReadableStore {
  return store !== undefined && 'take' in store
}
