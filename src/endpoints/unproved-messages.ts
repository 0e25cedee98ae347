import { type Alarm, wheel } from '../websocket/timer-wheel.ts'
import type { Outgoing, TakeoverPolicy } from './takeover.ts'

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

/** The link they are written to. */
export interface ProofOwner {
  /** Sends a ping whose answer proves that all before it has arrived. */
  prove(ping: number): void
}

/** The messages written since the last proof that the backend has got them; asks for the next one in time. */
export class UnprovedMessages implements Alarm {
  readonly #policy: TakeoverPolicy
  readonly #link: ProofOwner
  #kept: Outgoing[] = []
  #keptBytes = 0
  #written = 0
  #writtenBytes = 0
  #proved = 0
  #provedBytes = 0
  /** The oldest first. */
  #asked: Asked[] = []
  #pings = 0

  constructor(policy: TakeoverPolicy, link: ProofOwner) {
    this.#policy = policy
    this.#link = link
  }

  /** A message is about to be written. */
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

  /** A message has been written; only openings were not added. Where there are many a proof is asked for at once. */
  written({ key }: Outgoing): void {
    const count = this.#written - this.#proved
    const { maxMessages, maxBytes, proofIntervalMs } = this.#policy
    const isMany = count > maxMessages / 4 || this.#writtenBytes - this.#provedBytes > maxBytes / 4
    if (isMany && this.#asked.length === 0) this.onTime()
    else if (count === 1 && key === undefined) wheel.set(this, proofIntervalMs)
  }

  onTime(): void {
    if (this.#written === this.#proved) return
    const ping = ++this.#pings
    if (this.#asked.length === MAX_ASKED) this.#asked.shift()
    this.#asked.push({ ping, written: this.#written, bytes: this.#writtenBytes })
    this.#link.prove(ping)
    wheel.set(this, this.#policy.proofIntervalMs)
  }

  /** A ping was answered: what was written before it has arrived. */
  proved(ping: number): void {
    const at = this.#asked.findIndex(asked => asked.ping === ping)
    if (at < 0) return
    const { written, bytes } = this.#asked[at]!
    this.#asked.splice(0, at + 1)
    this.#proved = written
    this.#provedBytes = bytes
    const count = this.#written - this.#proved
    this.#forget(Math.max(0, this.#kept.length - count))
    if (count === 0) this.stop()
  }

  /** Asks for no proof any more, until something is written again. */
  stop(): void {
    wheel.clear(this)
  }

  /** Gives what there is, and begins anew with another link. */
  take(): Unproved {
    this.stop()
    const messages = this.#kept
    const others = this.#written - this.#proved - messages.length
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
