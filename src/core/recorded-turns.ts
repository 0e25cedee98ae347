import type { RecordedConversation, RecordedEvent } from './recorded-conversation.ts'

/** What a server sent, and how long after what came before it. */
export interface RecordedAnswer {
  readonly event: RecordedEvent
  readonly delayMs: number
}

/** A message of the client, and what answered it. */
export interface RecordedTurn {
  readonly event: RecordedEvent
  readonly answers: RecordedAnswer[]
}

/** A conversation as what the server said first, and what it answered to each message. */
export interface RecordedTurns {
  readonly greeting: readonly RecordedAnswer[]
  readonly turns: readonly RecordedTurn[]
}

/** A client that waits this long before it goes on has got no answer, in milliseconds. */
const PATIENCE_MS = 500

/**
 * Tells which message each answer belongs to. Messages that were sent at once are answered one by one, in their order;
 * what comes when all are answered belongs to the last one that was.
 */
export function turnsOf({ events }: Pick<RecordedConversation, 'events'>): RecordedTurns {
  const greeting: RecordedAnswer[] = []
  const turns: RecordedTurn[] = []
  let waiting: RecordedTurn[] = []
  let last: RecordedAnswer[] = greeting
  let before = events[0]
  for (const event of events) {
    if (event.isSent) {
      if (event.kind === 'close') break
      if (event.at - (before?.at ?? event.at) > PATIENCE_MS) waiting = []
      const turn = { event, answers: [] }
      turns.push(turn)
      waiting.push(turn)
      // Whoever has had no answer so far may have one yet.
      if (waiting.length === 1) last = turn.answers
    } else {
      // The close of a server ends all that it was asked.
      const turn = event.kind === 'close' ? waiting.at(-1) : waiting.shift()
      if (turn) last = turn.answers
      last.push({ event, delayMs: Math.max(0, Math.round(event.at - (before?.at ?? event.at))) })
      if (event.kind === 'close') break
    }
    before = event
  }
  return { greeting, turns }
}
