// A store that is away for a while: what a processor makes of it, and what it does when that lasts.

import { describe, expect, test } from 'vitest'
import type { MessageContext } from '../../src/core/context.ts'
import { Fault } from '../../src/core/fault.ts'
import { MemoryStore } from '../../src/stores/memory-store.ts'
import type { Removal } from '../../src/stores/readable-store.ts'
import type { StoredMessage } from '../../src/stores/stored-message.ts'
import { eventually } from '../support/eventually.ts'
import { json } from '../support/mediate.ts'
import { logging, neverSuspended, processor } from './processing.ts'
import { HttpBackend, Running } from './running.ts'

/** A store of another process, which cannot be reached while it is away. */
class RemoteStore extends MemoryStore {
  isAway = false
  asked = 0

  #reach(): void {
    if (!this.isAway) return
    this.asked++
    throw new Fault(0, 'nobody answers')
  }

  override put(ctx: MessageContext): void {
    this.#reach()
    super.put(ctx)
  }

  override take(): StoredMessage | undefined {
    this.#reach()
    return super.take()
  }

  override async remove(message: StoredMessage, as: Removal): Promise<void> {
    await Promise.resolve()
    this.#reach()
    super.remove(message, as)
  }

  override release(message: StoredMessage): void {
    this.#reach()
    super.release(message)
  }
}

/** Artifacts, and a store `s` that can be away. */
async function running(xml: string): Promise<{ running: Running; store: RemoteStore }> {
  const made = new Running(`<messageStore name="s"/>${xml}`)
  const store = new RemoteStore('s', made.log)
  const names = made.deployment.deployment
  const known = names.messageStore.bind(names)
  names.messageStore = (name: string) => (name === 's' ? store : known(name))
  for (const activity of made.deployment.activities) await activity.start()
  return { running: made, store }
}

async function accepting(): Promise<HttpBackend> {
  return await HttpBackend.start(response => {
    response.statusCode = 202
    response.end()
  })
}

describe('a store that is away', () => {
  test('is asked again until it is back; nothing is said more than needed', async () => {
    await using backend = await accepting()
    const made = await running(
      processor('p', 'forwarding', { 'store.connection.retry.interval': 5 }) + neverSuspended(backend.url),
    )
    await using gateway = made.running
    const { store } = made
    await gateway.store('s', json(1))
    await eventually(() => expect(store.size()).toBe(0))
    store.isAway = true
    await eventually(() => expect(store.asked).toBeGreaterThan(10))
    store.isAway = false
    await gateway.store('s', json(2))
    await eventually(() => expect(backend.bodies).toEqual(['1', '2']))
    expect(gateway.processor('p').isActive).toBe(true)
    expect(gateway.logged('cannot be reached').length).toBeLessThan(4)
    expect(gateway.logged('message store s is back')).toHaveLength(1)
  })

  test('stops the processor after as many attempts as it may have', async () => {
    const parameters = {
      'max.store.connection.attempts': 3,
      'store.connection.retry.interval': 20,
      'message.processor.deactivate.sequence': 'stopped',
    }
    const made = await running(
      processor('p', 'forwarding', parameters) +
        neverSuspended('http://localhost:1/') +
        logging('stopped', {
          why: "get-property('ERROR_MESSAGE')",
          by: "get-property('message.processor.name')",
        }),
    )
    await using gateway = made.running
    const from = performance.now()
    made.store.isAway = true
    await eventually(() => expect(gateway.processor('p').isActive).toBe(false))
    expect(performance.now() - from).toBeGreaterThan(36)
    expect(made.store.asked).toBe(3)
    await eventually(() => expect(gateway.logged('why = nobody answers, by = p')).toHaveLength(1))
  })

  test('learns of what is through once it is back; the message is not sent again', async () => {
    await using backend = await HttpBackend.start(response => {
      response.statusCode = 202
      made.store.isAway = true
      response.end()
    })
    const parameters = { 'store.connection.retry.interval': 5, 'throttle.interval': 0 }
    const made = await running(processor('p', 'forwarding', parameters) + neverSuspended(backend.url))
    await using gateway = made.running
    await gateway.store('s', json(1))
    await eventually(() => expect(made.store.asked).toBeGreaterThan(3))
    made.store.isAway = false
    await eventually(() => expect(made.store.size()).toBe(0))
    expect(made.store.tally()).toMatchObject({ delivered: 1 })
    expect(backend.bodies).toEqual(['1'])
  })

  test('keeps no one from stopping', async () => {
    const made = await running(
      processor('p', 'forwarding', { 'store.connection.retry.interval': 3_600_000 }) +
        neverSuspended('http://localhost:1/'),
    )
    made.store.isAway = true
    await eventually(() => expect(made.store.asked).toBe(1))
    const from = performance.now()
    await made.running[Symbol.asyncDispose]()
    expect(performance.now() - from).toBeLessThan(2_000)
  })
})

test('failover waits for a store that is away, and moves what it has in order', async () => {
  const xml =
    processor('p', 'failover', { 'message.target.store.name': 's' }, { store: 'first' }) +
    processor('q', 'sampling', { sequence: 'seen' }) +
    logging('seen')
  const made = await running(`<messageStore name="first"/>${xml}`)
  await using gateway = made.running
  made.store.isAway = true
  for (const n of [1, 2, 3]) await gateway.store('first', json(n))
  await eventually(() => expect(gateway.logged('attempt 5 failed: nobody answers')).toHaveLength(1))
  made.store.isAway = false
  await eventually(() => expect(gateway.logged('seen = ')).toHaveLength(3))
  expect(gateway.logged('seen = ').map(line => /seen = (\d)/.exec(line)?.[1])).toEqual(['1', '2', '3'])
  expect(gateway.storeNamed('first').tally()).toMatchObject({ moved: 3, delivered: 0 })
})
