import { expect, test } from 'vitest'
import { MemoryKeys } from '../../src/cluster/memory-keys.ts'
import { eventually } from '../support/eventually.ts'

test('values are there until they are deleted, replaced, or their time is over', async () => {
  const keys = new MemoryKeys()
  keys.set('a', Buffer.from('1'), 60_000)
  keys.set('a', Buffer.from('2'), 60_000)
  keys.set('short', Buffer.from('3'), 20)
  expect(keys.get('a')?.toString()).toBe('2')
  keys.delete('a')
  expect(keys.get('a')).toBeUndefined()
  await eventually(() => expect(keys.get('short')).toBeUndefined())
})

test('a counter begins anew when its window is over', async () => {
  const keys = new MemoryKeys()
  expect(keys.count('long', 60_000)).toMatchObject({ count: 1 })
  const second = keys.count('long', 60_000)
  expect(second.count).toBe(2)
  expect(second.leftMs).toBeLessThanOrEqual(60_000)
  keys.count('short', 30)
  await eventually(() => expect(keys.count('short', 30).count).toBe(1))
})

test('what is oldest goes when there is too much', () => {
  const keys = new MemoryKeys()
  const large = Buffer.alloc(40 * 1024 * 1024)
  keys.set('first', large, 60_000)
  keys.set('second', large, 60_000)
  expect(keys.get('first')).toBeUndefined()
  expect(keys.get('second')).toHaveLength(large.length)
  for (let i = 0; i < 100_001; i++) keys.count(`${i}`, 60_000)
  expect(keys.get('second')).toBeUndefined()
  expect(keys.count('100000', 60_000).count).toBe(2)
  expect(keys.count('0', 60_000).count).toBe(1)
})
