import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ConnectionLimits } from '../../src/inbound/connection-limits.ts'
import { networkOf } from '../../src/inbound/network.ts'
import { QuietLog } from '../../src/inbound/quiet-log.ts'
import { TokenBucket } from '../../src/inbound/token-bucket.ts'
import type { ClientLimits } from '../../src/websocket/client-limits.ts'
import { RecordingLogger } from '../support/recording-logger.ts'

const NONE: ClientLimits = {
  connections: 0,
  perAddress: 0,
  perUser: 0,
  connectionsAction: 'drop',
  user: undefined,
  connects: undefined,
  messages: undefined,
  bytes: undefined,
}

describe('TokenBucket', () => {
  test('lets a burst through, then as much as adds up', () => {
    const bucket = new TokenBucket({ perSecond: 10, burst: 3 }, 0)
    expect([1, 2, 3, 4].map(() => bucket.take(1, 0))).toEqual([true, true, true, false])
    expect(bucket.waitMs(1, 0)).toBeCloseTo(100)
    expect(bucket.take(1, 99)).toBe(false)
    expect(bucket.take(1, 100)).toBe(true)
    expect([1, 2, 3, 4].map(() => bucket.take(1, 10_000))).toEqual([true, true, true, false])
  })

  test('lets what is greater than it through when it is full, and makes the next wait', () => {
    const bucket = new TokenBucket({ perSecond: 1_000, burst: 100 }, 0)
    expect(bucket.take(1_100, 0)).toBe(true)
    expect(bucket.take(1, 1_000)).toBe(false)
    expect(bucket.take(1, 1_001)).toBe(true)
  })

  test('never lets more through than rate and burst allow', () => {
    const steps = fc.array(
      fc.record({ wait: fc.integer({ min: 0, max: 500 }), amount: fc.integer({ min: 1, max: 5 }) }),
    )
    fc.assert(
      fc.property(steps, list => {
        const bucket = new TokenBucket({ perSecond: 10, burst: 5 }, 0)
        let now = 0
        let taken = 0
        for (const { wait, amount } of list) {
          now += wait
          if (bucket.take(amount, now)) taken += amount
        }
        expect(taken).toBeLessThanOrEqual(5 + now / 100 + 1e-6)
      }),
    )
  })
})

test.each([
  ['192.0.2.1', '192.0.2.1'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
  ['2001:0DB8:0001:0002::1', '2001:db8:1:2'],
  ['2001:db8::1', '2001:db8:0:0'],
  ['::1', '0:0:0:0'],
  ['::', '0:0:0:0'],
  ['1:2:3:4:5:6:192.0.2.1', '1:2:3:4'],
  ['1:2::192.0.2.1', '1:2:0:0'],
])('%s counts as %s', (address, network) => {
  expect(networkOf(address)).toBe(network)
})

describe('ConnectionLimits', () => {
  test('remembers nothing of who is gone, where only numbers are limited', () => {
    const limits = new ConnectionLimits({ ...NONE, perAddress: 1, perUser: 1 })
    for (let i = 0; i < 100; i++) limits.enter({ address: `192.0.2.${i}`, user: `${i}` }, 0)()
    expect(limits.addresses).toBe(0)
    expect(limits.refusalOf({ address: '192.0.2.1', user: '1' }, 0)).toBeUndefined()
  })

  test('forgets addresses that could connect as often as somebody new, and never those that are connected', () => {
    const connects = { perSecond: 1, burst: 1, action: 'drop' } as const
    const limits = new ConnectionLimits({ ...NONE, perAddress: 1, connects })
    limits.enter({ address: '192.0.2.1', user: '' }, 0)
    for (let i = 0; i < 50_000; i++) {
      limits.enter({ address: `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`, user: '' }, i * 2)()
    }
    expect(limits.addresses).toBeLessThan(3_000)
    expect(limits.refusalOf({ address: '192.0.2.1', user: '' }, 200_000)?.status).toBe(429)
  })

  test('what is refused takes nothing of the rate, and a warning does not hide a refusal', () => {
    const connects = { perSecond: 1, burst: 1, action: 'warn' } as const
    const limits = new ConnectionLimits({ ...NONE, connections: 1, connects })
    const arrival = { address: '192.0.2.1', user: '' }
    const leave = limits.enter(arrival, 0)
    expect(limits.refusalOf(arrival, 0)).toMatchObject({ status: 503, action: 'drop' })
    leave()
    expect(limits.refusalOf(arrival, 0)).toMatchObject({ status: 429, action: 'warn' })
    expect(limits.refusalOf(arrival, 1_000)).toBeUndefined()
  })
})

test('QuietLog writes one line of a kind in ten seconds, and how many it left out', () => {
  const log = new RecordingLogger()
  const quiet = new QuietLog(log)
  for (let i = 0; i < 5; i++) quiet.warn('a', { i }, 'a happened', i)
  quiet.warn('b', {}, 'b happened', 5)
  quiet.warn('a', { i: 9 }, 'a happened', 10_001)

  expect(log.lines.map(({ text, fields }) => [text, fields])).toEqual([
    ['a happened', { i: 0 }],
    ['b happened', {}],
    ['a happened', { i: 9, leftOut: 4 }],
  ])
})
