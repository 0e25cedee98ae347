// A WebSocket client talks to a WebSocket backend through the gateway: what either side sends, and how either side
// ends, reaches the other.

import { randomBytes } from 'node:crypto'
import { connect as connectTcp, type Socket } from 'node:net'
import { describe, expect, test } from 'vitest'
import { startBackend, startEcho, startRaw, startUpper } from '../support/backends.ts'
import { connect } from '../support/clients.ts'
import { relay, sendTo, service } from '../support/configurations.ts'
import { startGateway } from '../support/gateway.ts'

/** The two sequences and the inbound endpoint as separate files, with and without a namespace. */
const filesFor = (backend: string): Record<string, string> => ({
  'sequences/toUpper.xml': `
    <sequence name="toUpper">
        <property name="OUT_ONLY" value="true"/>
        <send>
            <endpoint>
                <address uri="${backend}"/>
            </endpoint>
        </send>
    </sequence>`,
  'sequences/fromUpper.xml': `
    <sequence name="fromUpper" xmlns="http://ws.apache.org/ns/synapse">
        <log level="full"/>
        <respond/>
    </sequence>`,
  'inbound-endpoints/shout.xml': `
    <inboundEndpoint name="shout" onError="fault" protocol="ws" sequence="toUpper" suspend="false" xmlns="http://ws.apache.org/ns/synapse">
        <parameters>
            <parameter name="inbound.ws.port">0</parameter>
            <parameter name="ws.outflow.dispatch.sequence">fromUpper</parameter>
            <parameter name="ws.client.side.broadcast.level">0</parameter>
            <parameter name="ws.outflow.dispatch.fault.sequence">fault</parameter>
        </parameters>
    </inboundEndpoint>`,
})

/** Passes on what a socket receives in pieces of 1 to 900 bytes, each in a turn of its own. */
async function chop(from: Socket, to: Socket): Promise<void> {
  let size = 1
  try {
    for await (const chunk of from as AsyncIterable<Buffer>) {
      for (let start = 0; start < chunk.length; start += size) {
        size = (size * 31 + 7) % 900 || 1
        to.write(chunk.subarray(start, start + size))
        await new Promise(resolve => setImmediate(resolve))
      }
    }
  } catch {
    // Cut at the end of the test.
  }
}

describe('messages', () => {
  test('text comes back in upper case, and the log shows the answer', async () => {
    await using backend = await startUpper()
    await using gateway = await startGateway({ files: filesFor(backend.url) })
    using client = await connect(gateway.url('ws'))

    expect(await client.ask('hello, wörld')).toBe('HELLO, WÖRLD')
    await gateway.waitForLog('HELLO, WÖRLD')
  })

  test.each([
    ['no byte', Buffer.alloc(0)],
    ['every byte there is', Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))],
    ['125 bytes', randomBytes(125)],
    ['126 bytes', randomBytes(126)],
    ['65,535 bytes', randomBytes(65_535)],
    ['65,536 bytes', randomBytes(65_536)],
    ['1 MiB', randomBytes(1024 * 1024)],
  ])('a binary message of %s passes both ways byte for byte', async (_size, bytes) => {
    await using backend = await startEcho()
    await using gateway = await startGateway({ files: filesFor(backend.url) })
    using client = await connect(gateway.url('ws'))

    client.send(bytes)

    const received = await client.received.next()
    expect(received.isBinary).toBe(true)
    expect(received.data.equals(bytes)).toBe(true)
    const atBackend = await backend.received.next()
    expect(atBackend.isBinary).toBe(true)
    expect(atBackend.data.equals(bytes)).toBe(true)
  })

  test('an empty text message stays an empty text message', async () => {
    await using backend = await startEcho()
    await using gateway = await startGateway({ files: filesFor(backend.url) })
    using client = await connect(gateway.url('ws'))

    client.send('')

    expect(await client.received.next()).toEqual({ data: Buffer.alloc(0), isBinary: false })
    expect(backend.received.all).toEqual([{ data: Buffer.alloc(0), isBinary: false }])
  })

  test('10,000 messages arrive in order, each way, and all of them', async () => {
    await using backend = await startUpper()
    await using gateway = await startGateway({ xml: relay(backend.url) })
    using client = await connect(gateway.url('ws'))
    const texts = Array.from({ length: 10_000 }, (_, i) => `message ${i}`)

    for (const text of texts) client.send(text)

    expect(await client.received.texts(10_000)).toEqual(texts.map(text => text.toUpperCase()))
    expect(await backend.received.texts(10_000)).toEqual(texts)
    expect(gateway.inFlight).toBe(0)
  })

  test.each([
    [
      'payloadFactory',
      '<payloadFactory media-type="json"><format>{"n": 2}</format><args/></payloadFactory>',
      '{"n": 2}',
    ],
    [
      'enrich',
      '<enrich><source type="inline"><n xmlns="urn:x">2</n></source><target type="body"/></enrich><property name="messageType" scope="axis2" value="application/xml"/>',
      '<n xmlns="urn:x">2</n>',
    ],
  ])('what %s puts in place of a frame is sent, not the frame', async (_name, mediators, sent) => {
    await using backend = await startBackend()
    await using gateway = await startGateway({ xml: relay(backend.url, { before: mediators }) })
    using client = await connect(gateway.url('ws'))

    client.send('<n>1</n>')

    expect(await backend.received.text()).toBe(sent)
  })

  test('a frame leaves with its very bytes where a mediator has only read it', async () => {
    await using backend = await startBackend()
    const before = '<log level="custom"><property name="n" expression="//n"/></log>'
    await using gateway = await startGateway({ xml: relay(backend.url, { before }) })
    using client = await connect(gateway.url('ws'))

    client.send('<n >1</n  >')

    expect(await backend.received.text()).toBe('<n >1</n  >')
  })

  test('a flag that is set to true relays the frame whatever became of the payload', async () => {
    await using backend = await startBackend()
    const before = `
      <property name="websocket.text.frame.present" scope="axis2" type="BOOLEAN" value="true"/>
      <payloadFactory media-type="json"><format>{"n": 2}</format><args/></payloadFactory>`
    await using gateway = await startGateway({ xml: relay(backend.url, { before }) })
    using client = await connect(gateway.url('ws'))

    client.send('{"n": 1}')

    expect(await backend.received.text()).toBe('{"n": 1}')
  })

  test('text and binary messages of all sizes keep their order among each other', async () => {
    await using backend = await startEcho()
    await using gateway = await startGateway({ xml: relay(backend.url) })
    using client = await connect(gateway.url('ws'))
    const sizes = [3, 200_000, 0, 70_000, 1, 65_536, 125, 1_000_000, 126, 12]
    const messages = sizes.map((size, i) => (i % 2 === 0 ? randomBytes(size) : 'x'.repeat(size)))

    for (const message of messages) client.send(message)

    for (const message of messages) {
      const { data, isBinary } = await client.received.next()
      expect(isBinary).toBe(typeof message !== 'string')
      expect(data.equals(Buffer.from(message))).toBe(true)
    }
  })

  test('a message in fragments arrives whole, with a ping between them', async () => {
    await using backend = await startUpper()
    await using gateway = await startGateway({ xml: relay(backend.url) })
    using client = await connect(gateway.url('ws'))
    const ponged = new Promise(resolve => client.webSocket.on('pong', resolve))

    client.webSocket.send('one, ', { fin: false })
    client.webSocket.ping('between')
    client.webSocket.send('two, ', { fin: false })
    client.webSocket.send('three', { fin: true })

    expect(String(await ponged)).toBe('between')
    expect(await client.received.text()).toBe('ONE, TWO, THREE')
    expect(backend.received.all).toHaveLength(1)
  })

  test('messages sent before the backend has accepted the handshake reach it in order', async () => {
    const gate = Promise.withResolvers<void>()
    await using backend = await startUpper({ gate: gate.promise })
    await using gateway = await startGateway({ xml: relay(backend.url) })
    using client = await connect(gateway.url('ws'))
    const texts = Array.from({ length: 500 }, (_, i) => `early ${i}`)

    for (const text of texts) client.send(text)
    gate.resolve()

    expect(await client.received.texts(500)).toEqual(texts.map(text => text.toUpperCase()))
  })

  test('what a backend says right after its handshake reaches the client', async () => {
    await using backend = await startBackend({ greet: ({ webSocket }) => webSocket.send('welcome') })
    await using gateway = await startGateway({ xml: relay(backend.url) })
    using client = await connect(gateway.url('ws'))

    expect(await client.received.text()).toBe('welcome')
  })

  test('a client may talk to several backends over one connection, in order with each', async () => {
    await using upper = await startUpper()
    await using echo = await startEcho()
    const dispatch = `
      <switch source="get-property('websocket.text.frame')">
        <case regex="loud.*">${sendTo(upper.url)}</case>
        <case regex="quiet.*">${sendTo(echo.url)}</case>
        <default><drop/></default>
      </switch>`
    await using gateway = await startGateway({ xml: service(dispatch) })
    using client = await connect(gateway.url('ws'))

    for (let i = 0; i < 100; i++) client.send(i % 2 === 0 ? `loud ${i}` : `quiet ${i}`)

    const answers = await client.received.texts(100)
    const numbers = (start: string): number[] =>
      answers.filter(text => text.startsWith(start)).map(text => Number(text.split(' ')[1]))
    expect(numbers('LOUD')).toEqual(Array.from({ length: 50 }, (_, i) => 2 * i))
    expect(numbers('quiet')).toEqual(Array.from({ length: 50 }, (_, i) => 2 * i + 1))
    const [loud, quiet] = [await upper.connection(), await echo.connection()]
    loud.webSocket.close(4000, 'enough')
    expect(await client.closed).toEqual({ code: 4000, reason: 'enough' })
    expect(await quiet.closed).toEqual({ code: 4000, reason: 'enough' })
  })

  test('frames that arrive in small pieces, and many in one piece, come out the same', async () => {
    await using backend = await startEcho()
    await using gateway = await startGateway({ xml: relay(backend.url) })
    await using chopper = await startRaw(socket => {
      const onward = connectTcp(Number(new URL(gateway.url('ws')).port), '127.0.0.1').setNoDelay()
      socket.setNoDelay()
      socket.on('close', () => onward.destroy())
      onward.on('error', () => {}).on('close', () => socket.destroy())
      void chop(socket, onward)
      void chop(onward, socket)
    })
    using client = await connect(chopper.url)
    const messages = Array.from({ length: 300 }, (_, i) => randomBytes((i * i * 7) % 1500))

    for (const message of messages) client.send(message)

    for (const message of messages) {
      expect((await client.received.next()).data.equals(message)).toBe(true)
    }
  })

  test('each client has a connection of its own, and gets only its own answers', async () => {
    await using backend = await startUpper()
    await using gateway = await startGateway({ xml: relay(backend.url) })
    using one = await connect(gateway.url('ws'))
    using two = await connect(gateway.url('ws'))

    const answers = await Promise.all([one.ask('from one'), two.ask('from two')])

    expect(answers).toEqual(['FROM ONE', 'FROM TWO'])
    expect(backend.connections).toHaveLength(2)
  })
})

describe('pings', () => {
  test('are answered by the gateway with the same payload', async () => {
    await using backend = await startEcho()
    await using gateway = await startGateway({ xml: relay(backend.url) })
    using client = await connect(gateway.url('ws'))
    const { webSocket } = await backend.connection()

    const atClient = new Promise(resolve => client.webSocket.on('pong', resolve))
    client.webSocket.ping('are you there?')
    expect(String(await atClient)).toBe('are you there?')

    const atBackend = new Promise(resolve => webSocket.on('pong', resolve))
    webSocket.ping('and you?')
    expect(String(await atBackend)).toBe('and you?')
  })
})

describe('the end of the client', () => {
  test('reaches the backend with its code and reason, after its last message', async () => {
    await using backend = await startEcho()
    await using gateway = await startGateway({ xml: relay(backend.url) })
    using client = await connect(gateway.url('ws'))
    const connection = await backend.connection()

    client.send('last words')
    expect(await client.close(4321, 'done for today')).toEqual({ code: 4321, reason: 'done for today' })

    expect(await connection.closed).toEqual({ code: 4321, reason: 'done for today' })
    expect(await connection.received.text()).toBe('last words')
  })

  test('without a code stays without a code', async () => {
    await using backend = await startEcho()
    await using gateway = await startGateway({ xml: relay(backend.url) })
    using client = await connect(gateway.url('ws'))
    const connection = await backend.connection()

    expect(await client.close()).toEqual({ code: 1005, reason: '' })

    expect(await connection.closed).toEqual({ code: 1005, reason: '' })
  })

  test('when it vanishes, is told to the backend as 1001', async () => {
    await using backend = await startEcho()
    await using gateway = await startGateway({ xml: relay(backend.url) })
    using client = await connect(gateway.url('ws'))
    const connection = await backend.connection()

    client.webSocket.terminate()

    expect(await connection.closed).toEqual({ code: 1001, reason: 'client connection lost' })
  })

  test('opens no connection where there was none, and sends nothing', async () => {
    await using backend = await startEcho()
    const send = `<property name="OUT_ONLY" value="true"/><send><endpoint><address uri="${backend.url}"/></endpoint></send>`
    const dispatch = `
      <filter source="get-property('source.handshake.present')" regex="true">
        <then><drop/></then>
        <else><log level="custom"><property name="ENDED" expression="get-property('connection.terminate')"/></log>${send}</else>
      </filter>`
    await using gateway = await startGateway({ xml: relay(backend.url, { dispatch }) })
    using client = await connect(gateway.url('ws'))

    await client.close(1000)

    await gateway.waitForLog('ENDED = true')
    expect(backend.accepted).toBe(0)
  })
})

describe('the end of the backend', () => {
  test('reaches the client with its code and reason, after its last message', async () => {
    await using backend = await startBackend({
      answer: (_data, _isBinary, { webSocket }) => {
        webSocket.send('last words')
        webSocket.close(4567, 'over and out')
      },
    })
    await using gateway = await startGateway({ xml: relay(backend.url) })
    using client = await connect(gateway.url('ws'))

    expect(await client.ask('go')).toBe('last words')

    expect(await client.closed).toEqual({ code: 4567, reason: 'over and out' })
    expect(gateway.logged('FAULT =')).toEqual([])
  })

  test('without a code stays without a code', async () => {
    await using backend = await startBackend({
      answer: (_data, _isBinary, { webSocket }) => webSocket.close(),
    })
    await using gateway = await startGateway({ xml: relay(backend.url) })
    using client = await connect(gateway.url('ws'))

    client.send('go')

    expect(await client.closed).toEqual({ code: 1005, reason: '' })
  })

  test('when it vanishes, runs the fault sequence and closes the client with 1014', async () => {
    await using backend = await startEcho()
    await using gateway = await startGateway({ xml: relay(backend.url) })
    using client = await connect(gateway.url('ws'))
    const { webSocket } = await backend.connection()

    webSocket.terminate()

    expect(await client.closed).toEqual({ code: 1014, reason: 'backend connection lost' })
    await gateway.waitForLog('FAULT = 101505')
    const { level } = await gateway.waitForLog(`the connection to ${backend.url} was lost`)
    expect(level).toBe('warn')
  })
})
