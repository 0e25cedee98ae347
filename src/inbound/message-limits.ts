import type { ClientLimits, Rate } from '../websocket/client-limits.ts'
import { TokenBucket } from './token-bucket.ts'

/** A limit that a client broke. */
export interface BrokenLimit {
  readonly rate: Rate
  /** What there is too much of. */
  readonly what: 'messages' | 'bytes'
}

/** Gives what watches one client; undefined where it may send as it likes. */
export function messageLimits(limits: ClientLimits | undefined): MessageLimits | undefined {
  return limits?.messages || limits?.bytes ? new MessageLimits(limits) : undefined
}

/** How much one client has sent of late, against what it may. */
export class MessageLimits {
  readonly #messages: TokenBucket | undefined
  readonly #bytes: TokenBucket | undefined
  readonly #brokenByCount: BrokenLimit | undefined
  readonly #brokenBySize: BrokenLimit | undefined

  constructor({ messages, bytes }: ClientLimits, now = performance.now()) {
    this.#messages = messages && new TokenBucket(messages, now)
    this.#bytes = bytes && new TokenBucket(bytes, now)
    this.#brokenByCount = messages && { rate: messages, what: 'messages' }
    this.#brokenBySize = bytes && { rate: bytes, what: 'bytes' }
  }

  /** Counts a message; gives the limit it breaks, if any. */
  take(bytes: number, now = performance.now()): BrokenLimit | undefined {
    if (this.#messages?.take(1, now) === false) return this.#brokenByCount
    if (this.#bytes?.take(bytes, now) === false) return this.#brokenBySize
    return undefined
  }
}
