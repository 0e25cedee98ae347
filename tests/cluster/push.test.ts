// Gateways that work as one over a real Redis, with clients at each of them. That everybody gets a message once is shown
// by the next one: it must be the second thing they get.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Client, connect } from '../support/clients.ts'
import { eventually } from '../support/eventually.ts'
import { RedisServer } from '../support/redis.ts'
import { CONFIGURATION, member, Processes, post, push } from './processes.ts'
import { Spawned } from './spawned.ts'

const NAMES = ['a', 'b', 'c']
const LIMIT_MS = 60_000

let redis: RedisServer
beforeAll(async () => {
  redis = await RedisServer.start()
})
afterAll(() => redis[Symbol.asyncDispose]())

function end(clients: Iterable<Client>): void {
  for (const client of clients) client[Symbol.dispose]()
}

describe('over three processes', { timeout: LIMIT_MS }, () => {
  test('a message to a group reaches all 300 in it, once each', async () => {
    await using processes = await Processes.start(redis.url, NAMES)
    const clients = (await processes.clients('chat', 100)).flat()
    await Promise.all(clients.map(client => client.ask('join red')))
    const [a, b] = processes.all

    const first = await push(a!, 'push', { group: 'red' }, 'one')
    const second = await push(b!, 'push', { group: 'red' }, 'two')

    expect(first).toEqual({ delivered: 300, failed: '', count: 0, unanswered: '' })
    expect(second).toEqual(first)
    for (const { received } of clients) expect(await received.texts(2)).toEqual(['one', 'two'])
    expect(clients.every(({ received }) => received.all.length === 3)).toBe(true)
    end(clients)
  })

  test('a broadcast reaches all 300 on its path, once each, and nobody elsewhere', async () => {
    await using processes = await Processes.start(redis.url, NAMES)
    const clients = await processes.clients('room', 100, '/1')
    using other = await connect(new URL('/2', processes.all[1]!.url('ws', 'room')).href)

    clients[0]![0]!.send('from a')
    for (const { received } of clients.flat()) expect(await received.text()).toBe('from a')
    clients[2]![7]!.send('from c')
    for (const { received } of clients.flat()) expect(await received.text()).toBe('from c')
    expect(await other.ask('from another')).toBe('from another')
    end(clients.flat())
  })

  test('level 2 leaves out the client that sends, and only that one', async () => {
    await using processes = await Processes.start(redis.url, NAMES)
    const clients = (await processes.clients('others', 2)).flat()
    const [sender, ...others] = clients

    sender!.send('from me')
    for (const { received } of others) expect(await received.text()).toBe('from me')
    others.at(-1)!.send('from another')
    expect(await sender!.received.text()).toBe('from another')
    end(clients)
  })

  test('one session is found by its id from everywhere', async () => {
    await using processes = await Processes.start(redis.url, NAMES)
    const [a, b, c] = processes.all
    using ann = await connect(b!.url('ws', 'chat'))
    const id = await ann.ask('id')

    expect(id).toMatch(/^chat-1\..+@b$/)
    for (const gateway of [a!, b!, c!])
      expect(await push(gateway, 'whisper', { id }, 'psst')).toMatchObject({ delivered: 1, unanswered: '' })
    expect(await ann.received.texts(3)).toEqual(['psst', 'psst', 'psst'])
    expect(await push(a!, 'whisper', { id: 'chat-1.0@b' }, 'psst')).toEqual({
      delivered: 0,
      failed: 'chat-1.0@b',
      count: 1,
      unanswered: '',
    })
    expect(await push(a!, 'whisper', { id: 'chat-1.0@gone' }, 'psst')).toMatchObject({
      delivered: 0,
      count: 1,
    })
  })

  test('a session of another process joins and leaves by its id', async () => {
    await using processes = await Processes.start(redis.url, NAMES, {
      settings: { 'transport.ws.groups.max_per_session': 1 },
    })
    const [a, b, c] = processes.all
    using ann = await connect(b!.url('ws', 'chat'))
    const id = await ann.ask('id')

    await post(a!, 'admit', { group: 'red', id })
    expect(await push(c!, 'push', { group: 'red' }, 'hello')).toMatchObject({ delivered: 1 })
    expect(await ann.received.text()).toBe('hello')
    await post(a!, 'admit', { group: 'blue', id })
    expect(a!.logged('as many as transport.ws.groups.max_per_session allows')).not.toEqual([])
    await post(a!, 'dismiss', { group: 'red', id })
    expect(await push(c!, 'push', { group: 'red' }, 'hello')).toMatchObject({ delivered: 0 })
  })

  test('bytes stay bytes, of 4 MiB too', async () => {
    await using processes = await Processes.start(redis.url, ['a', 'b'])
    const [a, b] = processes.all
    using ann = await member(b!, 'red')
    const bytes = new Uint8Array(4 * 1024 * 1024).map((_, i) => i % 251)

    expect(await push(a!, 'push', { group: 'red' }, bytes)).toMatchObject({ delivered: 1 })
    const frame = await ann.received.next()
    expect(frame.isBinary).toBe(true)
    expect(frame.data.equals(bytes)).toBe(true)
  })

  test('who does not get it is told by its id, wherever it is', async () => {
    await using processes = await Processes.start(redis.url, ['a', 'b'])
    const [a, b] = processes.all
    using slow = await member(b!, 'red')
    const id = await slow.ask('id')
    slow.webSocket.pause()
    const bytes = new Uint8Array(4 * 1024 * 1024)
    let result = await push(a!, 'push', { group: 'red' }, bytes)
    for (let sent = 1; result.count === 0 && sent < 40; sent++)
      result = await push(a!, 'push', { group: 'red' }, bytes)

    expect(result).toEqual({ delivered: 0, failed: id, count: 1, unanswered: '' })
    slow.webSocket.resume()
    expect(await slow.closed).toEqual({ code: 1013, reason: 'too slow' })
  })

  test('what is not waited for arrives all the same', async () => {
    await using processes = await Processes.start(redis.url, ['a', 'b'])
    const [a, b] = processes.all
    using ann = await member(b!, 'red')

    expect(await push(a!, 'pushon', { group: 'red' }, 'on')).toMatchObject({ delivered: 0, unanswered: 'b' })
    expect(await ann.received.text()).toBe('on')
  })

  test('each says how many clients all of them have', async () => {
    await using processes = await Processes.start(redis.url, ['a', 'b'])
    const [a, b] = processes.all
    using ann = await member(b!, 'red')
    using bob = await member(b!, 'red')
    using cat = await connect(a!.url('ws', 'room'))
    expect(await cat.ask('in')).toBe('in')

    const counts = await a!.gateway.sessions()
    const some = counts.filter(({ sessions }) => sessions > 0)
    expect(some).toEqual([
      { node: 'a', service: 'inbound endpoint room', sessions: 1 },
      { node: 'b', service: 'inbound endpoint chat', sessions: 2 },
    ])
    end([ann, bob])
  })
})

describe('while Redis is away', { timeout: LIMIT_MS }, () => {
  test('frozen: clients here get everything, within the time others may take, and all do again afterwards', async () => {
    await using own = await RedisServer.start()
    await using processes = await Processes.start(own.url, ['a', 'b'])
    const [a, b] = processes.all
    using here = await member(a!, 'red')
    using there = await member(b!, 'red')
    const id = await there.ask('id')
    own.freeze()

    const start = performance.now()
    for (let i = 0; i < 20; i++) {
      const result = await push(a!, 'push', { group: 'red' }, `frozen ${i}`)
      expect(result).toMatchObject({ delivered: 1, count: 0 })
      expect(['b', '*']).toContain(result.unanswered)
    }
    expect(performance.now() - start).toBeLessThan(4_000)
    expect(await here.received.texts(20)).toEqual(Array.from({ length: 20 }, (_, i) => `frozen ${i}`))
    expect(a!.logged('is not waited for until it does')).toHaveLength(1)
    expect(a!.gateway.clusterCounters.unanswered + a!.gateway.clusterCounters.unsent).toBe(20)
    expect(await push(a!, 'whisper', { id }, 'psst')).toMatchObject({ delivered: 0, failed: id })
    own.thaw()
    await processes.know(['a', 'b'])

    expect(await push(a!, 'push', { group: 'red' }, 'thawed')).toMatchObject({ delivered: 2, unanswered: '' })
    while ((await there.received.text()) !== 'thawed');
  })

  test('stopped: clients here get everything, the log says so once, and all do again afterwards', async () => {
    await using own = await RedisServer.start()
    await using processes = await Processes.start(own.url, ['a', 'b'])
    const [a, b] = processes.all
    using here = await member(a!, 'red')
    using there = await member(b!, 'red')
    using room = await connect(a!.url('ws', 'room'))
    await own.stop()

    for (let i = 0; i < 20; i++)
      expect(await push(a!, 'push', { group: 'red' }, `stopped ${i}`)).toMatchObject({ delivered: 1 })
    expect(await here.received.texts(20)).toHaveLength(20)
    expect(await room.ask('anybody')).toBe('anybody')
    expect(a!.logged('there is no way to the other processes')).toHaveLength(1)
    await own.start()
    await processes.know(['a', 'b'])

    expect(await push(a!, 'push', { group: 'red' }, 'back')).toMatchObject({ delivered: 2, unanswered: '' })
    expect(await there.received.text()).toBe('back')
    expect(a!.logged('messages go to the sessions of other processes again')).toHaveLength(1)
  })
})

test('when a process is killed the others go on, and wait for it no longer than it may take', {
  timeout: LIMIT_MS,
}, async () => {
  await using processes = await Processes.start(redis.url, ['a', 'b'])
  const [a, b] = processes.all
  await using killed = await Spawned.start(CONFIGURATION, {
    'myelin.redis.url': redis.url,
    'myelin.redis.prefix': processes.prefix,
    'myelin.node_id': 'c',
  })
  await processes.know(NAMES)
  using here = await member(a!, 'red')
  using there = await member(b!, 'red')
  using gone = await connect(await killed.url('ws', 'chat'))
  await gone.ask('join red')
  expect(await push(a!, 'push', { group: 'red' }, 'all')).toMatchObject({ delivered: 3, unanswered: '' })
  const id = await gone.received.text().then(() => gone.ask('id'))
  killed.kill()
  await gone.closed

  const start = performance.now()
  const first = await push(a!, 'push', { group: 'red' }, 'first')
  const took = performance.now() - start
  expect(first.delivered).toBe(2)
  expect(['c', '']).toContain(first.unanswered)
  expect(took).toBeLessThan(3_000)
  const again = performance.now()
  for (let i = 0; i < 20; i++)
    expect(await push(a!, 'push', { group: 'red' }, `${i}`)).toMatchObject({ delivered: 2, failed: '' })
  expect(performance.now() - again).toBeLessThan(2_000)
  await eventually(() => expect(a!.gateway.cluster.bus?.others).toEqual(['b']))

  expect(await push(a!, 'push', { group: 'red' }, 'last')).toEqual({
    delivered: 2,
    failed: '',
    count: 0,
    unanswered: '',
  })
  expect(await push(a!, 'whisper', { id }, 'psst')).toMatchObject({ delivered: 0, failed: id })
  const texts = ['all', 'first', ...Array.from({ length: 20 }, (_, i) => `${i}`), 'last']
  for (const { received } of [here, there]) expect(await received.texts(23)).toEqual(texts)
})
