import type { Claim, Row, RunOptions } from './claim.ts'
import { compareAll } from './compare.ts'
import { relayAndAccept } from './configuration.ts'
import { cpuPerMessage, type LoadPlan, timing } from './measure.ts'
import { barePipe, gateway, nginxPipe, type Subject } from './subjects.ts'
import { ECHO } from './surroundings.ts'

/** Compares relaying WebSocket messages through mediation with piping them by the bare `ws` library. */
export const relay: Claim = {
  name: 'relay',
  title: 'WebSocket relay through property, send and respond; 50 sessions',
  baseline: 'bare-pipe.ts, one write per message',
  async run(options) {
    const rows: Row[] = []
    for (const depth of [1, 16]) {
      for (const size of [128, 1024]) rows.push(...(await compareRelay({ size, depth }, options)))
    }
    return rows
  },
}

function compareRelay(
  { size, depth }: { size: number; depth: number },
  options: RunOptions,
): Promise<readonly Row[]> {
  const plan: LoadPlan = { to: 'relay', backend: ECHO, connections: 50, size, depth }
  const cpuOf = (subject: Subject) => () => cpuPerMessage(subject, plan, options)
  const nginx = nginxPipe()
  return compareAll(
    {
      what: `${size} B, depth ${depth}`,
      unit: 'µs CPU/message',
      // One message at a time costs its two system calls, whoever makes them. More at a time share reads and writes.
      goal: { of: 'ratio', atMost: depth === 1 ? 0.95 : 0.2 },
      rounds: timing(options).rounds,
      ours: cpuOf(gateway(options.subjectCommand, relayAndAccept)),
      baseline: cpuOf(barePipe),
      progress: options.progress,
    },
    nginx ? [{ what: 'nginx', measure: cpuOf(nginx) }] : [],
  )
}
