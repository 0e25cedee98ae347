import type { Claim, Progress } from './arbiter.ts'

/** What a worker may ask of the process that started it: the name of each question, with what comes along. */
export interface Questions {
  hold: [name: string, ttlMs: number]
  release: [name: string]
  now: []
  join: [schedule: string, plan: string, known: Progress, replaces: boolean]
  claim: [schedule: string, plan: string, claim: Claim]
  keepOn: [schedule: string, plan: string, busyMs: number]
  finish: [schedule: string, plan: string, dueMs: number | undefined]
  leave: [schedule: string, plan: string]
  get: [key: string]
  set: [key: string, value: Uint8Array, ttlMs: number]
  delete: [key: string]
  count: [key: string, windowMs: number]
}

/** One question, in a form that can be told by its name. */
export type Question = { [Name in keyof Questions]: { name: Name; args: Questions[Name] } }[keyof Questions]

/** What a worker says. */
export type FromWorker =
  | { readonly kind: 'ready' }
  | { readonly kind: 'hello'; readonly nodeId: string }
  | { readonly kind: 'bye' }
  | { readonly kind: 'ask'; readonly id: number; readonly question: Question }
  | {
      readonly kind: 'send'
      readonly to: string | undefined
      readonly topic: string
      readonly message: Uint8Array
    }

/** What a worker is told. */
export type ToWorker =
  | { readonly kind: 'others'; readonly others: readonly string[] }
  | { readonly kind: 'answer'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'message'; readonly topic: string; readonly message: Uint8Array; readonly from: string }

/** Most bytes that may be on the way between two processes; what is beyond is not sent. */
export const MAX_ON_THE_WAY_BYTES = 64 * 1024 * 1024
