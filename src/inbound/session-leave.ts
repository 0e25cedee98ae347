import type { Leave } from './leave.ts'
import type { ClientSession } from './session.ts'

/** How long both sides must have been quiet before a session is closed. */
const QUIET_MS = 400

/** How long clients that do not stop talking are read once it is their turn. */
const MAX_READ_ON_MS = 1_000

/** Few clients are closed over a shorter time: this much for each, in milliseconds. */
const SPREAD_PER_CLIENT_MS = 2

const TICK_MS = 10

/** How often it must have been found quiet: when this process is held up, time goes by in which nothing is read. */
const QUIET_TICKS = QUIET_MS / TICK_MS / 2

interface Leaving {
  /** From when on it is waited for a moment to close it. */
  readonly turnAt: number
  activity: number
  quietSince: number
  quietTicks: number
  isRead: boolean
}

/**
 * Ends sessions, each when its turn has come: turns are spread by chance, so that those who come back elsewhere do so
 * one after the other. What clients had sent is read and goes through, and once both sides are quiet each client is
 * closed. A client that goes on talking is read no more a while after its turn, and after half the time everyone is
 * closed, so that there is time to say goodbye; what is left when time is up is cut. Gives how many had messages under
 * way when they were closed, or had to be cut.
 */
export async function leaveClients(
  all: () => readonly ClientSession[],
  close: (session: ClientSession) => void,
  { graceMs, spreadMs }: Leave,
): Promise<number> {
  const start = performance.now()
  const readOnMs = Math.min(MAX_READ_ON_MS, graceMs / 4)
  const sessions = shuffled(all())
  const spread = Math.min(spreadMs, sessions.length * SPREAD_PER_CLIENT_MS, graceMs / 2)
  const talkUntil = start + spread + (graceMs - spread) / 2
  const leaving = new Map<ClientSession, Leaving>()
  for (const [i, session] of sessions.entries()) {
    const turnAt = start + (spread * (i + Math.random())) / sessions.length
    leaving.set(session, {
      turnAt,
      activity: session.activity,
      quietSince: start,
      quietTicks: 0,
      isRead: true,
    })
  }
  while (leaving.size > 0 && performance.now() < talkUntil) {
    await tick()
    const now = performance.now()
    for (const [session, state] of leaving) {
      if (!session.isOpen) leaving.delete(session)
      else if (isToBeClosed(session, state, now, readOnMs)) {
        close(session)
        leaving.delete(session)
      }
    }
  }
  const cut = new Set<ClientSession>()
  for (const session of all()) {
    if (session.isOpen && !session.isIdle) cut.add(session)
    close(session)
  }
  while (all().length > 0 && performance.now() < start + graceMs) await tick()
  for (const session of all()) {
    cut.add(session)
    session.connection.terminate()
  }
  return cut.size
}

/** Whether nothing is under way and nothing has come for a while, and the turn of a session has come. */
function isToBeClosed(session: ClientSession, state: Leaving, now: number, readOnMs: number): boolean {
  if (!session.isIdle || state.activity !== session.activity) {
    state.activity = session.activity
    state.quietSince = now
    state.quietTicks = 0
  } else state.quietTicks++
  if (state.isRead && now >= state.turnAt + readOnMs) {
    state.isRead = false
    session.stopReading()
  }
  return state.quietTicks >= QUIET_TICKS && now - Math.max(state.quietSince, state.turnAt) >= QUIET_MS
}

function tick(): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, TICK_MS))
}

function shuffled<T>(items: readonly T[]): T[] {
  const all = [...items]
  for (let i = all.length - 1; i > 0; i--) {
    const other = Math.floor(Math.random() * (i + 1))
    const moved = all[i]!
    all[i] = all[other]!
    all[other] = moved
  }
  return all
}
