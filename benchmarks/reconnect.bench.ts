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

/** Attempts per second the backend is to see. */
const RATE = 200

interface Plan {
  readonly what: string
  readonly clients: number
  readonly survival: string
  /** Whether clients are closed and come again, and are not kept. */
  readonly comeAgain: boolean
}

/** Shows that a backend that has restarted is not run down by those who want to connect again. */
export const reconnect: Claim = {
  name: 'reconnect',
  title: 'A backend is killed and started again, and all its clients want it back at once',
  async run(options) {
    const clients = options.quick ? 500 : 5000
    const limit = `<m:connect rate="${RATE}" concurrency="50"/>`
    const kept = '<m:reconnect interval="500" maxWaitInterval="2000"/><m:takeover maxAge="120000"/>'
    const plans: readonly Plan[] = [
      { what: 'are closed and connect again', clients, survival: limit, comeAgain: true },
      { what: 'are kept', clients, survival: limit + kept, comeAgain: false },
    ]
    const rows: Row[] = []
    for (const plan of plans) rows.push(...(await storm(plan, options)))
    return rows
  },
}

async function storm(
  { what, clients, survival, comeAgain }: Plan,
  options: RunOptions,
): Promise<readonly Row[]> {
  const title = `${clients} clients that ${what}`
  options.progress(title)
  const dir = mkdtempSync(join(tmpdir(), 'myelin-record-'))
  try {
    const file = join(dir, 'record.txt')
    const subject = watchedGateway(options, relayThatSurvives(survival))
    await using around = await surroundings(subject, ['recording.ts', '--file', join(dir, 'before.txt')])
    const log = new OutageLog()
    await using program = await startSubject(around, log.read)
    const seconds = (clients / RATE) * 3 + 10
    await using load = startLoad('talkers.ts', {
      url: `ws://127.0.0.1:${around.ports.relay}/`,
      clients,
      rate: 0.1,
      seconds,
      rest: 1,
      again: comeAgain,
    })
    await load.line(/^READY$/, 120_000)
    // Until all links are there.
    await allUpgraded(join(dir, 'before.txt'), clients, 120_000)
    process.kill(program.pid, 'SIGUSR2')
    await sleep(200)
    const backAt = performance.now()
    // It is there again before most clients know that it was away.
    around.backend.kill()
    await using _again = await startRecording(around.ports.backend, file)
    const upgraded = await allUpgraded(file, clients, seconds * 1000)
    const tookMs = performance.now() - backAt
    process.kill(program.pid, 'SIGUSR2')
    await sleep(500)
    return rowsOf(title, { clients, upgraded, tookMs, most: mostInASecond(readRecord(file)) }, log)
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

async function allUpgraded(file: string, wanted: number, limitMs: number): Promise<number> {
  const until = performance.now() + limitMs
  for (;;) {
    const { upgrades } = readRecord(file)
    if (upgrades >= wanted || performance.now() > until) return upgrades
    await sleep(500)
  }
}

/** The most connections within any second. Those found together after a busy time came evenly during it. */
function mostInASecond({ connectedAt, busy }: Record): number {
  const times = [...connectedAt]
  for (const [from, to] of busy) {
    const found = times.flatMap((time, i) => (time > from && time <= to + FOUND_MS ? [i] : []))
    for (const [place, i] of found.entries())
      times[i] = from + ((place + 1) / found.length) * (times[i]! - from)
  }
  const sorted = times.toSorted((a, b) => a - b)
  let first = 0
  let most = 0
  for (const [i, time] of sorted.entries()) {
    while (time - sorted[first]! >= 1000) first++
    most = Math.max(most, i - first + 1)
  }
  return most
}

/** What waited is found within so many milliseconds. */
const FOUND_MS = 20

interface Stormed {
  readonly clients: number
  readonly upgraded: number
  readonly tookMs: number
  readonly most: number
}

function rowsOf(
  title: string,
  { clients, upgraded, tookMs, most }: Stormed,
  { loop }: OutageLog,
): readonly Row[] {
  const rows = [
    finding({
      what: `${title}: most attempts the backend saw in a second`,
      unit: 'attempts',
      value: most,
      atMost: RATE,
      aside: { 'all back after, s': Math.round(tookMs / 100) / 10 },
    }),
    finding({
      what: 'clients without a link in the end',
      unit: 'clients',
      value: clients - upgraded,
      atMost: 0,
    }),
  ]
  if (loop)
    rows.push(
      finding({
        what: 'delay of the event loop meanwhile, p99',
        unit: 'ms',
        value: Math.round(loop.p99 * 10) / 10,
        atMost: 100,
        aside: { 'longest, ms': Math.round(loop.max) },
      }),
    )
  return rows
}
