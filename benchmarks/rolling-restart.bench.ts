import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Claim, Row, RunOptions } from './claim.ts'
import { finding } from './compare.ts'
import { type Called, RestlessCallers } from './load/restless-callers.ts'
import { RestlessClients, type Talked } from './load/restless-clients.ts'
import { freePorts } from './ports.ts'
import { here, Program } from './program.ts'
import { type CommandEnd, RollingNode } from './rolling.ts'

/** Messages per second of all nodes together: half are questions over HTTP, half are said over WebSockets. */
const RATE = 500
const NODES = 3

/** What a rolling restart showed. */
export interface Rolled {
  readonly called: Called
  readonly talked: Talked
  readonly drains: readonly CommandEnd[]
  readonly checks: readonly CommandEnd[]
  /** Requests that the gateways took in, by their own ledgers. */
  readonly accepted: number
  readonly slowestDrainMs: number
}

/** How much is done. */
export interface RollingPlan {
  readonly rate: number
  readonly clients: number
  /** How long all nodes run between two restarts, in milliseconds. */
  readonly pauseMs: number
  /** How long a drain is announced, and over how long clients are closed then, in milliseconds. */
  readonly drainMs: number
  /** Address of a Redis by which the nodes work as one. */
  readonly redis?: string | undefined
  readonly progress: (text: string) => void
}

/** Shows that gateways can be replaced one by one while they are used. */
export const rollingRestart: Claim = {
  name: 'rolling-restart',
  title: `${NODES} gateways under ${RATE} messages a second are drained and started again in turn`,
  async run(options) {
    const redis = process.env.MYELIN_BENCH_REDIS
    return [
      ...rowsOf('alone', await roll(planOf(options))),
      ...(redis ? rowsOf('as one, over Redis', await roll({ ...planOf(options), redis })) : []),
    ]
  },
}

function planOf({ quick, progress }: RunOptions): RollingPlan {
  return { rate: RATE, clients: 60, pauseMs: quick ? 1_000 : 5_000, drainMs: 1_000, progress }
}

/** Drains each node and starts it again while callers and clients go on. */
export async function roll(plan: RollingPlan): Promise<Rolled> {
  const { rate, clients, pauseMs, drainMs, redis, progress } = plan
  const folder = mkdtempSync(join(tmpdir(), 'myelin-rolling-'))
  await using parts = new AsyncDisposableStack()
  parts.defer(() => rmSync(folder, { recursive: true, force: true }))
  const { backend: port } = await freePorts()
  const words = ['node', here('backends/shuffling.ts'), '--port', `${port}`, '--late', '0']
  const backend = parts.use(new Program(words))
  await backend.line(/^ready$/, 60_000)
  const nodes: RollingNode[] = []
  for (let i = 0; i < NODES; i++)
    nodes.push(
      parts.use(await RollingNode.prepare(join(folder, `node-${i + 1}`), { backend: port, redis, drainMs })),
    )
  await Promise.all(nodes.map(node => node.start()))
  const half = rate / 2
  const callers = new RestlessCallers(
    nodes.map(({ httpUrl }) => httpUrl),
    half,
  )
  const talkers = new RestlessClients(
    nodes.map(({ webSocketUrl }) => webSocketUrl),
    clients,
    half,
  )
  await sleep(pauseMs)
  const drains: CommandEnd[] = []
  const checks: CommandEnd[] = []
  let accepted = 0
  let slowestDrainMs = 0
  for (const [i, node] of nodes.entries()) {
    progress(`node ${i + 1} of ${NODES} is drained`)
    const start = performance.now()
    drains.push(await node.drain())
    slowestDrainMs = Math.max(slowestDrainMs, performance.now() - start)
    const last = await node.ledger()
    checks.push(last.check)
    accepted += last.accepted
    await node.start()
    await sleep(pauseMs)
  }
  const [called, talked] = await Promise.all([callers.end(), talkers.end(15_000)])
  for (const last of await Promise.all(nodes.map(node => node.ledger()))) {
    checks.push(last.check)
    accepted += last.accepted
  }
  for (const note of called.notes) progress(note)
  return { called, talked, drains, checks, accepted, slowestDrainMs: Math.round(slowestDrainMs) }
}

function rowsOf(how: string, { called, talked, drains, checks, accepted, slowestDrainMs }: Rolled): Row[] {
  const failed = (ends: readonly CommandEnd[]): number => ends.filter(({ code }) => code !== 0).length
  return [
    finding({
      what: `${how}: request-reply pairs that were broken off or answered wrongly`,
      unit: 'pairs',
      value: Math.max(accepted - called.answered, called.asked - called.answered),
      atMost: 0,
      aside: {
        asked: called.asked,
        'taken in by gateways': accepted,
        'turned away and asked elsewhere': called.turnedAway,
        'on a connection that closed before an answer': called.onClosed,
      },
    }),
    finding({
      what: `${how}: WebSocket messages that were never answered`,
      unit: 'messages',
      value: talked.lost,
      atMost: 0,
      aside: { sent: talked.sent, 'sent again': talked.sentAgain, 'closed with 1012': talked.restarts },
    }),
    finding({
      what: `${how}: WebSocket clients whose connection ended otherwise`,
      unit: 'clients',
      value: talked.otherEnds,
      atMost: 0,
    }),
    finding({
      what: `${how}: drains in which something was cut`,
      unit: 'drains',
      value: failed(drains),
      atMost: 0,
      aside: { 'slowest, ms': slowestDrainMs },
    }),
    finding({
      what: `${how}: ledgers that did not come out even`,
      unit: 'ledgers',
      value: failed(checks),
      atMost: 0,
      aside: { ledgers: checks.length },
    }),
  ]
}
