/** How a message can end. Every accepted message is counted under one of these, once. */
export type Ending = 'delivered' | 'answered' | 'accepted' | 'dropped' | 'faulted' | 'refused' | 'discarded'

/** Counts what came in at one place and how it ended. */
export class MessageCounters {
  received = 0
  readonly ended: Record<Ending, number> = {
    delivered: 0,
    answered: 0,
    accepted: 0,
    dropped: 0,
    faulted: 0,
    refused: 0,
    discarded: 0,
  }

  /** Messages taken in that have not ended yet. */
  get inFlight(): number {
    let sum = 0
    for (const count of Object.values(this.ended)) sum += count
    return this.received - sum
  }
}
