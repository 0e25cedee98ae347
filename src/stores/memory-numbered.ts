import type { MessageContext } from '../core/context.ts'
import type { MessageNumber, NumberedMessages } from '../core/ports.ts'

interface Sender {
  readonly last: number
  /** When it sent that, in milliseconds since 1970. */
  readonly at: number
}

/** Which numbered messages a store in memory took: known as long as the messages themselves would be. */
export class MemoryNumbered implements NumberedMessages {
  readonly #put: (ctx: MessageContext) => void
  /** Who sent least lately comes first. */
  readonly #scopes = new Map<string, Map<string, Sender>>()

  /** `put` takes a message into the store. */
  constructor(put: (ctx: MessageContext) => void) {
    this.#put = put
  }

  put(ctx: MessageContext, { scope, sender, number }: MessageNumber): number {
    const last = this.last(scope, sender) ?? 0
    if (number !== last + 1) return last
    this.#put(ctx)
    const senders = this.#scopes.get(scope) ?? new Map<string, Sender>()
    this.#scopes.set(scope, senders)
    senders.delete(sender)
    senders.set(sender, { last: number, at: Date.now() })
    return number
  }

  last(scope: string, sender: string): number | undefined {
    return this.#scopes.get(scope)?.get(sender)?.last
  }

  forget(scope: string, since: number, most: number): void {
    const senders = this.#scopes.get(scope)
    for (const [sender, { at }] of senders ?? []) {
      if (at >= since && senders!.size <= most) return
      senders!.delete(sender)
    }
  }

  clear(): void {
    this.#scopes.clear()
  }
}
