import type { MessageContext } from '../core/context.ts'
import type { Expression } from '../expressions/value.ts'
import type { Outgoing, TakeoverPolicy } from './takeover.ts'
import type { TakeoverLog } from './takeover-log.ts'

/** The opening messages of one client, in the order in which their keys came first. */
export class OpeningMessages {
  readonly #policy: TakeoverPolicy
  readonly #log: TakeoverLog
  readonly #stored = new Map<string | number, Outgoing>()
  #seen = 0
  #bytes = 0
  #unkeyed = 0
  /** Bytes of those that wait to be sent. */
  #waitingBytes = 0
  /** Whether there were more than may be stored: what is left of them would open nothing. */
  isIncomplete = false

  constructor(policy: TakeoverPolicy, log: TakeoverLog) {
    this.#policy = policy
    this.#log = log
  }

  /** Says whether the next message of the client is one of them; call it once for each. */
  keyOf(ctx: MessageContext | undefined): string | undefined {
    const { opening, openingWhen, openingKey } = this.#policy
    if (this.#seen < opening) this.#seen++
    else if (!openingWhen || !ctx || !isTrue(openingWhen, ctx)) return undefined
    return openingKey && ctx ? textOf(openingKey, ctx) : ''
  }

  /** Gives the key of one that is to wait: it is not left out then, as long as there are not too many. */
  waits({ key, data }: Outgoing): string | undefined {
    if (key === undefined || this.isIncomplete) return undefined
    this.#waitingBytes += data.length
    if (this.#waitingBytes <= this.#policy.openingMaxBytes) return key
    this.#giveUp()
    return undefined
  }

  /** One that has waited is sent. */
  waited(bytes: number): void {
    this.#waitingBytes -= bytes
  }

  /** Stores a message that is sent. */
  store(message: Outgoing): void {
    if (this.isIncomplete) return
    const key = message.key === '' ? this.#unkeyed++ : message.key!
    this.#bytes += message.data.length - (this.#stored.get(key)?.data.length ?? 0)
    this.#stored.set(key, message)
    if (this.#bytes > this.#policy.openingMaxBytes) this.#giveUp()
  }

  /** Forgets them all. */
  clear(): void {
    this.#stored.clear()
  }

  get size(): number {
    return this.#stored.size
  }

  all(): Iterable<Outgoing> {
    return this.#stored.values()
  }

  /** There are more than may be stored. */
  #giveUp(): void {
    this.isIncomplete = true
    this.clear()
    this.#log.incomplete(this.#policy.openingMaxBytes)
  }
}

/** A payload that cannot be read opens nothing; that it cannot is for the backend to find out. */
function isTrue(expression: Expression, ctx: MessageContext): boolean {
  try {
    return expression.boolean(ctx)
  } catch {
    return false
  }
}

function textOf(expression: Expression, ctx: MessageContext): string {
  try {
    return expression.text(ctx) ?? ''
  } catch {
    return ''
  }
}
