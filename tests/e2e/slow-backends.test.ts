// What happens to messages for a backend that reads slower than they come is said by its address: the client waits, the
// oldest or all but the last are left out, they wait on disk, or the link is closed.

import { mkdtempSync, readdirSync, readlinkSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { WebSocket } from 'ws'
import { backlog } from '../../src/websocket/backlog.ts'
import { type Backend, type BackendConnection, startBackend } from '../support/backends.ts'
import { type Client, connect, type Frames } from '../support/clients.ts'
import { LOG_FAULT, proxy, relay } from '../support/configurations.ts'
import { eventually } from '../support/eventually.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'

const MESSAGE_BYTES = 64 * 1024
/** More than the operating system keeps on both legs together. */
const FLOOD = 448

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'myelin-slow-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

function message(number: number): Buffer {
  const data = Buffer.alloc(MESSAGE_BYTES, number & 0xff)
  data.writeUInt32BE(number)
  return data
}

/** Sends numbered messages, each once the socket has taken the one before. */
async function flood(webSocket: WebSocket, from = 0, to = FLOOD): Promise<void> {
  for (let i = from; i < to; i++)
    await new Promise<void>((resolve, reject) =>
      webSocket.send(message(i), error => (error ? reject(error) : resolve())),
    )
}

const endpoint = (url: string, elements: string): string =>
  `<send><endpoint><address uri="${url}" xmlns:m="urn:myelin">${elements}</address></endpoint></send>`

/** A relay to a backend with a policy. */
const slowRelay = (url: string, slow: string, more = ''): string =>
  relay('', { dispatch: endpoint(url, `${more}<m:slow ${slow}/>`) })

interface Parts extends AsyncDisposable {
  readonly backend: Backend
  readonly gateway: TestGateway
  readonly client: Client
  /** The connection of the client to the backend, which does not read. */
  readonly connection: BackendConnection
}

/** Starts a relay with a policy, and a backend that does not read. */
async function started(
  slow: string,
  more = '',
  settings: Record<string, string | number> = {},
): Promise<Parts> {
  await using parts = new AsyncDisposableStack()
  const backend = parts.use(await startBackend())
  const xml = slowRelay(backend.url, slow, more)
  const gateway = parts.use(
    await startGateway({ xml, settings: { 'transport.ws.spill_folder': folder, ...settings } }),
  )
  const client = parts.use(await connect(gateway.url('ws')))
  const connection = await backend.connection()
  connection.webSocket.pause()
  const kept = parts.move()
  return { backend, gateway, client, connection, [Symbol.asyncDispose]: () => kept.disposeAsync() }
}

function counters(gateway: TestGateway) {
  return gateway.gateway.counters.get('inbound endpoint clients')!
}

/** Waits until the gateway has seen so many messages of the client; the handshake messages come on top. */
async function seen(gateway: TestGateway, count: number): Promise<void> {
  await eventually(() => expect(counters(gateway).received).toBeGreaterThanOrEqual(count + 2))
}

/** The numbers of what a backend got, up to one. */
async function numbers(received: Frames, last: number): Promise<number[]> {
  const found: number[] = []
  while (found.at(-1) !== last) {
    const { data } = await received.next()
    expect(data.length).toBe(MESSAGE_BYTES)
    found.push(data.readUInt32BE())
  }
  return found
}

const all = (count: number): number[] => Array.from({ length: count }, (_, i) => i)

/** How many files in the folder are open, with a name or without. */
function spillFiles(): number {
  return readdirSync('/proc/self/fd').filter(descriptor => {
    try {
      return readlinkSync(`/proc/self/fd/${descriptor}`).startsWith(folder)
    } catch {
      return false
    }
  }).length
}

describe('pause', () => {
  test.each(['policy="pause"', '', 'maxBytes="300000"'])(
    'the client waits, and nothing is lost (%s)',
    async slow => {
      await using parts = await started(slow)
      const { gateway, client, connection } = parts
      const done = flood(client.webSocket)
      await eventually(() => expect(backlog.bytes).toBeGreaterThan(0))
      expect(counters(gateway).received).toBeLessThan(FLOOD)
      connection.webSocket.resume()
      expect(await numbers(connection.received, FLOOD - 1)).toEqual(all(FLOOD))
      await done
    },
  )
})

describe('drop-oldest', () => {
  test('the backend gets the newest, in order, the client does not wait, and what is left out is told of', async () => {
    await using parts = await started('policy="drop-oldest" maxMessages="10"')
    const { gateway, client, connection, backend } = parts
    await flood(client.webSocket)
    await seen(gateway, FLOOD)
    const line = await gateway.waitForLog('the slow backend')
    expect(line.level).toBe('warn')
    expect(line.fields).toMatchObject({
      session: 'clients-1',
      backend: backend.url,
      policy: 'drop-oldest',
    })
    expect(gateway.logged('the slow backend')).toHaveLength(1)

    connection.webSocket.resume()
    const got = await numbers(connection.received, FLOOD - 1)
    expect(got).toEqual(got.toSorted((a, b) => a - b))
    expect(got.slice(-10)).toEqual(all(FLOOD).slice(-10))
    expect(got.length).toBeLessThan(FLOOD)
    expect(counters(gateway).slow['drop-oldest']).toBe(FLOOD - got.length)
    await gateway.waitForLog('the slow backend', 2)
    const told = gateway.logs.map(({ fields }) => Number(fields.discarded ?? 0))
    expect(told.reduce((sum, count) => sum + count)).toBe(FLOOD - got.length)
  })

  test('bytes are a limit too', async () => {
    await using parts = await started(`policy="drop-oldest" maxBytes="${4 * MESSAGE_BYTES}"`)
    await flood(parts.client.webSocket)
    await seen(parts.gateway, FLOOD)
    expect(backlog.bytes).toBeLessThanOrEqual(6 * MESSAGE_BYTES)
    parts.connection.webSocket.resume()
    const got = await numbers(parts.connection.received, FLOOD - 1)
    expect(got.slice(-4)).toEqual(all(FLOOD).slice(-4))
  })

  test('a client that leaves: the backend gets what waits for it, and then the close', async () => {
    await using parts = await started('policy="drop-oldest" maxMessages="10"')
    await flood(parts.client.webSocket)
    parts.client.webSocket.close(4001, 'done')
    await seen(parts.gateway, FLOOD)
    parts.connection.webSocket.resume()
    const got = await numbers(parts.connection.received, FLOOD - 1)
    expect(got.slice(-10)).toEqual(all(FLOOD).slice(-10))
    expect(await parts.connection.closed).toEqual({ code: 4001, reason: 'done' })
  })

  test('a backend that is cut: what waited is counted, and the client is told', async () => {
    await using parts = await started('policy="drop-oldest" maxMessages="10"')
    const { gateway, client, connection } = parts
    await flood(client.webSocket)
    await seen(gateway, FLOOD)
    const before = counters(gateway).slow['drop-oldest']!
    connection.webSocket.terminate()
    expect((await client.closed).code).toBe(1014)
    await eventually(() => expect(counters(gateway).slow['drop-oldest']).toBe(before + 10))
    await eventually(() => expect(backlog.bytes).toBe(0))
  })
})

describe('keep-last', () => {
  test('the backend gets the last message of each key', async () => {
    await using parts = await started('policy="keep-last" key="$.symbol"')
    const { gateway, client, connection } = parts
    for (let number = 0; number < FLOOD; number++) {
      const tick = { symbol: `S${number % 7}`, number, rest: 'x'.repeat(MESSAGE_BYTES) }
      await new Promise<void>(resolve => client.webSocket.send(JSON.stringify(tick), () => resolve()))
    }
    await seen(gateway, FLOOD)

    connection.webSocket.resume()
    const last = new Map<string, number>()
    let count = 0
    while (last.size < 7 || Math.min(...last.values()) < FLOOD - 7) {
      const { symbol, number } = JSON.parse(await connection.received.text()) as {
        symbol: string
        number: number
      }
      expect(number).toBeGreaterThan(last.get(symbol) ?? -1)
      last.set(symbol, number)
      count++
    }
    expect([...last.values()].toSorted((a, b) => a - b)).toEqual(all(FLOOD).slice(-7))
    expect(counters(gateway).slow['keep-last']).toBe(FLOOD - count)
    expect(count).toBeLessThan(FLOOD)
  })
})

describe('spill', () => {
  test('nothing is lost, memory stays small, and no file stays behind', async () => {
    await using parts = await started('policy="spill"')
    const { gateway, client, connection } = parts
    await flood(client.webSocket)
    await seen(gateway, FLOOD)
    await eventually(() => expect(backlog.bytes).toBeLessThan(1024 * 1024))
    expect(spillFiles()).toBeGreaterThan(0)
    connection.webSocket.resume()
    expect(await numbers(connection.received, FLOOD - 1)).toEqual(all(FLOOD))
    await eventually(() => expect(spillFiles()).toBe(0))
    expect(counters(gateway).slow.spill).toBe(0)
    await eventually(() => expect(backlog.bytes).toBe(0))
  })

  test('when the disk limit is reached the client waits, and still nothing is lost', async () => {
    await using parts = await started(`policy="spill" maxBytes="${4 * 1024 * 1024}"`)
    const done = flood(parts.client.webSocket)
    await eventually(() => expect(spillFiles()).toBeGreaterThan(0))
    parts.connection.webSocket.resume()
    expect(await numbers(parts.connection.received, FLOOD - 1)).toEqual(all(FLOOD))
    await done
  })

  test('a folder that cannot be written to: link and client are closed, and the log says why', async () => {
    await using parts = await started('policy="spill"', '', {
      'transport.ws.spill_folder': '/dev/null/nowhere',
    })
    flood(parts.client.webSocket).catch(() => {})
    await parts.gateway.waitForLog('messages cannot be kept on disk')
    expect(await parts.client.closed).toEqual({ code: 1013, reason: 'backend too slow' })
    await parts.gateway.waitForLog('FAULT = 101509')
    parts.connection.webSocket.resume()
    expect((await parts.connection.closed).code).toBe(1013)
  })
})

describe('close', () => {
  test('link and client are closed with 1013, both fault sequences run, and the message is counted', async () => {
    await using parts = await started(`policy="close" maxBytes="${1024 * 1024}"`)
    const { gateway, client, connection } = parts
    flood(client.webSocket).catch(() => {})
    expect(await client.closed).toEqual({ code: 1013, reason: 'backend too slow' })
    connection.webSocket.resume()
    expect(await connection.closed).toEqual({ code: 1013, reason: 'too slow' })
    await gateway.waitForLog('it does not read what it is sent (1013)')
    await gateway.waitForLog('FAULT = 101509', 2)
    expect(counters(gateway).slow.close).toBe(1)
  })
})

describe('callers without a session', () => {
  /** A proxy service whose callers share a link. */
  async function shared(slow: string) {
    await using parts = new AsyncDisposableStack()
    const backend = parts.use(await startBackend())
    const steps = `<property name="OUT_ONLY" value="true"/>${endpoint(backend.url, `<m:slow ${slow}/>`)}`
    const xml = proxy('orders', steps, {
      fault: `${LOG_FAULT}<property name="HTTP_SC" scope="axis2" value="503"/><respond/>`,
    })
    const gateway = parts.use(await startGateway({ xml, settings: { 'transport.ws.spill_folder': folder } }))
    const url = `${gateway.url('http')}`
    const post = async (number: number): Promise<boolean> => {
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/octet-stream' },
        body: new Uint8Array(message(number)),
      })
      await response.arrayBuffer()
      return response.ok
    }
    expect(await post(0)).toBe(true)
    const connection = await backend.connection()
    expect(await numbers(connection.received, 0)).toEqual([0])
    connection.webSocket.pause()
    const kept = parts.move()
    const slowCounts = () => gateway.gateway.counters.get('proxy service orders')!.slow
    return {
      backend,
      gateway,
      connection,
      post,
      slowCounts,
      [Symbol.asyncDispose]: () => kept.disposeAsync(),
    }
  }

  const POSTS = 300

  test('drop-oldest: no caller gets a fault, and the newest arrive', async () => {
    await using parts = await shared('policy="drop-oldest" maxMessages="5"')
    for (let i = 1; i < POSTS; i++) expect(await parts.post(i)).toBe(true)
    parts.connection.webSocket.resume()
    const got = await numbers(parts.connection.received, POSTS - 1)
    expect(got.slice(-5)).toEqual(all(POSTS).slice(-5))
    expect(parts.slowCounts()['drop-oldest']).toBe(POSTS - 1 - got.length)
    const line = await parts.gateway.waitForLog('the slow backend')
    expect(line.fields).toMatchObject({ backend: parts.backend.url })
    expect(line.fields).not.toHaveProperty('session')
  })

  test('spill: all arrive, in order', async () => {
    await using parts = await shared('policy="spill"')
    // A disk that is behind by 1 MiB refuses a caller, which then asks again.
    const refused = () => parts.gateway.gateway.counters.get('proxy service orders')!.ended.faulted
    for (let i = 1; i < POSTS; i++) while (!(await parts.post(i))) expect(refused()).toBeLessThan(POSTS)
    expect(spillFiles()).toBeGreaterThan(0)
    parts.connection.webSocket.resume()
    expect(await numbers(parts.connection.received, POSTS - 1)).toEqual(all(POSTS).slice(1))
  })

  test('pause: a caller that brings more than may wait gets fault 101509', async () => {
    await using parts = await shared(`maxBytes="${8 * MESSAGE_BYTES}"`)
    let sent = 1
    while (await parts.post(sent)) sent++
    await parts.gateway.waitForLog('FAULT = 101509')
    parts.connection.webSocket.resume()
    expect(await numbers(parts.connection.received, sent - 1)).toEqual(all(sent).slice(1))
  })

  test('close: the caller gets fault 101509, and the next one a new link', async () => {
    await using parts = await shared(`policy="close" maxBytes="${8 * MESSAGE_BYTES}"`)
    let sent = 1
    while (await parts.post(sent)) sent++
    await parts.gateway.waitForLog('FAULT = 101509')
    expect(parts.slowCounts().close).toBe(1)
    expect(await parts.post(7)).toBe(true)
    const fresh = await parts.backend.connection(2)
    expect(await numbers(fresh.received, 7)).toEqual([7])
  })
})

describe('with takeover', () => {
  const SOON = '<m:reconnect interval="20" maxWaitInterval="100"/>'
  const takeover = (attributes = ''): string => `${SOON}<m:takeover proofInterval="50" ${attributes}/>`
  const takeovers = (gateway: TestGateway) => counters(gateway).takeover

  /** Cuts the backend, and gives what starts it anew. */
  async function killed({ backend, gateway }: Parts): Promise<() => Promise<Backend>> {
    const { port } = backend
    await backend.kill()
    await gateway.waitForLog('the client is kept')
    return () => startBackend({ port })
  }

  test('drop-oldest: what the client sends meanwhile waits by the policy, not by the limits of takeover', async () => {
    await using parts = await started('policy="drop-oldest" maxMessages="10"', takeover('maxMessages="2"'))
    parts.connection.webSocket.resume()
    const restart = await killed(parts)
    await flood(parts.client.webSocket, 0, 50)
    await seen(parts.gateway, 50)
    await using backend = await restart()
    const got = await numbers(backend.received, 49)
    expect(got).toEqual(all(50).slice(-10))
    expect(counters(parts.gateway).slow['drop-oldest']).toBe(40)
    expect(takeovers(parts.gateway)).toMatchObject({ takenOver: 1, queued: 10, lost: 0 })
  })

  test('opening messages are not left out, and are replayed once', async () => {
    await using parts = await started('policy="keep-last"', takeover('opening="1" openingWhen="$.subscribe"'))
    const { client, connection } = parts
    connection.webSocket.resume()
    client.send('login')
    expect(await connection.received.text()).toBe('login')
    const restart = await killed(parts)
    const texts = ['one', '{"subscribe":true,"to":"a"}', 'two', '{"subscribe":true,"to":"b"}', 'three']
    for (const text of texts) client.send(text)
    await seen(parts.gateway, 6)
    await using backend = await restart()
    expect(await backend.received.texts(4)).toEqual([
      'login',
      'three',
      '{"subscribe":true,"to":"a"}',
      '{"subscribe":true,"to":"b"}',
    ])
    client.send('four')
    expect(await backend.received.text()).toBe('four')
    expect(takeovers(parts.gateway)).toMatchObject({ takenOver: 1, replayed: 1, queued: 3 })
  })

  test('spill: a backend that is slow, dies and comes back gets all that had not left, in order', async () => {
    await using parts = await started(
      'policy="spill"',
      takeover('unproved="resend" maxMessages="100000" maxBytes="100000000"'),
    )
    await flood(parts.client.webSocket)
    await seen(parts.gateway, FLOOD)
    expect(spillFiles()).toBeGreaterThan(0)
    const restart = await killed(parts)
    await using backend = await restart()
    const got = await numbers(backend.received, FLOOD - 1)
    expect(got).toEqual(all(FLOOD))
    expect(takeovers(parts.gateway)).toMatchObject({ takenOver: 1, lost: 0, unproved: 0 })
    await eventually(() => expect(backlog.bytes).toBe(0))
  })

  test('a backend that does not come back in time: what waits is counted as lost, and the client is told', async () => {
    await using parts = await started('policy="drop-oldest" maxMessages="10"', takeover('maxAge="300"'))
    await killed(parts)
    parts.client.send('one')
    parts.client.send('two')
    expect((await parts.client.closed).code).toBe(1014)
    expect(takeovers(parts.gateway)).toMatchObject({ givenUp: 1, lost: 2 })
    expect(counters(parts.gateway).slow['drop-oldest']).toBe(0)
  })

  test('close: a link that was closed since its backend is slow is not taken over', async () => {
    await using parts = await started(`policy="close" maxBytes="${1024 * 1024}"`, takeover())
    flood(parts.client.webSocket).catch(() => {})
    expect(await parts.client.closed).toEqual({ code: 1013, reason: 'backend too slow' })
    expect(takeovers(parts.gateway)).toMatchObject({ takenOver: 0 })
    expect(counters(parts.gateway).slow.close).toBe(1)
  })

  test('pause: the limits of takeover hold, as ever', async () => {
    await using parts = await started('policy="pause"', takeover('maxMessages="2"'))
    await killed(parts)
    for (const text of ['one', 'two', 'three']) parts.client.send(text)
    expect(await parts.client.closed).toEqual({ code: 1013, reason: 'too much waits for the backend' })
  })
})
