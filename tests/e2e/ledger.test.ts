// Every message that is taken in is counted to what became of it, once, whatever happens to it and to its sender.

import { request } from 'node:http'
import { expect, test } from 'vitest'
import type { Ending } from '../../src/core/metrics.ts'
import { startBackend, startSilent, startUpper } from '../support/backends.ts'
import { connect } from '../support/clients.ts'
import { proxy, relay, sendTo, service } from '../support/configurations.ts'
import { eventually } from '../support/eventually.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'

async function post(url: string, body = 'x'): Promise<number> {
  return (await fetch(url, { method: 'POST', body })).status
}

/** The account of a service: what it took in, and every ending that is not 0. */
async function accountOf(
  { gateway }: TestGateway,
  name: string,
): Promise<{ received: number; inFlight: number; ended: Partial<Record<Ending, number>> }> {
  const { services, differences } = await gateway.ledger()
  expect(differences).toEqual([])
  const { received, inFlight, ended } = services.find(({ service: each }) => each === name)!
  return {
    received,
    inFlight,
    ended: Object.fromEntries(Object.entries(ended).filter(([, count]) => count > 0)),
  }
}

test.each([
  ['is answered', '<respond/>', 'answered'],
  ['is dropped', '<drop/>', 'accepted'],
  [
    'faults',
    '<makefault version="soap11"><code value="soap11Env:Server" xmlns:soap11Env="http://schemas.xmlsoap.org/soap/envelope/"/><reason value="no"/></makefault><respond/>',
    'answered',
  ],
  ['cannot be delivered', sendTo('http://127.0.0.1:9/'), 'faulted'],
  [
    'is cloned',
    '<clone><target><sequence><drop/></sequence></target><target><sequence><respond/></sequence></target></clone>',
    'answered',
  ],
  ['is answered twice', '<respond/><respond/>', 'answered'],
] as const)('a request that %s', async (_what, dispatch, ending) => {
  await using gateway = await startGateway({ xml: proxy('p', dispatch) })
  for (let i = 0; i < 3; i++) await post(gateway.url('http'))
  await eventually(() => expect(gateway.inFlight).toBe(0))
  const { received, inFlight, ended } = await accountOf(gateway, 'proxy service p')
  expect({ received, inFlight }).toEqual({ received: 3, inFlight: 0 })
  expect(ended).toEqual({ [ending]: 3 })
})

test('a request whose caller leaves before it is answered', async () => {
  const gate = Promise.withResolvers<void>()
  await using backend = await startBackend({ gate: gate.promise })
  await using gateway = await startGateway({ xml: proxy('p', sendTo(backend.url)) })
  const asking = request(gateway.url('http'), { method: 'POST' }).on('error', () => {})
  asking.end('x')
  await eventually(() => expect(gateway.inFlight).toBe(1))
  asking.destroy()
  gate.resolve()
  await eventually(() => expect(gateway.inFlight).toBe(0))
  expect((await accountOf(gateway, 'proxy service p')).received).toBe(1)
})

test('a request whose caller leaves in the middle of its body', async () => {
  await using gateway = await startGateway({ xml: proxy('p', '<log level="full"/><respond/>') })
  for (const length of [10, 1_000_000]) {
    const headers = { 'Content-Length': length, 'Content-Type': 'text/plain' }
    const asking = request(gateway.url('http'), { method: 'POST', headers }).on('error', () => {})
    asking.write('half')
    await new Promise(resolve => asking.once('socket', socket => socket.once('connect', resolve)))
    asking.destroy()
  }
  await post(gateway.url('http'))
  await eventually(() => expect(gateway.inFlight).toBe(0))
})

test('messages of clients that are cut while they wait in their lane', async () => {
  await using silent = await startSilent()
  const settings = { 'transport.ws.handshake_timeout_ms': 300 }
  await using gateway = await startGateway({ xml: relay(silent.url), settings })
  using client = await connect(gateway.url('ws'))
  for (let i = 0; i < 50; i++) client.send(`message ${i}`)
  await eventually(() => expect(gateway.inFlight).toBeGreaterThan(0))
  client.webSocket.terminate()
  await eventually(() => expect(gateway.inFlight).toBe(0))
  expect((await accountOf(gateway, 'inbound endpoint clients')).inFlight).toBe(0)
})

test('messages that come when the client is being closed', async () => {
  await using gateway = await startGateway({
    xml: service(
      '<filter source="boolean(get-property(\'websocket.source.handshake.present\'))" regex="true"><then><drop/></then><else><property name="ERROR_CODE" value="1" scope="axis2"/><respond/></else></filter>',
    ),
  })
  using client = await connect(gateway.url('ws'))
  for (let i = 0; i < 20; i++) client.send(`message ${i}`)
  const closing = client.closed
  client.webSocket.close(1000)
  await closing
  await eventually(() => expect(gateway.inFlight).toBe(0))
  // The handshake and the end are messages as well.
  expect((await accountOf(gateway, 'inbound endpoint clients')).received).toBe(22)
})

test('messages over limits, and clients that are not let in', async () => {
  const parameters = { 'ws.limit.messages.per.second': 2, 'ws.limit.messages.action': 'drop' }
  await using gateway = await startGateway({ xml: service('<respond/>', { parameters }) })
  using client = await connect(gateway.url('ws'))
  for (let i = 0; i < 10; i++) client.send(`message ${i}`)
  await eventually(() => {
    const counters = gateway.gateway.counters.get('inbound endpoint clients')!
    expect(counters.received).toBe(11)
    expect(counters.inFlight).toBe(0)
  })
  expect((await accountOf(gateway, 'inbound endpoint clients')).ended.discarded).toBeGreaterThan(0)
})

test('messages of a backend, and its loss', async () => {
  await using backend = await startUpper()
  await using gateway = await startGateway({ xml: relay(backend.url) })
  using client = await connect(gateway.url('ws'))
  for (let i = 0; i < 10; i++) client.send(`message ${i}`)
  await client.received.texts(10)
  for (const { webSocket } of backend.connections) webSocket.terminate()
  await client.closed
  await eventually(() => expect(gateway.inFlight).toBe(0))
  const { received, ended } = await accountOf(gateway, 'inbound endpoint clients')
  expect(received).toBeGreaterThanOrEqual(22)
  expect(Object.values(ended).reduce((sum, count) => sum + count, 0)).toBe(received)
})

test('messages in a store, until they are delivered', async () => {
  await using backend = await startUpper()
  const xml = `
    ${proxy('orders', '<store messageStore="Orders"/>')}
    <messageStore name="Orders"/>
    <endpoint name="Backend"><address uri="${backend.url}"/></endpoint>
    <messageProcessor name="Forward" messageStore="Orders" targetEndpoint="Backend" class="org.apache.synapse.message.processor.impl.forwarder.ScheduledMessageForwardingProcessor">
      <parameter name="interval">20</parameter>
    </messageProcessor>`
  await using gateway = await startGateway({ xml })
  for (let i = 0; i < 5; i++) await post(gateway.url('http'))
  await backend.received.texts(5)
  await eventually(() => expect(gateway.inFlight).toBe(0))
  const outcome = await gateway.gateway.drain({ graceMs: 5_000, announceMs: 0, spreadMs: 0 })
  expect(outcome.ledger.stores).toMatchObject([{ store: 'Orders', stored: 5, delivered: 5, held: 0 }])
  expect(outcome.isClean).toBe(true)
})
