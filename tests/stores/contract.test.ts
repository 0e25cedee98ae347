import { describe, expect, test } from 'vitest'
import type { ReadableStore } from '../../src/stores/readable-store.ts'
import { contextWith, KINDS, textOf } from './kinds.ts'

const WHY = { processor: 'p', attempts: 4, code: 101503, reason: 'refused' }

async function fill(store: ReadableStore, count: number): Promise<void> {
  for (let i = 1; i <= count; i++) await store.put(contextWith(`m${i}`, `urn:m${i}`))
}

async function takeAll(store: ReadableStore): Promise<(string | undefined)[]> {
  const texts: (string | undefined)[] = []
  for (let message = await store.take(); message; message = await store.take()) {
    texts.push(textOf(message))
    await store.remove(message, 'delivered')
  }
  return texts
}

/** What was put in is what left and what is there. */
async function expectBalance(store: ReadableStore): Promise<void> {
  const { stored, delivered, moved, dropped, died } = await store.tally()
  expect(delivered + moved + dropped + died + (await store.size())).toBe(stored)
}

describe.each(KINDS)('a store, $name', ({ kind, open }) => {
  test('says its name and kind', async () => {
    await using opened = await open()
    expect(opened.store).toMatchObject({ name: 's', kind })
  })

  test('gives messages in the order they came, each to one taker', async () => {
    await using opened = await open()
    const { store } = opened
    await fill(store, 3)
    const taken = [await store.take(), await store.take(), await store.take(), await store.take()]
    expect(taken.map(textOf)).toEqual(['m1', 'm2', 'm3', undefined])
    expect(taken[0]).toMatchObject({ id: 'urn:m1', bytes: 2, mediaType: 'text/plain', handOuts: 0 })
    expect(await store.size()).toBe(3)
  })

  test('keeps the order of messages that are put in at once', async () => {
    await using opened = await open()
    const { store } = opened
    const names = Array.from({ length: 500 }, (_, i) => `m${i}`)
    await Promise.all(names.map(name => store.put(contextWith(name))))
    expect(await takeAll(store)).toEqual(names)
    await expectBalance(store)
  })

  test('gives one that was put back before those behind it', async () => {
    await using opened = await open()
    const { store } = opened
    await fill(store, 4)
    const [first, second, third] = [await store.take(), await store.take(), await store.take()]
    await store.remove(second!, 'delivered')
    await store.release(third!)
    await store.release(first!)
    const again = await store.take()
    expect(textOf(again)).toBe('m1')
    expect(again!.handOuts).toBe(1)
    await store.release(again!)
    expect(await takeAll(store)).toEqual(['m1', 'm3', 'm4'])
  })

  test('gives what comes in while others take', async () => {
    await using opened = await open()
    const { store } = opened
    expect(await store.take()).toBeUndefined()
    const texts: (string | undefined)[] = []
    for (let i = 0; i < 50; i++) {
      await store.put(contextWith(`m${i}`))
      const message = await store.take()
      texts.push(textOf(message))
      await store.remove(message!, 'delivered')
    }
    expect(texts).toEqual(Array.from({ length: 50 }, (_, i) => `m${i}`))
    expect(await store.take()).toBeUndefined()
  })

  test('counts how messages ended', async () => {
    await using opened = await open()
    const { store } = opened
    await fill(store, 6)
    await store.remove((await store.take())!, 'delivered')
    await store.remove((await store.take())!, 'delivered')
    await store.remove((await store.take())!, 'moved')
    await store.remove((await store.take())!, 'dropped')
    await store.bury((await store.take())!, WHY)
    expect(await store.tally()).toEqual({
      stored: 6,
      delivered: 2,
      moved: 1,
      dropped: 1,
      died: 1,
      redelivered: 0,
    })
    expect(await store.size()).toBe(1)
    await expectBalance(store)
  })

  test('counts a message once, however often it is removed', async () => {
    await using opened = await open()
    const { store } = opened
    await fill(store, 2)
    const message = (await store.take())!
    await store.remove(message, 'delivered')
    await store.remove(message, 'dropped')
    await store.bury(message, WHY)
    await store.release(message)
    expect(await store.tally()).toMatchObject({ delivered: 1, dropped: 0, died: 0 })
    expect(await takeAll(store)).toEqual(['m2'])
  })

  test('lists dead letters, the oldest first', async () => {
    await using opened = await open()
    const { store } = opened
    await fill(store, 3)
    for (let i = 0; i < 3; i++) await store.bury((await store.take())!, WHY)
    const { deadLetters } = store
    expect(await deadLetters.count()).toBe(3)
    const [first, ...more] = await deadLetters.list(2)
    expect(first).toMatchObject({ ...WHY, id: 'urn:m1', bytes: 2, mediaType: 'text/plain' })
    expect(first!.diedAt).toBeGreaterThanOrEqual(first!.storedAt)
    expect(more.map(({ id }) => id)).toEqual(['urn:m2'])
    expect((await deadLetters.list(2, 'urn:m2')).map(({ id }) => id)).toEqual(['urn:m3'])
  })

  test('puts dead letters back behind what is there, or lets go of them', async () => {
    await using opened = await open()
    const { store } = opened
    await fill(store, 4)
    for (let i = 0; i < 3; i++) await store.bury((await store.take())!, WHY)
    const { deadLetters } = store
    expect(await deadLetters.resend(['urn:m2', 'urn:unknown'])).toBe(1)
    expect(await deadLetters.discard(['urn:m1'])).toBe(1)
    expect(await deadLetters.resend('all')).toBe(1)
    expect(await deadLetters.count()).toBe(0)
    await expectBalance(store)
    expect(await takeAll(store)).toEqual(['m4', 'm2', 'm3'])
    expect(await store.tally()).toMatchObject({ stored: 6, delivered: 3, died: 3 })
  })

  test('gives a copy that whoever works on it may change', async () => {
    await using opened = await open()
    const { store } = opened
    const ctx = contextWith('{"a":1}', 'urn:m1')
    ctx.properties.set('kept', 'before')
    await store.put(ctx)
    ctx.properties.set('kept', 'after')
    const message = (await store.take())!
    const restored = message.restore({} as never)
    expect(restored.properties.get('kept')).toBe('before')
    restored.properties.set('kept', 'changed')
    expect(message.restore({} as never).properties.get('kept')).toBe('before')
  })
})

describe.each(KINDS)('the limits of a store, $name', ({ open, kind }) => {
  test('hold for the number of messages', async () => {
    await using opened = await open({ maxMessages: 2, maxBytes: 1_000 })
    const { store } = opened
    await fill(store, 2)
    const size = kind === 'redis' ? '2 messages' : '2 messages of 4 bytes'
    await expect(async () => await store.put(contextWith('x'))).rejects.toMatchObject({
      code: 306000,
      retryAfterMs: 2_000,
      message: `message store s is full: it holds ${size}`,
    })
    await store.remove((await store.take())!, 'delivered')
    await store.put(contextWith('y'))
    expect(await takeAll(store)).toEqual(['m2', 'y'])
  })

  test('hold for those put in at once, and what is left out is counted nowhere', async () => {
    await using opened = await open({ maxMessages: 3, maxBytes: 1_000 })
    const { store } = opened
    const put = await Promise.allSettled(
      ['1', '2', '3', '4', '5'].map(async text => await store.put(contextWith(text))),
    )
    expect(put.map(({ status }) => status === 'fulfilled')).toEqual([true, true, true, false, false])
    expect(await store.tally()).toMatchObject({ stored: 3 })
    expect(await store.size()).toBe(3)
    expect(await takeAll(store)).toEqual(['1', '2', '3'])
  })
})

describe.each(KINDS.filter(({ kind }) => kind !== 'redis'))('the limits of a store, $name', ({ open }) => {
  test('hold for their bytes, also for those put in at once', async () => {
    await using opened = await open({ maxMessages: 100, maxBytes: 10 })
    const { store } = opened
    const put = await Promise.allSettled(
      ['12345', '123456', '12345'].map(async text => await store.put(contextWith(text))),
    )
    expect(put.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect(await takeAll(store)).toEqual(['12345', '12345'])
  })
})

describe.each(KINDS.filter(({ kind }) => kind !== 'redis'))('numbered messages, $name', ({ open }) => {
  test('are taken once, and in order', async () => {
    await using opened = await open()
    const { store } = opened
    const numbered = store.numbered!
    const put = (number: number): Promise<number> =>
      Promise.resolve(numbered.put(contextWith(`n${number}`), { scope: 'in', sender: 'a', number }))
    expect(await numbered.last('in', 'a')).toBeUndefined()
    expect(await Promise.all([put(1), put(2), put(4), put(2), put(3)])).toEqual([1, 2, 2, 2, 3])
    expect(await numbered.last('in', 'a')).toBe(3)
    expect(await numbered.last('other', 'a')).toBeUndefined()
    expect(await takeAll(store)).toEqual(['n1', 'n2', 'n3'])
    await numbered.forget('in', 0, 0)
    expect(await numbered.last('in', 'a')).toBeUndefined()
  })
})

describe.each(KINDS.filter(({ kind }) => kind !== 'in memory'))('a durable store, $name', ({ open }) => {
  test('keeps messages, dead letters and counts over a restart', async () => {
    await using opened = await open()
    await fill(opened.store, 5)
    await opened.store.remove((await opened.store.take())!, 'delivered')
    await opened.store.bury((await opened.store.take())!, WHY)
    const before = await opened.store.tally()
    const store = await opened.reopen!()
    expect(await store.tally()).toEqual(before)
    expect(await store.size()).toBe(3)
    expect((await store.deadLetters.list(10)).map(({ id }) => id)).toEqual(['urn:m2'])
    expect(await takeAll(store)).toEqual(['m3', 'm4', 'm5'])
    await expectBalance(store)
  })

  test('hands out again what was in hand, first, and counts it', async () => {
    await using opened = await open()
    await fill(opened.store, 5)
    await opened.store.take()
    await opened.store.take()
    const store = await opened.reopen!()
    const first = (await store.take())!
    expect([textOf(first), first.handOuts]).toEqual(['m1', 1])
    await store.release(first)
    expect(await takeAll(store)).toEqual(['m1', 'm2', 'm3', 'm4', 'm5'])
    expect((await store.tally()).redelivered).toBe(2)
    await expectBalance(store)
  })
})
