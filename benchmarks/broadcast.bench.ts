import type { Claim, Row, RunOptions } from './claim.ts'
import { compare } from './compare.ts'
import { broadcastToAll, broadcastToGroup } from './configuration.ts'
import { cpuPerMessage, type LoadPlan, timing } from './measure.ts'
import { broadcastByHand, gateway } from './subjects.ts'
import { ECHO } from './surroundings.ts'

/** Compares sending one message to many clients with writing a frame made by hand to each of their sockets. */
export const broadcast: Claim = {
  name: 'broadcast',
  title: 'One WebSocket message of 1 KiB to 5,000 clients, the next when all have got it',
  baseline: 'broadcast-by-hand.ts, one frame written to each socket',
  async run(options) {
    const toAll = await compareBroadcast('broadcast level 1', broadcastToAll, options)
    return [toAll, await compareBroadcast('sendToGroup', broadcastToGroup, options)]
  },
}

function compareBroadcast(
  what: string,
  configuration: typeof broadcastToAll,
  options: RunOptions,
): Promise<Row> {
  const subject = gateway(options.subjectCommand, configuration)
  const plan: LoadPlan = { to: 'relay', backend: ECHO, connections: 5_000, size: 1024, broadcast: true }
  return compare({
    what,
    unit: 'µs CPU/receiver',
    goal: { of: 'ratio', atMost: 1.2 },
    rounds: timing(options).rounds,
    ours: () => cpuPerMessage(subject, plan, options),
    baseline: () => cpuPerMessage(broadcastByHand, plan, options),
    progress: options.progress,
  })
}
