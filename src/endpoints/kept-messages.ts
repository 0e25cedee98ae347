import { backlog } from '../websocket/backlog.ts'
import type { LossLimit } from './link-loss.ts'
import type { Outgoing, TakeoverPolicy } from './takeover.ts'

const NONE: readonly Outgoing[] = []

/** What one client has for its backend when that is there again. */
export interface Kept {
  /** What is sent again, and may have arrived: it goes first. */
  readonly again: readonly Outgoing[]
  readonly queue: readonly Outgoing[]
}

/** The messages of one client that wait while its backend is away. They count in the backlog of the process. */
export class KeptMessages {
  readonly #policy: TakeoverPolicy
  #again: readonly Outgoing[] = NONE
  #messages: Outgoing[] = []
  #bytes = 0

  constructor(policy: TakeoverPolicy) {
    this.#policy = policy
  }

  get size(): number {
    return this.#messages.length
  }

  /** How many are to be sent again, besides. */
  get againSize(): number {
    return this.#again.length
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

  /** Has messages sent again, before those that were to be already. */
  sendAgain(messages: readonly Outgoing[]): void {
    this.#again = [...messages, ...this.#again]
  }

  /** Gives them all, in order, and keeps none. */
  take(): Kept {
    const kept = { again: this.#again, queue: this.#messages }
    backlog.change(-this.#bytes)
    this.#again = NONE
    this.#messages = []
    this.#bytes = 0
    return kept
  }
}
