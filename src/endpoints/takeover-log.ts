import type { MessageContext } from '../core/context.ts'
import type { Session } from '../core/session.ts'
import type { Loss } from './link-loss.ts'

/** What a client got when its new connection was there. */
export interface TakenOver {
  /** How long its backend was away, in milliseconds. */
  readonly ms: number
  /** Opening messages that were sent again. */
  readonly replayed: number
  /** Messages that had waited. */
  readonly queued: number
  /** Messages that were sent again, and may have arrived before. */
  readonly possibleDuplicates: number
}

/** What a client loses whose link ends. */
export type Dropped = Pick<Loss, 'dropped' | 'unproved'>

/** Counts and logs what becomes of one client that is to outlive its backend, and of its messages. */
export class TakeoverLog {
  readonly #address: string
  readonly #owner: Session
  readonly #service: MessageContext['service']

  constructor(address: string, owner: Session, service: MessageContext['service']) {
    this.#address = address
    this.#owner = owner
    this.#service = service
  }

  /** More opening messages have come than may be stored. */
  incomplete(maxBytes: number): void {
    const text = `more than ${maxBytes} bytes of opening messages: this client will not outlive its backend`
    this.#log('warn', text, {})
  }

  /** The connection was lost. Of the messages that may not have arrived some are `kept`, to be sent again. */
  away(kept: number, others: number): void {
    if (others > 0) this.#service.counters.takeover.unproved += others
    this.#log('info', `the connection to ${this.#address} was lost, the client is kept`, {
      unproved: kept + others,
    })
  }

  takenOver(taken: TakenOver): void {
    const { ms, replayed, queued, possibleDuplicates } = taken
    const counts = this.#service.counters.takeover
    counts.takenOver++
    counts.replayed += replayed
    counts.queued += queued
    counts.possibleDuplicates += possibleDuplicates
    const text = `taken over by a new connection to ${this.#address} after ${ms} ms: ${queued} messages sent, ${replayed} replayed`
    const doubled = possibleDuplicates > 0 ? `; ${possibleDuplicates} may have been sent twice` : ''
    this.#log(possibleDuplicates > 0 ? 'warn' : 'info', text + doubled, {
      ms,
      queued,
      replayed,
      possibleDuplicates,
    })
  }

  /** There is no new connection in time; the owner of the link logs that. */
  givenUp(loses: Dropped): void {
    this.#service.counters.takeover.givenUp++
    this.#count(loses)
  }

  /** The link ends otherwise, while messages may still wait. */
  ended(loses: Dropped, why: string): void {
    this.#count(loses)
    const dropped = loses.dropped + loses.unproved
    if (dropped > 0)
      this.#log('warn', `${dropped} messages that waited for ${this.#address} are dropped: ${why}`, {
        dropped,
      })
  }

  #count({ dropped, unproved }: Dropped): void {
    const { takeover } = this.#service.counters
    takeover.lost += dropped
    takeover.unproved += unproved
  }

  #log(level: 'info' | 'warn', text: string, fields: Readonly<Record<string, number>>): void {
    const { log, label } = this.#service
    log[level]({ session: this.#owner.id, backend: this.#address, ...fields }, `${label}${text}`)
  }
}
