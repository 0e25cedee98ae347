import type { Claim, Row, RunOptions } from './claim.ts'
import { compare } from './compare.ts'
import { relayAndAccept } from './configuration.ts'
import { cpuPerMessage, type LoadPlan, timing } from './measure.ts'
import { barePipe, gateway } from './subjects.ts'
import { ECHO } from './surroundings.ts'

/** Compares relaying WebSocket messages through mediation with piping them by the bare `ws` library. */
export const relay: Claim = {
  name: 'relay',
  title: 'WebSocket relay through property, send and respond; 50 sessions',
  baseline: 'bare-pipe.ts, one write per message',
  async run(options) {
    const rows: Row[] = []
    for (const depth of [1, 16]) {
      for (const size of [128, 1024]) rows.push(await compareRelay({ size, depth }, options))
    }
    return rows
  },
}

async function compareRelay(
  { size, depth }: { size: number; depth: number },
  options: RunOptions,
): Promise<Row> {
  const subject = gateway(options.subjectCommand, relayAndAccept)
  const plan: LoadPlan = { to: 'relay', backend: ECHO, connections: 50, size, depth }
  return compare({
    what: `${size} B, depth ${depth}`,
    unit: 'µs CPU/message',
    // One message at a time can only be as good as the library. More at a time can share reads and writes.
    goal: { of: 'ratio', atMost: depth === 1 ? 1.1 : 0.35 },
    rounds: timing(options).rounds,
    ours: () => cpuPerMessage(subject, plan, options),
    baseline: () => cpuPerMessage(barePipe, plan, options),
    progress: options.progress,
  })
}
