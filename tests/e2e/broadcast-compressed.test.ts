// What goes to many clients is compressed once for all of them whose windows have the same size, and keeps its order
// among what goes to one.

import { crc32 } from 'node:zlib'
import { expect, test } from 'vitest'
import type { PerMessageDeflateOptions, WebSocket } from 'ws'
import { PreparedFrame } from '../../src/websocket/prepared-frame.ts'
import { type Client, type ConnectOptions, connect } from '../support/clients.ts'
import { service } from '../support/configurations.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'

const LONG = 'the same words again and again, '.repeat(64)

/** Sends everything to all. */
const room = (parameters: Record<string, string | number | boolean> = {}): string =>
  service('<respond/>', {
    parameters: { 'ws.client.side.broadcast.level': 1, 'ws.compression': true, ...parameters },
  })

const deflate = (options: PerMessageDeflateOptions): ConnectOptions => ({ perMessageDeflate: options })

/** Bytes that came over the socket of a client, below WebSocket. */
const bytesRead = ({ webSocket }: Client): number =>
  (webSocket as unknown as { _socket: { bytesRead: number } })._socket.bytesRead

/** What a client agreed on. */
const agreed = ({ webSocket }: { readonly webSocket: WebSocket }): string => webSocket.extensions

test('clients with and without compression, and with windows of all sizes, read the same', async () => {
  await using gateway = await startGateway({ xml: room() })
  const url = gateway.url('ws')
  using plain = await connect(url, { perMessageDeflate: false })
  using usual = await connect(url, deflate({}))
  const others: Client[] = []
  for (let serverMaxWindowBits = 8; serverMaxWindowBits <= 15; serverMaxWindowBits++)
    others.push(await connect(url, deflate({ serverMaxWindowBits })))
  const compressed = [usual, ...others]
  expect(agreed(plain)).toBe('')
  for (const client of compressed) expect(agreed(client)).toContain('permessage-deflate')

  const before = compressed.map(bytesRead)
  const plainBefore = bytesRead(plain)
  for (const text of [LONG, 'short', LONG.toUpperCase(), 'é€😀'.repeat(2000)]) {
    plain.send(text)
    for (const client of [plain, ...compressed]) expect(await client.received.text()).toBe(text)
  }
  const whole = bytesRead(plain) - plainBefore
  for (const [i, client] of compressed.entries())
    expect(bytesRead(client) - before[i]!).toBeLessThan(whole / 4)
  for (const client of others) client[Symbol.dispose]()
})

test.each([
  ['small', 3_000],
  ['large', 300_000],
])(
  'with context takeover a %s broadcast stands between messages that refer to each other',
  async (_, size) => {
    await using gateway = await startGateway({
      xml: service(
        `<filter source="boolean(get-property('source.handshake.present'))" regex="true">
        <then><joinGroup name="all"/></then>
        <else><filter source="json-eval($.to)" regex="all">
          <then><sendToGroup name="all"/></then>
          <else><respond/></else>
        </filter></else>
      </filter>`,
        {
          parameters: {
            'ws.compression': true,
            'ws.compression.context.takeover': true,
            'ws.compression.threshold': 16,
            'ws.default.content.type': 'application/json',
          },
        },
      ),
    })
    const url = gateway.url('ws')
    using ann = await connect(url, deflate({}))
    using bob = await connect(url, deflate({ serverNoContextTakeover: true }))
    using cat = await connect(url, { perMessageDeflate: false })
    const rest = Array.from({ length: size / 10 }, (_, i) =>
      crc32(`${i}`).toString(36).padStart(7, '0'),
    ).join('')
    const sent: string[] = []
    for (let i = 0; i < 20; i++) {
      const to = i % 3 === 1 ? 'all' : 'me'
      const text = JSON.stringify({ to, number: i, rest: i % 2 === 0 ? rest : [...rest].reverse().join('') })
      sent.push(text)
      ann.send(text)
    }
    const all = sent.filter((_, i) => i % 3 === 1)
    expect(await ann.received.texts(sent.length)).toEqual(sent)
    expect(await bob.received.texts(all.length)).toEqual(all)
    expect(await cat.received.texts(all.length)).toEqual(all)
  },
)

test('a message is compressed once for each size of window', async () => {
  for (const data of [Buffer.from(LONG), Buffer.from(LONG.repeat(100))]) {
    const { compressed, frame } = new PreparedFrame(data, false)
    await new Promise<void>(done => compressed!.whenMade(15, done))
    await new Promise<void>(done => compressed!.whenMade(9, done))
    const made = compressed!.at(15)!
    expect(made.length).toBeLessThan(data.length / 10)
    expect(compressed!.at(15)).toBe(made)
    expect(compressed!.at(9)).not.toBe(made)
    expect(made.length).toBeLessThan(frame.length)
  }
})

test('fifty clients with two sizes of window read it', async () => {
  await using gateway = await startGateway({ xml: room() })
  const clients = await connectMany(gateway, 50, i => deflate(i % 2 === 0 ? {} : { serverMaxWindowBits: 10 }))
  for (const text of [LONG, LONG.repeat(100), LONG.slice(0, 1500)]) {
    clients[0]!.send(text)
    for (const client of clients) expect(await client.received.text()).toBe(text)
  }
  for (const client of clients) client[Symbol.dispose]()
})

test('nothing is compressed below the threshold, where a message says so, and where nobody agreed on it', async () => {
  const compress = '<property name="websocket.compress" scope="axis2" value="false"/>'
  await using gateway = await startGateway({
    xml: `${service('<respond/>', {
      parameters: {
        'ws.client.side.broadcast.level': 1,
        'ws.compression': true,
        'ws.compression.threshold': 5000,
      },
    })}${service(`${compress}<respond/>`, {
      name: 'never',
      parameters: { 'ws.client.side.broadcast.level': 1, 'ws.compression': true },
    })}${service('<respond/>', { name: 'plain', parameters: { 'ws.client.side.broadcast.level': 1 } })}`,
  })
  for (const name of ['clients', 'never', 'plain']) {
    using ann = await connect(gateway.url('ws', name), deflate({}))
    const before = bytesRead(ann)
    expect(await ann.ask(LONG)).toBe(LONG)
    expect(bytesRead(ann) - before).toBeGreaterThanOrEqual(LONG.length)
  }
})

test('what compression does not make smaller leaves as it is, binary too', async () => {
  await using gateway = await startGateway({ xml: room() })
  using ann = await connect(gateway.url('ws'), deflate({}))
  const noise = Buffer.alloc(40_000)
  for (let i = 0; i < noise.length; i += 4) noise.writeUInt32LE(crc32(`${i}`), i)
  for (const data of [noise, noise.subarray(0, 2000), Buffer.alloc(30_000, 7), Buffer.alloc(2000, 7)]) {
    ann.send(data)
    const got = await ann.received.next()
    expect(got.isBinary).toBe(true)
    expect(got.data.equals(data)).toBe(true)
  }
})

test('a client that leaves while a large message is compressed disturbs nobody', async () => {
  await using gateway = await startGateway({ xml: room() })
  const clients = await connectMany(gateway, 20, () => deflate({}))
  const text = LONG.repeat(200)
  clients[0]!.send(text)
  for (const client of clients.slice(10)) client.webSocket.terminate()
  for (const client of clients.slice(0, 10)) expect(await client.received.text()).toBe(text)
  for (const client of clients) client[Symbol.dispose]()
})

async function connectMany(
  gateway: TestGateway,
  count: number,
  options: (i: number) => ConnectOptions,
): Promise<Client[]> {
  return await Promise.all(Array.from({ length: count }, (_, i) => connect(gateway.url('ws'), options(i))))
}
