import type { Logger } from '../core/logger.ts'
import type { EmbeddedClaim } from './embedded-claim.ts'
import type { EmbeddedFile } from './embedded-file.ts'
import type { KeptRow } from './embedded-job.ts'
import { messageOf, type NextMessage, setAside } from './embedded-reader.ts'
import type { StoredMessage } from './stored-message.ts'

/**
 * Hands out messages by their sequence numbers: the first is 1, each next one follows the last. Where one is missing
 * the others wait, up to a limit; then the smallest number that is there comes next. One that comes when larger
 * numbers have been handed out already is handed out at once.
 */
export class BySequence implements NextMessage {
  readonly #store: string
  readonly #file: EmbeddedFile
  readonly #log: Logger
  readonly #claim: EmbeddedClaim
  /** How long a missing number is waited for, in milliseconds; below 0 for ever. */
  timeoutMs = -1
  #next = 1
  /** When it was first seen that the next one is missing. */
  #missingSince: number | undefined
  /** How often messages were handed out that were taken back, by row. */
  readonly #handOuts = new Map<number, number>()

  constructor(store: string, file: EmbeddedFile, log: Logger, claim: EmbeddedClaim) {
    this.#store = store
    this.#file = file
    this.#log = log
    this.#claim = claim
  }

  now(): undefined {
    return undefined
  }

  async ask(): Promise<StoredMessage | undefined> {
    for (;;) {
      if (await this.#claim.prepare()) this.#startOver()
      const besides = [...this.#claim.held.values()].map(row => row.number)
      const { reader, row } = await this.#file.run<'first'>({ kind: 'first', store: this.#store, besides })
      if (this.#claim.isLostTo(reader)) continue
      if (!row || !this.#isDue(row.sequence!)) return undefined
      const message = messageOf(row)
      if (message) return this.#handOut(message, row)
      await setAside(row, this.#store, this.#file, this.#log)
    }
  }

  release(message: StoredMessage, row: KeptRow): void {
    this.#handOuts.set(row.number, message.handOuts + 1)
  }

  #startOver(): void {
    this.#next = this.#claim.released + 1
    this.#missingSince = undefined
    this.#handOuts.clear()
  }

  #isDue(sequence: number): boolean {
    if (sequence <= this.#next) return true
    const now = performance.now()
    this.#missingSince ??= now
    if (this.timeoutMs < 0 || now - this.#missingSince < this.timeoutMs) return false
    this.#log.warn(
      { store: this.#store, missing: this.#next, next: sequence },
      `message store ${this.#store}: number ${this.#next} did not come in time; it goes on with ${sequence}`,
    )
    return true
  }

  #handOut(message: StoredMessage, row: KeptRow): StoredMessage {
    const sequence = row.sequence!
    if (sequence >= this.#next) {
      this.#next = sequence + 1
      this.#missingSince = undefined
    }
    message.handOuts = this.#handOuts.get(row.number) ?? message.handOuts
    this.#handOuts.delete(row.number)
    this.#claim.hold(message, row)
    return message
  }
}
