import { randomUUID } from 'node:crypto'
import type { Logger } from '../core/logger.ts'
import type { EmbeddedFile } from './embedded-file.ts'
import type { KeptRow } from './embedded-job.ts'
import type { StoredMessage } from './stored-message.ts'

/**
 * That this process reads a store, and what it has in hand. Which messages those are is known in memory alone; written
 * down is how many they were at most. Readers hand out what comes first, so after a sudden end the first messages, as
 * many as that, are those that may have been delivered: nothing is written for each of them.
 */
export class EmbeddedClaim {
  readonly #store: string
  readonly #file: EmbeddedFile
  readonly #log: Logger
  /** Tells this process from others, and from itself after a restart. */
  readonly #id = randomUUID()
  readonly held = new Map<StoredMessage, KeptRow>()
  #isMine = false
  /** How many may be in hand, as it is written down. */
  #hands = 1
  /** How many of those that come next may have been handed out before. */
  #suspects = 0
  /** The largest sequence number that was let go of, when it was claimed. */
  released = 0

  constructor(store: string, file: EmbeddedFile, log: Logger) {
    this.#store = store
    this.#file = file
    this.#log = log
    file.beforeClosing(() => this.#end())
  }

  /** Whether one more message may be handed out at once. */
  get isReady(): boolean {
    return this.#isMine && this.held.size < this.#hands
  }

  /** Makes ready to hand out one more; tells whether the store was claimed anew, and has to be read from its beginning. */
  async prepare(): Promise<boolean> {
    const wanted = this.held.size + 1
    if (this.#isMine && wanted <= this.#hands) return false
    let hands = this.#hands
    while (hands < wanted) hands *= 2
    const isNew = !this.#isMine
    if (isNew) {
      const claim = { kind: 'claim', store: this.#store, reader: this.#id, hands } as const
      const { suspects, released } = await this.#file.run<'claim'>(claim)
      this.#suspects = suspects
      this.released = released
      this.#isMine = true
      if (suspects > 0) this.#tell(suspects)
    } else {
      await this.#file.run<'hands'>({ kind: 'hands', store: this.#store, hands })
    }
    this.#hands = hands
    return isNew
  }

  /** Tells, of who reads the store by its file, whether that is somebody else now. */
  isLostTo(reader: string): boolean {
    if (reader === this.#id) return false
    this.#isMine = false
    return true
  }

  /** Notes that a message is handed out. */
  hold(message: StoredMessage, row: KeptRow): void {
    if (this.#suspects > 0) {
      this.#suspects--
      message.handOuts++
    }
    this.held.set(message, row)
  }

  async #end(): Promise<void> {
    if (!this.#isMine || this.held.size > 0) return
    this.#isMine = false
    // If this fails the next reader counts some messages that were not in hand.
    await this.#file.run<'unclaim'>({ kind: 'unclaim', store: this.#store, reader: this.#id }).catch(() => {})
  }

  #tell(suspects: number): void {
    this.#log.warn(
      { store: this.#store, messages: suspects },
      `message store ${this.#store}: up to ${suspects} of its messages may have been delivered before it was last closed; they are handed out again`,
    )
  }
}
