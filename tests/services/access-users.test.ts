import { beforeAll, describe, expect, test } from 'vitest'
import { hashPassword } from '../../src/core/access/password-hash.ts'
import { TestFolder } from '../support/certificates.ts'
import { connect, refusal } from '../support/clients.ts'
import { eventually } from '../support/eventually.ts'
import {
  basic,
  bearer,
  cheapHash,
  IdentityServer,
  inSeconds,
  startGuarded,
  statusOf,
  userOf,
} from './access.ts'

describe('users with passwords', () => {
  let hash = ''
  beforeAll(async () => {
    hash = await cheapHash('geheim: ß')
  })

  test('are those of a list and of a file', async () => {
    using folder = new TestFolder()
    const file = folder.write(
      'users.yaml',
      `users:\n  - {username: bob, password: "${hash}", scopes: [read, write]}\n`,
    )
    await using gateway = await startGuarded(`[{ fileUserStoreConfig: { file: '${file}',
      users: [{ username: 'ana', password: '${hash}' }] }, scopes: 'write' }]`)
    const url = gateway.url('ws', 'guarded')
    expect(await userOf(url, basic('bob', 'geheim: ß'))).toMatchObject({
      user: 'bob',
      scopes: ['read', 'write'],
    })
    const nothing = await refusal(url)
    expect([nothing.status, nothing.headers['www-authenticate']]).toEqual([401, 'Basic realm="guarded"'])
    expect(await statusOf(url, basic('ana', 'geheim: ß'))).toBe(403)
    expect(await statusOf(url, basic('eve', 'geheim: ß'))).toBe(401)
    expect(await statusOf(url, basic('bob', 'geheim'))).toBe(401)
    expect(await statusOf(url, basic('bob', ''))).toBe(401)
    expect(await statusOf(url, basic('bob', 'x'.repeat(2_000)))).toBe(401)
    expect(JSON.stringify(gateway.logs)).not.toContain('geheim')
  })

  test('have to wait after five wrong passwords; others, and those who are in, do not', async () => {
    await using gateway = await startGuarded(`[{ users: [{ username: 'ana', password: '${hash}' },
      { username: 'bob', password: '${hash}' }] }]`)
    const url = gateway.url('ws', 'guarded')
    using witness = await connect(url, basic('ana', 'geheim: ß'))
    for (let i = 0; i < 5; i++) expect(await statusOf(url, basic('bob', 'x'))).toBe(401)
    const late = await refusal(url, basic('bob', 'geheim: ß'))
    expect(late.status).toBe(429)
    expect(Number(late.headers['retry-after'])).toBeGreaterThan(0)
    expect(await userOf(url, basic('ana', 'geheim: ß'))).toMatchObject({ user: 'ana' })
    await witness.received.text()
    expect(await witness.ask('hi')).toBe('ana hi')
  })
})

describe('passwords that come together', () => {
  // Takes long enough for all others to have come meanwhile.
  let hash = ''
  beforeAll(async () => {
    hash = await hashPassword('right', { ln: 14, r: 8, p: 1 })
  })
  const together = async (url: string, passwords: readonly string[]): Promise<Record<number, number>> => {
    const answers = await Promise.all(
      passwords.map(password => fetch(url, { headers: basic('ana', password).headers as HeadersInit })),
    )
    const counts: Record<number, number> = {}
    for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1
    return counts
  }
  const thirty = Array.from({ length: 30 }, (_, i) => i)

  test('are wrong five times, whoever asked at once', async () => {
    await using gateway = await startGuarded(`[{ users: [{ username: 'ana', password: '${hash}' }] }]`)
    const url = `${gateway.url('ws', 'guarded').replace('ws:', 'http:')}/who`
    expect(
      await together(
        url,
        thirty.map(i => `wrong ${i}`),
      ),
    ).toEqual({ 401: 5, 429: 25 })
    expect(await together(url, ['right'])).toEqual({ 429: 1 })
  })

  test('are all right where they are, even when four were wrong before', async () => {
    await using gateway = await startGuarded(`[{ users: [{ username: 'ana', password: '${hash}' }] }]`)
    const url = `${gateway.url('ws', 'guarded').replace('ws:', 'http:')}/who`
    expect(await together(url, ['a', 'b', 'c', 'd'])).toEqual({ 401: 4 })
    expect(
      await together(
        url,
        thirty.map(() => 'right'),
      ),
    ).toEqual({ 200: 30 })
  })
})

describe('tokens that another server knows', () => {
  test('are asked about with what is configured, and answers are kept where that is said', async () => {
    await using server = await IdentityServer.start()
    const answers: Record<string, object> = {
      good: { active: true, username: 'ana', scope: 'read write', exp: inSeconds(60) },
      endless: { active: true, sub: 'bob', scope: ['read'] },
      dead: { active: false, username: 'ana', scope: 'read' },
      late: { active: true, username: 'ana', scope: 'read', exp: inSeconds(-60) },
      odd: { active: 'true', username: 'ana', scope: 'read' },
      poor: { active: true, username: 'ana' },
    }
    server.answerTo = token => JSON.stringify(answers[token] ?? null)
    await using gateway = await startGuarded(`[{ oauth2IntrospectionConfig: { url: '${server.url}/introspect',
      tokenTypeHint: 'access_token', optionalParams: { realm: 'a b' }, cacheConfig: { capacity: 10 },
      clientConfig: { customHeaders: { 'X-Tenant': 't' }, auth: { username: 'me', password: 'mine' } } }, scopes: 'read' }]`)
    const url = gateway.url('ws', 'guarded')
    for (const _again of [1, 2])
      expect(await userOf(url, bearer('good'))).toEqual({
        user: 'ana',
        scopes: ['read', 'write'],
        kept: 'ana',
      })
    expect(server.asked).toBe(1)
    expect(Object.fromEntries(server.forms[0]!)).toEqual({
      token: 'good',
      token_type_hint: 'access_token',
      realm: 'a b',
    })
    expect(server.requests[0]!.headers).toMatchObject({
      authorization: `Basic ${Buffer.from('me:mine').toString('base64')}`,
      'x-tenant': 't',
    })
    expect(await userOf(url, bearer('endless'))).toMatchObject({ user: 'bob' })
    for (const token of ['dead', 'late', 'odd', 'unknown'])
      expect(await statusOf(url, bearer(token))).toBe(401)
    expect(await statusOf(url, bearer('poor'))).toBe(403)
    server.status = 503
    expect(await statusOf(url, bearer('another'))).toBe(503)
    expect(await userOf(url, bearer('good'))).toMatchObject({ user: 'ana' })
    expect(JSON.stringify(gateway.logs)).not.toMatch(/another|mine|bWU6bWluZQ/)
  })

  test('are asked about each time where nothing is kept, and once for those who come together', async () => {
    await using server = await IdentityServer.start()
    server.answerTo = () => JSON.stringify({ active: true, username: 'ana' })
    await using gateway = await startGuarded(`[{ introspection: { url: '${server.url}' } }]`)
    const url = gateway.url('ws', 'guarded')
    const { promise, resolve } = Promise.withResolvers<void>()
    server.held = promise
    const together = Promise.all([userOf(url, bearer('t')), userOf(url, bearer('t'))])
    await eventually(() => expect(server.requests).toHaveLength(1))
    resolve()
    expect(await together).toHaveLength(2)
    const before = server.asked
    await userOf(url, bearer('t'))
    expect(server.asked).toBe(before + 1)
  })
})
