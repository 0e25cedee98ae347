import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Claim, Row, RunOptions } from './claim.ts'
import { finding } from './compare.ts'
import {
  OutageLog,
  type Record,
  readRecord,
  relayThatSurvives,
  startRecording,
  watchedGateway,
} from './outages.ts'
import { startLoad, startSubject, surroundings } from './surroundings.ts'

interface Plan {
  readonly clients: number
  /** Messages of each client per second. */
  readonly rate: number
  readonly beforeMs: number
  readonly awayMs: number
  readonly afterMs: number
}

const FULL: Plan = { clients: 200, rate: 10, beforeMs: 5000, awayMs: 5000, afterMs: 7000 }
const QUICK: Plan = { clients: 20, rate: 10, beforeMs: 1000, awayMs: 1000, afterMs: 3000 }

/** Shows that clients outlive their backend, and what becomes of what they said meanwhile. */
export const takeover: Claim = {
  name: 'takeover',
  title: 'A backend is killed under its clients with SIGKILL, and started again after a while',
  async run(options) {
    const plan = options.quick ? QUICK : FULL
    return [...(await outage(plan, 'resend', options)), ...(await outage(plan, 'drop', options))]
  },
}

/** What the clients have done. */
interface Talked {
  readonly closed: number
  readonly sent: readonly number[]
}

async function outage(plan: Plan, unproved: 'resend' | 'drop', options: RunOptions): Promise<readonly Row[]> {
  const { clients, rate, beforeMs, awayMs, afterMs } = plan
  const what = `${clients} clients, ${rate} messages/s each, away ${awayMs / 1000} s, unproved="${unproved}"`
  options.progress(what)
  const survival = `<m:reconnect interval="500" maxWaitInterval="2000"/><m:takeover unproved="${unproved}"/>`
  const dir = mkdtempSync(join(tmpdir(), 'myelin-record-'))
  try {
    const file = join(dir, 'record.txt')
    const subject = watchedGateway(options, relayThatSurvives(survival))
    await using around = await surroundings(subject, ['recording.ts', '--file', file])
    const log = new OutageLog()
    await using _program = await startSubject(around, log.read)
    await using load = startLoad('talkers.ts', {
      url: `ws://127.0.0.1:${around.ports.relay}/`,
      clients,
      rate,
      seconds: (beforeMs + awayMs + afterMs) / 1000,
    })
    await load.line(/^READY$/, 60_000)
    await sleep(beforeMs)
    around.backend.kill()
    await sleep(awayMs)
    await using _again = await startRecording(around.ports.backend, file)
    const talked = JSON.parse(await load.line(/^\{/, afterMs + 30_000)) as Talked
    return rowsOf(what, unproved, talked, readRecord(file), log)
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

/** How what has arrived differs from what was sent. */
function compareRecord(
  { sent }: Talked,
  { messages }: Record,
): { lost: number; doubled: number; disordered: number } {
  const next = new Map<string, number>()
  const seen = new Set<string>()
  const first = new Map<number, number>()
  let doubled = 0
  let disordered = 0
  for (const { connection, client, number } of messages) {
    // Within a connection each is behind the one before, and what is new is so over all of them.
    if (number < (next.get(connection) ?? 0)) disordered++
    next.set(connection, number + 1)
    const key = `${client} ${number}`
    if (seen.has(key)) doubled++
    else {
      if (number < (first.get(client) ?? 0)) disordered++
      first.set(client, number + 1)
    }
    seen.add(key)
  }
  const lost = sent.reduce((sum, count) => sum + count, 0) - seen.size
  return { lost, doubled, disordered }
}

function rowsOf(
  what: string,
  unproved: 'resend' | 'drop',
  talked: Talked,
  record: Record,
  log: OutageLog,
): readonly Row[] {
  const { lost, doubled, disordered } = compareRecord(talked, record)
  const sent = talked.sent.reduce((sum, count) => sum + count, 0)
  const marked = log.possibleDuplicates
  return [
    finding({
      what: `${what}: clients disconnected`,
      unit: 'clients',
      value: talked.closed,
      atMost: 0,
      aside: { 'taken over': log.takenOver, 'slowest, ms': log.slowestMs },
    }),
    finding({
      what: unproved === 'resend' ? 'messages lost' : 'messages lost that were not handed over',
      unit: 'messages',
      value: Math.max(0, unproved === 'resend' ? lost : lost - log.unproved),
      atMost: 0,
      aside: { sent, 'waited for it': log.queued, lost, 'counted as unproved': log.unproved },
    }),
    finding({
      what: 'messages that came twice and were not marked',
      unit: 'messages',
      value: Math.max(0, doubled - marked),
      atMost: 0,
      aside: { doubled, marked },
    }),
    finding({ what: 'messages out of order', unit: 'messages', value: disordered, atMost: 0 }),
  ]
}
