import type { MessageContext } from '../core/context.ts'
import type { Expression } from '../expressions/value.ts'

/** How long, and with how much, a client is kept while its backend is away. Durations are in milliseconds. */
export interface TakeoverPolicy {
  readonly maxMessages: number
  readonly maxBytes: number
  readonly maxAgeMs: number
  /** Close codes after which the backend is expected back, 1006 for a lost connection. */
  readonly codes: readonly number[]
  /** So many messages of each client, its first ones, are stored and replayed. */
  readonly opening: number
  /** True for further messages to store. */
  readonly openingWhen: Expression | undefined
  /** Of stored messages for which it gives the same, the last one counts. */
  readonly openingKey: Expression | undefined
  readonly openingMaxBytes: number
  /** What becomes of messages that were written, and that nobody knows to have arrived. */
  readonly unproved: 'drop' | 'resend'
  /** How often a ping asks the backend how far it has got. */
  readonly proofIntervalMs: number
}

/** A message for a backend. */
export interface Outgoing {
  readonly data: Buffer
  readonly isBinary: boolean
  /** Whether it may be compressed. */
  readonly compress: boolean
  /** Set for an opening message: what it has in common with the one it replaces, '' for nothing. */
  readonly key: string | undefined
}

/** The opening messages of one client, in the order in which their keys came first. */
export class OpeningMessages {
  readonly #policy: TakeoverPolicy
  readonly #stored = new Map<string | number, Outgoing>()
  #seen = 0
  #bytes = 0
  #unkeyed = 0
  /** Whether there were more than may be stored: what is left of them would open nothing. */
  isIncomplete = false

  constructor(policy: TakeoverPolicy) {
    this.#policy = policy
  }

  /** Says whether the next message of the client is one of them; call it once for each. */
  keyOf(ctx: MessageContext | undefined): string | undefined {
    const { opening, openingWhen, openingKey } = this.#policy
    if (this.#seen < opening) this.#seen++
    else if (!openingWhen || !ctx || !isTrue(openingWhen, ctx)) return undefined
    return openingKey && ctx ? textOf(openingKey, ctx) : ''
  }

  /** Stores a message that is sent. */
  store(message: Outgoing): void {
    const key = message.key === '' ? this.#unkeyed++ : message.key!
    this.#bytes += message.data.length - (this.#stored.get(key)?.data.length ?? 0)
    this.#stored.set(key, message)
    if (this.#bytes <= this.#policy.openingMaxBytes) return
    this.isIncomplete = true
    this.clear()
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

/** What was written to a link and may not have arrived. */
export interface Unproved {
  /** Those that can be sent again, in order. */
  readonly messages: readonly Outgoing[]
  /** How many there are besides. */
  readonly others: number
}

/** A ping, and what had been written when it was sent. */
interface Asked {
  readonly ping: number
  readonly written: number
  readonly bytes: number
}

/** Of the pings a backend does not answer so many are remembered: a later answer proves as much. */
const MAX_ASKED = 16

/** The messages written since the last proof that the backend has got them. */
export class UnprovedMessages {
  readonly #policy: TakeoverPolicy
  #kept: Outgoing[] = []
  #keptBytes = 0
  #written = 0
  #writtenBytes = 0
  #proved = 0
  #provedBytes = 0
  /** The oldest first. */
  #asked: Asked[] = []

  constructor(policy: TakeoverPolicy) {
    this.#policy = policy
  }

  get count(): number {
    return this.#written - this.#proved
  }

  /** Whether there are so many that a proof should be asked for at once. */
  get isMany(): boolean {
    const { maxMessages, maxBytes } = this.#policy
    if (this.#asked.length > 0) return false
    return this.count > maxMessages / 4 || this.#writtenBytes - this.#provedBytes > maxBytes / 4
  }

  add(message: Outgoing): void {
    const { length } = message.data
    this.#written++
    this.#writtenBytes += length
    // What is not to be sent again need not be kept, only counted.
    if (this.#policy.unproved === 'drop') return
    this.#kept.push(message)
    this.#keptBytes += length
    const { maxMessages, maxBytes } = this.#policy
    while (this.#kept.length > maxMessages || this.#keptBytes > maxBytes) this.#forget(1)
  }

  /** A ping goes out behind all of them. */
  asks(ping: number): void {
    if (this.#asked.length === MAX_ASKED) this.#asked.shift()
    this.#asked.push({ ping, written: this.#written, bytes: this.#writtenBytes })
  }

  /** A ping was answered: what was written before it has arrived. */
  proved(ping: number): void {
    const at = this.#asked.findIndex(asked => asked.ping === ping)
    if (at < 0) return
    const { written, bytes } = this.#asked[at]!
    this.#asked.splice(0, at + 1)
    this.#proved = written
    this.#provedBytes = bytes
    this.#forget(Math.max(0, this.#kept.length - this.count))
  }

  /** Gives what there is, and begins anew with another link. */
  take(): Unproved {
    const messages = this.#kept
    const others = this.count - messages.length
    this.#kept = []
    this.#keptBytes = 0
    this.#asked = []
    this.#proved = this.#written
    this.#provedBytes = this.#writtenBytes
    return { messages, others }
  }

  #forget(count: number): void {
    for (const { data } of this.#kept.splice(0, count)) this.#keptBytes -= data.length
  }
}
