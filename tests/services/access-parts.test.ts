// What signing in is made of, where a socket would not show it.

import { expect, test } from 'vitest'
import { FAILURES_MS, FailedAttempts, MAX_FAILURES } from '../../src/core/access/failed-attempts.ts'
import { KeptAnswers } from '../../src/core/access/kept-answers.ts'
import { hashPassword, isPassword, readHash } from '../../src/core/access/password-hash.ts'
import { readAuthorization, withoutBearer } from '../../src/core/access/token-place.ts'
import { Turnstile } from '../../src/core/access/turnstile.ts'

test('who has given too many wrong passwords waits until the minute is over', () => {
  const failed = new FailedAttempts()
  for (let i = 0; i < MAX_FAILURES; i++) {
    expect(failed.waitSeconds('ana', 0)).toBe(0)
    failed.add('ana', 0)
  }
  expect(failed.waitSeconds('ana', 1)).toBe(60)
  expect(failed.waitSeconds('bob', 1)).toBe(0)
  expect(failed.waitSeconds('ana', FAILURES_MS)).toBe(0)
  expect(failed.waitSeconds('ana', FAILURES_MS)).toBe(0)
})

test('of many only the last are remembered', () => {
  const failed = new FailedAttempts()
  for (let i = 0; i < MAX_FAILURES; i++) failed.add('ana', 0)
  for (let i = 0; i < 10_000; i++) failed.add(`other ${i}`, 0)
  expect(failed.waitSeconds('ana', 1)).toBe(0)
})

test('the answer that was not used for longest goes, and so does what is too old', () => {
  const kept = new KeptAnswers<number>({ capacity: 2, maxAgeMs: 60_000 })
  kept.set('a', 1)
  kept.set('b', 2)
  expect(kept.get('a')).toBe(1)
  kept.set('c', 3)
  expect([kept.get('a'), kept.get('b'), kept.get('c')]).toEqual([1, undefined, 3])
  kept.set('a', 4, Date.now() - 1)
  expect(kept.get('a')).toBeUndefined()
})

test('so many at the same time, in order, whether they fail or not', async () => {
  const turnstile = new Turnstile(2, 2)
  const held = Array.from({ length: 4 }, () => Promise.withResolvers<void>())
  const begun: number[] = []
  const all = held.map(({ promise }, i) =>
    turnstile.run(() => {
      begun.push(i)
      return promise
    }),
  )
  expect([begun, turnstile.isFull]).toEqual([[0, 1], true])
  held[1]!.reject(new Error('no'))
  await expect(all[1]).rejects.toThrow('no')
  expect([begun, turnstile.isFull]).toEqual([[0, 1, 2], false])
  for (const each of held) each.resolve()
  await Promise.allSettled(all)
  expect(begun).toEqual([0, 1, 2, 3])
})

test('a password is the same however its letters are put together', async () => {
  const hash = readHash(await hashPassword('\u00e4', { ln: 4, r: 8, p: 1 }))!
  expect(await isPassword('a\u0308', hash)).toBe(true)
  expect(await isPassword('a', hash)).toBe(false)
  expect(await isPassword('', hash)).toBe(false)
})

test.each([
  ['Basic YTpiOmM=', { scheme: 'Basic', user: 'a', password: 'b:c' }],
  ['basic YTo', { scheme: 'Basic', user: 'a', password: '' }],
  ['Bearer  t', { scheme: 'Bearer', token: 't' }],
  ['', undefined],
  [' ', undefined],
  ['Bearer', 'malformed'],
  ['t', 'malformed'],
  ['Bearer t u', 'malformed'],
])('Authorization: %s', (header, expected) => {
  expect(readAuthorization(header)).toEqual(expected)
})

test('all subprotocols with tokens are taken out, whatever is around them', () => {
  expect(withoutBearer(['a', 'bearer', 'x', 'b', 'bearer.y', 'bearer'], ['bearer'])).toEqual(['a', 'b'])
  expect(withoutBearer(['bearerx', 'a'], ['bearer'])).toEqual(['bearerx', 'a'])
  expect(withoutBearer([], ['bearer'])).toEqual([])
})
