import type { MaybePromise } from '../core/step.ts'
import type { ProcessorStore } from './processor-store.ts'
import type { Failure, ReadableStore, Removal } from './readable-store.ts'
import type { StoredMessage } from './stored-message.ts'

/** A message in the hands of a processor: it is removed, buried or put back, once. */
export class TakenMessage {
  readonly message: StoredMessage
  readonly #store: ReadableStore
  readonly #access: ProcessorStore
  #isOver = false

  constructor(message: StoredMessage, store: ReadableStore, access: ProcessorStore) {
    this.message = message
    this.#store = store
    this.#access = access
  }

  /** Name of the store it is in. */
  get storeName(): string {
    return this.#store.name
  }

  /** Whether it is in other hands: what comes of it now no longer counts. */
  get isOver(): boolean {
    return this.#isOver
  }

  /** Removes it; the next message may be taken once this has returned, or resolved. */
  remove(as: Removal): MaybePromise<void> {
    if (this.#isOver) return undefined
    this.#isOver = true
    return this.#access.tell(this, () => this.#store.remove(this.message, as))
  }

  /** Makes it a dead letter, as `remove` does. */
  bury(why: Failure): MaybePromise<void> {
    if (this.#isOver) return undefined
    this.#isOver = true
    return this.#access.tell(this, () => this.#store.bury(this.message, why))
  }

  /** Puts it back in its place; nothing happens where it is over. */
  async putBack(): Promise<void> {
    if (this.#isOver) return
    this.#isOver = true
    await this.#access.putBack(this)
  }
}
