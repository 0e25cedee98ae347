// A client whose handshake is held: it is let in, or turned away, once it is known what its backend says; what is sent
// meanwhile is not lost, and a client that leaves takes all of it along.

import { connect as connectTcp, type Socket } from 'node:net'
import { describe, expect, test } from 'vitest'
import {
  freePort,
  type RawBackend,
  startBackend,
  startEcho,
  startRaw,
  startSilent,
} from '../support/backends.ts'
import { connect, refusal } from '../support/clients.ts'
import { LOG_FAULT, relay, sendTo, service } from '../support/configurations.ts'
import { eventually } from '../support/eventually.ts'
import { startGateway } from '../support/gateway.ts'

const HELD = { 'ws.handshake': 'held' }
const PASSING = { 'ws.subprotocol.passthrough': true }

const onHandshake = (steps: string, otherwise = '<respond/>'): string => `
  <filter source="boolean(get-property('source.handshake.present'))" regex="true">
    <then>${steps}</then>
    <else>${otherwise}</else>
  </filter>`

const answering = (head: string, body = ''): Promise<RawBackend> =>
  startRaw(socket =>
    socket.once('data', () =>
      socket.write(`HTTP/1.1 ${head}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`),
    ),
  )

/** An upgrade as bytes, with what follows it in the same packet. */
const upgrade = (after: Buffer = Buffer.alloc(0)): Buffer =>
  Buffer.concat([
    Buffer.from(
      'GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
        'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n',
    ),
    after,
  ])

/** A text frame of a client, masked with zeros. */
const frame = (text: string): Buffer =>
  Buffer.concat([Buffer.from([0x81, 0x80 | text.length, 0, 0, 0, 0]), Buffer.from(text)])

function dialIn(url: string): Socket {
  return connectTcp(Number(new URL(url).port), '127.0.0.1').on('error', () => {})
}

async function readUntil(socket: Socket, end: string): Promise<string> {
  let received = ''
  socket.setEncoding('latin1')
  for await (const chunk of socket) {
    received += chunk
    if (received.includes(end)) break
  }
  return received
}

describe('a client is let in', () => {
  test('when its backend has answered, and not before', async () => {
    const gate = Promise.withResolvers<void>()
    await using backend = await startEcho({ gate: gate.promise })
    await using gateway = await startGateway({ xml: relay(backend.url, { parameters: HELD }) })
    let isIn = false
    const connecting = connect(gateway.url('ws')).then(client => {
      isIn = true
      return client
    })
    await eventually(() => expect(backend.open).toBe(1))
    expect(isIn).toBe(false)

    gate.resolve()

    using client = await connecting
    expect(await client.ask('hello')).toBe('hello')
    expect(await client.close(4000, 'done')).toEqual({ code: 4000, reason: 'done' })
    expect(await (await backend.connection()).closed).toEqual({ code: 4000, reason: 'done' })
  })

  test('where the sequence drops the handshake message, or responds without a status', async () => {
    await using gateway = await startGateway({
      xml:
        service(onHandshake('<drop/>'), { name: 'drops', parameters: HELD }) +
        service('<respond/>', { name: 'responds', parameters: HELD }),
    })
    for (const name of ['drops', 'responds']) {
      using client = await connect(gateway.url('ws', name))
      expect(await client.ask('in')).toBe('in')
    }
  })

  test('with what it sent in the packet of the upgrade, and after it', async () => {
    const gate = Promise.withResolvers<void>()
    await using backend = await startEcho({ gate: gate.promise })
    await using gateway = await startGateway({ xml: relay(backend.url, { parameters: HELD }) })
    const socket = dialIn(gateway.url('ws'))
    socket.write(upgrade(frame('first')))
    await eventually(() => expect(backend.open).toBe(1))
    socket.write(frame('second'))
    const large = 'x'.repeat(60_000)
    socket.write(Buffer.concat([Buffer.from([0x81, 0x80 | 126, 0xea, 0x60, 0, 0, 0, 0]), Buffer.from(large)]))
    for (let i = 0; i < 20; i++) socket.write(frame(`${i}`.padStart(100, '0')))
    socket.write(frame('last'))

    gate.resolve()

    const received = await readUntil(socket, '\x81\x04last')
    expect(received).toContain('101 Switching Protocols')
    expect(received).toContain('\x81\x05first\x81\x06second')
    expect((await backend.received.texts(24)).at(-1)).toBe('last')
  })

  test('and gets what its backend sent in the packet of its 101, in order', async () => {
    await using backend = await startBackend({
      greet: ({ webSocket }) => {
        for (let i = 0; i < 100; i++) webSocket.send(`greeting ${i}`)
      },
    })
    await using gateway = await startGateway({ xml: relay(backend.url, { parameters: HELD }) })
    for (let round = 0; round < 10; round++) {
      using client = await connect(gateway.url('ws'))
      expect(await client.received.texts(100)).toEqual(Array.from({ length: 100 }, (_, i) => `greeting ${i}`))
    }
  })

  test('and gets the messages and the close of a backend that says goodbye at once', async () => {
    await using backend = await startBackend({
      greet: ({ webSocket }) => {
        webSocket.send('full')
        webSocket.close(4001, 'try the other one')
      },
    })
    await using gateway = await startGateway({ xml: relay(backend.url, { parameters: HELD }) })
    using client = await connect(gateway.url('ws'))

    expect(await client.received.text()).toBe('full')
    expect(await client.closed).toEqual({ code: 4001, reason: 'try the other one' })
  })

  test('and much of what a backend sends meanwhile waits at the backend', async () => {
    const wait = Promise.withResolvers<void>()
    await using auth = await startRaw(socket =>
      socket.once('data', async () => {
        await wait.promise
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
      }),
    )
    const chunk = Buffer.alloc(64 * 1024, 7)
    await using backend = await startBackend({
      greet: ({ webSocket }) => {
        for (let i = 0; i < 400; i++) webSocket.send(chunk)
      },
    })
    const url = auth.url.replace('ws:', 'http:')
    const dispatch = `<call><endpoint><address uri="${backend.url}"/></endpoint></call>${onHandshake(`<call><endpoint><address uri="${url}"/></endpoint></call>`, '<drop/>')}`
    await using gateway = await startGateway({ xml: relay('', { dispatch, parameters: HELD }) })
    const connecting = connect(gateway.url('ws'))
    const { webSocket } = await backend.connection()
    await eventually(() => expect(auth.open).toBe(1))
    await eventually(() => expect(webSocket.bufferedAmount).toBeGreaterThan(8 * 1024 * 1024))

    wait.resolve()

    using client = await connecting
    for (let i = 0; i < 400; i++) expect((await client.received.next()).data.length).toBe(chunk.length)
  })
})

describe('a backend that does not let the client in', () => {
  test('its status, safe headers and body are the client’s', async () => {
    const head = [
      '401 Unauthorized',
      'WWW-Authenticate: Bearer realm="orders"',
      'WWW-Authenticate: Basic realm="orders"',
      'Retry-After: 7',
      'Location: https://login.example/',
      'Content-Type: application/problem+json',
      'Server: secret/1.2',
      'X-Internal: 10.0.0.1',
      'Set-Cookie: a=1',
    ].join('\r\n')
    await using backend = await answering(head, '{"title":"log in"}')
    await using gateway = await startGateway({ xml: relay(backend.url, { parameters: HELD }) })

    const { status, headers, body } = await refusal(gateway.url('ws'))

    expect({ status, body }).toEqual({ status: 401, body: '{"title":"log in"}' })
    expect(headers).toMatchObject({
      'www-authenticate': 'Bearer realm="orders", Basic realm="orders"',
      'retry-after': '7',
      location: 'https://login.example/',
      'content-type': 'application/problem+json',
    })
    for (const none of ['server', 'x-internal', 'set-cookie']) expect(headers).not.toHaveProperty(none)
    await gateway.waitForLog('FAULT = 101503')
    await eventually(() => expect(backend.open).toBe(0))
  })

  test('further headers are relayed where they are asked for', async () => {
    await using backend = await answering(
      '302 Found\r\nLocation: /login\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2',
    )
    const parameters = { ...HELD, 'ws.handshake.relay.headers': 'set-cookie' }
    await using gateway = await startGateway({ xml: relay(backend.url, { parameters }) })

    const { status, headers } = await refusal(gateway.url('ws'))

    expect(status).toBe(302)
    expect(headers).toMatchObject({ location: '/login', 'set-cookie': ['a=1', 'b=2'] })
  })

  test('a body that is too long is left out, and one that does not end is not waited for', async () => {
    await using long = await answering('403 No\r\nContent-Type: text/plain', 'x'.repeat(70_000))
    await using endless = await startRaw(socket =>
      socket.once('data', () => socket.write('HTTP/1.1 403 No\r\nContent-Length: 10\r\n\r\nabc')),
    )
    await using gateway = await startGateway({
      xml:
        relay(long.url, { name: 'long', parameters: HELD }) +
        relay(endless.url, { name: 'endless', parameters: HELD }),
      settings: { 'transport.ws.handshake_timeout_ms': 500 },
    })

    for (const name of ['long', 'endless'])
      expect(await refusal(gateway.url('ws', name))).toMatchObject({ status: 403, body: '' })
  })

  test('a status that is no refusal is a bad gateway', async () => {
    await using backend = await answering('200 OK', 'hello')
    await using gateway = await startGateway({ xml: relay(backend.url, { parameters: HELD }) })

    expect((await refusal(gateway.url('ws'))).status).toBe(502)
  })

  test('one that is down is 502, one that does not answer 504; no address is told', async () => {
    const port = await freePort()
    await using silent = await startSilent()
    await using gateway = await startGateway({
      xml:
        relay(`ws://localhost:${port}/x`, { name: 'down', parameters: HELD }) +
        relay(silent.url, { name: 'silent', parameters: HELD }),
      settings: { 'transport.ws.handshake_timeout_ms': 300 },
    })

    const down = await refusal(gateway.url('ws', 'down'))
    expect(down.status).toBe(502)
    expect(down.body).not.toContain(String(port))
    expect((await refusal(gateway.url('ws', 'silent'))).status).toBe(504)
    await eventually(() => expect(silent.open).toBe(0))
    await eventually(() => expect(gateway.inFlight).toBe(0))
  })

  test('one that takes longer than ws.handshake.timeout is 504, whatever it waits for', async () => {
    await using silent = await startSilent()
    const parameters = { ...HELD, 'ws.handshake.timeout': 200 }
    await using gateway = await startGateway({ xml: relay(silent.url, { parameters }) })

    expect((await refusal(gateway.url('ws'))).status).toBe(504)
    await eventually(() => expect([silent.open, gateway.inFlight]).toEqual([0, 0]))
  })

  test('a suspended one is 503 with Retry-After, in a group as well', async () => {
    const port = await freePort()
    const suspends = `<address uri="ws://localhost:${port}/x"><suspendOnFailure><initialDuration>60000</initialDuration></suspendOnFailure></address>`
    const single = `<send><endpoint name="prices">${suspends}</endpoint></send>`
    const group = `<send><endpoint><failover><endpoint name="a">${suspends}</endpoint></failover></endpoint></send>`
    await using gateway = await startGateway({
      xml:
        relay('', { name: 'single', dispatch: single, parameters: HELD }) +
        relay('', { name: 'group', dispatch: group, parameters: HELD }),
    })

    expect((await refusal(gateway.url('ws', 'single'))).status).toBe(502)
    const { status, headers } = await refusal(gateway.url('ws', 'single'))
    expect(status).toBe(503)
    expect(Number(headers['retry-after'])).toBeGreaterThan(50)
    expect((await refusal(gateway.url('ws', 'group'))).status).toBe(502)
    expect((await refusal(gateway.url('ws', 'group'))).status).toBe(503)
  })

  test('a fault sequence may answer itself, or send the client to another backend', async () => {
    const port = await freePort()
    await using other = await startEcho()
    const apology = `${LOG_FAULT}
      <property name="HTTP_SC" value="503" scope="axis2"/>
      <payloadFactory media-type="json"><format>{"sorry": true}</format><args/></payloadFactory>
      <respond/>`
    await using gateway = await startGateway({
      xml:
        relay(`ws://localhost:${port}/x`, { name: 'sorry', fault: apology, parameters: HELD }) +
        relay(`ws://localhost:${port}/x`, { name: 'other', fault: sendTo(other.url), parameters: HELD }),
    })

    const { status, body } = await refusal(gateway.url('ws', 'sorry'))
    expect([status, JSON.parse(body)]).toEqual([503, { sorry: true }])
    using client = await connect(gateway.url('ws', 'other'))
    expect(await client.ask('second choice')).toBe('second choice')
  })
})

describe('a sequence turns the client away', () => {
  test('with HTTP_SC, headers and a payload; nothing of its request comes back', async () => {
    const steps = `
      <property name="HTTP_SC" value="403" scope="axis2"/>
      <header name="X-Why" value="no ticket" scope="transport"/>
      <payloadFactory media-type="json"><format>{"error": "no ticket"}</format><args/></payloadFactory>
      <respond/>`
    await using backend = await startEcho()
    await using gateway = await startGateway({
      xml: relay('', { dispatch: onHandshake(steps, sendTo(backend.url)), parameters: HELD }),
    })

    const { status, headers, body } = await refusal(gateway.url('ws'), {
      headers: { Authorization: 'Bearer secret', Cookie: 'a=1', 'X-Client': 'abc' },
    })

    expect([status, JSON.parse(body)]).toEqual([403, { error: 'no ticket' }])
    expect(headers['x-why']).toBe('no ticket')
    expect(headers['content-type']).toMatch(/^application\/json/)
    for (const none of ['authorization', 'cookie', 'x-client', 'sec-websocket-key'])
      expect(headers).not.toHaveProperty(none)
    expect(backend.accepted).toBe(0)
  })

  test('with the answer of an HTTP service it has asked', async () => {
    await using auth = await answering('429 Slow\r\nContent-Type: text/plain\r\nRetry-After: 3', 'later')
    const url = auth.url.replace('ws:', 'http:')
    const steps = `<call><endpoint><address uri="${url}"/></endpoint></call><respond/>`
    await using gateway = await startGateway({ xml: service(onHandshake(steps), { parameters: HELD }) })

    const { status, headers, body } = await refusal(gateway.url('ws'))

    expect([status, body, headers['retry-after']]).toEqual([429, 'later', '3'])
  })

  test.each([
    [4401, 401],
    [1008, 403],
    [4000, 403],
    [1013, 503],
  ])('with the close code %d, which is status %d before the upgrade', async (code, status) => {
    const steps = `
      <property name="errorCode" value="${code}"/><property name="ERROR_MESSAGE" value="who are you?"/>
      <respond/>`
    await using gateway = await startGateway({ xml: service(onHandshake(steps), { parameters: HELD }) })

    const refused = await refusal(gateway.url('ws'))

    expect(refused.status).toBe(status)
    expect(JSON.parse(refused.body).message).toBe('who are you?')
  })

  test('by failing: what is not checked is not let in', async () => {
    await using gateway = await startGateway({
      xml: service(onHandshake('<sequence key="{$ctx:nothing}"/>'), { parameters: HELD }),
    })

    expect((await refusal(gateway.url('ws'))).status).toBe(500)
  })

  test('and its links are closed', async () => {
    await using backend = await startEcho()
    const steps = `<call><endpoint><address uri="${backend.url}"/></endpoint></call><property name="HTTP_SC" value="403" scope="axis2"/><respond/>`
    await using gateway = await startGateway({ xml: service(onHandshake(steps), { parameters: HELD }) })

    expect((await refusal(gateway.url('ws'))).status).toBe(403)
    await eventually(() => expect(backend.open).toBe(0))
  })
})

describe('ws.subprotocol.passthrough', () => {
  test('offers what the client offers, and answers with the choice of the backend', async () => {
    const offers: (string | undefined)[] = []
    await using backend = await startEcho({
      choose: offered => {
        offers.push(offered)
        return offered?.includes('v2') ? 'v2' : undefined
      },
    })
    await using gateway = await startGateway({ xml: relay(backend.url, { parameters: PASSING }) })

    using second = await connect(gateway.url('ws'), { offer: ['v3', 'v2'] })
    expect(second.subprotocol).toBe('v2')
    expect(await second.ask('x')).toBe('x')
    using none = await connect(gateway.url('ws'), { offer: ['v1'] })
    expect(none.subprotocol).toBeUndefined()
    using without = await connect(gateway.url('ws'))
    expect(await without.ask('y')).toBe('y')
    expect(offers).toEqual(['v3, v2', 'v1', undefined])
  })

  test('a backend that answers with one that was not offered is 502', async () => {
    await using backend = await startEcho({ choose: () => 'mqtt' })
    await using gateway = await startGateway({ xml: relay(backend.url, { parameters: PASSING }) })

    expect((await refusal(gateway.url('ws'), { offer: ['v1'] } as never)).status).toBe(502)
    await gateway.waitForLog('FAULT = 101506')
  })

  test('tells the content type where that is agreed on', async () => {
    await using backend = await startEcho({ choose: offered => offered })
    const before = `<log level="custom"><property name="NAME" expression="json-eval($.name)"/></log>`
    const out = '<respond/>'
    await using gateway = await startGateway({
      xml: relay(backend.url, { before, out, parameters: PASSING }),
    })
    const offer = ["synapse(contentType='application/json')"]
    using client = await connect(gateway.url('ws'), { offer })

    expect(client.subprotocol).toBe(offer[0])
    client.send('{"name":"Ann"}')
    await gateway.waitForLog('NAME = Ann')
  })
})

describe('ws.headers.preserve', () => {
  test.each([HELD, {}])('lists the headers of the client that the backend gets (%o)', async more => {
    await using backend = await startEcho()
    const parameters = { ...more, 'ws.headers.preserve': 'authorization, X-Tenant, Sec-WebSocket-Key, Host' }
    await using gateway = await startGateway({ xml: relay(backend.url, { parameters }) })
    using _client = await connect(gateway.url('ws'), {
      headers: { Authorization: 'Bearer token', 'X-Tenant': 't-9', Cookie: 'session=secret' },
    })

    const { request } = await backend.connection()

    expect(request.headers).toMatchObject({ authorization: 'Bearer token', 'x-tenant': 't-9' })
    expect(request.headers.host).toBe(`localhost:${backend.port}`)
    expect(request.headers).not.toHaveProperty('cookie')
  })
})

describe('who leaves, or is in the way', () => {
  test.each([
    ['resets', (socket: Socket) => socket.resetAndDestroy()],
    ['hangs up', (socket: Socket) => socket.destroy()],
    ['only ends its side', (socket: Socket) => socket.end()],
  ])(
    'a client that %s before its answer: the attempt to reach its backend is given up at once',
    async (_how, leave) => {
      await using backend = await startSilent()
      await using gateway = await startGateway({ xml: relay(backend.url, { parameters: HELD }) })
      const socket = dialIn(gateway.url('ws'))
      socket.write(upgrade(frame('never mind')))
      await eventually(() => expect(backend.open).toBe(1))

      leave(socket)

      await eventually(() => expect(backend.open).toBe(0))
      await gateway.waitForLog('FAULT = 101507')
      await eventually(() => expect(gateway.inFlight).toBe(0))
      socket.destroy()
    },
  )

  test('a handshake without a proper key runs no sequence', async () => {
    await using backend = await startEcho()
    await using gateway = await startGateway({ xml: relay(backend.url, { parameters: HELD }) })
    const socket = dialIn(gateway.url('ws'))
    socket.write(
      upgrade()
        .toString()
        .replace(/Key: \S+/, 'Key: short'),
    )

    expect(await readUntil(socket, '\r\n')).toContain('HTTP/1.1 400 ')
    expect(backend.accepted).toBe(0)
  })

  test('a client that waits is turned away with 503 when the gateway stops', async () => {
    await using backend = await startSilent()
    const gateway = await startGateway({ xml: relay(backend.url, { parameters: HELD }) })
    const refused = refusal(gateway.url('ws'))
    await eventually(() => expect(backend.open).toBe(1))

    const stopped = gateway[Symbol.asyncDispose]()

    expect((await refused).status).toBe(503)
    await stopped
    await eventually(() => expect(backend.open).toBe(0))
  })

  test('the answer to a client that sent much before it is not lost', async () => {
    await using backend = await answering('403 No', 'not you')
    await using gateway = await startGateway({ xml: relay(backend.url, { parameters: HELD }) })
    const socket = dialIn(gateway.url('ws'))
    socket.write(upgrade(Buffer.alloc(40_000, 1)))
    socket.write(Buffer.alloc(40_000, 1))

    expect(await readUntil(socket, 'not you')).toContain('HTTP/1.1 403 ')
  })
})
