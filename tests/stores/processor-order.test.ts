// Whatever fails, messages reach the backend in order, and none is lost.

import { expect, test } from 'vitest'
import type { ReadableStore } from '../../src/stores/readable-store.ts'
import { eventually } from '../support/eventually.ts'
import { json } from '../support/mediate.ts'
import { neverSuspended, processor } from './processing.ts'
import { HttpBackend, Running } from './running.ts'

/** Numbers from 0 to 1 that depend on a seed alone (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let bits = Math.imul(state ^ (state >>> 15), 1 | state)
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits
    return ((bits ^ (bits >>> 14)) >>> 0) / 4_294_967_296
  }
}

const MEMORY = 'org.apache.synapse.message.store.impl.memory.InMemoryStore'
const EMBEDDED = 'myelin.embedded'

async function emptied(store: ReadableStore): Promise<void> {
  const deadline = performance.now() + 15_000
  while ((await store.size()) > 0) {
    if (performance.now() > deadline) throw new Error(`it still holds ${await store.size()} messages`)
    await new Promise(resolve => setImmediate(resolve))
  }
}

const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i + 1)

test.each([
  [1, 5_000, MEMORY],
  [2, 5_000, EMBEDDED],
  [3, 5_000, MEMORY],
  [4, 0, MEMORY],
  [5, 0, EMBEDDED],
  [6, 0, MEMORY],
])(
  'random failures, and stops in between, lose and reorder nothing (seed %s, grace %s ms, %s)',
  async (seed, graceMs, store) => {
    const random = randomOf(seed)
    const accepted: number[] = []
    await using backend = await HttpBackend.start((response, _count, body) => {
      const dice = random()
      if (dice < 0.15) {
        response.socket?.resetAndDestroy()
        return
      }
      if (dice < 0.3) response.statusCode = 503
      else {
        response.statusCode = 202
        accepted.push(Number(body))
      }
      if (dice > 0.9) setTimeout(() => response.end(), random() * 20)
      else response.end()
    })
    const pace = { 'throttle.interval': 0, 'client.retry.interval': 0, 'max.delivery.attempts': -1 }
    await using running = await Running.start(
      `<messageStore name="s" class="${store}"/>${processor('p', 'forwarding', pace)}${neverSuspended(backend.url)}`,
    )
    const [activity] = running.deployment.activities
    const total = 150
    for (const n of range(total)) {
      await running.store('s', json(n))
      const dice = random()
      if (dice < 0.03) await running.processor('p').switchTo(false)
      else if (dice < 0.06) {
        await activity!.stop(graceMs)
        await activity!.start()
      } else if (dice < 0.3) await new Promise(resolve => setImmediate(resolve))
      if (dice > 0.9) await running.processor('p').switchTo(true)
    }
    await running.processor('p').switchTo(true)
    await emptied(running.storeNamed('s'))
    // One whose answer did not come before the time to stop was up comes again, perhaps late; what is new is in order.
    expect(graceMs > 0 ? accepted : [...new Set(accepted)]).toEqual(range(total))
  },
)

test('several members give up order; each message is taken once', async () => {
  let most = 0
  let now = 0
  await using backend = await HttpBackend.start((response, count) => {
    most = Math.max(most, ++now)
    response.statusCode = count % 7 === 0 ? 503 : 202
    setTimeout(() => {
      now--
      response.end()
    }, 5)
  })
  const pace = { 'throttle.interval': 0, 'member.count': 4, 'max.delivery.attempts': -1 }
  await using running = await Running.start(
    `<messageStore name="s"/>${processor('p', 'forwarding', pace)}${neverSuspended(backend.url)}`,
  )
  const total = 100
  for (const n of range(total)) await running.store('s', json(n))
  await eventually(() => expect(running.storeNamed('s').size()).toBe(0))
  const failed = Math.floor(backend.bodies.length / 7)
  expect(backend.bodies).toHaveLength(total + failed)
  expect(new Set(backend.bodies).size).toBe(total)
  expect(most).toBe(4)
})

test('a message is put back when the time to stop is up, and goes out again later', async () => {
  const waiting: (() => void)[] = []
  await using backend = await HttpBackend.start((response, count) => {
    response.statusCode = 202
    if (count > 1) response.end()
    else waiting.push(() => response.end())
  })
  await using running = await Running.start(
    `<messageStore name="s"/>${processor('p', 'forwarding', {})}${neverSuspended(backend.url)}`,
  )
  await running.store('s', json(1))
  await eventually(() => expect(waiting).toHaveLength(1))
  const [activity] = running.deployment.activities
  await activity!.stop(20)
  expect(running.storeNamed('s').size()).toBe(1)
  await activity!.start()
  await eventually(() => expect(running.storeNamed('s').size()).toBe(0))
  expect(backend.bodies).toEqual(['1', '1'])
  waiting[0]!()
  await eventually(() => expect(running.logged('it may go out again')).toHaveLength(1))
  expect(running.storeNamed('s').tally()).toMatchObject({ delivered: 1 })
})

test('a message that ends in time is not sent again', async () => {
  const waiting: (() => void)[] = []
  await using backend = await HttpBackend.start(response => {
    response.statusCode = 202
    waiting.push(() => response.end())
  })
  await using running = await Running.start(
    `<messageStore name="s"/>${processor('p', 'forwarding', {})}${neverSuspended(backend.url)}`,
  )
  for (const n of [1, 2]) await running.store('s', json(n))
  await eventually(() => expect(waiting).toHaveLength(1))
  const stopped = running.deployment.activities[0]!.stop(5_000)
  waiting[0]!()
  await stopped
  expect(running.storeNamed('s').size()).toBe(1)
  expect(backend.bodies).toEqual(['1'])
})

test('what waits is worked on as soon as the processor starts', async () => {
  await using backend = await HttpBackend.start(response => {
    response.statusCode = 202
    response.end()
  })
  await using running = new Running(
    `<messageStore name="s"/>${processor('p', 'forwarding', { interval: 3_600_000 })}${neverSuspended(backend.url)}`,
  )
  await running.store('s', json(1))
  for (const activity of running.deployment.activities) await activity.start()
  await eventually(() => expect(backend.bodies).toEqual(['1']))
})
