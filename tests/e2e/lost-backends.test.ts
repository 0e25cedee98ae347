// A backend cannot be reached, does not answer, refuses, or dies: every client is told in time, the fault sequence
// runs, the log names the cause, nothing is left behind, and the next client works once the backend is back.

import { afterEach, beforeEach, expect, test } from 'vitest'
import {
  freePort,
  startBackend,
  startEcho,
  startRaw,
  startRefusing,
  startSilent,
  startUpper,
} from '../support/backends.ts'
import { connect, connectAll } from '../support/clients.ts'
import { LOG_FAULT, proxy, relay, sendTo } from '../support/configurations.ts'
import { eventually } from '../support/eventually.ts'
import { startGateway } from '../support/gateway.ts'

const HANDSHAKE_LIMIT = { 'transport.ws.handshake_timeout_ms': 300 }

/** Sockets and timers of this process; the gateway, its clients and its backends all live in it. */
function resources(): { sockets: number; timers: number } {
  const names = process.getActiveResourcesInfo()
  return {
    sockets: names.filter(name => name === 'TCPSocketWrap').length,
    timers: names.filter(name => name === 'Timeout').length,
  }
}

let before: ReturnType<typeof resources>
beforeEach(() => {
  before = resources()
})
afterEach(() =>
  eventually(() => {
    const { sockets, timers } = resources()
    expect(sockets).toBeLessThanOrEqual(before.sockets)
    expect(timers).toBeLessThanOrEqual(before.timers)
  }),
)

test('a backend that is down: the client gets 1014, and works once the backend is back', async () => {
  const port = await freePort()
  await using gateway = await startGateway({ xml: relay(`ws://localhost:${port}/websocket`) })
  using client = await connect(gateway.url('ws'))

  expect(await client.closed).toEqual({ code: 1014, reason: 'backend unavailable' })
  await gateway.waitForLog('FAULT = 101503')
  const { level, text } = await gateway.waitForLog('cannot connect to')
  expect(level).toBe('warn')
  expect(text).toMatch(/ws:\/\/localhost:\d+\/websocket: connect ECONNREFUSED/)

  await using backend = await startUpper({ port })
  using next = await connect(gateway.url('ws'))
  expect(await next.ask('back again')).toBe('BACK AGAIN')
  expect(backend.connections).toHaveLength(1)
})

test('a client whose messages wait for a backend that then refuses is closed at once', async () => {
  const gate = Promise.withResolvers<void>()
  await using backend = await startRaw(socket =>
    socket.once('data', async () => {
      await gate.promise
      socket.write('HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n')
    }),
  )
  await using gateway = await startGateway({
    xml: relay(backend.url),
    settings: { 'transport.ws.close_timeout_ms': 60_000 },
  })
  using client = await connect(gateway.url('ws'))
  for (let i = 0; i < 50; i++) client.send(`message ${i}`)
  await eventually(() => expect(gateway.inFlight).toBeGreaterThan(2))

  gate.resolve()

  expect(await client.closed).toEqual({ code: 1014, reason: 'backend unavailable' })
  await eventually(() => expect(gateway.inFlight).toBe(0))
})

test('a backend that is killed while 50 clients talk: each of them gets 1014, and the next ones work', async () => {
  const backend = await startEcho()
  await using gateway = await startGateway({ xml: relay(backend.url) })
  const clients = await connectAll(gateway.url('ws'), 50)
  const conversations = Promise.allSettled(
    clients.map(async client => {
      for (let i = 0; ; i++) await client.ask(`message ${i}`)
    }),
  )
  await eventually(() => expect(backend.received.all.length).toBeGreaterThan(500))
  expect(backend.connections).toHaveLength(50)
  const { port } = backend

  await backend.kill()

  const ends = await Promise.all(clients.map(client => client.closed))
  expect(ends).toEqual(clients.map(() => ({ code: 1014, reason: 'backend connection lost' })))
  await conversations
  await gateway.waitForLog('FAULT = 101505', 50)
  expect(gateway.inFlight).toBe(0)

  await using _again = await startEcho({ port: port })
  using next = await connect(gateway.url('ws'))
  expect(await next.ask('still there?')).toBe('still there?')
})

test('a backend that takes the connection and never answers: the clients get 1014 within the limit', async () => {
  await using backend = await startSilent()
  await using gateway = await startGateway({ xml: relay(backend.url), settings: HANDSHAKE_LIMIT })
  const clients = await connectAll(gateway.url('ws'), 5)
  for (const client of clients) client.send('anyone?')

  const ends = await Promise.all(clients.map(client => client.closed))

  expect(ends).toEqual(clients.map(() => ({ code: 1014, reason: 'backend did not answer in time' })))
  await gateway.waitForLog('FAULT = 101508', 5)
  await gateway.waitForLog('no handshake within 300 ms')
  await eventually(() => expect(backend.open).toBe(0))
})

test('a backend that refuses with a status: 1014, and the log names the status', async () => {
  await using backend = await startRefusing(403)
  await using gateway = await startGateway({ xml: relay(backend.url) })
  using client = await connect(gateway.url('ws'))

  expect(await client.closed).toEqual({ code: 1014, reason: 'backend unavailable' })
  await gateway.waitForLog('FAULT = 101503')
  await gateway.waitForLog('the server answered the upgrade with status 403')
  await eventually(() => expect(backend.open).toBe(0))
})

test.each([
  [
    'is no WebSocket server',
    'HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n',
    101506,
  ],
  ['answers nonsense', 'nonsense\r\n\r\n', undefined],
])('a backend that %s: 1014', async (_what, answer, code) => {
  await using backend = await startRaw(socket => socket.once('data', () => socket.write(answer)))
  await using gateway = await startGateway({ xml: relay(backend.url) })
  using client = await connect(gateway.url('ws'))

  expect(await client.closed).toEqual({ code: 1014, reason: 'backend unavailable' })
  await gateway.waitForLog(`FAULT = ${code ?? '10150'}`)
  await eventually(() => expect(backend.open).toBe(0))
})

test('a backend that hangs up during the handshake: 1014', async () => {
  await using backend = await startRaw(socket => socket.once('data', () => socket.end()))
  await using gateway = await startGateway({ xml: relay(backend.url) })
  using client = await connect(gateway.url('ws'))

  expect(await client.closed).toEqual({ code: 1014, reason: 'backend unavailable' })
  await gateway.waitForLog('FAULT = 101503')
})

test('a name that does not exist: 1014', async () => {
  await using gateway = await startGateway({
    xml: relay('ws://backend.invalid/websocket'),
    settings: { 'transport.ws.handshake_timeout_ms': 2_000 },
  })
  using client = await connect(gateway.url('ws'))

  const { code, reason } = await client.closed

  expect(code).toBe(1014)
  expect(reason).toMatch(/^backend (unavailable|did not answer in time)$/)
  await gateway.waitForLog('cannot connect to ws://backend.invalid/websocket')
})

test('an out-dispatch fault sequence can say goodbye itself, before the client is closed', async () => {
  await using backend = await startEcho()
  const fault = `
    <property name="errorCode" value="4503"/>
    <property name="ERROR_MESSAGE" value="the price feed is down"/>
    <respond/>`
  await using gateway = await startGateway({ xml: relay(backend.url, { fault }) })
  using client = await connect(gateway.url('ws'))
  const { webSocket } = await backend.connection()

  webSocket.terminate()

  expect(await client.closed).toEqual({ code: 4503, reason: 'the price feed is down' })
})

test('a client that leaves while its backend does not answer leaves nothing behind', async () => {
  await using backend = await startSilent()
  await using gateway = await startGateway({ xml: relay(backend.url) })
  using client = await connect(gateway.url('ws'))
  client.send('never mind')

  await eventually(() => expect(backend.open).toBe(1))

  client.webSocket.terminate()

  await gateway.waitForLog('FAULT = 101507')
  await eventually(() => expect(backend.open).toBe(0))
  await eventually(() => expect(gateway.inFlight).toBe(0))
})

test('more messages than may wait for a handshake are a fault, and those before them arrive', async () => {
  const gate = Promise.withResolvers<void>()
  await using backend = await startBackend({ gate: gate.promise })
  const xml = proxy('orders', sendTo(backend.url))
  await using gateway = await startGateway({ xml, settings: { 'transport.ws.queue.max_messages': 2 } })
  const post = (body: string): Promise<Response> =>
    fetch(gateway.url('http'), { method: 'POST', body, headers: { 'Content-Type': 'text/plain' } })

  const waiting = [post('one'), post('two')]
  await eventually(() => expect(gateway.inFlight).toBe(2))
  expect((await post('three')).status).toBe(503)
  await gateway.waitForLog('FAULT = 101509')
  gate.resolve()

  expect((await Promise.all(waiting)).map(({ status }) => status)).toEqual([202, 202])
  expect((await backend.received.texts(2)).sort()).toEqual(['one', 'two'])
})

test('the loss of the connection that HTTP callers share runs the fault sequence, and the next call opens another', async () => {
  await using backend = await startBackend()
  await using gateway = await startGateway({
    xml: proxy('orders', sendTo(backend.url), { fault: LOG_FAULT }),
  })
  const post = (body: string): Promise<Response> =>
    fetch(gateway.url('http'), { method: 'POST', body, headers: { 'Content-Type': 'text/plain' } })
  expect((await post('one')).status).toBe(202)
  const first = await backend.connection()

  first.webSocket.terminate()
  await gateway.waitForLog('FAULT = 101505')

  expect((await post('two')).status).toBe(202)
  const second = await backend.connection(2)
  expect(await second.received.text()).toBe('two')
})
