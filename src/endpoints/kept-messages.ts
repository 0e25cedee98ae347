import { backlog } from '../websocket/backlog.ts'
import type { LossLimit } from './link-loss.ts'
import type { Outgoing, TakeoverPolicy } from './takeover.ts'

/** The messages of one client that wait while its backend is away. They count in the backlog of the process. */
export class KeptMessages {
  readonly #policy: TakeoverPolicy
  #messages: Outgoing[] = []
  #bytes = 0

  constructor(policy: TakeoverPolicy) {
    this.#policy = policy
  }

  get size(): number {
    return this.#messages.length
  }

  /** The limit that has passed, if one has. */
  get passedLimit(): LossLimit | undefined {
    const { maxMessages, maxBytes } = this.#policy
    if (this.#messages.length > maxMessages) return 'messages'
    return this.#bytes > maxBytes || backlog.free === 0 ? 'bytes' : undefined
  }

  add(message: Outgoing): void {
    this.#messages.push(message)
    this.#bytes += message.data.length
    backlog.change(message.data.length)
  }

  /** Gives them all, in order, and keeps none. */
  take(): readonly Outgoing[] {
    const messages = this.#messages
    backlog.change(-this.#bytes)
    this.#messages = []
    this.#bytes = 0
    return messages
  }
}
