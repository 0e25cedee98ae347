import { expect, test } from 'vitest'
import { Access, FAILURES_MS, MAX_FAILURES, MAX_TOKENS, TOKEN_MS } from '../../src/management/access.ts'

const USERS = [
  { name: 'ada', password: 'secret', isAdmin: true },
  { name: 'bob', password: 'p:ss', isAdmin: false },
]

function access(now: () => number = () => 0): Access {
  return new Access(USERS, 'local-token', now)
}

function basic(text: string): string {
  return `Basic ${Buffer.from(text).toString('base64')}`
}

function login(to: Access, name = 'ada:secret'): string {
  return `Bearer ${to.login(basic(name), '::1')}`
}

test('a password is good for a token, and that for an hour', () => {
  let now = 1_000
  const guarded = access(() => now)
  const token = login(guarded)
  expect(guarded.callerOf(token)).toEqual({ name: 'ada', isAdmin: true })
  now += TOKEN_MS - 1
  expect(guarded.callerOf(token)).toBeDefined()
  now += 1
  expect(guarded.callerOf(token)).toBeUndefined()
})

test('a password may have a colon in it, and users may be without rights to change', () => {
  const guarded = access()
  expect(guarded.callerOf(login(guarded, 'bob:p:ss'))).toEqual({ name: 'bob', isAdmin: false })
})

test.each(['ada:wrong', 'eve:secret', 'ada:', ':secret', 'ada', ':', ''])(
  '%s lets nobody in',
  credentials => {
    expect(access().login(basic(credentials), '::1')).toBe('wrong')
  },
)

test.each([undefined, '', 'Basic', 'Basic !!!', 'Bearer ada:secret'])('nor does %s', authorization => {
  expect(access().login(authorization, '::1')).toBe('wrong')
})

test.each([undefined, '', 'Bearer', 'Bearer ', 'Bearer x', 'Basic local-token'])('%s is no token', shown => {
  expect(access().callerOf(shown)).toBeUndefined()
})

test('without users only the local token works', () => {
  const guarded = new Access([], 'local-token')
  expect(guarded.login(basic('admin:admin'), '::1')).toBe('wrong')
  expect(guarded.callerOf('Bearer local-token')).toEqual({ name: 'local', isAdmin: true })
})

test('who guesses passwords has to wait, others do not', () => {
  let now = 1_000
  const guarded = access(() => now)
  for (let i = 0; i < MAX_FAILURES; i++) expect(guarded.login(basic('ada:x'), '10.0.0.1')).toBe('wrong')
  expect(guarded.login(basic('ada:secret'), '10.0.0.1')).toBe(FAILURES_MS / 1000)
  expect(guarded.login(basic('ada:secret'), '10.0.0.2')).toEqual(expect.any(String))
  now += FAILURES_MS
  expect(guarded.callerOf(`Bearer ${guarded.login(basic('ada:secret'), '10.0.0.1')}`)).toBeDefined()
})

test('of more tokens than there may be, the one that was not used for longest goes', () => {
  const guarded = access()
  const tokens = Array.from({ length: MAX_TOKENS }, () => login(guarded))
  expect(guarded.callerOf(tokens[0])).toBeDefined()
  const last = login(guarded)
  expect(guarded.callerOf(tokens[0])).toBeDefined()
  expect(guarded.callerOf(last)).toBeDefined()
  expect(guarded.callerOf(tokens[1])).toBeUndefined()
})

test('a token that was given back is none any more', () => {
  const guarded = access()
  const token = login(guarded)
  expect(guarded.logout(token)).toBe(true)
  expect(guarded.callerOf(token)).toBeUndefined()
  expect(guarded.logout(token)).toBe(false)
  expect(guarded.logout('Bearer local-token')).toBe(false)
})
