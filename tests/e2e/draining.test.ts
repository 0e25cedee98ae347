// A gateway is taken out of service in stages: it says so first, what is under way ends, clients are told to come
// again, and what could not be ended is counted and named.

import { request } from 'node:http'
import { expect, test } from 'vitest'
import type { DrainStep } from '../../src/drain.ts'
import { startBackend, startSilent, startUpper } from '../support/backends.ts'
import { connect, connectAll, refusal } from '../support/clients.ts'
import { proxy, relay, sendTo, service } from '../support/configurations.ts'
import { eventually } from '../support/eventually.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'

const RESTART = { code: 1012, reason: 'service restart' }
const PLAN = { graceMs: 8_000, announceMs: 0, spreadMs: 0, close: RESTART }

async function stepsOf({ gateway }: TestGateway): Promise<DrainStep[]> {
  const steps: DrainStep[] = []
  for await (const step of gateway.draining!.steps.follow()) steps.push(step)
  return steps
}

test('clients are closed with 1012 once all they sent is answered, and backends with 1001', async () => {
  await using backend = await startUpper()
  await using gateway = await startGateway({ xml: relay(backend.url) })
  const clients = await connectAll(gateway.url('ws'), 10)
  for (const client of clients) await client.ask('hello')
  for (const client of clients) for (let i = 0; i < 20; i++) client.send(`message ${i}`)

  const outcome = await gateway.gateway.drain(PLAN)

  const expected = Array.from({ length: 20 }, (_, i) => `MESSAGE ${i}`)
  for (const client of clients) {
    expect(await client.received.texts(20)).toEqual(expected)
    expect(await client.closed).toEqual(RESTART)
  }
  for (const { closed } of backend.connections) expect((await closed).code).toBe(1001)
  expect(outcome).toMatchObject({ isClean: true, requests: 0, sessions: 0 })
  expect(outcome.ledger).toMatchObject({ isFinal: true, differences: [] })
})

test('an inbound endpoint that names a close code keeps it', async () => {
  const parameters = { 'ws.shutdown.status.code': 4100, 'ws.shutdown.status.message': 'come again' }
  await using gateway = await startGateway({ xml: service('<respond/>', { parameters }) })
  using client = await connect(gateway.url('ws'))

  await gateway.gateway.drain(PLAN)

  expect(await client.closed).toEqual({ code: 4100, reason: 'come again' })
})

test('while it is announced, upgrades are refused and requests are served, each with the end of its connection', async () => {
  await using gateway = await startGateway({ xml: service('<respond/>') + proxy('echo', '<respond/>') })
  const url = gateway.url('ws')
  const drained = gateway.gateway.drain({ ...PLAN, announceMs: 1_000 })

  expect(gateway.gateway.state).toBe('stopping')
  const refused = await refusal(url)
  expect(refused.status).toBe(503)
  expect(refused.headers['retry-after']).toMatch(/^\d+$/)
  const answer = await fetch(gateway.url('http'), { method: 'POST', body: 'still there?' })
  expect(answer.status).toBe(200)
  expect(answer.headers.get('connection')).toBe('close')
  expect((await fetch(`${url.replace('ws:', 'http:')}health`)).status).toBe(503)

  expect((await drained).isClean).toBe(true)
  await expect(connect(url)).rejects.toThrow(/ECONNREFUSED/)
})

test('a request under way is answered with the end of its connection, and a further one on it is not taken', async () => {
  const gate = Promise.withResolvers<void>()
  await using backend = await startBackend({ gate: gate.promise })
  await using gateway = await startGateway({ xml: proxy('orders', sendTo(backend.url)) })
  const answered = new Promise<{ status: number; connection: string | undefined }>((resolve, reject) => {
    const asking = request(gateway.url('http'), { method: 'POST' }, response => {
      response.resume()
      resolve({ status: response.statusCode!, connection: response.headers.connection })
    })
    asking.on('error', reject).end('x')
  })
  await eventually(() => expect(backend.accepted).toBe(1))

  const drained = gateway.gateway.drain(PLAN)
  gate.resolve()

  expect(await answered).toEqual({ status: 202, connection: 'close' })
  expect(await drained).toMatchObject({ isClean: true })
  expect(await backend.received.text()).toBe('x')
})

test('many clients are not closed at once', async () => {
  await using gateway = await startGateway({ xml: service('<respond/>') })
  const clients = await connectAll(gateway.url('ws'), 500)
  const times: number[] = []
  const all = clients.map(({ closed }) => closed.then(() => times.push(performance.now())))

  await gateway.gateway.drain({ ...PLAN, spreadMs: 10_000 })
  await Promise.all(all)

  // Two milliseconds for each.
  expect(Math.max(...times) - Math.min(...times)).toBeGreaterThan(200)
})

test('it tells each stage as it is reached, also to those who ask late', async () => {
  await using gateway = await startGateway({ xml: service('<respond/>') })
  using client = await connect(gateway.url('ws'))
  const drained = gateway.gateway.drain({ ...PLAN, announceMs: 50 })
  const early = stepsOf(gateway)
  await drained

  const stages = ['announcing', 'ending', 'closing', 'releasing', 'stopped']
  expect((await early).map(({ stage }) => stage)).toEqual(stages)
  expect((await stepsOf(gateway)).map(({ stage }) => stage)).toEqual(stages)
  expect((await early)[0]).toMatchObject({ sessions: 1, requests: 0 })
  expect((await early).at(-1)!.outcome).toMatchObject({ isClean: true })
  expect(gateway.logged('stopping: ')).toHaveLength(4)
  expect((await client.closed).code).toBe(1012)
})

test('what cannot be ended in time is counted, and the service with messages under way is named', async () => {
  await using silent = await startSilent()
  const settings = { 'transport.ws.handshake_timeout_ms': 60_000 }
  await using gateway = await startGateway({ xml: proxy('orders', sendTo(silent.url)), settings })
  const answer = fetch(gateway.url('http'), { method: 'POST', body: 'x' }).catch((error: Error) => error)
  await eventually(() => expect(gateway.inFlight).toBe(1))

  const outcome = await gateway.gateway.drain({ ...PLAN, graceMs: 300 })

  expect(outcome).toMatchObject({ isClean: false, requests: 1, sessions: 0 })
  expect(await answer).toBeInstanceOf(Error)
  expect(gateway.logged('not all came to its end: 1 HTTP requests')).toHaveLength(1)
})

test('it stops once, however often it is told', async () => {
  await using gateway = await startGateway({ xml: service('<respond/>') })
  const first = gateway.gateway.drain(PLAN)

  expect(gateway.gateway.drain({ ...PLAN, graceMs: 0 })).toBe(first)
  await gateway.gateway.stop(0)
  expect(gateway.gateway.state).toBe('stopped')
})
