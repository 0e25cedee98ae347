import { setTimeout as sleep } from 'node:timers/promises'
import type { Claim, Sample } from './claim.ts'
import { compare } from './compare.ts'
import { relayAndAccept } from './configuration.ts'
import { barePipe, gateway, type Subject } from './subjects.ts'
import { ECHO, startLoad, startSubject, surroundings } from './surroundings.ts'
import { processTree, residentBytes } from './usage.ts'

const KIB = 1024
const MIB = 1024 * KIB

/** Compares what an open session, with its link to the backend, holds in memory once it is quiet. */
export const memory: Claim = {
  name: 'memory',
  title: 'Resident memory of an idle session, each having had one message relayed and answered',
  baseline: 'bare-pipe.ts',
  async run({ quick, subjectCommand, progress }) {
    const sessions = quick ? 500 : 5000
    const settleMs = quick ? 1500 : 4000
    const subject = gateway(subjectCommand, relayAndAccept)
    const row = await compare({
      what: `${sessions} sessions`,
      unit: 'KiB/session',
      goal: { of: 'ratio', atMost: 1.25 },
      rounds: quick ? 2 : 3,
      ours: () => idleMemory(subject, sessions, settleMs),
      baseline: () => idleMemory(barePipe, sessions, settleMs),
      progress,
    })
    const goal = { of: 'ours', atMost: 22 } as const
    return [row, { ...row, what: 'by themselves', goal, met: row.ours.median <= goal.atMost }]
  },
}

async function idleMemory(subject: Subject, sessions: number, settleMs: number): Promise<Sample> {
  await using around = await surroundings(subject, ECHO)
  await using program = await startSubject(around)
  const pids = processTree(program.pid)
  await sleep(1000)
  const empty = residentBytes(pids)

  const url = `ws://127.0.0.1:${around.ports.relay}/`
  await using generator = startLoad('load.ts', { url, connections: sessions, size: 128, idle: true })
  await generator.line(/^READY$/, 60_000)
  await sleep(settleMs)
  const full = residentBytes(pids)

  return {
    value: (full - empty) / sessions / KIB,
    aside: { 'MiB empty': empty / MIB, 'MiB full': full / MIB },
  }
}
