// Several processes with one store: one of them works at a time, and another one goes on where it left off.

import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ProcessorControl } from '../../src/core/ports.ts'
import { Spawned } from '../cluster/spawned.ts'
import { proxy } from '../support/configurations.ts'
import { eventually } from '../support/eventually.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { RedisServer } from '../support/redis.ts'
import { neverSuspended, processor } from './processing.ts'
import { HttpBackend } from './running.ts'

let redis: RedisServer
beforeAll(async () => {
  redis = await RedisServer.start()
})
afterAll(async () => await redis[Symbol.asyncDispose]())

const PACE = { 'throttle.interval': 0, 'max.delivery.attempts': -1 }
const PROCESSOR = 'message processor p'

const artifacts = (backend: HttpBackend): string =>
  `<messageStore name="s" class="myelin.redis"/>${processor('p', 'forwarding', PACE)}
   ${neverSuspended(backend.url)}${proxy('put', '<store messageStore="s"/>')}`

async function accepting(delayMs = 0, onBody: (body: string) => void = () => {}): Promise<HttpBackend> {
  return await HttpBackend.start((response, _count, body) => {
    onBody(body)
    response.statusCode = 202
    setTimeout(() => response.end(), delayMs)
  })
}

async function put(url: string, from: number, to: number): Promise<void> {
  for (let n = from; n <= to; n++) {
    const headers = { 'Content-Type': 'application/json' }
    const response = await fetch(url, { method: 'POST', headers, body: `${n}` })
    expect(response.status).toBe(202)
  }
}

const range = (from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, i) => `${from + i}`)

/** Gateways of one cluster, all in the process of the test. */
class Cluster implements AsyncDisposable {
  readonly all: TestGateway[] = []
  readonly #backend: HttpBackend
  readonly #prefix = `test-${randomUUID()}`

  constructor(backend: HttpBackend) {
    this.#backend = backend
  }

  static async of(backend: HttpBackend, count: number): Promise<Cluster> {
    const cluster = new Cluster(backend)
    for (let i = 0; i < count; i++) await cluster.join()
    await eventually(() => expect(cluster.owners).toHaveLength(1))
    return cluster
  }

  async join(): Promise<TestGateway> {
    const settings = {
      'myelin.redis.url': redis.url,
      'myelin.redis.prefix': this.#prefix,
      'myelin.node_id': `node-${this.all.length + 1}`,
    }
    const gateway = await startGateway({ xml: artifacts(this.#backend), settings })
    this.all.push(gateway)
    return gateway
  }

  /** Those where it has worked. */
  get owners(): TestGateway[] {
    return this.all.filter(gateway => gateway.logged(`${PROCESSOR} runs here`).length > 0)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.all.map(gateway => gateway[Symbol.asyncDispose]()))
  }
}

const processorOf = ({ gateway }: TestGateway): ProcessorControl =>
  gateway.processors.find(({ name }) => name === 'p')!

test('one works; what another one takes in is worked on too, and in order', async () => {
  await using backend = await accepting()
  await using cluster = await Cluster.of(backend, 2)
  for (const [i, gateway] of [...cluster.all, ...cluster.all].entries())
    await put(gateway.url('http', 'put'), i * 10 + 1, i * 10 + 10)
  await eventually(() => expect(backend.bodies).toHaveLength(40))
  expect(backend.bodies).toEqual(range(1, 40))
})

test('switched off in one, it stands still in all, and in those that start later', async () => {
  await using backend = await accepting()
  await using cluster = await Cluster.of(backend, 2)
  const [a, b] = cluster.all.map(processorOf)
  await a!.switchTo(false)
  await eventually(() => expect(b!.isActive).toBe(false))
  await put(cluster.all[0]!.url('http', 'put'), 1, 5)
  const late = processorOf(await cluster.join())
  expect(late.isActive).toBe(false)
  expect(backend.bodies).toEqual([])
  await late.switchTo(true)
  await eventually(() => expect(backend.bodies).toEqual(range(1, 5)))
  await eventually(() => expect([a!.isActive, b!.isActive]).toEqual([true, true]))
})

test('when the one that works is stopped, another one goes on at once; nothing is lost, doubled or out of order', async () => {
  await using backend = await accepting(15)
  await using cluster = await Cluster.of(backend, 2)
  const [owner] = cluster.owners
  const other = cluster.all.find(gateway => gateway !== owner)!
  await put(other.url('http', 'put'), 1, 150)
  await eventually(() => expect(backend.bodies.length).toBeGreaterThan(0))
  await owner!.gateway.stop(5_000)
  const from = performance.now()
  const before = backend.bodies.length
  if (before < 150) {
    await eventually(() => expect(backend.bodies.length).toBeGreaterThan(before))
    expect(performance.now() - from).toBeLessThan(3_000)
  }
  await eventually(() => expect(backend.bodies).toHaveLength(150))
  expect(backend.bodies).toEqual(range(1, 150))
})

test.concurrent('Redis away for longer than it may be stops the processor, for good', async () => {
  await using own = await RedisServer.start({ isDurable: true })
  await using backend = await accepting()
  const patience = { ...PACE, 'max.store.connection.attempts': 7, 'store.connection.retry.interval': 1_000 }
  const settings = { 'myelin.redis.url': own.url, 'myelin.redis.prefix': 'away' }
  const xml = `<messageStore name="s" class="myelin.redis"/>${processor('p', 'forwarding', patience)}
    ${neverSuspended(backend.url)}${proxy('put', '<store messageStore="s"/>')}`
  await using gateway = await startGateway({ xml, settings })
  await put(gateway.url('http', 'put'), 1, 1)
  await eventually(() => expect(backend.bodies).toEqual(['1']))
  const from = performance.now()
  await own.stop()
  // The place among the processes is lost earlier than that, and the attempts go on.
  while (processorOf(gateway).isActive && performance.now() - from < 45_000)
    await new Promise(resolve => setImmediate(resolve))
  expect(processorOf(gateway).isActive).toBe(false)
  expect(performance.now() - from).toBeGreaterThan(5_500)
  await own.start()
  const late = await startGateway({ xml, settings: { ...settings, 'myelin.node_id': 'late' } })
  await using _late = late
  await processorOf(gateway).switchTo(false)
  await eventually(() => expect(processorOf(late).isActive).toBe(false))
}, 90_000)

test.concurrent('when the one that works is killed, another one goes on within seconds, in order', async () => {
  const missing = new Set(range(1, 200))
  const allThere = Promise.withResolvers<void>()
  await using backend = await accepting(10, body => {
    missing.delete(body)
    if (missing.size === 0) allThere.resolve()
  })
  const settings = { 'myelin.redis.url': redis.url, 'myelin.redis.prefix': 'killed' }
  const start = (name: string): Promise<Spawned> =>
    Spawned.start(artifacts(backend), { ...settings, 'myelin.node_id': name })
  await using first = await start('first')
  await first.logs(/message processor p runs here/)
  await using second = await start('second')
  await put(await second.url('http', 'put'), 1, 200)
  const killed = performance.now()
  first.kill()
  await allThere.promise
  const pauses = [killed, ...backend.times.filter(time => time > killed)].map((time, i, all) =>
    i === 0 ? 0 : time - all[i - 1]!,
  )
  expect(Math.max(...pauses)).toBeLessThan(12_000)
  // What was under way may come twice, as a whole and in order.
  expect([...new Set(backend.bodies)]).toEqual(range(1, 200))
}, 60_000)
