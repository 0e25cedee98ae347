// One side sends far more than the other reads: the gateway stops reading the one until the other catches up, so its
// memory stays bounded, and nothing is lost.

import { expect, test } from 'vitest'
import type { WebSocket } from 'ws'
import { startService } from '../services/serve.ts'
import { type BackendConnection, startBackend } from '../support/backends.ts'
import { connect, type Frames } from '../support/clients.ts'
import { proxy, relay, sendTo, service } from '../support/configurations.ts'
import { eventually } from '../support/eventually.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'

const MESSAGE_BYTES = 64 * 1024
const FLOOD = 1536
/** What may be under way: the gateway's own limit, and the buffers of the operating system on both legs. */
const MOST_UNDER_WAY = 48 * 1024 * 1024

/** Sends numbered messages, each once the socket has taken the one before, and counts the bytes taken. */
function flood(webSocket: WebSocket, count = FLOOD): { taken: number; done: Promise<void> } {
  const state = { taken: 0, done: Promise.resolve() }
  const send = (number: number): Promise<void> =>
    new Promise((resolve, reject) => {
      const message = Buffer.alloc(MESSAGE_BYTES, number & 0xff)
      message.writeUInt32BE(number)
      webSocket.send(message, error => {
        state.taken += MESSAGE_BYTES
        if (error) reject(error)
        else resolve()
      })
    })
  state.done = (async () => {
    for (let i = 0; i < count; i++) await send(i)
  })()
  return state
}

/** Resolves once no more is taken: nothing has moved for a while. */
async function stalled(state: { readonly taken: number }): Promise<void> {
  let last = -1
  let since = performance.now()
  await eventually(() => {
    if (state.taken !== last) {
      last = state.taken
      since = performance.now()
    }
    expect(performance.now() - since).toBeGreaterThan(200)
  })
}

async function expectAllInOrder(frames: Frames, count = FLOOD): Promise<void> {
  for (let i = 0; i < count; i++) {
    const { data } = await frames.next()
    expect(data.length).toBe(MESSAGE_BYTES)
    expect(data.readUInt32BE()).toBe(i)
  }
}

test('a client that does not read while its backend floods it', async () => {
  await using backend = await startBackend()
  await using gateway = await startGateway({ xml: relay(backend.url) })
  using client = await connect(gateway.url('ws'))
  const { webSocket } = await backend.connection()
  client.webSocket.pause()

  const flooding = flood(webSocket)
  await stalled(flooding)
  expect(flooding.taken).toBeLessThan(MOST_UNDER_WAY)

  client.webSocket.resume()
  await expectAllInOrder(client.received)
  await flooding.done
})

test('a client that leaves while it is behind: its backend is told, and the connection to it ends', async () => {
  await using backend = await startBackend()
  await using gateway = await startGateway({
    xml: relay(backend.url),
    settings: { 'transport.ws.close_timeout_ms': 60_000 },
  })
  using client = await connect(gateway.url('ws'))
  const connection = await backend.connection()
  client.webSocket.pause()
  const flooding = flood(connection.webSocket)
  flooding.done.catch(() => {})
  await stalled(flooding)

  client.webSocket.terminate()

  expect((await connection.closed).code).toBe(1001)
  await eventually(() => expect(backend.open).toBe(0))
})

test('a backend that does not read while its client floods it', async () => {
  await using backend = await startBackend()
  await using gateway = await startGateway({ xml: relay(backend.url) })
  using client = await connect(gateway.url('ws'))
  const connection: BackendConnection = await backend.connection()
  connection.webSocket.pause()

  const flooding = flood(client.webSocket)
  await stalled(flooding)
  expect(flooding.taken).toBeLessThan(MOST_UNDER_WAY)

  connection.webSocket.resume()
  await expectAllInOrder(connection.received)
  await flooding.done
})

test.each<[what: string, start: () => Promise<TestGateway>]>([
  ['mediators', () => startGateway({ xml: service('<respond/>') })],
  ['a function', () => startService('a.ts', 'export default { onMessage: (caller, data) => data }')],
])('a client that sends to an echo by %s and does not read what comes back', async (_what, start) => {
  await using gateway = await start()
  using client = await connect(gateway.url('ws'), { perMessageDeflate: false })
  client.webSocket.pause()

  const flooding = flood(client.webSocket)
  await stalled(flooding)
  expect(flooding.taken).toBeLessThan(MOST_UNDER_WAY)

  client.webSocket.resume()
  await expectAllInOrder(client.received)
  await flooding.done
})

test('messages that wait for a backend’s handshake: the client is not read meanwhile', async () => {
  const gate = Promise.withResolvers<void>()
  await using backend = await startBackend({ gate: gate.promise })
  await using gateway = await startGateway({ xml: relay(backend.url) })
  using client = await connect(gateway.url('ws'))

  const flooding = flood(client.webSocket)
  await stalled(flooding)
  expect(flooding.taken).toBeLessThan(MOST_UNDER_WAY)

  gate.resolve()
  await expectAllInOrder((await backend.connection()).received)
  await flooding.done
})

test('a backend that does not read what HTTP callers send: they get 503 once too much is under way', async () => {
  await using backend = await startBackend()
  await using gateway = await startGateway({
    xml: proxy('orders', sendTo(backend.url)),
    settings: { 'transport.ws.queue.max_bytes': 4 * 1024 * 1024 },
  })
  const post = (): Promise<number> =>
    fetch(gateway.url('http'), { method: 'POST', body: Buffer.alloc(1024 * 1024) }).then(
      ({ status }) => status,
    )
  expect(await post()).toBe(202)
  const { webSocket, received } = await backend.connection()
  webSocket.pause()

  let accepted = 1
  let status = 202
  for (let i = 0; i < 64 && status === 202; i++) {
    status = await post()
    if (status === 202) accepted++
  }
  expect(status).toBe(503)
  await gateway.waitForLog('FAULT = 101509')

  webSocket.resume()
  await eventually(() => expect(received.all).toHaveLength(accepted))
  expect(await post()).toBe(202)
})

test('a client in a room that does not read is let go of, and holds up nobody', async () => {
  await using gateway = await startGateway({
    xml: service('<respond/>', { parameters: { 'ws.client.side.broadcast.level': 1 } }),
  })
  using slow = await connect(gateway.url('ws'))
  using quick = await connect(gateway.url('ws'))
  slow.webSocket.pause()

  const flooding = flood(quick.webSocket, 1024)
  await expectAllInOrder(quick.received, 1024)
  await flooding.done

  slow.webSocket.resume()
  expect(await slow.closed).toEqual({ code: 1013, reason: 'too slow' })
})

test('pings that wait for a message under way are read no further than messages are', async () => {
  await using gateway = await startService(
    'a.ts',
    `let release
    const released = new Promise(resolve => { release = resolve })
    export default { onTextMessage: () => released, onBinaryMessage: () => release(), onPing: () => {} }`,
  )
  using client = await connect(gateway.url('ws'))
  using other = await connect(gateway.url('ws'))
  client.send('wait')
  for (let i = 0; i < 20_000; i++) client.webSocket.ping('x'.repeat(100))
  const state = {
    get taken() {
      return gateway.gateway.counters.get('service a')!.received
    },
  }
  await stalled(state)
  expect(state.taken).toBeLessThan(2_000)

  other.send(Buffer.from('go on'))
  await eventually(() => expect(state.taken).toBeGreaterThan(20_000))
})
