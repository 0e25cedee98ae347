import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { WebSocket } from 'ws'
import type { Claim, RunOptions, Sample } from './claim.ts'
import { compare } from './compare.ts'
import { freePorts } from './ports.ts'
import { here, Program } from './program.ts'
import { cpuMs, processTree } from './usage.ts'

/** CPU time of one message at 20,000 a second and core. */
const MOST_US = 50

const CONNECTIONS = 20
/** Messages of each that are under way. */
const DEPTH = 4

const FILE = `
- websocket:
    path: /ws/echo
    on-message:
      - {pattern: ping, response: pong}
      - {pattern: '{"action": "get-profile"}', response: '{"user": "ana"}'}
      - {pattern: '{"echo": "{{json-params.echo}}"}', response: '{"echoed": "{{json-params.echo}}"}'}
`

/** What is asked, by what it shows. */
const ASKED: Readonly<Record<string, string>> = {
  'equal text, 4 B': 'ping',
  'JSON with a hole, third of three patterns, 128 B': JSON.stringify({
    echo: 'x'.repeat(100),
    at: 1_234_567,
  }),
}

/** Compares mocks of messages with a server written by hand for just these messages. */
export const mocks: Claim = {
  name: 'mocks',
  title: 'A message that a mock matches and answers; 20 connections, 4 messages of each under way',
  baseline: 'baselines/mock-by-hand.ts',
  async run(options) {
    const rows = []
    for (const [what, message] of Object.entries(ASKED))
      rows.push(
        await compare({
          what,
          unit: 'µs CPU/message',
          goal: { of: 'ours', atMost: MOST_US },
          rounds: options.quick ? 2 : 5,
          ours: () => mocked(message, options),
          baseline: () => byHand(message, options),
          progress: options.progress,
        }),
      )
    return rows
  },
}

async function mocked(message: string, options: RunOptions): Promise<Sample> {
  const folder = mkdtempSync(join(tmpdir(), 'mocks-'))
  const file = join(folder, 'mocks.yml')
  writeFileSync(file, FILE)
  const { relay: port } = await freePorts()
  const words = [here('../bin/myelin'), 'mock', file, '--port', String(port), '--host', '127.0.0.1']
  await using server = new Program(words, { core: 1 })
  await server.line(/^watching/, 20_000)
  const sample = await load(server, `ws://127.0.0.1:${port}/ws/echo`, message, options)
  rmSync(folder, { recursive: true })
  return sample
}

async function byHand(message: string, options: RunOptions): Promise<Sample> {
  const { relay: port } = await freePorts()
  await using server = new Program(['node', here('baselines/mock-by-hand.ts'), String(port)], { core: 1 })
  await server.line(/^ready/, 20_000)
  return await load(server, `ws://127.0.0.1:${port}/ws/echo`, message, options)
}

async function load(server: Program, url: string, message: string, { quick }: RunOptions): Promise<Sample> {
  const sockets = await Promise.all(Array.from({ length: CONNECTIONS }, () => opened(url)))
  await asked(sockets, message, quick ? 2_000 : 10_000)
  const pids = processTree(server.pid)
  const [cpu, start] = [cpuMs(pids), performance.now()]
  const count = quick ? 20_000 : 100_000
  await asked(sockets, message, count)
  const [used, took] = [cpuMs(pids) - cpu, performance.now() - start]
  for (const socket of sockets) socket.terminate()
  return { value: (used * 1_000) / count, aside: { 'messages/s': Math.round((count * 1_000) / took) } }
}

async function opened(url: string): Promise<WebSocket> {
  const socket = new WebSocket(url, { perMessageDeflate: false })
  await once(socket, 'open')
  return socket
}

/** Asks so many times over all sockets, and waits for every answer. */
async function asked(sockets: readonly WebSocket[], message: string, count: number): Promise<void> {
  const each = Math.floor(count / sockets.length)
  await Promise.all(
    sockets.map(
      socket =>
        new Promise<void>(resolve => {
          let [sent, left] = [0, each]
          const onMessage = (): void => {
            if (--left === 0) {
              socket.off('message', onMessage)
              resolve()
            } else if (sent++ < each) socket.send(message)
          }
          socket.on('message', onMessage)
          for (; sent < DEPTH; sent++) socket.send(message)
        }),
    ),
  )
}
