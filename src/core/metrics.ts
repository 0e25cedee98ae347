/** How a message can end. Every accepted message is counted under one of these, once. */
export type Ending = 'delivered' | 'answered' | 'accepted' | 'dropped' | 'faulted' | 'refused' | 'discarded'

/** What happens to messages for a receiver that reads slower than they come. */
export type SlowPolicy = 'pause' | 'drop-oldest' | 'keep-last' | 'spill' | 'close'

/** What became of clients whose backend was lost, and of their messages, where they were to outlive it. */
export interface TakeoverCounts {
  /** Clients that have a new link. */
  takenOver: number
  /** Clients that were closed since there was none in time. */
  givenUp: number
  /** Stored opening messages that were sent again. */
  replayed: number
  /** Messages that waited for the new link and were sent over it. */
  queued: number
  /** Messages that were sent again, and may have arrived over the old link. */
  possibleDuplicates: number
  /** Messages that were not sent again, and may not have arrived over the old link. */
  unproved: number
  /** Messages that never left. */
  lost: number
}

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
  /** Messages that a client or a backend did not get because it read too slowly, by what is done then. */
  readonly slow: Record<SlowPolicy, number> = {
    pause: 0,
    'drop-oldest': 0,
    'keep-last': 0,
    spill: 0,
    close: 0,
  }

  /** Messages that no hook of a service takes; they are among those that have ended. */
  unmatched = 0

  readonly takeover: TakeoverCounts = {
    takenOver: 0,
    givenUp: 0,
    replayed: 0,
    queued: 0,
    possibleDuplicates: 0,
    unproved: 0,
    lost: 0,
  }

  /** Counts a message that has ended. By name each: one looked up for each message costs more than all of this. */
  end(ending: Ending): void {
    const { ended } = this
    if (ending === 'delivered') ended.delivered++
    else if (ending === 'answered') ended.answered++
    else ended[ending]++
  }

  /** Messages taken in that have not ended yet. */
  get inFlight(): number {
    let sum = 0
    for (const count of Object.values(this.ended)) sum += count
    return this.received - sum
  }
}
