// A long message in fragments goes on as it comes where no step looks into it; where one does, and in every other case, it
// is joined first. Either way what arrives is what was sent, in order.

import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, test } from 'vitest'
import type { WebSocket } from 'ws'
import { backlog } from '../../src/websocket/backlog.ts'
import { type BackendConnection, startBackend, startEcho } from '../support/backends.ts'
import { connect } from '../support/clients.ts'
import { relay } from '../support/configurations.ts'
import { eventually } from '../support/eventually.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'

const KIB = 1024
const hash = (data: Buffer): string => createHash('sha1').update(data).digest('hex')

function pattern(bytes: number): Buffer {
  const data = Buffer.alloc(bytes)
  for (let i = 0; i + 4 <= bytes; i += 4) data.writeUInt32LE((i * 2_654_435_761) >>> 0, i)
  return data
}

/** Sends a piece of a message, and waits until the socket has taken it. */
async function piece(
  webSocket: WebSocket,
  data: Buffer | string,
  fin: boolean,
  binary = true,
): Promise<void> {
  await new Promise<void>((resolve, reject) =>
    webSocket.send(data, { fin, binary, compress: false }, error => (error ? reject(error) : resolve())),
  )
}

/** Sends a message in fragments of a size. */
async function inFragments(webSocket: WebSocket, data: Buffer, size: number): Promise<void> {
  for (let at = 0; at < data.length; at += size)
    await piece(webSocket, data.subarray(at, at + size), at + size >= data.length)
}

const socketOf = (webSocket: WebSocket) =>
  (webSocket as unknown as { _socket: { bytesRead: number; destroy(): void } })._socket

/** Waits until a peer has got so many bytes, be the message complete or not. */
async function bytesCame(webSocket: WebSocket, bytes: number): Promise<void> {
  await eventually(() => expect(socketOf(webSocket).bytesRead).toBeGreaterThan(bytes))
}

const counters = (gateway: TestGateway) => gateway.gateway.counters.get('inbound endpoint clients')!

const CHUNK = pattern(100 * KIB)

describe('from a client', () => {
  test('the backend gets fragments before the message is complete, and then all of it', async () => {
    await using backend = await startBackend()
    await using gateway = await startGateway({ xml: relay(backend.url) })
    using client = await connect(gateway.url('ws'))
    const connection = await backend.connection()
    for (let i = 0; i < 5; i++) await piece(client.webSocket, CHUNK, false)
    await bytesCame(connection.webSocket, 4 * CHUNK.length)
    expect(backend.received.all).toEqual([])
    await piece(client.webSocket, CHUNK, true)
    client.send('after')
    const { data, isBinary } = await backend.received.next()
    expect([hash(data), isBinary]).toEqual([hash(Buffer.concat(Array(6).fill(CHUNK))), true])
    expect(await backend.received.text()).toBe('after')
    expect(counters(gateway).ended).toMatchObject({ faulted: 0 })
  })

  test('fragments of 64 bytes, 4 MiB of them, arrive as they were', async () => {
    await using backend = await startBackend()
    await using gateway = await startGateway({ xml: relay(backend.url) })
    using client = await connect(gateway.url('ws'))
    const data = pattern(4 * KIB * KIB)
    for (let at = 0; at < data.length; at += 64)
      client.webSocket.send(data.subarray(at, at + 64), { fin: at + 64 >= data.length, binary: true })
    expect(hash((await backend.received.next()).data)).toBe(hash(data))
  })

  test('text whose characters are cut by fragments arrives; pings in between are answered', async () => {
    await using backend = await startEcho()
    await using gateway = await startGateway({ xml: relay(backend.url) })
    using client = await connect(gateway.url('ws'))
    const text = Buffer.from('aé€😀'.repeat(40_000))
    let pongs = 0
    client.webSocket.on('pong', () => pongs++)
    for (let at = 0; at < text.length; at += 33_333) {
      await piece(client.webSocket, text.subarray(at, at + 33_333), at + 33_333 >= text.length, false)
      client.webSocket.ping()
    }
    const { data, isBinary } = await client.received.next()
    expect([data.equals(text), isBinary]).toEqual([true, false])
    await eventually(() => expect(pongs).toBe(Math.ceil(text.length / 33_333)))
  })

  test('UTF-8 that is broken in the middle: 1007, and the link is closed', async () => {
    await using backend = await startBackend()
    await using gateway = await startGateway({ xml: relay(backend.url) })
    using client = await connect(gateway.url('ws'))
    const connection = await backend.connection()
    await piece(client.webSocket, Buffer.alloc(200 * KIB, 'a'), false, false)
    await bytesCame(connection.webSocket, 150 * KIB)
    await piece(client.webSocket, Buffer.from([0xff]), false, false)
    expect((await client.closed).code).toBe(1007)
    expect(await connection.closed).toEqual({ code: 1001, reason: 'client connection lost' })
    expect(backend.received.all).toEqual([])
    await eventually(() => expect(gateway.inFlight).toBe(0))
    expect(counters(gateway).ended.faulted).toBe(1)
  })

  test.each([
    ['closes', 4001, { code: 4001, reason: 'enough' }],
    ['is cut', 1006, { code: 1001, reason: 'client connection lost' }],
  ])('a client that %s in the middle: the backend is told', async (_, code, expected) => {
    await using backend = await startBackend()
    await using gateway = await startGateway({ xml: relay(backend.url) })
    using client = await connect(gateway.url('ws'))
    const connection = await backend.connection()
    await piece(client.webSocket, CHUNK, false)
    await bytesCame(connection.webSocket, 64 * KIB)
    if (code === 1006) socketOf(client.webSocket).destroy()
    else client.webSocket.close(code, 'enough')
    expect(await connection.closed).toEqual(expected)
    await gateway.waitForLog('FAULT = 600001')
    await eventually(() => expect(gateway.inFlight).toBe(0))
    await eventually(() => expect(backlog.bytes).toBe(0))
  })

  test('a backend that is cut in the middle: the client is told', async () => {
    await using backend = await startBackend()
    await using gateway = await startGateway({ xml: relay(backend.url) })
    using client = await connect(gateway.url('ws'))
    const connection = await backend.connection()
    await piece(client.webSocket, CHUNK, false)
    await bytesCame(connection.webSocket, 64 * KIB)
    connection.webSocket.terminate()
    expect((await client.closed).code).toBe(1014)
    await eventually(() => expect(gateway.inFlight).toBe(0))
  })

  test('limits hold: 1009 as soon as it is too long', async () => {
    await using backend = await startBackend()
    await using gateway = await startGateway({
      xml: relay(backend.url, { parameters: { 'ws.max.message.bytes': 300 * KIB } }),
    })
    using client = await connect(gateway.url('ws'))
    const connection = await backend.connection()
    for (let i = 0; i < 4; i++) client.webSocket.send(CHUNK, { fin: false, binary: true })
    expect((await client.closed).code).toBe(1009)
    expect((await connection.closed).code).toBe(1001)
  })

  test('a backend that does not read holds up the client', async () => {
    await using backend = await startBackend()
    await using gateway = await startGateway({
      xml: relay(backend.url, { parameters: { 'ws.max.message.bytes': 200 * KIB * KIB } }),
    })
    using client = await connect(gateway.url('ws'))
    const connection = await backend.connection()
    connection.webSocket.pause()
    const block = Buffer.alloc(KIB * KIB, 7)
    let taken = 0
    const count = 48
    const done = (async () => {
      for (let i = 0; i < count; i++) {
        await piece(client.webSocket, block, i === count - 1)
        taken++
      }
    })()
    await eventually(() => expect(backlog.bytes).toBeGreaterThan(0))
    expect(backlog.bytes).toBeLessThan(KIB * KIB)
    expect(taken).toBeLessThan(count)
    connection.webSocket.resume()
    await done
    expect((await backend.received.next()).data.length).toBe(count * block.length)
    await eventually(() => expect(backlog.bytes).toBe(0))
  })
})

describe('joined', () => {
  const CASES: [string, string, Record<string, string | number | boolean>][] = [
    ['a step that looks into it', '<property name="size" expression="json-eval($.a)"/>', {}],
    [
      'the frame as a property',
      `<property name="frame" expression="get-property('websocket.text.frame')"/>`,
      {},
    ],
    ['the parameter', '', { 'ws.pass.fragments': false }],
    ['several messages at once', '', { 'ws.concurrency.max': 4 }],
    ['limits', '', { 'ws.limit.bytes.per.second': 100_000_000 }],
  ]
  test.each(CASES)('%s', async (_, before, parameters) => {
    await using backend = await startEcho()
    await using gateway = await startGateway({ xml: relay(backend.url, { before, parameters }) })
    using client = await connect(gateway.url('ws'))
    const text = JSON.stringify({ a: 'x'.repeat(500 * KIB) })
    for (let at = 0; at < text.length; at += 50_000)
      client.webSocket.send(text.slice(at, at + 50_000), { fin: at + 50_000 >= text.length })
    client.send('after')
    expect(await client.received.text()).toBe(text)
    expect(await client.received.text()).toBe('after')
  })

  test('compressed fragments, and a leg that compresses', async () => {
    await using backend = await startEcho()
    await using gateway = await startGateway({
      xml: relay(backend.url, { parameters: { 'ws.compression': true } }),
    })
    using client = await connect(gateway.url('ws'), { perMessageDeflate: { threshold: 0 } })
    const text = 'again and again '.repeat(40_000)
    for (let at = 0; at < text.length; at += 50_000)
      client.webSocket.send(text.slice(at, at + 50_000), {
        fin: at + 50_000 >= text.length,
        compress: at % 2 === 0,
      })
    expect(await client.received.text()).toBe(text)
  })

  test('an HTTP backend gets it whole, with its length', async () => {
    const lengths: (string | undefined)[] = []
    const server = createServer((request, response) => {
      lengths.push(request.headers['content-length'])
      response.setHeader('content-type', 'text/plain')
      request.pipe(response)
    })
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const { port } = server.address() as AddressInfo
    const dispatch = `<filter source="get-property('axis2', 'websocket.text.frame.present')" regex="true">
      <then><call><endpoint><address uri="http://127.0.0.1:${port}/"/></endpoint></call><respond/></then></filter>`
    await using gateway = await startGateway({
      xml: relay('', { dispatch, parameters: { 'ws.default.content.type': 'text/plain' } }),
    })
    using client = await connect(gateway.url('ws'))
    const text = 'words '.repeat(50_000)
    for (let at = 0; at < text.length; at += 50_000)
      await piece(client.webSocket, text.slice(at, at + 50_000), at + 50_000 >= text.length, false)
    expect(await client.received.text()).toBe(text)
    expect(lengths).toEqual([String(text.length)])
    server.close()
    server.closeAllConnections()
  })

  test('a sequence that drops it: the next message goes on', async () => {
    await using backend = await startEcho()
    const dispatch = `<filter source="get-property('axis2', 'websocket.binary.frame.present')" regex="true">
      <then><drop/></then>
      <else><send><endpoint><address uri="${backend.url}"/></endpoint></send></else></filter>`
    await using gateway = await startGateway({ xml: relay('', { dispatch }) })
    using client = await connect(gateway.url('ws'))
    await inFragments(client.webSocket, pattern(3 * KIB * KIB), 100 * KIB)
    expect(await client.ask('after')).toBe('after')
    expect(backend.received.all).toHaveLength(1)
    expect(counters(gateway).ended.dropped).toBeGreaterThan(0)
  })

  test('a link that is still to be opened: it waits, and little is read meanwhile', async () => {
    const { promise: gate, resolve: open } = Promise.withResolvers<void>()
    await using backend = await startBackend({ gate })
    await using gateway = await startGateway({ xml: relay(backend.url) })
    using client = await connect(gateway.url('ws'))
    const data = pattern(12 * KIB * KIB)
    const done = inFragments(client.webSocket, data, 100 * KIB)
    open()
    await done
    client.send('after')
    expect(hash((await backend.received.next()).data)).toBe(hash(data))
    expect(await backend.received.text()).toBe('after')
  })
})

describe('from a backend', () => {
  async function started() {
    await using parts = new AsyncDisposableStack()
    const backend = parts.use(await startBackend())
    const gateway = parts.use(await startGateway({ xml: relay(backend.url) }))
    const client = parts.use(await connect(gateway.url('ws')))
    const connection: BackendConnection = await backend.connection()
    const kept = parts.move()
    return { backend, gateway, client, connection, [Symbol.asyncDispose]: () => kept.disposeAsync() }
  }

  test('the client gets fragments before the message is complete; what else it is sent waits for the end', async () => {
    await using parts = await started()
    const { client, connection } = parts
    for (let i = 0; i < 5; i++) await piece(connection.webSocket, CHUNK, false)
    await bytesCame(client.webSocket, 4 * CHUNK.length)
    expect(client.received.all).toEqual([])
    await piece(connection.webSocket, CHUNK, true)
    connection.webSocket.send('after')
    expect(hash((await client.received.next()).data)).toBe(hash(Buffer.concat(Array(6).fill(CHUNK))))
    expect(await client.received.text()).toBe('after')
    client.send('back')
    expect(await connection.received.text()).toBe('back')
  })

  test('a client that does not read holds up the backend', async () => {
    await using parts = await started()
    const { client, connection } = parts
    client.webSocket.pause()
    const data = pattern(15 * KIB * KIB)
    const done = inFragments(connection.webSocket, data, 500 * KIB)
    await bytesCame(client.webSocket, 0)
    client.webSocket.resume()
    await done
    expect(hash((await client.received.next()).data)).toBe(hash(data))
    await eventually(() => expect(backlog.bytes).toBe(0))
  })

  test.each([
    ['closes', 4001, { code: 4001, reason: 'enough' }],
    ['is cut', 1006, { code: 1014, reason: 'backend connection lost' }],
  ])('a backend that %s in the middle: the client is told', async (_, code, expected) => {
    await using parts = await started()
    const { client, connection, gateway } = parts
    await piece(connection.webSocket, CHUNK, false)
    await bytesCame(client.webSocket, 64 * KIB)
    if (code === 1006) connection.webSocket.terminate()
    else connection.webSocket.close(code, 'enough')
    expect(await client.closed).toEqual(expected)
    await eventually(() => expect(gateway.inFlight).toBe(0))
  })

  test('a push to the client waits for the end of the message', async () => {
    await using backend = await startBackend()
    await using gateway = await startGateway({
      xml: `${relay(backend.url, {
        dispatch: `<filter source="boolean(get-property('source.handshake.present'))" regex="true">
          <then><joinGroup name="all"/></then></filter>
          <send><endpoint><address uri="${backend.url}"/></endpoint></send>`,
      })}${relay('', { name: 'other', dispatch: '<sendToGroup name="all"/>' })}`,
    })
    using client = await connect(gateway.url('ws', 'clients'))
    using other = await connect(gateway.url('ws', 'other'))
    const connection = await backend.connection()
    await piece(connection.webSocket, CHUNK, false)
    await bytesCame(client.webSocket, 64 * KIB)
    other.send('pushed')
    await eventually(() =>
      expect(gateway.gateway.counters.get('inbound endpoint other')!.ended.delivered).toBe(1),
    )
    await piece(connection.webSocket, CHUNK, true)
    expect((await client.received.next()).data.length).toBe(2 * CHUNK.length)
    expect(await client.received.text()).toBe('pushed')
  })
})
