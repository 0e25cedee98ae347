// Processes of their own that share works, each of which runs in one of them at a time.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { RedisServer } from '../support/redis.ts'
import { Owners, type Said } from './owners.ts'

const LIMIT_MS = 90_000
const NAMES = ['a', 'b', 'c']

let redis: RedisServer
beforeAll(async () => {
  redis = await RedisServer.start()
})
afterAll(() => redis[Symbol.asyncDispose]())

/** Who works at something, from when to when: a new stretch each time it changes. */
function stretches(said: readonly Said[], name: string): { nodeId: string; from: number; to: number }[] {
  const found: { nodeId: string; from: number; to: number }[] = []
  const works = said.filter(each => each.what === 'work' && each.name === name)
  for (const { nodeId, at } of works.toSorted((x, y) => x.at - y.at)) {
    const last = found.at(-1)
    if (last?.nodeId === nodeId) last.to = at
    else found.push({ nodeId, from: at, to: at })
  }
  return found
}

/** Gives who works at something now; for some time, so that it does not move by itself any more. */
async function settled(owners: Owners, name: string): Promise<string> {
  return await owners.until(said => {
    const last = stretches(said, name).at(-1)
    return last && last.to - last.from > 5_000 ? last.nodeId : undefined
  })
}

/** Waits until somebody else works at something. */
function taken(owners: Owners, name: string, from: string): Promise<{ nodeId: string; at: number }> {
  return owners.until(said => {
    const last = stretches(said, name).at(-1)
    return last && last.nodeId !== from ? { nodeId: last.nodeId, at: last.from } : undefined
  })
}

async function three(
  prefix: string,
  works: readonly string[] = ['work'],
  server: RedisServer = redis,
): Promise<Owners> {
  const owners = new Owners(server.url, prefix, works)
  await Promise.all(NAMES.map(name => owners.start(name)))
  return owners
}

describe.concurrent('what runs in one process of three', { timeout: LIMIT_MS }, () => {
  test('moves when that process is killed, within six seconds', async () => {
    await using owners = await three('killed')
    const owner = await settled(owners, 'work')
    const killedAt = Date.now()
    owners.kill(owner, 'SIGKILL')
    const next = await taken(owners, 'work', owner)
    expect(next.at - killedAt).toBeLessThan(6_500)
    expect(stretches(owners.said, 'work').filter(({ nodeId }) => nodeId === owner)).toHaveLength(1)
  })

  test('moves at once when that process stops', async () => {
    await using owners = await three('stopped')
    const owner = await settled(owners, 'work')
    const stoppedAt = Date.now()
    owners.kill(owner, 'SIGTERM')
    const next = await taken(owners, 'work', owner)
    expect(next.at - stoppedAt).toBeLessThan(2_500)
  })

  test('never runs in two: one that was held up does nothing when it goes on', async () => {
    await using owners = await three('held-up')
    const owner = await settled(owners, 'work')
    owners.kill(owner, 'SIGSTOP')
    const next = await taken(owners, 'work', owner)
    // It goes on with timers that are long due, and learns that it lost its place.
    owners.kill(owner, 'SIGCONT')
    await owners.until(said =>
      said.find(({ what, nodeId, at }) => what === 'stop' && nodeId === owner && at > next.at),
    )
    const late = owners.said.filter(
      ({ what, nodeId, at }) => what === 'work' && nodeId === owner && at >= next.at,
    )
    const back = owners.said.findLast(({ what, nodeId }) => what === 'start' && nodeId === owner)!
    expect(late.filter(({ at }) => at < back.at || back.at < next.at)).toEqual([])
  })

  test('is spread over them, and is where it was as long as nothing changes', async () => {
    const works = Array.from({ length: 12 }, (_, i) => `work ${i}`)
    await using owners = await three('spread', works)
    const places = await Promise.all(works.map(name => settled(owners, name)))
    for (const name of NAMES) expect(places.filter(place => place === name).length).toBeGreaterThan(0)
    // Each moves to where it belongs, as processes come; two at a time would be many short stretches.
    for (const name of works) expect(stretches(owners.said, name).length).toBeLessThanOrEqual(3)
  })
})

// By itself: it says how soon something is to happen.
describe('what runs in one process of three, without Redis', { timeout: LIMIT_MS }, () => {
  test('pauses while Redis is away, and goes on in one of them', async () => {
    await using own = await RedisServer.start()
    await using owners = await three('away', ['work'], own)
    const owner = await settled(owners, 'work')
    await own.stop()
    await owners.until(said => said.find(each => each.what === 'stop' && each.nodeId === owner))
    const stoppedAt = Date.now()
    await own.start()
    const backAt = Date.now()
    const again = await owners.until(said => said.find(({ what, at }) => what === 'work' && at > stoppedAt))
    expect(again.at - backAt).toBeLessThan(5_000)
    const before = stretches(
      owners.said.filter(({ at }) => at < stoppedAt),
      'work',
    ).length
    expect(stretches(owners.said, 'work').length).toBeLessThanOrEqual(before + 1)
  })
})
