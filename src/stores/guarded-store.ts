import type { MessageContext } from '../core/context.ts'
import { Fault } from '../core/fault.ts'
import type { Logger } from '../core/logger.ts'
import type { MessageStore, NumberedMessages } from '../core/ports.ts'
import type { MaybePromise } from '../core/step.ts'
import type { Failure, ReadableStore, Removal, StoreTally } from './readable-store.ts'
import type { StoredMessage } from './stored-message.ts'

/**
 * A store with another one behind it: what the first cannot take goes to the second. Only the first is read here; a
 * message processor brings back what the second has.
 */
export class GuardedStore implements ReadableStore {
  readonly name: string
  readonly kind: string
  readonly deadLetters: ReadableStore['deadLetters']
  readonly #first: ReadableStore
  readonly #second: MessageStore
  readonly #log: Logger

  constructor(first: ReadableStore, second: MessageStore, log: Logger) {
    this.name = first.name
    this.kind = first.kind
    this.deadLetters = first.deadLetters
    this.#first = first
    this.#second = second
    this.#log = log
  }

  /** Senders that number their messages wait for the first: in two stores they would have no order. */
  get numbered(): NumberedMessages | undefined {
    return this.#first.numbered
  }

  /** @throws Fault when neither can take it */
  put(ctx: MessageContext): MaybePromise<void> {
    try {
      const stored = this.#first.put(ctx)
      return stored instanceof Promise ? stored.catch(thrown => this.#putElsewhere(ctx, thrown)) : stored
    } catch (thrown) {
      return this.#putElsewhere(ctx, thrown)
    }
  }

  take(): MaybePromise<StoredMessage | undefined> {
    return this.#first.take()
  }

  release(message: StoredMessage): MaybePromise<void> {
    return this.#first.release(message)
  }

  remove(message: StoredMessage, as: Removal): MaybePromise<void> {
    return this.#first.remove(message, as)
  }

  bury(message: StoredMessage, why: Failure): MaybePromise<void> {
    return this.#first.bury(message, why)
  }

  leave(): MaybePromise<void> {
    return this.#first.leave?.()
  }

  size(): MaybePromise<number> {
    return this.#first.size()
  }

  tally(): MaybePromise<StoreTally> {
    return this.#first.tally()
  }

  #putElsewhere(ctx: MessageContext, thrown: unknown): MaybePromise<void> {
    const { message } = Fault.from(thrown)
    this.#log.warn(
      { store: this.name, message: ctx.id },
      `${message}: the message goes to message store ${this.#second.name}`,
    )
    return this.#second.put(ctx)
  }
}
