// A connection is ended by a sequence, by a limit, by a violation of the protocol, or by silence: code and reason
// are right, and the other side is told.

import { once } from 'node:events'
import { describe, expect, test } from 'vitest'
import { startBackend, startEcho } from '../support/backends.ts'
import { connect } from '../support/clients.ts'
import { relay, service } from '../support/configurations.ts'
import { startGateway } from '../support/gateway.ts'

const unlessHandshake = (steps: string): string => `
  <filter source="get-property('source.handshake.present')" regex="true">
    <then><drop/></then>
    <else>${steps}</else>
  </filter>`

describe('a sequence ends the client', () => {
  test('with errorCode and ERROR_MESSAGE', async () => {
    const steps = `
      <property name="errorCode" value="4001"/>
      <property name="ERROR_MESSAGE" value="not allowed"/>
      <respond/>`
    await using gateway = await startGateway({ xml: service(unlessHandshake(steps)) })
    using client = await connect(gateway.url('ws'))

    client.send('anything')

    expect(await client.closed).toEqual({ code: 4001, reason: 'not allowed' })
    expect(client.received.all).toEqual([])
  })

  test('with websocket.close.frame.status.code and its reason, where no frame is relayed', async () => {
    const steps = `
      <property name="websocket.close.frame.status.code" value="1008" type="INTEGER"/>
      <property name="websocket.close.frame.reason.text" value="policy"/>
      <respond/>`
    await using gateway = await startGateway({ xml: service(unlessHandshake(steps)) })
    using typed = await connect(gateway.url('ws'), { offer: ["synapse(contentType='application/json')"] })
    using plain = await connect(gateway.url('ws'))

    typed.send('{"x":1}')
    expect(await typed.closed).toEqual({ code: 1008, reason: 'policy' })
    expect(await plain.ask('relayed')).toBe('relayed')
  })

  test('with websocket.close.client', async () => {
    const steps = `
      <property name="websocket.close.client" value="true"/>
      <property name="websocket.close.code" value="4002"/>
      <property name="websocket.reason.text" value="enough"/>
      <respond/>`
    await using gateway = await startGateway({ xml: service(unlessHandshake(steps)) })
    using client = await connect(gateway.url('ws'))

    client.send('anything')

    expect(await client.closed).toEqual({ code: 4002, reason: 'enough' })
  })

  test('after what it was sent before, and the backend is told', async () => {
    await using backend = await startBackend({
      answer: (_data, _isBinary, { webSocket }) => {
        for (const text of ['one', 'two', 'stop', 'never']) webSocket.send(text)
      },
    })
    const out = `
      <filter source="get-property('websocket.text.frame')" regex="stop">
        <then>
          <property name="errorCode" value="4003"/><property name="ERROR_MESSAGE" value="stopped"/>
        </then>
      </filter>
      <respond/>`
    await using gateway = await startGateway({ xml: relay(backend.url, { out }) })
    using client = await connect(gateway.url('ws'))

    client.send('go')

    expect(await client.closed).toEqual({ code: 4003, reason: 'stopped' })
    expect(client.received.all.map(({ data }) => String(data))).toEqual(['one', 'two'])
    expect(await (await backend.connection()).closed).toEqual({ code: 4003, reason: 'stopped' })
  })

  test('with a code that may not be sent: a close without a code, and a long reason is cut', async () => {
    const close = (code: number, reason: string): string => `
      <property name="errorCode" value="${code}"/><property name="ERROR_MESSAGE" value="${reason}"/><respond/>`
    await using gateway = await startGateway({
      xml:
        service(unlessHandshake(close(1006, 'x')), { name: 'wrong' }) +
        service(unlessHandshake(close(4000, 'ü'.repeat(100))), { name: 'long' }),
    })
    using wrong = await connect(gateway.url('ws', 'wrong'))
    using long = await connect(gateway.url('ws', 'long'))

    wrong.send('x')
    expect(await wrong.closed).toEqual({ code: 1005, reason: '' })
    long.send('x')
    expect(await long.closed).toEqual({ code: 4000, reason: 'ü'.repeat(61) })
  })
})

describe('a fault in a sequence', () => {
  test('runs its fault sequence, and the client stays', async () => {
    const fault = '<property name="FAILED" value="yes"/><respond/>'
    await using gateway = await startGateway({ xml: service(unlessHandshake('<send/>'), { fault }) })
    using client = await connect(gateway.url('ws'))

    expect(await client.ask('one')).toBe('one')
    expect(await client.ask('two')).toBe('two')
    await gateway.waitForLog('ERROR_CODE : 0', 2)
  })

  test('of the way back runs the fault sequence of the way back', async () => {
    await using backend = await startEcho()
    await using gateway = await startGateway({
      xml: relay(backend.url, { out: '<sequence key="{$ctx:nothing}"/>' }),
    })
    using client = await connect(gateway.url('ws'))

    client.send('x')

    await gateway.waitForLog('FAULT = 0')
    expect(client.webSocket.readyState).toBe(client.webSocket.OPEN)
  })
})

describe('limits and violations', () => {
  const SMALL = { 'transport.ws.max_message_bytes': 1000 }

  test.each([
    ['in one frame', (send: (size: number, fin: boolean) => void) => send(1001, true)],
    [
      'in fragments',
      (send: (size: number, fin: boolean) => void) => {
        send(600, false)
        send(600, true)
      },
    ],
  ])(
    'a message over the limit %s closes with 1009 and a log line, and the backend is told',
    async (_how, act) => {
      await using backend = await startEcho()
      await using gateway = await startGateway({ xml: relay(backend.url), settings: SMALL })
      using client = await connect(gateway.url('ws'))
      client.webSocket.on('error', () => {})
      const connection = await backend.connection()
      expect((await client.ask('x'.repeat(1000))).length).toBe(1000)

      act((size, fin) => client.webSocket.send('x'.repeat(size), { fin }))

      expect((await client.closed).code).toBe(1009)
      const { level } = await gateway.waitForLog(
        'larger than the setting transport.ws.max_message_bytes allows',
      )
      expect(level).toBe('warn')
      expect(await connection.closed).toEqual({ code: 1001, reason: 'client connection lost' })
      expect(connection.received.all).toHaveLength(1)
    },
  )

  test('a message of the backend over the limit: fault 101505 that names it, 1009 for it, 1014 for the client', async () => {
    await using backend = await startBackend({
      answer: (_data, _isBinary, { webSocket }) => webSocket.send('x'.repeat(1001)),
    })
    await using gateway = await startGateway({ xml: relay(backend.url), settings: SMALL })
    using client = await connect(gateway.url('ws'))

    client.send('go')

    expect((await client.closed).code).toBe(1014)
    expect((await (await backend.connection()).closed).code).toBe(1009)
    await gateway.waitForLog('FAULT = 101505')
    await gateway.waitForLog(
      'was lost: its message is larger than the setting transport.ws.max_message_bytes allows',
    )
  })

  test.each([
    ['text that is not UTF-8', Buffer.from([0x81, 0x82, 0, 0, 0, 0, 0xc3, 0x28]), 1007],
    ['a frame that is not masked', Buffer.from([0x81, 0x01, 0x78]), 1002],
    ['a reserved bit', Buffer.from([0xc1, 0x80, 0, 0, 0, 0]), 1002],
    ['an unknown opcode', Buffer.from([0x83, 0x80, 0, 0, 0, 0]), 1002],
    ['a fragmented ping', Buffer.from([0x09, 0x80, 0, 0, 0, 0]), 1002],
    ['a close frame of one byte', Buffer.from([0x88, 0x81, 0, 0, 0, 0, 0x03]), 1002],
    ['a close code that may not be sent', Buffer.from([0x88, 0x82, 0, 0, 0, 0, 0x03, 0xee]), 1002],
  ])('%s closes with the code for it, and the gateway goes on', async (_what, bytes, code) => {
    await using backend = await startEcho()
    await using gateway = await startGateway({ xml: relay(backend.url) })
    using client = await connect(gateway.url('ws'))
    client.webSocket.on('error', () => {})
    const connection = await backend.connection()
    const socket = (client.webSocket as unknown as { _socket: NodeJS.WritableStream })._socket

    socket.write(bytes)

    expect((await client.closed).code).toBe(code)
    expect((await connection.closed).code).toBe(1001)
    expect(connection.received.all).toEqual([])
    using next = await connect(gateway.url('ws'))
    expect(await next.ask('fine')).toBe('fine')
  })
})

describe('silence', () => {
  test('a client that is idle for ws.dispatch.idleTime is closed, and the backend is told', async () => {
    await using backend = await startEcho()
    await using gateway = await startGateway({
      xml: relay(backend.url, { parameters: { 'ws.dispatch.idleTime': 1 } }),
    })
    using client = await connect(gateway.url('ws'))
    const connection = await backend.connection()
    const start = performance.now()

    expect(await client.closed).toEqual({ code: 1001, reason: 'idle' })

    expect(performance.now() - start).toBeGreaterThan(900)
    expect(await connection.closed).toEqual({ code: 1001, reason: 'idle' })
  })

  test('a backend that is idle for ws.outflow.dispatch.idleTime is closed', async () => {
    await using backend = await startEcho()
    await using gateway = await startGateway({
      xml: relay(backend.url, { parameters: { 'ws.outflow.dispatch.idleTime': 1 } }),
    })
    using client = await connect(gateway.url('ws'))

    expect(await (await backend.connection()).closed).toEqual({ code: 1001, reason: 'idle' })
    expect(await client.closed).toEqual({ code: 1001, reason: 'idle' })
  })
})

describe('ws.pass.through.control.frames', () => {
  const PASS = { parameters: { 'ws.pass.through.control.frames': true } }

  test('pings and pongs are relayed both ways instead of being answered here', async () => {
    const pings: string[] = []
    await using backend = await startBackend({
      greet: ({ webSocket }) => webSocket.on('ping', data => pings.push(String(data))),
    })
    await using gateway = await startGateway({ xml: relay(backend.url, PASS) })
    using client = await connect(gateway.url('ws'))
    const { webSocket } = await backend.connection()

    const atClient = once(client.webSocket, 'pong')
    client.webSocket.ping('from the client')
    expect(String((await atClient)[0])).toBe('from the client')
    expect(pings).toEqual(['from the client'])

    const [pingAtClient, pongAtBackend] = [once(client.webSocket, 'ping'), once(webSocket, 'pong')]
    webSocket.ping('from the backend')
    expect(String((await pingAtClient)[0])).toBe('from the backend')
    expect(String((await pongAtBackend)[0])).toBe('from the backend')
  })

  test('a sequence sees them, and may drop them', async () => {
    await using backend = await startEcho()
    const before = `
      <filter source="get-property('websocket.ping.frame.present')" regex="true">
        <then><log level="custom"><property name="PINGED" value="yes"/></log><drop/></then>
      </filter>`
    await using gateway = await startGateway({ xml: relay(backend.url, { ...PASS, before }) })
    using client = await connect(gateway.url('ws'))
    const pongs: unknown[] = []
    client.webSocket.on('pong', data => pongs.push(data))

    client.webSocket.ping('x')
    await gateway.waitForLog('PINGED = yes')

    expect(await client.ask('after it')).toBe('after it')
    expect(pongs).toEqual([])
  })
})
