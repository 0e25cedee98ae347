// Every close code there is, from either side, as a close frame, as one with a reset right behind it, and as a reset
// alone: what the other side is told is what the table in the guide says.

import type { Socket } from 'node:net'
import { describe, expect, test } from 'vitest'
import type { WebSocket } from 'ws'
import { type Backend, type BackendConnection, startBackend } from '../support/backends.ts'
import { type Client, type Closed, connect } from '../support/clients.ts'
import { relay } from '../support/configurations.ts'
import { eventually } from '../support/eventually.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'

const REASON = 'wéll then'

/** Codes that may stand in a close frame (RFC 6455, 7.4, and its registry): each reaches the other side as it is. */
const KEPT = [
  1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3001, 3500, 3999, 4000, 4001,
  4999,
]
/** Codes that may not: whoever sends one breaks the protocol, and is lost to the other side. */
const REFUSED = [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000]
const CODES = [...KEPT, ...REFUSED]

const LOST = {
  client: { code: 1001, reason: 'client connection lost' },
  backend: { code: 1014, reason: 'backend connection lost' },
} as const

type Side = keyof typeof LOST

/** A session: its client, and what its backend has of it. */
interface Pair {
  readonly client: Client
  readonly backend: BackendConnection
}

async function pairs(gateway: TestGateway, backend: Backend, count: number): Promise<Pair[]> {
  const made: Pair[] = []
  for (let i = 0; i < count; i++) {
    const client = await connect(gateway.url('ws'))
    client.webSocket.on('error', () => {})
    made.push({ client, backend: await backend.connection(i + 1) })
  }
  return made
}

function socketOf(webSocket: WebSocket): Socket {
  return (webSocket as unknown as { _socket: Socket })._socket
}

/** A close frame with any code, or without one. Clients mask it, with zeros. */
function closeFrame(side: Side, code: number | undefined): Buffer {
  const payload = code === undefined ? Buffer.alloc(0) : Buffer.from(`--${REASON}`)
  if (code !== undefined) payload.writeUInt16BE(code)
  const isMasked = side === 'client'
  const head = [0x88, payload.length | (isMasked ? 0x80 : 0), ...(isMasked ? [0, 0, 0, 0] : [])]
  return Buffer.concat([Buffer.from(head), payload])
}

const HOW = {
  'a close frame': (socket: Socket, frame: Buffer) => socket.write(frame),
  'a close frame and a reset': (socket: Socket, frame: Buffer) => {
    socket.write(frame, () => socket.resetAndDestroy())
  },
  'a reset': (socket: Socket) => socket.resetAndDestroy(),
} as const

function expected(from: Side, how: keyof typeof HOW, code: number | undefined): Closed {
  if (how === 'a reset') return LOST[from]
  if (code === undefined) return { code: 1005, reason: '' }
  return KEPT.includes(code) ? { code, reason: REASON } : LOST[from]
}

describe.each(['client', 'backend'] as const)('from the %s', from => {
  test.each(Object.keys(HOW) as (keyof typeof HOW)[])('%s', async how => {
    await using backend = await startBackend()
    await using gateway = await startGateway({ xml: relay(backend.url) })
    const codes = [...CODES, undefined]
    const sessions = await pairs(gateway, backend, codes.length)

    for (const [i, pair] of sessions.entries())
      HOW[how](socketOf(pair[from].webSocket), closeFrame(from, codes[i]))

    const to = from === 'client' ? 'backend' : 'client'
    const told = await Promise.all(sessions.map(async pair => await pair[to].closed))
    expect(codes.map((code, i) => [code, told[i]])).toEqual(
      codes.map(code => [code, expected(from, how, code)]),
    )
    if (how === 'a close frame') {
      const echoed = await Promise.all(sessions.map(async pair => (await pair[from].closed).code))
      expect(echoed).toEqual(
        codes.map(code => (code === undefined ? 1005 : KEPT.includes(code) ? code : 1002)),
      )
    }
    await eventually(() => expect([backend.open, gateway.inFlight]).toEqual([0, 0]))
  })
})

test.each(['client', 'backend'] as const)(
  'what the %s sent before its end reaches the other side first',
  async from => {
    await using backend = await startBackend()
    await using gateway = await startGateway({ xml: relay(backend.url) })
    const sessions = await pairs(gateway, backend, 20)
    const to = from === 'client' ? 'backend' : 'client'

    for (const pair of sessions) {
      for (let i = 0; i < 200; i++) pair[from].webSocket.send(`message ${i}`)
      pair[from].webSocket.close(4000, 'done')
    }

    for (const pair of sessions) {
      expect(await pair[to].closed).toEqual({ code: 4000, reason: 'done' })
      expect(pair[to].received.all.map(({ data }) => String(data))).toEqual(
        Array.from({ length: 200 }, (_, i) => `message ${i}`),
      )
    }
  },
)

test('a reason is as long as it may be, and no longer', async () => {
  await using backend = await startBackend()
  await using gateway = await startGateway({ xml: relay(backend.url) })
  const reasons = ['x'.repeat(123), 'ü'.repeat(61), '注'.repeat(41), '😀'.repeat(30)]
  const sessions = await pairs(gateway, backend, reasons.length)

  for (const [i, { client }] of sessions.entries()) client.webSocket.close(4000, reasons[i])

  const told = await Promise.all(sessions.map(async pair => (await pair.backend.closed).reason))
  expect(told).toEqual(reasons)
})
