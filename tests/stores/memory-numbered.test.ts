import { beforeEach, describe, expect, test } from 'vitest'
import type { MessageContext } from '../../src/core/context.ts'
import { Fault } from '../../src/core/fault.ts'
import { MemoryNumbered } from '../../src/stores/memory-numbered.ts'

const CTX = {} as MessageContext

describe('numbered messages in memory', () => {
  let stored = 0
  let numbered: MemoryNumbered
  const put = (sender: string, number: number): number => numbered.put(CTX, { scope: 's', sender, number })

  beforeEach(() => {
    stored = 0
    numbered = new MemoryNumbered(() => {
      stored++
    })
  })

  test('are taken once and in order', () => {
    expect([put('a', 1), put('a', 2), put('a', 2), put('a', 1), put('a', 4), put('a', 3)]).toEqual([
      1, 2, 2, 2, 2, 3,
    ])
    expect(stored).toBe(3)
    expect(numbered.last('s', 'a')).toBe(3)
  })

  test('are of senders apart, and of scopes', () => {
    put('a', 1)
    expect(numbered.last('s', 'b')).toBeUndefined()
    expect(numbered.last('t', 'a')).toBeUndefined()
  })

  test('that the store cannot take leave no trace', () => {
    numbered = new MemoryNumbered(() => {
      throw new Fault(0, 'full')
    })
    expect(() => put('a', 1)).toThrow('full')
    expect(numbered.last('s', 'a')).toBeUndefined()
  })

  test('are forgotten with the senders that are too many, those first that sent least lately', () => {
    for (const sender of ['a', 'b', 'c']) put(sender, 1)
    put('a', 2)
    numbered.forget('s', 0, 2)
    expect(['a', 'b', 'c'].map(sender => numbered.last('s', sender))).toEqual([2, undefined, 1])
  })

  test('are forgotten with the senders that were quiet for too long', () => {
    put('a', 1)
    numbered.forget('s', Date.now() - 1_000, 10)
    expect(numbered.last('s', 'a')).toBe(1)
    numbered.forget('s', Date.now() + 1, 10)
    expect(numbered.last('s', 'a')).toBeUndefined()
    numbered.forget('none', Date.now(), 10)
  })
})
