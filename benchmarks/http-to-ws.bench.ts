import { nodeRedAccept } from './baselines/node-red.ts'
import type { Claim, Row, RunOptions } from './claim.ts'
import { compareAll } from './compare.ts'
import { relayAndAccept } from './configuration.ts'
import { cpuPerMessage, type LoadPlan, timing } from './measure.ts'
import { bareHttpToWebSocket, corkedHttpToWebSocket, gateway, type Subject } from './subjects.ts'

/** Compares a proxy service that accepts a POST and sends it on as a message with the same by node:http and `ws`. */
export const httpToWebSocket: Claim = {
  name: 'http-to-ws',
  title: 'HTTP POST answered 202 and sent on as a WebSocket message; 50 connections',
  baseline: 'baselines/bare-http-ws.ts',
  async run(options) {
    const rows: Row[] = []
    for (const size of [128, 1024]) rows.push(...(await compareHttp(size, options)))
    return rows
  },
}

function compareHttp(size: number, options: RunOptions): Promise<readonly Row[]> {
  const plan: LoadPlan = { to: 'http', backend: ['echo.ts', '--sink'], connections: 50, size, counts: true }
  const cpuOf = (subject: Subject) => () => cpuPerMessage(subject, plan, options)
  // One size says enough of what is only worth knowing.
  const nodeRed = size === 1024 ? nodeRedAccept() : undefined
  return compareAll(
    {
      what: `${size} B`,
      unit: 'µs CPU/request',
      goal: { of: 'ratio', atMost: 1.1 },
      rounds: timing(options).rounds,
      ours: cpuOf(gateway(options.subjectCommand, relayAndAccept)),
      baseline: cpuOf(bareHttpToWebSocket),
      progress: options.progress,
    },
    [
      { what: 'its writes corked', measure: cpuOf(corkedHttpToWebSocket) },
      ...(nodeRed ? [{ what: 'Node-RED', measure: cpuOf(nodeRed) }] : []),
    ],
  )
}
