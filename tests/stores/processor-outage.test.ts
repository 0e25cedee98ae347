// A backend that is away for a minute, and a processor with four attempts. The times are a fiftieth of the real ones;
// MYELIN_REAL_TIME=1 takes the real ones:
//   MYELIN_REAL_TIME=1 npx vitest run tests/stores/processor-outage.test.ts

import type { ServerResponse } from 'node:http'
import { describe, expect, test } from 'vitest'
import type { DeadLetter } from '../../src/stores/readable-store.ts'
import { json } from '../support/mediate.ts'
import { logging, neverSuspended, processor } from './processing.ts'
import { HttpBackend, Running } from './running.ts'

const IS_REAL = process.env.MYELIN_REAL_TIME === '1'
const SECOND = IS_REAL ? 1_000 : 20
const OUTAGE_MS = 60 * SECOND
const ATTEMPTS = 4
const COUNT = 20
const LIMIT_MS = IS_REAL ? 300_000 : 30_000
const PACE = { interval: SECOND, 'client.retry.interval': SECOND, 'max.delivery.attempts': ATTEMPTS }
/** Timers may be a little early. */
const ABOUT = 0.9
const ERRORS = { code: "get-property('ERROR_CODE')", by: "get-property('message.processor.name')" }

/** A backend that hangs up while it is away. */
class Outage {
  isAway = true
  readonly taken: string[] = []

  readonly answer = (response: ServerResponse, _count: number, body: string): void => {
    if (this.isAway) {
      response.socket?.resetAndDestroy()
      return
    }
    this.taken.push(body)
    response.statusCode = 202
    response.end()
  }
}

const numbers = (from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, i) => `${from + i}`)

async function until(isSo: () => boolean): Promise<void> {
  const deadline = performance.now() + LIMIT_MS / 2
  while (!isSo()) {
    if (performance.now() > deadline) throw new Error('it never came true')
    await new Promise(resolve => setImmediate(resolve))
  }
}

/** Waits for the end of the outage; on a busy machine it lasts until something has come of it. */
async function passed(from: number, hasCome: () => boolean): Promise<void> {
  await until(() => performance.now() - from >= OUTAGE_MS && hasCome())
}

/** Pauses between the attempts for each message. */
function pausesOf(backend: HttpBackend, body: string): number[] {
  const times = backend.times.filter((_, i) => backend.bodies[i] === body)
  return times.slice(1).map((time, i) => time - times[i]!)
}

describe('a backend that is away for a minute', { timeout: LIMIT_MS }, () => {
  test('stops the processor after four attempts; the messages wait for it to be switched on', async () => {
    const outage = new Outage()
    await using backend = await HttpBackend.start(outage.answer)
    const sequences = {
      'message.processor.fault.sequence': 'failed',
      'message.processor.deactivate.sequence': 'stopped',
    }
    await using running = await Running.start(
      `<messageStore name="s"/>${processor('p', 'forwarding', { ...PACE, ...sequences })}
       ${neverSuspended(backend.url)}${logging('failed', ERRORS)}${logging('stopped', ERRORS)}`,
    )
    const from = performance.now()
    for (const n of numbers(1, COUNT)) await running.store('s', json(n))
    await passed(from, () => !running.processor('p').isActive)

    expect(backend.bodies).toEqual(['1', '1', '1', '1'])
    const pauses = pausesOf(backend, '1')
    expect(Math.min(...pauses)).toBeGreaterThan(SECOND * ABOUT)
    if (IS_REAL) expect(Math.max(...pauses)).toBeLessThan(SECOND * 1.2)
    expect(running.logged('failed = 1, code = 401002, by = p')).toHaveLength(ATTEMPTS)
    await until(() => running.logged('stopped = ').length > 0)
    expect(running.logged('stopped = 1, code = 401002, by = p')).toHaveLength(1)
    expect(running.processor('p').isActive).toBe(false)
    expect(await running.storeNamed('s').size()).toBe(COUNT)
    expect(await running.storeNamed('s').deadLetters.count()).toBe(0)

    outage.isAway = false
    await running.processor('p').switchTo(true)
    await until(() => outage.taken.length === COUNT)
    expect(outage.taken).toEqual(numbers(1, COUNT))
    await until(() => running.storeNamed('s').size() === 0)
  })

  test('makes dead letters of messages where they may be dropped; they are sent again at once', async () => {
    const outage = new Outage()
    await using backend = await HttpBackend.start(outage.answer)
    await using running = await Running.start(
      `<messageStore name="s"/>${processor('p', 'forwarding', { ...PACE, 'max.delivery.drop': 'Enabled' })}
       ${neverSuspended(backend.url)}`,
    )
    const store = running.storeNamed('s')
    const from = performance.now()
    for (const n of numbers(1, COUNT)) await running.store('s', json(n))
    await passed(from, () => (store.deadLetters.count() as number) > 0)
    outage.isAway = false
    await until(() => store.size() === 0)

    const dead = (await store.deadLetters.list(COUNT)) as DeadLetter[]
    // Each takes three pauses for its attempts, and one to the next message.
    expect(dead.length).toBeGreaterThan(IS_REAL ? 13 : 0)
    expect(dead.length).toBeLessThanOrEqual(16)
    for (const letter of dead) {
      expect(letter).toMatchObject({ processor: 'p', attempts: ATTEMPTS, code: 401002 })
      expect(letter.reason).not.toBe('')
      expect(letter.diedAt).toBeGreaterThanOrEqual(letter.storedAt)
    }
    const given = numbers(1, dead.length)
    for (const n of given) {
      const pauses = pausesOf(backend, n)
      expect(pauses).toHaveLength(ATTEMPTS - 1)
      expect(Math.min(...pauses)).toBeGreaterThan(SECOND * ABOUT)
    }
    expect(outage.taken).toEqual(numbers(dead.length + 1, COUNT))
    expect(running.processor('p').isActive).toBe(true)
    expect(running.logged('is a dead letter')).toHaveLength(dead.length)
    expect(await store.tally()).toMatchObject({
      delivered: COUNT - dead.length,
      died: dead.length,
      dropped: 0,
    })

    expect(await store.deadLetters.resend('all')).toBe(dead.length)
    await until(() => store.size() === 0)
    expect(outage.taken).toEqual([...numbers(dead.length + 1, COUNT), ...given])
    expect(await store.deadLetters.count()).toBe(0)
  })

  test('moves messages to the store for failed ones, with the reason', async () => {
    const outage = new Outage()
    await using backend = await HttpBackend.start(outage.answer)
    const why = Object.fromEntries(
      ['reason', 'code', 'attempts', 'processor', 'store'].map(each => [
        each,
        `get-property('dead.letter.${each}')`,
      ]),
    )
    await using running = await Running.start(
      `<messageStore name="s"/><messageStore name="failed"/>
       ${processor('p', 'forwarding', { ...PACE, 'message.processor.failMessagesStore': 'failed' })}
       ${processor('q', 'sampling', { sequence: 'seen' }, { store: 'failed' })}
       ${neverSuspended(backend.url)}${logging('seen', why)}`,
    )
    for (const n of numbers(1, 3)) await running.store('s', json(n))
    await until(() => running.logged('seen = 2').length === 1)
    outage.isAway = false
    await until(() => running.storeNamed('s').size() === 0)
    expect(running.logged('seen = 1')[0]).toMatch(
      /reason = .+, code = 401002, attempts = 4, processor = p, store = s/,
    )
    expect(running.storeNamed('s').tally()).toMatchObject({ died: 0, dropped: 0 })
    expect(running.logged('seen = ').length + outage.taken.length).toBe(3)
  })

  test('keeps a message that the store for failed ones does not take, and stops', async () => {
    const outage = new Outage()
    await using backend = await HttpBackend.start(outage.answer)
    const parameters = { ...PACE, 'message.processor.failMessagesStore': 'full' }
    await using running = await Running.start(
      `<messageStore name="s"/><messageStore name="full"><parameter name="store.max.messages">1</parameter></messageStore>
       ${processor('p', 'forwarding', parameters)}${neverSuspended(backend.url)}`,
    )
    for (const n of numbers(1, 3)) await running.store('s', json(n))
    await until(() => !running.processor('p').isActive)
    expect([running.storeNamed('s').size(), running.storeNamed('full').size()]).toEqual([2, 1])
    expect(running.logged('did not take it')).toHaveLength(1)
  })
})
