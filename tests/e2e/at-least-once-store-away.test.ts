// What clients that number their messages see of a store that is slow, or away for a while.

import { afterAll, beforeAll, expect, test } from 'vitest'
import { service } from '../support/configurations.ts'
import { eventually } from '../support/eventually.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { NumberingClient, type Told } from '../support/numbering.ts'
import { RedisServer } from '../support/redis.ts'

let redis: RedisServer

beforeAll(async () => {
  redis = await RedisServer.start({ isDurable: true })
})

afterAll(() => redis[Symbol.asyncDispose]())

const started = (parameters: Readonly<Record<string, string | number>> = {}): Promise<TestGateway> =>
  startGateway({
    xml: `${service('<respond/>', { parameters: { 'ws.delivery.store': 'incoming', ...parameters } })}
      <messageStore name="incoming" class="myelin.redis"/>`,
    settings: { 'myelin.redis.url': redis.url },
  })

test('a client is not read while as much of it waits for the store as may', async () => {
  await using gateway = await started({ 'ws.delivery.max.unacknowledged': 3 })
  using client = await NumberingClient.greeted(gateway.url('ws'), 'fast')
  await client.ask({ seq: 1, data: 'first' })
  const { received } = gateway.gateway.counters.get('inbound endpoint clients')!
  redis.freeze()
  try {
    for (let seq = 2; seq <= 40; seq++) client.say({ seq, data: 'x'.repeat(100_000) })
    await eventually(() => expect(gateway.inFlight).toBeGreaterThanOrEqual(3))
    // The gateway has had time to read all of it by the time that others have been served.
    for (let i = 0; i < 20; i++) {
      using plain = await NumberingClient.connect(gateway.url('ws'), { offer: [] })
      plain.client.send('hello')
      await plain.client.received.next()
    }
    const { received: now } = gateway.gateway.counters.get('inbound endpoint clients')!
    // Each of the others was three messages: its handshake, what it sent, and perhaps its end.
    expect(now - received).toBeLessThan(20 * 3 + 10)
  } finally {
    redis.thaw()
  }
  for (let accepted = 1; accepted < 40; ) {
    const told = await client.told()
    accepted = told.accepted ?? accepted
    // On a slow machine the store counts as away by now.
    for (let seq = Number(told.error?.seq ?? 41); seq <= 40; seq++) client.say({ seq, data: seq })
  }
  expect(await gateway.gateway.stores[0]?.size()).toBe(40)
})

test('a client hears when to try again while the store is away, and loses nothing', async () => {
  await using gateway = await started()
  using client = await NumberingClient.greeted(gateway.url('ws'), 'patient')
  expect(await client.ask({ seq: 1, data: 1 })).toEqual({ accepted: 1 })
  await redis.kill()
  for (let seq = 2; seq <= 10; seq++) client.say({ seq, data: seq })
  expect(await client.told()).toEqual({
    error: { code: 'unavailable', seq: 2, retryAfterMs: expect.any(Number) },
  })
  expect(await client.ask({ seq: 2, data: 2 })).toMatchObject({ error: { code: 'unavailable', seq: 2 } })
  using other = await NumberingClient.greeted(gateway.url('ws'), 'other')
  expect(other.welcome).toEqual({ error: { code: 'unavailable', retryAfterMs: expect.any(Number) } })

  await redis.start()
  await gateway.waitForLog('is back')
  for (let seq = 2; seq <= 10; seq++) client.say({ seq, data: seq })
  const told: Told[] = await client.accepted(10)
  expect(told.some(({ error }) => error !== undefined)).toBe(false)
  expect(await other.ask({ hello: 'other' })).toEqual({ welcome: 'other', accepted: 0, new: true })
  expect(await gateway.gateway.stores[0]?.numbered?.last('clients', 'patient')).toBe(10)
})
