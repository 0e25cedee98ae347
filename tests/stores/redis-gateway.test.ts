import { expect, test } from 'vitest'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { RedisServer } from '../support/redis.ts'
import { killRound } from './killed-gateway.ts'

const STORING = `<messageStore name="orders" class="myelin.redis"/>
  <proxy name="in" transports="http"><target><inSequence><store messageStore="orders"/></inSequence></target></proxy>`

function post(gateway: TestGateway, body: string, type = 'text/plain'): Promise<Response> {
  return fetch(gateway.url('http', 'in'), { method: 'POST', body, headers: { 'content-type': type } })
}

async function sizeOf(redis: RedisServer): Promise<string> {
  return await redis.command('LLEN', 'myelin:stores:orders:wait')
}

test('an HTTP caller gets 202 when Redis has the message, and 503 with a time to wait when it is away', async () => {
  await using redis = await RedisServer.start({ isDurable: true })
  await using gateway = await startGateway({ xml: STORING, settings: { 'myelin.redis.url': redis.url } })
  expect((await post(gateway, 'one')).status).toBe(202)
  expect(await sizeOf(redis)).toBe(':1')

  await redis.stop()
  const refused = await post(gateway, 'two')
  expect(refused.status).toBe(503)
  expect(refused.headers.get('retry-after')).toBe('2')
  expect(await refused.json()).toMatchObject({ code: 306000, message: 'the message cannot be stored now' })

  await redis.start()
  await gateway.waitForLog('is back after')
  expect((await post(gateway, 'three')).status).toBe(202)
  expect(await sizeOf(redis)).toBe(':2')
}, 30_000)

test('a caller does not wait long for a Redis that is frozen', async () => {
  await using redis = await RedisServer.start({ isDurable: true })
  await using gateway = await startGateway({ xml: STORING, settings: { 'myelin.redis.url': redis.url } })
  expect((await post(gateway, 'one')).status).toBe(202)
  redis.freeze()
  const from = performance.now()
  expect((await post(gateway, 'two')).status).toBe(503)
  expect(performance.now() - from).toBeLessThan(3_000)
  redis.thaw()
  const back = performance.now()
  let status = 0
  while (status !== 202) status = (await post(gateway, 'three')).status
  expect(performance.now() - back).toBeLessThan(5_000)
}, 30_000)

test('what was accepted arrives in order from Redis, though the gateway is killed twice meanwhile', async () => {
  await using redis = await RedisServer.start({ isDurable: true })
  const { accepted, delivered, lost, outOfOrder } = await killRound({
    messages: 400,
    clients: 8,
    kills: 2,
    redisUrl: redis.url,
  })
  expect({ lost, outOfOrder }).toEqual({ lost: 0, outOfOrder: 0 })
  expect(accepted).toBeGreaterThan(300)
  expect(delivered).toBeGreaterThanOrEqual(accepted)
  expect(await redis.command('KEYS', '*kept:wait')).toBe('*0')
}, 180_000)
