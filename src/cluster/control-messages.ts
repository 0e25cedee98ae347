import type { Deaths } from '../core/joined-ledger.ts'
import type { Ledger, ServiceAccount, StoreAccount } from '../core/ledger.ts'

/** What the workers of a server tell each other for those who operate it, through the process that started them. */

/** What a worker has counted so far; of stores, those that are in its memory. */
export interface Account {
  readonly at: number
  readonly services: readonly ServiceAccount[]
  readonly stores: readonly StoreAccount[]
}

/** The last ledger of a worker, with what is needed to keep it. */
export interface LastLedger {
  readonly ledger: Ledger
  /** Where its management API was; undefined where it had none. */
  readonly url: string | undefined
  readonly dataFolder: string
  readonly paths: readonly string[]
}

/** A worker, as the process that started it knows it. */
export interface WorkerState {
  readonly worker: number
  readonly pid: number
  readonly isReady: boolean
  /** How often a worker was started in this place. */
  readonly starts: number
  /** When its counts were heard of last, in milliseconds since 1970; should it die, what it did since is not known. */
  readonly heardAt?: number | undefined
}

/** What one worker answered. */
export interface WorkerAnswer {
  readonly worker: number
  readonly pid: number
  readonly value: unknown
}

/** What the other workers answered. */
export interface WorkerAnswers {
  readonly answers: readonly WorkerAnswer[]
  /** The numbers of those that did not answer in time, or could not. */
  readonly silent: readonly number[]
  /** All workers, the one that asked among them. */
  readonly workers: readonly WorkerState[]
  readonly deaths: Deaths
}

/** How all workers are to stop: in stages, or at once. */
export type StopKind = 'drain' | 'shutdown'

/** What a worker says of it. A step of its drain is what `drain.ts` makes of one. */
export type ControlFromWorker =
  | {
      readonly kind: 'ask workers'
      readonly id: number
      readonly name: string
      readonly args: readonly unknown[]
    }
  | { readonly kind: 'worker answer'; readonly id: number; readonly value: unknown; readonly error?: string }
  | { readonly kind: 'account'; readonly account: Account }
  | { readonly kind: 'same account'; readonly at: number }
  | { readonly kind: 'drain step'; readonly step: object }
  | { readonly kind: 'last ledger'; readonly last: LastLedger }
  | { readonly kind: 'stop all'; readonly how: StopKind }

/** What a worker is told of it. */
export type ControlToWorker =
  | {
      readonly kind: 'worker question'
      readonly id: number
      readonly name: string
      readonly args: readonly unknown[]
    }
  | { readonly kind: 'workers said'; readonly id: number; readonly said: WorkerAnswers }
  | { readonly kind: 'drain step'; readonly step: object }
  | { readonly kind: 'stop'; readonly how: StopKind }
