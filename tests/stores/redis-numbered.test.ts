import { afterAll, beforeAll, expect, test } from 'vitest'
import { RedisStore } from '../../src/stores/redis-store.ts'
import { eventually } from '../support/eventually.ts'
import { RecordingLogger } from '../support/recording-logger.ts'
import { RedisServer } from '../support/redis.ts'
import { contextWith, textOf } from './kinds.ts'

let redis: RedisServer
let made = 0

beforeAll(async () => {
  redis = await RedisServer.start({ isDurable: true })
})

afterAll(() => redis[Symbol.asyncDispose]())

/** A store of its own, and others on the same messages: those of another process. */
function stores(): {
  open(): RedisStore
  readonly log: RecordingLogger
} & AsyncDisposable {
  const log = new RecordingLogger()
  const all: RedisStore[] = []
  const name = `s:${made++}`
  return {
    log,
    open() {
      const store = new RedisStore(name, log, { url: redis.url, prefix: 'test' })
      store.start()
      all.push(store)
      return store
    },
    async [Symbol.asyncDispose]() {
      for (const store of all) await store.stop()
    },
  }
}

function put(store: RedisStore, number: number, sender = 'a', scope = 'in'): Promise<number> {
  return store.numbered.put(contextWith(`${sender}${number}`), { scope, sender, number })
}

async function all(store: RedisStore): Promise<(string | undefined)[]> {
  const texts: (string | undefined)[] = []
  for (let message = await store.take(); message; message = await store.take()) {
    texts.push(textOf(message))
    await store.remove(message, 'delivered')
  }
  return texts
}

test('numbered messages in Redis are taken once, and in order', async () => {
  await using opened = stores()
  const store = opened.open()
  expect(await store.numbered.last('in', 'a')).toBeUndefined()
  const numbers = [1, 2, 2, 1, 4, 3, 5, 3]
  const answers = await Promise.all(numbers.map(number => put(store, number)))
  expect(answers).toEqual([1, 2, 2, 2, 2, 3, 3, 3])
  expect(await store.numbered.last('in', 'a')).toBe(3)
  expect(await store.numbered.last('other', 'a')).toBeUndefined()
  expect(await store.size()).toBe(3)
  expect(await all(store)).toEqual(['a1', 'a2', 'a3'])
  expect(await put(store, 3)).toBe(3)
  expect(await all(store)).toEqual([])
  expect(await store.tally()).toMatchObject({ stored: 3, delivered: 3 })
})

test('they keep their order among others, and senders and scopes are apart', async () => {
  await using opened = stores()
  const store = opened.open()
  await Promise.all([
    put(store, 1),
    put(store, 1, 'b\nÜ'),
    store.put(contextWith('plain')),
    put(store, 1, 'a', 'other: one'),
    put(store, 2),
  ])
  expect(await all(store)).toEqual(['a1', 'b\nÜ1', 'plain', 'a1', 'a2'])
})

test('one that the store has no room for is a fault, and the next number stays the same', async () => {
  await using opened = stores()
  const store = opened.open()
  store.maxMessages = 2
  const put3 = await Promise.allSettled([put(store, 1), put(store, 2), put(store, 3), put(store, 2)])
  const full = { status: 'rejected', reason: expect.objectContaining({ code: 306000 }) }
  expect(put3).toEqual([
    { status: 'fulfilled', value: 1 },
    { status: 'fulfilled', value: 2 },
    full,
    // What is known is no message more.
    { status: 'fulfilled', value: 2 },
  ])
  expect(await store.tally()).toMatchObject({ stored: 2 })
  expect(await all(store)).toEqual(['a1', 'a2'])
  expect(await put(store, 3)).toBe(3)
})

test('two processes take each message once', async () => {
  await using opened = stores()
  const [one, two] = [opened.open(), opened.open()]
  const numbers = Array.from({ length: 20 }, (_, i) => i + 1)
  for (const number of numbers) {
    const answers = await Promise.all([put(one, number), put(two, number)])
    expect(answers).toEqual([number, number])
  }
  expect(await all(one)).toEqual(numbers.map(number => `a${number}`))
})

test('what was taken is known after Redis was killed', async () => {
  await using opened = stores()
  const store = opened.open()
  for (const number of [1, 2, 3]) await put(store, number)
  await redis.kill()
  await expect(put(store, 4)).rejects.toThrow('cannot be used')
  await redis.start()
  await eventually(() => expect(opened.log.lines.some(({ text }) => text.includes('is back'))).toBe(true))
  const again = opened.open()
  const last = await again.numbered.last('in', 'a')
  expect(last === 3 || last === 4).toBe(true)
  expect(await put(again, last! + 1)).toBe(last! + 1)
  expect(await all(again)).toHaveLength(last! + 1)
})

test('senders are forgotten', async () => {
  await using opened = stores()
  const store = opened.open()
  for (const sender of ['a', 'b', 'c']) await put(store, 1, sender)
  await store.numbered.forget('in', 0, 2)
  const known = await Promise.all(['a', 'b', 'c'].map(sender => store.numbered.last('in', sender)))
  expect(known.filter(last => last === 1)).toHaveLength(2)
  await store.numbered.forget('in', Date.now() + 1_000, 2)
  expect(await store.numbered.last('in', 'c')).toBeUndefined()
  expect(await put(store, 2)).toBe(0)
  expect(await put(store, 1)).toBe(1)
})
