// A backend dies under its clients and comes back: they stay connected, and what they say arrives in order.

import { once } from 'node:events'
import { expect, test } from 'vitest'
import { type Backend, startBackend, startEcho } from '../support/backends.ts'
import { type Client, connect, connectAll } from '../support/clients.ts'
import { LOG_FAULT, relay } from '../support/configurations.ts'
import { eventually } from '../support/eventually.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'

const SOON = '<m:reconnect interval="20" maxWaitInterval="100"/>'

/** A relay whose clients outlive their backend. */
function lasting(
  backend: string,
  takeover = '',
  { more = SOON, fault = LOG_FAULT, out = '<respond/>' } = {},
) {
  const elements = `${more}<m:takeover ${takeover}/>`
  const dispatch = `<send><endpoint><address uri="${backend}" xmlns:m="urn:myelin">${elements}</address></endpoint></send>`
  return relay('', { dispatch, fault, out })
}

const counts = (gateway: TestGateway) => gateway.gateway.counters.get('inbound endpoint clients')!.takeover

const textsOf = (backend: Backend) => backend.received.all.map(({ data }) => data.toString())

/** Sends a number every so often until it is stopped. */
function talk(client: Client, name: string, everyMs: number): { readonly sent: number; stop(): number } {
  let next = 0
  const timer = setInterval(() => client.send(`${name} ${next++}`), everyMs)
  return {
    get sent() {
      return next
    },
    stop() {
      clearInterval(timer)
      return next
    },
  }
}

test('20 clients talk while their backend is killed and started again: none leaves, all arrives, in order', async () => {
  const first = await startBackend()
  const { port } = first
  await using gateway = await startGateway({
    xml: lasting(first.url, 'unproved="resend" proofInterval="50"'),
  })
  const clients = await connectAll(gateway.url('ws'), 20)
  let left = 0
  for (const { closed } of clients) void closed.then(() => left++)
  const talks = clients.map((client, i) => talk(client, `${i}`, 20))
  await eventually(() => expect(first.received.all.length).toBeGreaterThan(200))

  await first.kill()
  // As many as in one second.
  const before = talks[0]!.sent
  await eventually(() => expect(talks[0]!.sent).toBeGreaterThan(before + 50))
  await using second = await startBackend({ port })
  await eventually(() => expect(second.connections).toHaveLength(20))
  await eventually(() => expect(second.received.all.length).toBeGreaterThan(2000))

  const sent = talks.map(({ stop }) => stop())
  const total = sent.reduce((sum, count) => sum + count, 0)
  const arrived = () => new Set([...textsOf(first), ...textsOf(second)])
  await eventually(() => expect(arrived().size).toBe(total))
  expect(left).toBe(0)
  const doubled = textsOf(first).length + textsOf(second).length - total
  expect(doubled).toBeLessThanOrEqual(counts(gateway).possibleDuplicates)
  for (const connection of second.connections) {
    const numbers = connection.received.all.map(({ data }) => Number(data.toString().split(' ')[1]))
    expect(numbers).toEqual(numbers.toSorted((a, b) => a - b))
  }
  expect(counts(gateway)).toMatchObject({ takenOver: 20, givenUp: 0, lost: 0, unproved: 0 })
  expect(gateway.logged('taken over by a new connection')).toHaveLength(20)
  for (const client of clients) client[Symbol.dispose]()
})

test('opening messages are replayed first, then what waited, and answers go on', async () => {
  const first = await startEcho()
  const { port } = first
  await using gateway = await startGateway({ xml: lasting(first.url, 'opening="2"') })
  using client = await connect(gateway.url('ws'))
  for (const text of ['login', 'subscribe', 'work']) expect(await client.ask(text)).toBe(text)

  await first.kill()
  await gateway.waitForLog('the client is kept')
  client.send('while away 1')
  client.send('while away 2')
  await using second = await startEcho({ port })

  expect(await client.received.texts(4)).toEqual(['login', 'subscribe', 'while away 1', 'while away 2'])
  expect(await client.ask('on')).toBe('on')
  expect(textsOf(second)).toEqual(['login', 'subscribe', 'while away 1', 'while away 2', 'on'])
  const line = await gateway.waitForLog('taken over by a new connection')
  expect(line.fields).toMatchObject({ queued: 2, replayed: 2, possibleDuplicates: 0 })
})

test('an expression says which messages are opening ones, and a key which of them counts', async () => {
  const first = await startEcho()
  const { port } = first
  const when = "${payload.op == 'sub'}"
  const opening = `openingWhen="${when}" openingKey="$.channel"`
  await using gateway = await startGateway({ xml: lasting(first.url, opening) })
  using client = await connect(gateway.url('ws'))
  const say = (op: string, channel: string, n: number) => JSON.stringify({ op, channel, n })
  const said = [
    say('sub', 'a', 1),
    say('sub', 'b', 2),
    say('put', 'a', 3),
    say('sub', 'a', 4),
    'no JSON at all',
  ]
  for (const text of said) expect(await client.ask(text)).toBe(text)

  await first.kill()
  await using second = await startEcho({ port })
  await gateway.waitForLog('taken over by a new connection')
  await client.received.texts(2)
  expect(textsOf(second)).toEqual([said[3], said[1]])
})

test('more opening messages than may be stored: a warning, and the client goes with its backend', async () => {
  await using backend = await startEcho()
  await using gateway = await startGateway({ xml: lasting(backend.url, 'opening="9" openingMaxBytes="10"') })
  using client = await connect(gateway.url('ws'))
  await client.ask('12345')
  await client.ask('123456')
  await gateway.waitForLog('more than 10 bytes of opening messages')
  await backend.kill()
  expect(await client.closed).toEqual({ code: 1014, reason: 'backend connection lost' })
})

test('what has been proved to have arrived is not sent again', async () => {
  const first = await startBackend()
  const { port } = first
  await using gateway = await startGateway({
    xml: lasting(first.url, 'unproved="resend" proofInterval="10"'),
  })
  using client = await connect(gateway.url('ws'))
  client.send('one')
  await eventually(() => expect(first.received.all).toHaveLength(1))
  const { webSocket } = first.connections[0]!
  await once(webSocket, 'ping')
  // It comes behind the answer to the ping.
  webSocket.send('after')
  await client.received.next()

  await first.kill()
  await gateway.waitForLog('the client is kept')
  await using second = await startBackend({ port })
  client.send('two')
  await eventually(() => expect(textsOf(second)).toEqual(['two']))
  expect(counts(gateway).possibleDuplicates).toBe(0)
})

test.each([
  ['resend', ['one', 'two', 'three'], { possibleDuplicates: 2, unproved: 0 }],
  ['drop', ['three'], { possibleDuplicates: 0, unproved: 2 }],
])('what may have arrived: %s', async (unproved, expected, counted) => {
  const first = await startBackend()
  const { port } = first
  await using gateway = await startGateway({
    xml: lasting(first.url, `unproved="${unproved}" proofInterval="60000"`),
  })
  using client = await connect(gateway.url('ws'))
  client.send('one')
  client.send('two')
  await eventually(() => expect(first.received.all).toHaveLength(2))
  await first.kill()
  await gateway.waitForLog('the client is kept')
  client.send('three')
  await using second = await startBackend({ port })
  await eventually(() => expect(textsOf(second)).toEqual(expected))
  expect(counts(gateway)).toMatchObject(counted)
})

const TELL = `<log level="custom">
  <property name="code" expression="get-property('ERROR_CODE')"/>
  <property name="limit" expression="get-property('takeover.limit')"/>
  <property name="dropped" expression="get-property('takeover.dropped')"/></log>`

test.each([
  ['messages', 'maxMessages="2"', 3, { code: 1013, reason: 'too much waits for the backend' }],
  ['bytes', 'maxBytes="12"', 3, { code: 1013, reason: 'too much waits for the backend' }],
  ['age', 'maxAge="300"', 2, { code: 1014, reason: 'backend unavailable' }],
])(
  'the limit of %s: the fault sequence runs, and the client is closed',
  async (limit, takeover, count, closed) => {
    const backend = await startBackend()
    await using gateway = await startGateway({ xml: lasting(backend.url, takeover, { fault: TELL }) })
    using client = await connect(gateway.url('ws'))
    client.send('hello')
    await eventually(() => expect(backend.received.all).toHaveLength(1))
    await backend.kill()
    await gateway.waitForLog('the client is kept')
    for (let i = 0; i < count; i++) client.send('away!')
    expect(await client.closed).toEqual(closed)
    const { text } = await gateway.waitForLog(`limit = ${limit}`)
    expect(text).toMatch(/code = 10150[35], /)
    expect(text).toContain(`dropped = ${count}`)
    expect(counts(gateway)).toMatchObject({ takenOver: 0, givenUp: 1, lost: count })
  },
)

test('as many attempts as may be: 101503, and 1014', async () => {
  const backend = await startBackend()
  const more = '<m:reconnect maxCount="2" interval="20"/>'
  await using gateway = await startGateway({ xml: lasting(backend.url, '', { more, fault: TELL }) })
  using client = await connect(gateway.url('ws'))
  client.send('hello')
  await eventually(() => expect(backend.received.all).toHaveLength(1))
  await backend.kill()
  expect(await client.closed).toEqual({ code: 1014, reason: 'backend unavailable' })
  await gateway.waitForLog('code = 101503, limit = attempts, dropped = 0')
})

test.each([
  [1000, 'bye'],
  [4001, 'no'],
])('a backend that closes with %d is not expected back', async (code, reason) => {
  await using backend = await startBackend()
  await using gateway = await startGateway({ xml: lasting(backend.url) })
  using client = await connect(gateway.url('ws'))
  client.send('hello')
  await eventually(() => expect(backend.connections).toHaveLength(1))
  backend.connections[0]!.webSocket.close(code, reason)
  expect(await client.closed).toEqual({ code, reason })
  expect(counts(gateway).takenOver).toBe(0)
})

test('a backend that restarts in order, with 1012, is taken over; the out-dispatch sequence sees nothing', async () => {
  await using backend = await startEcho()
  const out = `<filter xpath="boolean(get-property('websocket.target.handshake.present'))"><then><log level="custom"><property name="it" value="linked"/></log></then></filter><respond/>`
  await using gateway = await startGateway({ xml: lasting(backend.url, '', { out }) })
  using client = await connect(gateway.url('ws'))
  expect(await client.ask('one')).toBe('one')
  backend.connections[0]!.webSocket.close(1012, 'restart')
  await gateway.waitForLog('taken over by a new connection')
  expect(await client.ask('two')).toBe('two')
  expect(gateway.logged('it = linked')).toHaveLength(1)
})

test('a client that leaves while its backend is away leaves nothing behind, and what it lost is counted', async () => {
  const backend = await startBackend()
  await using gateway = await startGateway({ xml: lasting(backend.url) })
  using client = await connect(gateway.url('ws'))
  client.send('hello')
  await eventually(() => expect(backend.received.all).toHaveLength(1))
  await backend.kill()
  await gateway.waitForLog('the client is kept')
  client.send('lost')
  await client.close(1000)
  await gateway.waitForLog('1 messages that waited')
  expect(counts(gateway).lost).toBe(1)
})

test('callers over HTTP are served as ever', async () => {
  const first = await startBackend()
  const { port } = first
  const address = `<address uri="${first.url}" xmlns:m="urn:myelin"><m:takeover/></address>`
  await using gateway = await startGateway({
    xml: `<proxy name="p"><target><inSequence><property name="FORCE_SC_ACCEPTED" scope="axis2" value="true"/>
      <send><endpoint>${address}</endpoint></send></inSequence><faultSequence/></target></proxy>`,
  })
  const post = (body: string) => fetch(gateway.url('http', 'p'), { method: 'POST', body })
  expect((await post('one')).status).toBe(202)
  await eventually(() => expect(first.received.all).toHaveLength(1))
  await first.kill()
  await gateway.waitForLog('was lost')
  await using second = await startBackend({ port })
  expect((await post('two')).status).toBe(202)
  await eventually(() => expect(second.received.all).toHaveLength(1))
})
