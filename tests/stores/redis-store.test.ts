import { setImmediate as nextTurn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { Fault } from '../../src/core/fault.ts'
import { RedisStore } from '../../src/stores/redis-store.ts'
import { RecordingLogger } from '../support/recording-logger.ts'
import { type RedisOptions, RedisServer } from '../support/redis.ts'
import { contextWith, textOf } from './kinds.ts'

/** Recovery within this time of the return of Redis is promised. */
const RECOVERY_MS = 5_000

/** A Redis, and stores of one name on it, each as if it were in a process of its own. */
class Opened implements AsyncDisposable {
  readonly redis: RedisServer
  readonly log = new RecordingLogger()
  readonly #stores: RedisStore[] = []

  private constructor(redis: RedisServer) {
    this.redis = redis
  }

  static async start(options: RedisOptions = { isDurable: true }): Promise<Opened> {
    return new Opened(await RedisServer.start(options))
  }

  open(name = 'orders'): RedisStore {
    const store = new RedisStore(name, this.log, { url: this.redis.url, prefix: 'test' })
    store.start()
    this.#stores.push(store)
    return store
  }

  lines(part: string): string[] {
    return this.log.lines.map(({ text }) => text).filter(text => text.includes(part))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const store of this.#stores) await store.stop()
    await this.redis[Symbol.asyncDispose]()
  }
}

/** Puts numbered messages in, one after the other, as long as it is told to; keeps those that were accepted. */
class Sender {
  readonly accepted: string[] = []
  readonly faults: Fault[] = []
  longestMs = 0
  #isOver = false
  readonly #done: Promise<void>

  constructor(store: RedisStore, name: string) {
    this.#done = this.#send(store, name)
  }

  async stop(): Promise<void> {
    this.#isOver = true
    await this.#done
  }

  async #send(store: RedisStore, name: string): Promise<void> {
    for (let number = 0; !this.#isOver; number++) {
      const text = `${name}:${number}`
      const from = performance.now()
      try {
        await store.put(contextWith(text))
        this.accepted.push(text)
      } catch (thrown) {
        this.faults.push(Fault.from(thrown))
        // Whoever was refused does something else first.
        await nextTurn()
      }
      this.longestMs = Math.max(this.longestMs, performance.now() - from)
    }
  }
}

/** Takes messages and removes them, as a processor does: what fails it tries again. */
class Taker {
  readonly taken: string[] = []
  #isOver = false
  readonly #done: Promise<void>

  constructor(store: RedisStore) {
    this.#done = this.#take(store)
  }

  async stop(): Promise<void> {
    this.#isOver = true
    await this.#done
  }

  async #take(store: RedisStore): Promise<void> {
    while (!this.#isOver) {
      const message = await store.take().catch(() => undefined)
      if (!message) {
        await nextTurn()
        continue
      }
      this.taken.push(textOf(message)!)
      while (!(await removed(store, message))) await nextTurn()
    }
  }
}

async function removed(store: RedisStore, message: Parameters<RedisStore['remove']>[0]): Promise<boolean> {
  try {
    await store.remove(message, 'delivered')
    return true
  } catch {
    return false
  }
}

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await nextTurn()
}

/** The first time each message came must be in the order its sender sent them. */
function outOfOrder(taken: readonly string[]): string[] {
  const largest = new Map<string, number>()
  return [...new Set(taken)].filter(text => {
    const [sender = '', number] = text.split(':')
    const before = largest.get(sender) ?? -1
    largest.set(sender, Math.max(before, Number(number)))
    return Number(number) < before
  })
}

async function underLoad(
  opened: Opened,
  trouble: (redis: RedisServer, senders: readonly Sender[]) => Promise<void>,
): Promise<void> {
  const store = opened.open()
  const senders = ['a', 'b', 'c', 'd'].map(name => new Sender(store, name))
  const taker = new Taker(store)
  await until(() => taker.taken.length > 50)
  await trouble(opened.redis, senders)
  const back = performance.now()
  const counts = senders.map(({ accepted }) => accepted.length)
  await until(() => senders.every(({ accepted }, index) => accepted.length > counts[index]!))
  const [last = ''] = taker.taken.slice(-1)
  await until(() => taker.taken.at(-1) !== last)
  expect(performance.now() - back).toBeLessThan(RECOVERY_MS)
  for (const sender of senders) await sender.stop()

  const accepted = senders.flatMap(sender => sender.accepted)
  await until(() => {
    const taken = new Set(taker.taken)
    return accepted.every(text => taken.has(text))
  })
  await taker.stop()
  expect(outOfOrder(taker.taken)).toEqual([])
  for (const { longestMs, faults } of senders) {
    expect(longestMs).toBeLessThan(3_000)
    for (const fault of faults) expect(fault).toMatchObject({ code: 306000, retryAfterMs: 2_000 })
  }
  expect(await store.size()).toBe(0)
  const { stored, delivered } = await store.tally()
  expect(delivered).toBe(stored)
}

test('nothing that was accepted is lost when Redis is restarted under load', async () => {
  await using opened = await Opened.start()
  await underLoad(opened, async (redis, senders) => {
    await redis.stop()
    await until(() => senders.every(({ faults }) => faults.length > 0))
    await redis.start()
  })
  expect(opened.lines('is away since')).toHaveLength(1)
  expect(opened.lines('is back after')).toHaveLength(1)
}, 60_000)

test('nothing that was accepted is lost when Redis is killed under load', async () => {
  await using opened = await Opened.start()
  await underLoad(opened, async redis => {
    await redis.kill()
    await redis.start()
  })
}, 60_000)

test('nothing that was accepted is lost when Redis is frozen under load', async () => {
  await using opened = await Opened.start()
  await underLoad(opened, async (redis, senders) => {
    const from = performance.now()
    redis.freeze()
    await until(() => senders.every(({ faults }) => faults.length > 0))
    expect(performance.now() - from).toBeLessThan(3_000)
    redis.thaw()
  })
}, 60_000)

test.concurrent('says at once and clearly that Redis is away, without its password', async () => {
  await using opened = await Opened.start({ password: 'geheim%41' })
  const store = opened.open()
  await store.put(contextWith('kept'))
  await opened.redis.stop()
  await until(() => opened.lines('is away').length > 0)
  const from = performance.now()
  const thrown = await store.put(contextWith('x')).then(undefined, Fault.from)
  expect(performance.now() - from).toBeLessThan(500)
  expect(thrown).toMatchObject({
    code: 306000,
    message: expect.stringMatching(
      /^message store orders cannot be used: Redis at 127\.0\.0\.1:\d+ is away since \d+\.\d s: /,
    ),
  })
  await expect(store.take()).rejects.toThrow('is away since')
  await expect(store.size()).rejects.toThrow('is away since')
  const written = JSON.stringify([opened.log.lines, thrown, (thrown as Fault).stack])
  expect(written).not.toContain('geheim')
}, 30_000)

test.concurrent('warns when Redis does not write to disk what it is told', async () => {
  await using opened = await Opened.start({})
  const store = opened.open()
  await store.put(contextWith('x'))
  expect(opened.lines('does not write to disk')).toHaveLength(1)
})

test.concurrent('refuses what does not fit into Redis, and takes more when there is room again', async () => {
  await using opened = await Opened.start({ arguments: ['--maxmemory', '8mb'] })
  const store = opened.open()
  const big = 'x'.repeat(500_000)
  let accepted = 0
  const fill = async (): Promise<void> => {
    for (;;) {
      await store.put(contextWith(big))
      accepted++
    }
  }
  await expect(fill()).rejects.toThrow(/message store orders cannot be used: Redis at .* is full/)
  expect(accepted).toBeGreaterThan(3)
  await opened.redis.command('CONFIG', 'SET', 'maxmemory', '0')
  await store.put(contextWith('y'))
  const taker = new Taker(store)
  await until(() => taker.taken.length > accepted)
  await taker.stop()
  expect(taker.taken.at(-1)).toBe('y')
}, 30_000)

test.concurrent('one process at a time takes, and another one when that has stopped', async () => {
  await using opened = await Opened.start()
  const [one, two] = [opened.open(), opened.open()]
  for (const text of ['m1', 'm2', 'm3']) await one.put(contextWith(text))
  const first = await one.take()
  expect(textOf(first)).toBe('m1')
  expect(await two.take()).toBeUndefined()
  await one.stop()
  const again = (await two.take())!
  expect([textOf(again), again.handOuts]).toEqual(['m1', 1])
  expect(textOf(await two.take())).toBe('m2')
  expect(await two.tally()).toMatchObject({ redelivered: 1 })
})

test.concurrent('keeps a payload of any kind as it is', async () => {
  await using opened = await Opened.start()
  const store = opened.open('named: 100 % "odd"')
  const texts = ['', '\u0000\u001f"\\', 'ÄÖÜ 😀 \u2028', '\ufeffbom']
  for (const text of texts) await store.put(contextWith(text))
  for (const text of texts) expect(textOf(await store.take())).toBe(text)
})

test.concurrent('gives messages back that nobody comes for, and in their place', async () => {
  await using opened = await Opened.start()
  const [one, two] = [opened.open(), opened.open()]
  const texts = Array.from({ length: 100 }, (_, index) => `m${index}`)
  await Promise.all(texts.map(text => one.put(contextWith(text))))
  // Whoever takes that quickly is fetched more than it asks for.
  for (const text of texts.slice(0, 20)) {
    const message = (await one.take())!
    expect(textOf(message)).toBe(text)
    void one.remove(message, 'delivered')
  }
  let next = await two.take()
  while (!next) next = await two.take()
  expect([textOf(next), next.handOuts]).toEqual(['m20', 0])
  expect(await two.tally()).toMatchObject({ delivered: 20, redelivered: 0 })
}, 30_000)

test('keeps 10,000 dead letters, and lets go of the oldest', async () => {
  await using opened = await Opened.start({})
  const store = opened.open()
  const count = 10_050
  await Promise.all(Array.from({ length: count }, (_, index) => store.put(contextWith('x', `urn:m${index}`))))
  const why = { processor: 'p', attempts: 4, code: 101503, reason: 'refused' }
  const buried: Promise<void>[] = []
  for (let message = await store.take(); message; message = await store.take())
    buried.push(store.bury(message, why))
  await Promise.all(buried)
  expect(await store.deadLetters.count()).toBe(10_000)
  expect((await store.deadLetters.list(1))[0]).toMatchObject({ ...why, id: 'urn:m50' })
  expect(await store.deadLetters.discard('all')).toBe(10_000)
  expect(await store.size()).toBe(0)
  expect(await store.tally()).toMatchObject({ stored: count, died: count })
}, 60_000)
