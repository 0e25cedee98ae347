import type { MessageNumber } from '../core/ports.ts'
import type { Failure, Removal } from './readable-store.ts'

/** What goes between the process and the thread that keeps its file of messages. */

/** A message as it is read back. */
export interface KeptRow {
  readonly number: number
  readonly sequence: number | null
  readonly head: Uint8Array
  readonly payload: Uint8Array
}

/** A dead letter as it is listed. */
export interface LetterRow {
  readonly id: string
  readonly processor: string
  readonly attempts: number
  readonly code: number
  readonly reason: string
  readonly bytes: number
  readonly mediaType: string
  readonly storedAt: number
  readonly diedAt: number
}

/** What is counted of a store: `messages` and `bytes` are what it holds. */
export interface StoreCounts {
  readonly messages: number
  readonly bytes: number
  readonly stored: number
  readonly delivered: number
  readonly moved: number
  readonly dropped: number
  readonly died: number
  readonly redelivered: number
}

/** What became of a message that was put in. */
export interface PutAnswer {
  /** `left out`: its number does not follow the last one of its sender. */
  readonly outcome: 'kept' | 'left out' | 'full'
  /** The last number of its sender. */
  readonly last: number
  /** What the store held before. */
  readonly messages: number
  readonly bytes: number
}

interface PutJob {
  /** How many bytes of the data of the batch are its head, and its payload. */
  readonly head: number
  readonly payload: number
  readonly sequence: number | undefined
  readonly numbered: MessageNumber | undefined
  readonly maxMessages: number
  readonly maxBytes: number
}

/** Which of the dead letters: their ids, or all. */
export type WhichLetters = readonly string[] | 'all'

/** What may be asked of the thread, each with its answer. All but `open` are about one store. */
export interface JobTypes {
  open: [job: object, answer: true]
  put: [job: PutJob, answer: PutAnswer]
  /** Reads on behind a row; `reader` is who has claimed the store. */
  read: [
    job: { readonly after: number; readonly limit: number; readonly maxBytes: number },
    answer: { readonly reader: string; readonly rows: readonly KeptRow[] },
  ]
  /** Reads the first by sequence, but for rows that are in hand. */
  first: [
    job: { readonly besides: readonly number[] },
    answer: { readonly reader: string; readonly row: KeptRow | undefined },
  ]
  /** Makes somebody the reader; gives how many rows may have been in hand of one that came to a sudden end. */
  claim: [
    job: { readonly reader: string; readonly hands: number },
    answer: { readonly suspects: number; readonly released: number },
  ]
  /** Writes down how many rows may be in hand at once, from now on. */
  hands: [job: { readonly hands: number }, answer: true]
  /** Ends being the reader. */
  unclaim: [job: { readonly reader: string }, answer: true]
  /** `bytes` and `sequence` are what is known of the row. */
  remove: [
    job: {
      readonly number: number
      readonly bytes: number
      readonly sequence: number | null
      readonly as: Removal
    },
    answer: true,
  ]
  bury: [
    job: {
      readonly number: number
      readonly id: string
      readonly mediaType: string
      readonly storedAt: number
      readonly diedAt: number
      readonly why: Failure
    },
    answer: boolean,
  ]
  counts: [job: object, answer: StoreCounts]
  letters: [job: { readonly limit: number; readonly after: string | undefined }, answer: readonly LetterRow[]]
  countLetters: [job: object, answer: number]
  resend: [job: { readonly which: WhichLetters }, answer: number]
  discard: [job: { readonly which: WhichLetters }, answer: number]
  lastOf: [job: { readonly scope: string; readonly sender: string }, answer: number | undefined]
  forget: [job: { readonly scope: string; readonly since: number; readonly most: number }, answer: true]
}

/** What may be asked for. */
export type JobKind = keyof JobTypes
/** A job of one kind, and the store it is about. */
export type JobOf<K extends JobKind> = { readonly kind: K; readonly store: string } & JobTypes[K][0]
/** What a job of one kind is answered with. */
export type AnswerTo<K extends JobKind> = JobTypes[K][1]
/** A job of any kind. */
export type Job = { [K in JobKind]: JobOf<K> }[JobKind]

/** Messages that are put in one behind the other, as one job: to pass on each by itself would cost as much as to write it. */
export interface PutsJob {
  readonly kind: 'puts'
  readonly store: string
  /** How many bytes of the data are a head, and a payload, in turn. */
  readonly lengths: readonly number[]
  readonly maxMessages: number
  readonly maxBytes: number
}

/** What became of them: the places of those the store had no room for, and what it holds. */
export interface PutsAnswer {
  readonly full: readonly number[]
  readonly messages: number
  readonly bytes: number
}

/** Rows that are removed for the same reason, as one job. */
export interface RemovesJob {
  readonly kind: 'removes'
  readonly store: string
  readonly as: Removal
  readonly numbers: readonly number[]
  /** How many bytes of payload they have together, and the largest sequence number. */
  readonly bytes: number
  readonly sequence: number | null
}

/** A job as the thread gets it. */
export type ThreadJob = Exclude<Job, { readonly kind: 'remove' }> | PutsJob | RemovesJob

/** Jobs that are done in one transaction, or the next part of them. */
export interface Batch {
  readonly id: number
  /** Whether more of the transaction is to come. Such a part only puts messages in. */
  readonly goesOn: boolean
  readonly jobs: readonly ThreadJob[]
  /** Heads and payloads of the messages that are put in, one behind the other. */
  readonly data: Uint8Array
}

/** What became of a transaction: an answer to each job of each part, or why none was done. */
export interface BatchAnswer {
  readonly id: number
  readonly answers?: readonly (readonly unknown[])[]
  readonly error?: string
  /** The data of the parts, given back. */
  readonly data?: readonly Uint8Array[]
}
