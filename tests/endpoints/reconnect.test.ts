import { expect, test } from 'vitest'
import { ConnectGate, type ConnectGuest } from '../../src/endpoints/connect-gate.ts'
import { Backoff } from '../../src/websocket/backoff.ts'
import { freePort, startEcho, startRefusing } from '../support/backends.ts'
import { connect, connectAll } from '../support/clients.ts'
import { relay } from '../support/configurations.ts'
import { eventually } from '../support/eventually.ts'
import { startGateway } from '../support/gateway.ts'
import { findings } from '../support/mediate.ts'

const address = (uri: string, more: string) =>
  `<endpoint><address uri="${uri}" xmlns:m="urn:myelin">${more}</address></endpoint>`
const sending = (uri: string, more: string) => relay('', { dispatch: `<send>${address(uri, more)}</send>` })

const POLICY = { maxCount: 0, intervalMs: 100, factor: 2, maxWaitMs: 1000, isKeptWarm: false }

test('waits are random between nothing and a limit that doubles up to the longest', () => {
  const longest = Array.from({ length: 6 }, () => 0)
  for (let round = 0; round < 500; round++) {
    const backoff = new Backoff(POLICY)
    for (const [i, most] of longest.entries()) longest[i] = Math.max(most, backoff.next()!)
  }
  for (const [i, limit] of [100, 200, 400, 800, 1000, 1000].entries()) {
    expect(longest[i]).toBeLessThanOrEqual(limit)
    expect(longest[i]).toBeGreaterThan(limit * 0.8)
  }
})

test('there are as many attempts as may be, and anew after a link that has held', () => {
  const backoff = new Backoff({ ...POLICY, maxCount: 2 })
  expect([backoff.next(), backoff.next(), backoff.next()].map(wait => wait === undefined)).toEqual([
    false,
    false,
    true,
  ])
  backoff.held(500)
  expect(backoff.next()).toBeUndefined()
  backoff.held(1000)
  expect(backoff.next()).toBeDefined()
})

/** Wants to connect, and notes when it may. */
function guest(turns: number[]): ConnectGuest {
  return { onTurn: () => turns.push(performance.now()), onBack() {} }
}

test('an address sees no more attempts per second than it is to, in the order they came', async () => {
  const gate = new ConnectGate({ rate: 100, concurrency: 1000 })
  const order: number[] = []
  const turns: number[] = []
  for (let i = 0; i < 60; i++) {
    gate.ask({ onTurn: () => order.push(i) && turns.push(performance.now()), onBack() {} }, false)
  }
  await eventually(() => expect(turns).toHaveLength(60))
  expect(order).toEqual(Array.from({ length: 60 }, (_, i) => i))
  // 60 at 100 a second, with what may be made up for.
  expect(turns.at(-1)! - turns[0]!).toBeGreaterThan(500)
})

test('no more attempts are under way at once than may be', async () => {
  const gate = new ConnectGate({ rate: 10_000, concurrency: 3 })
  const turns: number[] = []
  const guests = Array.from({ length: 8 }, () => guest(turns))
  for (const one of guests) gate.ask(one, false)
  await eventually(() => expect(turns).toHaveLength(3))
  gate.done(true)
  await eventually(() => expect(turns).toHaveLength(4))
  // One that leaves takes no turn.
  gate.leave(guests[4]!)
  for (let i = 0; i < 4; i++) gate.done(true)
  await eventually(() => expect(turns).toHaveLength(7))
})

test('where nothing is configured there is no limit until the address fails', async () => {
  const gate = new ConnectGate(undefined)
  const turns: number[] = []
  for (let i = 0; i < 500; i++) gate.ask(guest(turns), false)
  expect(turns).toHaveLength(500)
  for (let i = 0; i < 500; i++) gate.done(true)
  gate.lost()
  for (let i = 0; i < 40; i++) gate.ask(guest(turns), false)
  expect(turns.length).toBeLessThan(515)
  await eventually(() => expect(turns).toHaveLength(540))
})

test('those who wait to try again are told when the address is back', () => {
  const gate = new ConnectGate(undefined)
  let told = 0
  gate.rest({ onTurn() {}, onBack: () => told++ })
  gate.ask(guest([]), false)
  gate.done(true)
  expect(told).toBe(0)
  gate.ask(guest([]), false)
  gate.done(false)
  gate.ask(guest([]), true)
  gate.done(true)
  expect(told).toBe(1)
})

test('with reconnect a backend that is not there yet is waited for', async () => {
  const port = await freePort()
  const xml = sending(`ws://127.0.0.1:${port}/websocket`, '<m:reconnect interval="20" maxWaitInterval="50"/>')
  await using gateway = await startGateway({ xml })
  using client = await connect(gateway.url('ws'))
  client.send('early')
  await using backend = await startEcho({ port })
  expect(await client.received.text()).toBe('early')
  expect(backend.connections).toHaveLength(1)
})

test('maxCount ends it', async () => {
  const port = await freePort()
  const xml = sending(`ws://127.0.0.1:${port}/websocket`, '<m:reconnect maxCount="2" interval="20"/>')
  await using gateway = await startGateway({ xml })
  using client = await connect(gateway.url('ws'))
  expect(await client.closed).toEqual({ code: 1014, reason: 'backend unavailable' })
})

test('a backend that says no is not asked again', async () => {
  await using backend = await startRefusing(401)
  const xml = sending(backend.url, '<m:reconnect interval="20"/>')
  await using gateway = await startGateway({ xml })
  using client = await connect(gateway.url('ws'))
  expect(await client.closed).toEqual({ code: 1014, reason: 'backend unavailable' })
  expect(backend.sockets).toHaveLength(1)
})

const WARM = '<m:reconnect interval="20" maxWaitInterval="50" keepWarm="true"/>'

test('a shared link that is kept warm is there again before the next message', async () => {
  const first = await startEcho()
  const { port } = first
  await using gateway = await startGateway({
    xml: `<proxy name="p"><target><inSequence><property name="FORCE_SC_ACCEPTED" scope="axis2" value="true"/>
      <send>${address(first.url, WARM)}</send></inSequence><faultSequence/></target></proxy>`,
  })
  const post = () => fetch(gateway.url('http', 'p'), { method: 'POST', body: 'hello' })
  await post()
  await eventually(() => expect(first.connections).toHaveLength(1))
  await first.kill()
  await using second = await startEcho({ port })
  await eventually(() => expect(second.connections).toHaveLength(1))
  await post()
  await eventually(() => expect(second.received.all).toHaveLength(1))
  expect(second.connections).toHaveLength(1)
})

test.each([1001, 1012])(
  'a shared link that is kept warm is there again after its backend closed it with %i',
  async code => {
    await using backend = await startEcho()
    await using gateway = await startGateway({
      xml: `<proxy name="p"><target><inSequence><property name="FORCE_SC_ACCEPTED" scope="axis2" value="true"/>
      <send>${address(backend.url, WARM)}</send></inSequence><faultSequence/></target></proxy>`,
    })
    await fetch(gateway.url('http', 'p'), { method: 'POST', body: 'hello' })
    await eventually(() => expect(backend.connections).toHaveLength(1))
    backend.connections[0]!.webSocket.close(code, 'restart')
    await eventually(() => expect(backend.connections).toHaveLength(2))
  },
)

test.each(['by="json" field="id" links="2"', 'by="lane" links="1"'])(
  'links with correlation are kept warm: %s',
  async correlation => {
    const first = await startEcho()
    const { port } = first
    await using gateway = await startGateway({
      xml: `<proxy name="p"><target><inSequence>
        <call>${address(first.url, `<m:correlation ${correlation}/>${WARM}<suspendOnFailure><errorCodes>-1</errorCodes></suspendOnFailure>`)}</call>
        <respond/></inSequence></target></proxy>`,
    })
    const ask = async () => {
      const headers = { 'Content-Type': 'application/json' }
      const answer = await fetch(gateway.url('http', 'p'), { method: 'POST', headers, body: '{"id":1}' })
      return await answer.text()
    }
    expect(await ask()).toBe('{"id":1}')
    expect(await ask()).toBe('{"id":1}')
    const links = first.connections.length
    await first.kill()
    await using second = await startEcho({ port })
    await eventually(() => expect(second.connections).toHaveLength(links))
    expect(await ask()).toBe('{"id":1}')
    expect(second.connections).toHaveLength(links)
  },
)

test('connect limits what a backend sees of many clients', async () => {
  await using backend = await startEcho()
  const xml = sending(backend.url, '<m:connect rate="100" concurrency="2"/>')
  await using gateway = await startGateway({ xml })
  const began = performance.now()
  const clients = await connectAll(gateway.url('ws'), 40)
  await eventually(() => expect(backend.connections).toHaveLength(40))
  expect(performance.now() - began).toBeGreaterThan(300)
  for (const client of clients) client[Symbol.dispose]()
})

test.each([
  [
    'ws://a/',
    '<m:reconnect interval="1"/>',
    'attribute interval is "1"; expected a whole number of at least 10',
  ],
  ['ws://a/', '<m:reconnect interval="9000" maxWaitInterval="100"/>', 'interval of <reconnect> is more than'],
  ['ws://a/', '<m:reconnect backOffFactor="0.5"/>', 'expected a number of at least 1'],
  ['ws://a/', '<m:takeover openingKey="$.a"/>', 'openingKey of <takeover> needs opening or openingWhen'],
  ['ws://a/', '<m:takeover codes="1006,99"/>', 'expected close codes from 1000 to 4999'],
  ['ws://a/', '<m:takeover unproved="maybe"/>', 'expected one of drop, resend'],
  ['ws://a/', '<m:takover/>', 'takes no <takover> of the namespace urn:myelin'],
  ['ws://a/', '<heartbeat/>', 'It stands in the namespace urn:myelin'],
  ['http://a/', '<m:heartbeat/>', '<heartbeat> of <address> has no effect: it is for ws and wss addresses'],
  ['ws://a/', '<m:correlation by="lane"/><m:takeover/>', '<takeover> of <address> has no effect: links with'],
  [
    'ws://a/',
    '<m:slow policy="drop"/>',
    'attribute policy is "drop"; expected one of pause, drop-oldest, keep-last, spill, close',
  ],
  ['ws://a/', '<m:slow policy="spill" maxBytes="0"/>', 'expected a whole number of at least 1'],
  ['ws://a/', '<m:slow policy="spill" key="$.a"/>', 'Attribute key of <slow> is for policy keep-last'],
  [
    'ws://a/',
    '<m:slow maxMessages="5"/>',
    'maxMessages of <slow> is for the policies drop-oldest and keep-last',
  ],
  ['ws://a/', '<m:correlation by="lane"/><m:slow/>', '<slow> of <address> has no effect: how many requests'],
  ['http://a/', '<m:slow/>', '<slow> of <address> has no effect: it is for ws and wss addresses'],
])('%s %s is reported', (uri, more, expected) => {
  const found = findings(`<send>${address(uri, more)}</send>`)
  expect(JSON.stringify(found)).toContain(JSON.stringify(expected).slice(1, -1))
})
