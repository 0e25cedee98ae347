import type { MessageContext } from '../core/context.ts'
import { Fault } from '../core/fault.ts'
import type { Logger } from '../core/logger.ts'
import type { MessageStore } from '../core/ports.ts'
import type { Resource } from '../language/declare.ts'
import { StoredMessage } from './stored-message.ts'

/** How much a store in memory holds at most. */
export interface StoreLimits {
  readonly maxMessages: number
  readonly maxBytes: number
}

/** Enough for a backend that is away for a while, and too little to use up the memory of a small machine. */
export const DEFAULT_STORE_LIMITS: StoreLimits = { maxMessages: 100_000, maxBytes: 256 * 1024 * 1024 }

/** A store that message processors can read. */
export interface ReadableStore extends MessageStore {
  /** Takes the oldest message that nobody works on; it stays in the store until it is removed. */
  take(): StoredMessage | undefined
  /** Puts a message that was taken back in its place. */
  release(message: StoredMessage): void
  /** Removes a message that was taken. */
  remove(message: StoredMessage): void
}

/** Messages in the order they came, in memory: lost when the process ends. It outlives deployments. */
export class MemoryStore implements ReadableStore, Resource {
  readonly name: string
  limits: StoreLimits = DEFAULT_STORE_LIMITS
  readonly #log: Logger
  readonly #messages = new Set<StoredMessage>()
  readonly #taken = new Set<StoredMessage>()
  #bytes = 0

  constructor(name: string, log: Logger) {
    this.name = name
    this.#log = log
  }

  /** How many messages are in it. */
  get size(): number {
    return this.#messages.size
  }

  /** @throws Fault 0 when the store is full */
  put(ctx: MessageContext): void {
    const message = new StoredMessage(ctx)
    const { maxMessages, maxBytes } = this.limits
    if (this.#messages.size >= maxMessages || this.#bytes + message.bytes > maxBytes)
      throw new Fault(
        0,
        `message store ${this.name} is full: it holds ${this.#messages.size} messages of ${this.#bytes} bytes`,
      )
    this.#messages.add(message)
    this.#bytes += message.bytes
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
    this.#taken.delete(message)
  }

  remove(message: StoredMessage): void {
    this.#taken.delete(message)
    if (this.#messages.delete(message)) this.#bytes -= message.bytes
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
    this.#bytes = 0
  }
}

/** Whether a message processor can read a store. */
export function isReadable(store: MessageStore | undefined): store is ReadableStore {
  return store !== undefined && 'take' in store
}
