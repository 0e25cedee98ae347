// One side of a session ends: what it said before reaches the other, and then that is closed too. Neither a lane that
// waits nor a peer that does not answer puts this off beyond the deadline.

import { once } from 'node:events'
import type { Socket } from 'node:net'
import { describe, expect, test } from 'vitest'
import { freePort, startBackend, startEcho, startRaw, startSilent } from '../support/backends.ts'
import { type Client, connect } from '../support/clients.ts'
import { relay, sendTo } from '../support/configurations.ts'
import { eventually } from '../support/eventually.ts'
import { startGateway } from '../support/gateway.ts'

const SHORT = { parameters: { 'ws.close.deadline': 200 } }

/** Calls an HTTP backend for plain messages. */
const asking = (url: string): string => `
  <filter source="boolean(get-property('source.handshake.present')) or boolean(get-property('connection.terminate')) or boolean(get-property('websocket.target.handshake.present'))" regex="false">
    <then><call><endpoint><address uri="${url.replace('ws:', 'http:')}"/></endpoint></call></then>
  </filter>`

function socketOf(client: Client): Socket {
  return (client.webSocket as unknown as { _socket: Socket })._socket
}

describe('the deadline', () => {
  test('a client that leaves while its message waits for an HTTP call: its backend is closed all the same', async () => {
    await using never = await startSilent()
    await using backend = await startEcho()
    await using gateway = await startGateway({
      xml: relay(backend.url, { before: asking(never.url), ...SHORT }),
    })
    using client = await connect(gateway.url('ws'))
    const connection = await backend.connection()
    for (let i = 0; i < 5; i++) client.send('ask')
    await eventually(() => expect(never.open).toBe(1))

    client.webSocket.close(4000, 'bye')

    expect(await connection.closed).toEqual({ code: 4000, reason: 'bye' })
    expect(connection.received.all).toEqual([])
  })

  test('a backend that leaves while its message waits for an HTTP call: its client is closed all the same', async () => {
    await using never = await startSilent()
    await using backend = await startEcho()
    await using gateway = await startGateway({
      xml: relay(backend.url, { out: `${asking(never.url)}<respond/>`, ...SHORT }),
    })
    using client = await connect(gateway.url('ws'))
    const { webSocket } = await backend.connection()
    webSocket.send('ask')
    await eventually(() => expect(never.open).toBe(1))

    webSocket.close(4000, 'bye')

    expect(await client.closed).toEqual({ code: 4000, reason: 'bye' })
  })

  test('within it the other side waits for what came before', async () => {
    const gate = Promise.withResolvers<void>()
    await using slow = await startRaw(socket =>
      socket.on('data', async () => {
        await gate.promise
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Type: text/plain\r\n\r\nlate')
      }),
    )
    await using backend = await startEcho()
    await using gateway = await startGateway({ xml: relay(backend.url, { before: asking(slow.url) }) })
    using client = await connect(gateway.url('ws'))
    const connection = await backend.connection()
    client.send('ask')
    await eventually(() => expect(slow.open).toBe(1))
    client.webSocket.close(4000, 'bye')
    await once(client.webSocket, 'close')
    expect(connection.received.all).toEqual([])

    gate.resolve()

    expect(await connection.received.text()).toBe('late')
    expect(await connection.closed).toEqual({ code: 4000, reason: 'bye' })
  })
})

describe('a close frame', () => {
  test('of a client that keeps its socket open reaches the backend at once', async () => {
    await using backend = await startEcho()
    await using gateway = await startGateway({
      xml: relay(backend.url),
      settings: { 'transport.ws.close_timeout_ms': 60_000 },
    })
    using client = await connect(gateway.url('ws'))
    const connection = await backend.connection()

    socketOf(client).removeAllListeners('data').pause()
    client.webSocket.close(4000, 'bye')

    expect(await connection.closed).toEqual({ code: 4000, reason: 'bye' })
  })

  test('of ours that the client does not answer: the backend is told the same', async () => {
    await using backend = await startEcho()
    const steps = `<property name="errorCode" value="4003"/><property name="ERROR_MESSAGE" value="enough"/><respond/>`
    const dispatch = `<filter source="get-property('websocket.text.frame')" regex="stop"><then>${steps}</then><else>${sendTo(backend.url)}</else></filter>`
    await using gateway = await startGateway({
      xml: relay(backend.url, { dispatch }),
      settings: { 'transport.ws.close_timeout_ms': 200 },
    })
    using client = await connect(gateway.url('ws'))
    const connection = await backend.connection()

    socketOf(client).removeAllListeners('data').pause()
    client.send('stop')

    expect(await connection.closed).toEqual({ code: 4003, reason: 'enough' })
  })
})

describe('a client that leaves while its backend is being reached', () => {
  test('and has sent nothing: the attempt is given up at once', async () => {
    await using backend = await startSilent()
    await using gateway = await startGateway({ xml: relay(backend.url) })
    using client = await connect(gateway.url('ws'))
    await eventually(() => expect(backend.open).toBe(1))

    await client.close(1000)

    await gateway.waitForLog('FAULT = 101507')
    await eventually(() => expect([backend.open, gateway.inFlight]).toEqual([0, 0]))
  })

  test.each([
    ['hangs up', (socket: Socket) => socket.destroy()],
    ['resets', (socket: Socket) => socket.resetAndDestroy()],
  ])('and %s, with messages waiting: the attempt is given up at once', async (_how, leave) => {
    await using backend = await startSilent()
    await using gateway = await startGateway({ xml: relay(backend.url) })
    using client = await connect(gateway.url('ws'))
    for (let i = 0; i < 20; i++) client.send(`message ${i}`)
    await eventually(() => expect(gateway.inFlight).toBe(21))

    leave(socketOf(client))

    await eventually(() => expect([backend.open, gateway.inFlight]).toEqual([0, 0]))
  })

  test('and closes after its last message: that is still delivered', async () => {
    const gate = Promise.withResolvers<void>()
    await using backend = await startBackend({ gate: gate.promise })
    await using gateway = await startGateway({ xml: relay(backend.url) })
    using client = await connect(gateway.url('ws'))
    for (let i = 0; i < 10; i++) client.send(`message ${i}`)
    await client.close(4000, 'that is all')

    gate.resolve()

    const connection = await backend.connection()
    expect(await connection.closed).toEqual({ code: 4000, reason: 'that is all' })
    expect(connection.received.all.map(({ data }) => String(data))).toEqual(
      Array.from({ length: 10 }, (_, i) => `message ${i}`),
    )
  })

  test('and closes after its last message, and the backend never answers: the attempt ends with the deadline', async () => {
    await using backend = await startSilent()
    await using gateway = await startGateway({ xml: relay(backend.url, SHORT) })
    using client = await connect(gateway.url('ws'))
    client.send('anyone?')

    await client.close(1000)

    await gateway.waitForLog('FAULT = 101507')
    await eventually(() => expect([backend.open, gateway.inFlight]).toEqual([0, 0]))
  })
})

describe('an endpoint that is suspended', () => {
  const suspends = (port: number): string =>
    `<address uri="ws://localhost:${port}/x"><suspendOnFailure><initialDuration>60000</initialDuration></suspendOnFailure></address>`

  test.each([
    ['alone', (port: number) => `<send><endpoint name="prices">${suspends(port)}</endpoint></send>`],
    [
      'in a group',
      (port: number) =>
        `<send><endpoint><failover><endpoint name="a">${suspends(port)}</endpoint><endpoint name="b">${suspends(port)}</endpoint></failover></endpoint></send>`,
    ],
  ])('%s: the first client gets 1014, the next ones 1013', async (_how, dispatch) => {
    const port = await freePort()
    await using gateway = await startGateway({ xml: relay('', { dispatch: dispatch(port) }) })

    using first = await connect(gateway.url('ws'))
    expect(await first.closed).toEqual({ code: 1014, reason: 'backend unavailable' })
    using second = await connect(gateway.url('ws'))
    expect(await second.closed).toEqual({ code: 1013, reason: 'backend suspended' })
    await gateway.waitForLog('FAULT = 30300')
  })

  test('a fault sequence that finds another backend keeps the client', async () => {
    const port = await freePort()
    await using other = await startEcho()
    const dispatch = `<send><endpoint name="prices">${suspends(port)}</endpoint></send>`
    await using gateway = await startGateway({ xml: relay('', { dispatch, fault: sendTo(other.url) }) })

    for (let i = 0; i < 3; i++) {
      using client = await connect(gateway.url('ws'))
      expect(await client.ask('still')).toBe('still')
    }
  })
})
