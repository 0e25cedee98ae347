// What gateways between WebSockets are known to get wrong, where no other test of this folder is about it.

import { expect, test } from 'vitest'
import { freePort, startBackend, startEcho } from '../support/backends.ts'
import { connect, connectAll } from '../support/clients.ts'
import { relay, service } from '../support/configurations.ts'
import { eventually } from '../support/eventually.ts'
import { buildGateway, startGateway } from '../support/gateway.ts'

const endpoint = (uri: string, inside = ''): string =>
  `<endpoint name="backend"><address uri="${uri}">${inside}</address></endpoint>`
const SEND = '<send><endpoint key="backend"/></send>'

test('an endpoint whose backend cannot be reached is suspended where it says so, for all clients', async () => {
  const port = await freePort()
  const suspend = `
    <suspendOnFailure><errorCodes>101503</errorCodes><initialDuration>60000</initialDuration></suspendOnFailure>`
  const xml = service(SEND) + endpoint(`ws://localhost:${port}/websocket`, suspend)
  await using gateway = await startGateway({ xml })
  using first = await connect(gateway.url('ws'))
  expect(await first.closed).toEqual({ code: 1014, reason: 'backend unavailable' })

  await using backend = await startEcho({ port })
  using _second = await connect(gateway.url('ws'))
  await gateway.waitForLog('FAULT = 303001')
  expect(backend.accepted).toBe(0)
})

test('a backend that never answers: no time limit of an endpoint counts, OUT_ONLY or not', async () => {
  await using backend = await startBackend()
  const timeout = '<timeout><duration>1</duration><responseAction>fault</responseAction></timeout>'
  await using gateway = buildGateway({ xml: service(SEND) + endpoint(backend.url, timeout) })
  await gateway.gateway.start()
  using client = await connect(gateway.url('ws'))

  for (let i = 0; i < 20; i++) {
    client.send(`${i}`)
    expect(await backend.received.text()).toBe(`${i}`)
  }

  expect(gateway.logged('FAULT = ')).toEqual([])
  expect(client.webSocket.readyState).toBe(client.webSocket.OPEN)
})

test('addresses of 8,000 characters are taken from clients, and used towards backends', async () => {
  await using backend = await startEcho()
  const query = `?q=${'x'.repeat(8_000)}`
  await using gateway = await startGateway({ xml: relay(backend.url + query) })
  using client = await connect(gateway.url('ws') + query)

  expect(await client.ask('hello')).toBe('hello')
  expect(backend.connections[0]!.request.url).toBe(`/websocket${query}`)
})

test('backends that differ by their query alone get a connection of a client each', async () => {
  await using backend = await startEcho()
  const send = (n: number): string =>
    `<case regex="${n}"><send><endpoint><address uri="${backend.url}?n=${n}"/></endpoint></send></case>`
  const dispatch = `<switch source="json-eval($.n)">${send(1)}${send(2)}</switch>`
  await using gateway = await startGateway({ xml: service(dispatch) })
  using client = await connect(gateway.url('ws'))

  for (const n of [1, 2, 1]) await client.ask(`{"n":${n}}`)

  expect(backend.connections.map(({ request }) => request.url)).toEqual(['/websocket?n=1', '/websocket?n=2'])
  expect(backend.connections[0]!.received.all.map(({ data }) => String(data))).toEqual(['{"n":1}', '{"n":1}'])
})

test('subprotocols of one inbound endpoint are not offered by another', async () => {
  const only = (name: string, parameters: Record<string, string>): string =>
    service('<respond/>', { name, parameters })
  const xml = only('chat', { 'ws.subprotocols': 'chat' }) + only('prices', { 'ws.subprotocols': 'prices' })
  await using gateway = await startGateway({ xml })
  const options = { offer: ['prices', 'chat'] }
  using chat = await connect(gateway.url('ws', 'chat'), options)
  using prices = await connect(gateway.url('ws', 'prices'), options)

  expect([chat.subprotocol, prices.subprotocol]).toEqual(['chat', 'prices'])
})

test('the prefix of custom headers is a text, whatever characters it has', async () => {
  await using backend = await startEcho()
  const before = `
    <property name="h.*(+X-Key" value="k-1" scope="axis2"/>
    <property name="hello(+X-Other" value="k-2" scope="axis2"/>`
  await using gateway = await startGateway({
    xml: relay(backend.url, { before }),
    settings: { 'transport.ws.sender.parameter.ws.custom.header': 'h.*(+' },
  })
  using _client = await connect(gateway.url('ws'))

  const { headers } = (await backend.connection()).request
  expect(headers['x-key']).toBe('k-1')
  expect(headers).not.toHaveProperty('x-other')
})

test('100 clients that come at once are all in the room, and those that left are not', async () => {
  const parameters = { 'ws.client.side.broadcast.level': 1 }
  await using gateway = await startGateway({ xml: service('<respond/>', { parameters }) })
  const clients = await connectAll(gateway.url('ws'), 100)
  const [left, stayed] = [clients.slice(0, 50), clients.slice(50)]

  expect(await clients[0]!.ask('all')).toBe('all')
  for (const client of clients.slice(1)) expect(await client.received.text()).toBe('all')
  await Promise.all(left.map((client, i) => (i % 2 ? client.close(1000) : client.webSocket.terminate())))
  const counters = gateway.gateway.counters.get('inbound endpoint clients')!
  // Handshakes, one message, and the ends of those that left.
  await eventually(() => expect(counters.received).toBe(100 + 1 + 50))
  expect(await stayed[0]!.ask('rest')).toBe('rest')
  for (const client of stayed.slice(1)) expect(await client.received.text()).toBe('rest')
  expect(counters.ended.discarded).toBe(0)

  for (const client of stayed) client[Symbol.dispose]()
})

test('frames that no sequence sends on are let go of, and each is counted', async () => {
  await using gateway = await startGateway({ xml: service('<drop/>') })
  using client = await connect(gateway.url('ws'))

  for (let i = 0; i < 1_000; i++) client.send(`${i}`)
  await client.close(1000)

  const counters = gateway.gateway.counters.get('inbound endpoint clients')!
  await eventually(() => expect(counters.ended.dropped).toBe(1_002))
  expect(counters.inFlight).toBe(0)
})
