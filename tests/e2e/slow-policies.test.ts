// What happens to messages for a client that reads slower than they come is said by its inbound endpoint: its backend
// waits, the oldest or all but the last are left out, they wait on disk, or the client is closed.

import { mkdtempSync, readdirSync, readlinkSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { WebSocket } from 'ws'
import { backlog } from '../../src/websocket/backlog.ts'
import { type Backend, startBackend, startEcho } from '../support/backends.ts'
import { type Client, connect, connectAll } from '../support/clients.ts'
import { type RelayOptions, relay, service } from '../support/configurations.ts'
import { eventually } from '../support/eventually.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'

const MESSAGE_BYTES = 64 * 1024
/** More than the operating system keeps on both legs together. */
const FLOOD = 768

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'myelin-slow-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

function message(number: number, bytes = MESSAGE_BYTES): Buffer {
  const data = Buffer.alloc(bytes, number & 0xff)
  data.writeUInt32BE(number)
  return data
}

/** Sends numbered messages, each once the socket has taken the one before. */
async function flood(webSocket: WebSocket, count = FLOOD, make = message): Promise<void> {
  for (let i = 0; i < count; i++)
    await new Promise<void>((resolve, reject) =>
      webSocket.send(make(i), error => (error ? reject(error) : resolve())),
    )
}

interface Flooded extends AsyncDisposable {
  readonly backend: Backend
  readonly gateway: TestGateway
  readonly client: Client
  /** Sends to the client, which does not read. */
  readonly send: WebSocket
}

/** Starts a relay with a policy, and a client that does not read. */
async function flooded(
  parameters: RelayOptions['parameters'],
  settings: Record<string, string | number> = {},
): Promise<Flooded> {
  await using parts = new AsyncDisposableStack()
  const backend = parts.use(await startBackend())
  const xml = relay(backend.url, { parameters })
  const gateway = parts.use(
    await startGateway({ xml, settings: { 'transport.ws.spill_folder': folder, ...settings } }),
  )
  const client = parts.use(await connect(gateway.url('ws')))
  const { webSocket } = await backend.connection()
  client.webSocket.pause()
  const kept = parts.move()
  return { backend, gateway, client, send: webSocket, [Symbol.asyncDispose]: () => kept.disposeAsync() }
}

function counters(gateway: TestGateway): { received: number; slow: Record<string, number> } {
  return gateway.gateway.counters.get('inbound endpoint clients')!
}

/** Waits until the gateway has seen so many messages of the backend; the handshake messages come on top. */
async function seen(gateway: TestGateway, count: number): Promise<void> {
  await eventually(() => expect(counters(gateway).received).toBeGreaterThanOrEqual(count + 2))
}

/** The numbers of what a client got, up to one. */
async function numbers(client: Client, last: number): Promise<number[]> {
  const found: number[] = []
  while (found.at(-1) !== last) {
    const { data } = await client.received.next()
    expect(data.length).toBe(MESSAGE_BYTES)
    found.push(data.readUInt32BE())
  }
  return found
}

const all = (count: number): number[] => Array.from({ length: count }, (_, i) => i)

/** How many files in the folder are open, with a name or without. */
function spillFiles(): number {
  const open = readdirSync('/proc/self/fd').filter(descriptor => {
    try {
      return readlinkSync(`/proc/self/fd/${descriptor}`).startsWith(folder)
    } catch {
      return false
    }
  })
  return open.length
}

describe('drop-oldest', () => {
  test('the client gets the newest messages, in order, and the backend does not wait', async () => {
    await using parts = await flooded({ 'ws.slow.policy': 'drop-oldest', 'ws.slow.max.messages': 10 })
    const { gateway, client, send } = parts
    await flood(send)
    await seen(gateway, FLOOD)

    client.webSocket.resume()
    const got = await numbers(client, FLOOD - 1)
    expect(got).toEqual(got.toSorted((a, b) => a - b))
    expect(got.slice(-10)).toEqual(all(FLOOD).slice(-10))
    expect(counters(gateway).slow['drop-oldest']).toBe(FLOOD - got.length)
    expect(got.length).toBeLessThan(FLOOD)
  })

  test('what is left out is told of now and then, with the session', async () => {
    await using parts = await flooded({ 'ws.slow.policy': 'drop-oldest', 'ws.slow.max.messages': 10 })
    await flood(parts.send)
    const line = await parts.gateway.waitForLog('a slow client did not get')
    expect(line.level).toBe('warn')
    expect(line.fields).toMatchObject({ session: 'clients-1', policy: 'drop-oldest' })
    await seen(parts.gateway, FLOOD)
    expect(parts.gateway.logged('a slow client did not get')).toHaveLength(1)

    parts.client.webSocket.resume()
    await numbers(parts.client, FLOOD - 1)
    await parts.gateway.waitForLog('a slow client did not get', 2)
    const told = parts.gateway.logs.map(({ fields }) => Number(fields.discarded ?? 0))
    expect(told.reduce((sum, count) => sum + count)).toBe(counters(parts.gateway).slow['drop-oldest'])
  })

  test('bytes are a limit too', async () => {
    await using parts = await flooded({
      'ws.slow.policy': 'drop-oldest',
      'ws.slow.max.bytes': 4 * MESSAGE_BYTES,
    })
    await flood(parts.send)
    await seen(parts.gateway, FLOOD)
    expect(backlog.bytes).toBeLessThanOrEqual(6 * MESSAGE_BYTES)
    parts.client.webSocket.resume()
    const got = await numbers(parts.client, FLOOD - 1)
    expect(got.slice(-4)).toEqual(all(FLOOD).slice(-4))
  })

  test('in a room the slow client stays, and the others get everything', async () => {
    await using gateway = await startGateway({
      xml: service('<respond/>', {
        parameters: {
          'ws.client.side.broadcast.level': 1,
          'ws.slow.policy': 'drop-oldest',
          'ws.slow.max.messages': 5,
        },
      }),
    })
    using slow = await connect(gateway.url('ws'))
    using quick = await connect(gateway.url('ws'))
    slow.webSocket.pause()

    await flood(quick.webSocket)
    expect(await numbers(quick, FLOOD - 1)).toEqual(all(FLOOD))
    slow.webSocket.resume()
    const got = await numbers(slow, FLOOD - 1)
    expect(counters(gateway).slow['drop-oldest']).toBe(FLOOD - got.length)
  })
})

describe('keep-last', () => {
  const tick = (number: number): Buffer =>
    Buffer.from(JSON.stringify({ symbol: `S${number % 7}`, number, rest: 'x'.repeat(MESSAGE_BYTES) }))

  test('the client gets the last message of each key', async () => {
    await using parts = await flooded({
      'ws.slow.policy': 'keep-last',
      'ws.slow.key': 'json-eval($.symbol)',
    })
    const { gateway, client, send } = parts
    await flood(send, FLOOD, tick)
    await seen(gateway, FLOOD)

    client.webSocket.resume()
    const last = new Map<string, number>()
    let count = 0
    while (![...last.values()].includes(FLOOD - 1)) {
      const { symbol, number } = JSON.parse(await client.received.text()) as {
        symbol: string
        number: number
      }
      expect(number).toBeGreaterThan(last.get(symbol) ?? -1)
      last.set(symbol, number)
      count++
    }
    await eventually(() =>
      expect(counters(gateway).slow['keep-last']! + client.received.all.length).toBe(FLOOD),
    )
    for (const { data } of client.received.all.slice(count)) {
      const { symbol, number } = JSON.parse(data.toString()) as { symbol: string; number: number }
      last.set(symbol, number)
    }
    expect([...last.values()].toSorted((a, b) => a - b)).toEqual(all(FLOOD).slice(-7))
  })

  test('without a key each message replaces the one before', async () => {
    await using parts = await flooded({ 'ws.slow.policy': 'keep-last' })
    await flood(parts.send)
    await seen(parts.gateway, FLOOD)
    expect(backlog.bytes).toBeLessThanOrEqual(3 * MESSAGE_BYTES)
    parts.client.webSocket.resume()
    const got = await numbers(parts.client, FLOOD - 1)
    expect(counters(parts.gateway).slow['keep-last']).toBe(FLOOD - got.length)
  })
})

describe('spill', () => {
  test('nothing is lost, memory stays small, and no file stays behind', async () => {
    await using parts = await flooded({ 'ws.slow.policy': 'spill' })
    const { gateway, client, send } = parts
    await flood(send)
    await seen(gateway, FLOOD)
    await eventually(() => expect(backlog.bytes).toBeLessThan(1024 * 1024))
    expect(spillFiles()).toBeGreaterThan(0)
    expect(readdirSync(folder)).toEqual([])

    client.webSocket.resume()
    expect(await numbers(client, FLOOD - 1)).toEqual(all(FLOOD))
    await eventually(() => expect(spillFiles()).toBe(0))
    expect(counters(gateway).slow.spill).toBe(0)
    await eventually(() => expect(backlog.bytes).toBe(0))
  })

  test('messages of all sizes, text and binary, keep their order', async () => {
    await using parts = await flooded({ 'ws.slow.policy': 'spill' })
    await flood(parts.send)
    const sizes = [0, 1, 125, 126, 65_535, 65_536, 300_000]
    for (const size of sizes) {
      parts.send.send('t'.repeat(size))
      parts.send.send(Buffer.alloc(size, 1))
    }
    await seen(parts.gateway, FLOOD + 2 * sizes.length)
    parts.client.webSocket.resume()
    await numbers(parts.client, FLOOD - 1)
    for (const size of sizes) {
      const text = await parts.client.received.next()
      expect([text.data.length, text.isBinary]).toEqual([size, false])
      const binary = await parts.client.received.next()
      expect([binary.data.length, binary.isBinary]).toEqual([size, true])
    }
  })

  test('when the disk limit is reached the backend waits, and still nothing is lost', async () => {
    await using parts = await flooded({ 'ws.slow.policy': 'spill', 'ws.slow.max.bytes': 4 * 1024 * 1024 })
    const done = flood(parts.send)
    await eventually(() => expect(spillFiles()).toBeGreaterThan(0))
    parts.client.webSocket.resume()
    expect(await numbers(parts.client, FLOOD - 1)).toEqual(all(FLOOD))
    await done
  })

  test('a backend that closes: the client gets all of it before the close', async () => {
    await using parts = await flooded({ 'ws.slow.policy': 'spill' })
    await flood(parts.send)
    parts.send.close(4001, 'done')
    await seen(parts.gateway, FLOOD)
    parts.client.webSocket.resume()
    expect(await numbers(parts.client, FLOOD - 1)).toEqual(all(FLOOD))
    expect(await parts.client.closed).toEqual({ code: 4001, reason: 'done' })
  })

  test('a client that leaves: its files go, and what it did not get is counted', async () => {
    await using parts = await flooded({ 'ws.slow.policy': 'spill' })
    await flood(parts.send)
    await seen(parts.gateway, FLOOD)
    await eventually(() => expect(spillFiles()).toBeGreaterThan(0))
    parts.client.webSocket.terminate()
    await eventually(() => expect(spillFiles()).toBe(0))
    expect(counters(parts.gateway).slow.spill).toBeGreaterThan(0)
    await eventually(() => expect(backlog.bytes).toBe(0))
  })

  test('a folder that cannot be written to: the client is closed, and the log says why', async () => {
    await using parts = await flooded(
      { 'ws.slow.policy': 'spill' },
      { 'transport.ws.spill_folder': '/dev/null/nowhere' },
    )
    flood(parts.send).catch(() => {})
    await parts.gateway.waitForLog('messages cannot be kept on disk')
    parts.client.webSocket.resume()
    expect((await parts.client.closed).code).toBe(1013)
  })
})

describe('close', () => {
  test('the client is closed with 1013, its backend is told, and the message is counted', async () => {
    await using parts = await flooded({ 'ws.slow.policy': 'close', 'ws.slow.max.bytes': 1024 * 1024 })
    flood(parts.send).catch(() => {})
    await parts.gateway.waitForLog('it does not read what it is sent (1013)')
    parts.client.webSocket.resume()
    expect(await parts.client.closed).toEqual({ code: 1013, reason: 'too slow' })
    expect((await (await parts.backend.connection()).closed).code).toBe(1013)
    expect(counters(parts.gateway).slow.close).toBeGreaterThan(0)
  })
})

describe('pause', () => {
  test('what may wait in the process is shared: it stays within the limit, and nothing is lost', async () => {
    const limit = 512 * 1024
    const count = 200
    await using backend = await startBackend()
    await using gateway = await startGateway({
      xml: relay(backend.url, { parameters: { 'ws.slow.max.bytes': 16 * 1024 * 1024 } }),
      settings: { 'transport.ws.max_buffered_bytes': limit },
    })
    const clients = await connectAll(gateway.url('ws'), 8)
    await backend.connection(8)
    for (const client of clients) client.webSocket.pause()
    let most = 0
    const watching = setInterval(() => {
      most = Math.max(most, backlog.bytes)
    }, 1)
    const done = Promise.all(backend.connections.map(({ webSocket }) => flood(webSocket, count)))
    await eventually(() => expect(backlog.bytes).toBeGreaterThan(limit / 2))
    for (const client of clients) client.webSocket.resume()
    for (const client of clients) expect(await numbers(client, count - 1)).toEqual(all(count))
    await done
    clearInterval(watching)
    // One message for each may be on its way when the limit is met.
    expect(most).toBeLessThan(limit + 8 * 2 * MESSAGE_BYTES)
    await eventually(() => expect(backlog.bytes).toBe(0))
    for (const client of clients) client[Symbol.dispose]()
  })

  test('a client that does not read holds up nobody else', async () => {
    await using echo = await startEcho()
    await using gateway = await startGateway({ xml: relay(echo.url) })
    using slow = await connect(gateway.url('ws'))
    using other = await connect(gateway.url('ws'))
    const { webSocket } = await echo.connection()
    slow.webSocket.pause()
    const done = flood(webSocket)
    for (let i = 0; i < 100; i++) expect(await other.ask(`question ${i}`)).toBe(`question ${i}`)
    slow.webSocket.resume()
    expect(await numbers(slow, FLOOD - 1)).toEqual(all(FLOOD))
    await done
  })
})
