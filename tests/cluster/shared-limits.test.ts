// Throttles and caches of gateways that work as one over a real Redis.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { proxy } from '../support/configurations.ts'
import { type BackendAnswer, HttpBackend } from '../support/http-backend.ts'
import { RedisServer } from '../support/redis.ts'
import { Processes, post } from './processes.ts'

const NAMES = ['a', 'b', 'c']
const LIMIT_MS = 60_000

let redis: RedisServer
beforeAll(async () => {
  redis = await RedisServer.start()
})
afterAll(() => redis[Symbol.asyncDispose]())

const limited = (count: number, windowMs: number, prohibitMs = 0): string => `
  <throttle id="T">
    <policy>
      <wsp:Policy xmlns:wsp="http://schemas.xmlsoap.org/ws/2004/09/policy"
                  xmlns:throttle="http://www.wso2.org/products/wso2commons/throttle">
        <throttle:MediatorThrottleAssertion>
          <wsp:Policy>
            <throttle:ID throttle:type="IP">other</throttle:ID>
            <wsp:Policy><throttle:Control><wsp:Policy>
              <throttle:MaximumCount>${count}</throttle:MaximumCount>
              <throttle:UnitTime>${windowMs}</throttle:UnitTime>
              <throttle:ProhibitTimePeriod wsp:Optional="true">${prohibitMs}</throttle:ProhibitTimePeriod>
            </wsp:Policy></throttle:Control></wsp:Policy>
          </wsp:Policy>
        </throttle:MediatorThrottleAssertion>
      </wsp:Policy>
    </policy>
    <onReject><property name="HTTP_SC" value="429" scope="axis2"/><respond/></onReject>
  </throttle>
  <respond/>`

/** Asks each of them so many times, all at once; gives how many were let through, in all. */
async function letThrough({ all }: Processes, each: number): Promise<number> {
  const asked = all.flatMap(gateway => Array.from({ length: each }, () => post(gateway, 'limited')))
  return (await Promise.all(asked)).filter(({ status }) => status === 200).length
}

describe('a throttle', { timeout: LIMIT_MS }, () => {
  test('counts over all processes', async () => {
    await using processes = await Processes.start(redis.url, NAMES, { xml: chat(limited(30, 600_000)) })

    expect(await letThrough(processes, 20)).toBe(30)
    expect(await letThrough(processes, 5)).toBe(0)
  })

  test('lets through as many again when the window is over, and no more', async () => {
    await using processes = await Processes.start(redis.url, ['a', 'b'], { xml: chat(limited(3, 700)) })
    const started = performance.now()

    let passed = await letThrough(processes, 5)
    expect(passed).toBeGreaterThanOrEqual(3)
    while (passed < 6) passed += await letThrough(processes, 5)
    const windows = 1 + Math.floor((performance.now() - started) / 700)
    expect(passed).toBeLessThanOrEqual(3 * windows)
  })

  test('has callers wait in all processes who asked for too much in one', async () => {
    await using processes = await Processes.start(redis.url, ['a', 'b'], {
      xml: chat(limited(2, 50, 600_000)),
    })
    const [a, b] = processes.all
    let status = 200
    while (status === 200) {
      const answers = await Promise.all([1, 2, 3].map(() => post(a!, 'limited')))
      status = answers.find(answer => answer.status !== 200)?.status ?? 200
    }

    expect(status).toBe(429)
    expect((await post(b!, 'limited')).status).toBe(429)
    expect((await post(b!, 'limited')).status).toBe(429)
  })

  test('counts in each process while Redis is away, and says so once', async () => {
    await using own = await RedisServer.start()
    await using processes = await Processes.start(own.url, NAMES, { xml: chat(limited(10, 600_000)) })
    await own.stop()

    expect(await letThrough(processes, 15)).toBe(30)
    for (const { gateway } of processes.all) expect(gateway.clusterCounters.countedAlone).toBeGreaterThan(9)
    expect(processes.all[0]!.logged('shared counts are out of reach')).toHaveLength(1)
    await own.start()
    await processes.know(NAMES)

    expect(await letThrough(processes, 15)).toBeLessThanOrEqual(10)
    expect(processes.all[0]!.logged('counted over all processes again')).toHaveLength(1)
  })
})

const COUNTED = (_request: unknown, count: number): BackendAnswer => ({
  headers: { 'Content-Type': 'application/json', 'X-Count': String(count) },
  body: `{"n":${count}}`,
})

const cached = (backend: HttpBackend, inside = ''): string =>
  chat(`<cache collector="false" timeout="600">${inside}</cache>
    <call>${backend.endpoint}</call><cache collector="true"/><respond/>`)

/** The services of these tests are at `limited`; one for WebSockets is there to see that all know each other. */
function chat(dispatch: string): string {
  return `
    <inboundEndpoint name="chat" protocol="ws" sequence="limited-in" onError="limited-fault"><parameters>
      <parameter name="inbound.ws.port">0</parameter></parameters></inboundEndpoint>
    ${proxy('limited', dispatch)}`
}

/** Has a response kept by a process that is gone then; gives the name of its key. */
async function keptByOne(xml: string): Promise<{ prefix: string; key: string }> {
  await using processes = await Processes.start(redis.url, ['a'], { xml })
  await (await post(processes.all[0]!, 'limited')).text()
  return { prefix: processes.prefix, key: await sharedKey(processes) }
}

/** Waits until a response is shared: nobody waits for that on the way of a message. */
async function sharedKey({ prefix }: Processes): Promise<string> {
  for (;;) {
    const [count, , key] = (await redis.command('KEYS', `${prefix}:key:cache*`)).split('\r\n')
    if (count === '*1') return key!
  }
}

describe('a cache', { timeout: LIMIT_MS }, () => {
  test('answers in one process with what another one has kept', async () => {
    await using backend = await HttpBackend.start(COUNTED)
    await using processes = await Processes.start(redis.url, NAMES, { xml: cached(backend) })
    const [a, b, c] = processes.all
    expect(await (await post(a!, 'limited')).json()).toEqual({ n: 1 })
    await sharedKey(processes)

    for (const gateway of [b!, c!, b!]) {
      const answer = await post(gateway, 'limited')
      expect(answer.headers.get('X-Count')).toBe('1')
      expect(answer.headers.get('Content-Type')).toContain('application/json')
      expect(await answer.json()).toEqual({ n: 1 })
    }
    expect(backend.received).toHaveLength(1)
  })

  test('keeps a large response to itself', async () => {
    await using backend = await HttpBackend.start((_request, count) => ({
      headers: { 'Content-Type': 'text/plain' },
      body: `${count}${'x'.repeat(1024 * 1024)}`,
    }))
    await using processes = await Processes.start(redis.url, ['a', 'b'], { xml: cached(backend) })
    const [a, b] = processes.all

    for (const gateway of [a!, a!, b!, b!]) await (await post(gateway, 'limited')).text()
    expect(backend.received).toHaveLength(2)
    expect(await redis.command('KEYS', `${processes.prefix}:key:cache*`)).toBe('*0')
  })

  test('goes on by itself while Redis is away', async () => {
    await using own = await RedisServer.start()
    await using backend = await HttpBackend.start(COUNTED)
    await using processes = await Processes.start(own.url, ['a', 'b'], { xml: cached(backend) })
    const [a, b] = processes.all
    await own.stop()

    for (const gateway of [a!, a!, b!, b!]) expect((await post(gateway, 'limited')).status).toBe(200)
    expect(backend.received).toHaveLength(2)
    expect(a!.gateway.clusterCounters.unshared).toBeGreaterThan(0)
    expect(a!.logged('what other processes have kept is out of reach')).toHaveLength(1)
  })

  test('takes nothing from Redis that is no response', async () => {
    await using backend = await HttpBackend.start(COUNTED)
    const { prefix, key } = await keptByOne(cached(backend))
    const wrong = [
      '',
      'abc',
      '\u0000\u0000\u0000\u0002{}',
      '\u0000\u0000\u0000\u0004null',
      '\u007f\u007f\u007f\u007f{}',
    ]
    for (const value of wrong) {
      await redis.command('SET', key, value)
      await using other = await Processes.start(redis.url, ['b'], { xml: cached(backend), prefix })
      expect((await post(other.all[0]!, 'limited')).headers.get('X-Count')).not.toBe('1')
    }
  })
})
