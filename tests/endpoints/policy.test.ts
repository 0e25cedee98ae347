import { describe, expect, test } from 'vitest'
import { type Policy, Suspension } from '../../src/endpoints/policy.ts'

const POLICY: Policy = {
  timeoutCodes: [],
  retriesBeforeSuspension: 0,
  retryDelayMs: 0,
  suspendCodes: [],
  initialMs: 1_000,
  factor: 1,
  maximumMs: Number.POSITIVE_INFINITY,
}

const suspension = (policy: Partial<Policy> = {}): Suspension => new Suspension({ ...POLICY, ...policy })

describe('suspended', () => {
  test('by any code where none is listed, for the first duration', () => {
    const state = suspension()
    expect(state.isReady(0)).toBe(true)
    state.failed([101503], 0)
    expect(state.state).toBe('suspended')
    expect(state.isReady(999)).toBe(false)
    expect(state.isReady(1_000)).toBe(true)
  })

  test('stays the state until a message gets through', () => {
    const state = suspension()
    state.failed([101503], 0)
    expect(state.isReady(5_000)).toBe(true)
    expect(state.state).toBe('suspended')
    state.succeeded()
    expect(state.state).toBe('active')
    expect(state.isReady(0)).toBe(true)
  })

  test('longer each time, up to the longest', () => {
    const state = suspension({ factor: 2, maximumMs: 3_000 })
    for (const durationMs of [1_000, 2_000, 3_000, 3_000]) {
      state.failed([101503], 0)
      expect([state.isReady(durationMs - 1), state.isReady(durationMs)]).toEqual([false, true])
    }
  })

  test('as long as at first again after a success', () => {
    const state = suspension({ factor: 10 })
    state.failed([101503], 0)
    state.failed([101503], 1_000)
    expect(state.isReady(10_999)).toBe(false)
    state.succeeded()
    state.failed([101503], 20_000)
    expect(state.isReady(21_000)).toBe(true)
  })

  test('for 30 seconds where the duration is below 0, and not at all where it is 0', () => {
    const built = suspension({ initialMs: -1 })
    built.failed([101503], 0)
    expect([built.isReady(29_999), built.isReady(30_000)]).toEqual([false, true])
    const never = suspension({ initialMs: 0 })
    never.failed([101503], 0)
    expect(never.isReady(0)).toBe(true)
  })

  test('only by the codes listed; -1 is none', () => {
    const state = suspension({ suspendCodes: [101503, 101508] })
    state.failed([101500], 0)
    expect(state.state).toBe('active')
    state.failed([101508], 0)
    expect(state.state).toBe('suspended')
    const none = suspension({ suspendCodes: [-1] })
    none.failed([101503], 0)
    expect(none.state).toBe('active')
  })

  test('by a code of the original that has the phase added', () => {
    const state = suspension({ suspendCodes: [101508] })
    state.failed([101505, 101508], 0)
    expect(state.state).toBe('suspended')
  })
})

describe('marked for suspension', () => {
  test('by 101504 and 101505, which suspend after the retries', () => {
    const state = suspension({ retriesBeforeSuspension: 2, retryDelayMs: 100 })
    state.failed([101504], 0)
    expect(state.state).toBe('timeout')
    expect([state.isReady(99), state.isReady(100)]).toEqual([false, true])
    state.failed([101505], 100)
    expect(state.state).toBe('timeout')
    state.failed([101504], 200)
    expect(state.state).toBe('suspended')
  })

  test('counts anew after a success', () => {
    const state = suspension({ retriesBeforeSuspension: 1 })
    state.failed([101504], 0)
    state.succeeded()
    state.failed([101504], 0)
    expect(state.state).toBe('timeout')
  })

  test('without retries a timeout suspends at once', () => {
    const state = suspension()
    state.failed([101504], 0)
    expect(state.state).toBe('suspended')
  })

  test('wins over suspending for a code that both list', () => {
    const state = suspension({ timeoutCodes: [101503], suspendCodes: [101503], retriesBeforeSuspension: 1 })
    state.failed([101503], 0)
    expect(state.state).toBe('timeout')
  })

  test('listed codes take the place of the two', () => {
    const state = suspension({ timeoutCodes: [101503], suspendCodes: [101500] })
    state.failed([101504], 0)
    expect(state.state).toBe('active')
  })
})

test('switched off it takes nothing until it is switched on', () => {
  const state = suspension()
  state.switchOff()
  state.succeeded()
  state.failed([101503], 0)
  expect(state.isReady(1e9)).toBe(false)
  state.switchOn()
  expect(state.isReady(0)).toBe(true)
})
