import { type Claim, compare, type Row, type RunOptions } from './claim.ts'
import { cpuPerMessage, type LoadPlan, timing } from './measure.ts'
import { bareHttpToWebSocket, gateway } from './subjects.ts'

/** Compares a proxy service that accepts a POST and sends it on as a message with the same by node:http and `ws`. */
export const httpToWebSocket: Claim = {
  name: 'http-to-ws',
  title: 'HTTP POST answered 202 and sent on as a WebSocket message; 50 connections',
  baseline: 'bare-http-ws.ts',
  async run(options) {
    const rows: Row[] = []
    for (const size of [128, 1024]) rows.push(await compareHttp(size, options))
    return rows
  },
}

async function compareHttp(size: number, options: RunOptions): Promise<Row> {
  const subject = gateway(options.subjectCommand)
  const plan: LoadPlan = { kind: 'http', connections: 50, size, depth: 1 }
  return compare({
    what: `${size} B`,
    unit: 'µs CPU/request',
    goal: { of: 'ratio', atMost: 1.1 },
    rounds: timing(options).rounds,
    ours: () => cpuPerMessage(subject, plan, options),
    baseline: () => cpuPerMessage(bareHttpToWebSocket, plan, options),
    progress: options.progress,
  })
}
