import type { MessageContext } from '../core/context.ts'
import type { Logger } from '../core/logger.ts'
import type { Resource } from '../language/declare.ts'
import { BoundedDeadLetters } from './memory-dead-letters.ts'
import { MemoryNumbered } from './memory-numbered.ts'
import type { Failure, ReadableStore, Removal, StoreTally } from './readable-store.ts'
import { fullFault } from './store-fault.ts'
import { StoredMessage } from './stored-message.ts'

/** How much a store in memory holds at most. */
export interface StoreLimits {
  readonly maxMessages: number
  readonly maxBytes: number
}

/** Enough for a backend that is away for a while, and too little to use up the memory of a small machine. */
export const DEFAULT_STORE_LIMITS: StoreLimits = { maxMessages: 100_000, maxBytes: 256 * 1024 * 1024 }

/** Messages in the order they came, in memory: lost when the process ends. It outlives deployments. */
export class MemoryStore implements ReadableStore, Resource {
  readonly name: string
  readonly kind = 'in memory'
  readonly deadLetters = new BoundedDeadLetters(message => this.#add(message))
  readonly numbered = new MemoryNumbered(ctx => this.put(ctx))
  limits: StoreLimits = DEFAULT_STORE_LIMITS
  readonly #log: Logger
  readonly #messages = new Set<StoredMessage>()
  readonly #taken = new Set<StoredMessage>()
  #bytes = 0
  readonly #tally = { stored: 0, delivered: 0, moved: 0, dropped: 0, died: 0, redelivered: 0 }

  constructor(name: string, log: Logger) {
    this.name = name
    this.#log = log
  }

  size(): number {
    return this.#messages.size
  }

  tally(): StoreTally {
    return { ...this.#tally }
  }

  /** @throws Fault 306000 when the store is full */
  put(ctx: MessageContext): void {
    const message = StoredMessage.of(ctx)
    const { maxMessages, maxBytes } = this.limits
    if (this.#messages.size >= maxMessages || this.#bytes + message.bytes > maxBytes)
      throw fullFault(this.name, this.#messages.size, this.#bytes)
    this.#add(message)
  }

  take(): StoredMessage | undefined {
    for (const message of this.#messages) {
      if (this.#taken.has(message)) continue
      this.#taken.add(message)
      return message
    }
    return undefined
  }

  release(message: StoredMessage): void {
    if (this.#taken.delete(message)) message.handOuts++
  }

  remove(message: StoredMessage, as: Removal): void {
    if (this.#forget(message)) this.#tally[as]++
  }

  bury(message: StoredMessage, why: Failure): void {
    if (!this.#forget(message)) return
    this.#tally.died++
    this.deadLetters.add(message, why)
  }

  async stop(): Promise<void> {
    const { size } = this.#messages
    if (size > 0)
      this.#log.warn(
        { store: this.name },
        `message store ${this.name}: ${size} messages are lost, for it is in memory`,
      )
    this.#messages.clear()
    this.#taken.clear()
    this.numbered.clear()
    this.#bytes = 0
  }

  #add(message: StoredMessage): void {
    this.#messages.add(message)
    this.#bytes += message.bytes
    this.#tally.stored++
  }

  #forget(message: StoredMessage): boolean {
    this.#taken.delete(message)
    if (!this.#messages.delete(message)) return false
    this.#bytes -= message.bytes
    return true
  }
}
