// Who may connect to a service, and send requests to its resources.

import { generateKeyPairSync, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer as createSecureServer } from 'node:https'
import { type AddressInfo, connect as connectSocket } from 'node:net'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { makeIdentity, TestFolder, testAuthority } from '../support/certificates.ts'
import { type ConnectOptions, connect, refusal } from '../support/clients.ts'
import { eventually } from '../support/eventually.ts'
import {
  cheapHash,
  claims,
  IdentityServer,
  inSeconds,
  keyToken,
  other,
  rsa,
  SECRET,
  secretToken,
  startGuarded,
  tokenOf,
} from './access.ts'
import { startService } from './serve.ts'

const bearer = (token: string): ConnectOptions => ({ headers: { Authorization: `Bearer ${token}` } })
const basic = (user: string, password: string): ConnectOptions => ({
  headers: { Authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` },
})
const BY_SECRET = `jwtValidatorConfig: { signatureConfig: { secret: '${SECRET}' } }`

async function statusOf(url: string, options: ConnectOptions = {}): Promise<number> {
  return (await refusal(url, options)).status
}

async function userOf(url: string, options: ConnectOptions = {}): Promise<unknown> {
  using client = await connect(url, options)
  return JSON.parse(await client.received.text())
}

test('who shows nothing is 401 with a challenge, and what is shown and not good 401 as well', async () => {
  await using gateway = await startGuarded(`[{ ${BY_SECRET} }]`)
  const url = gateway.url('ws', 'guarded')
  const nothing = await refusal(url)
  expect(nothing.status).toBe(401)
  expect(nothing.headers['www-authenticate']).toBe('Bearer realm="guarded"')
  expect(JSON.parse(nothing.body)).toMatchObject({
    message: 'credentials are needed',
    id: expect.any(String),
  })
  const bad = await refusal(url, bearer('x.y.z'))
  expect(bad.headers['www-authenticate']).toBe('Bearer realm="guarded", error="invalid_token"')
  expect(await userOf(url, bearer(secretToken()))).toEqual({ user: 'ana', scopes: [], kept: 'ana' })
})

test('resources of the service ask for the same, and answer OPTIONS and what is not there to anybody', async () => {
  await using gateway = await startGuarded(`[{ ${BY_SECRET}, tokenFrom: ['header', 'query'] }]`)
  const url = gateway.url('ws', 'guarded').replace('ws:', 'http:')
  const refused = await fetch(`${url}/who`)
  expect([refused.status, refused.headers.get('www-authenticate')]).toEqual([401, 'Bearer realm="guarded"'])
  const headers = { Authorization: `Bearer ${secretToken()}` }
  expect(await (await fetch(`${url}/who?a=1`, { headers })).json()).toEqual({
    user: 'ana',
    target: '/guarded/who?a=1',
  })
  const asked = await fetch(`${url}/who?a=1&access_token=${secretToken()}`)
  expect(await asked.json()).toEqual({ user: 'ana', target: '/guarded/who?a=1' })
  const posted = await fetch(`${url}/who`, { method: 'POST', body: 'x'.repeat(100_000) })
  expect(posted.status).toBe(405)
  expect((await fetch(`${url}/nowhere`)).status).toBe(404)
})

describe('JSON Web Tokens', () => {
  const refused: [what: string, token: () => string][] = [
    ['has expired', () => secretToken(claims({ exp: inSeconds(-1) }))],
    ['is not good yet', () => secretToken(claims({ nbf: inSeconds(60) }))],
    ['has an end that is no number', () => secretToken(claims({ exp: 'never' }))],
    ['is for another audience', () => secretToken(claims({ iss: 'me', aud: ['b'] }))],
    ['is for no audience', () => secretToken(claims({ iss: 'me' }))],
    ['is of another issuer', () => secretToken(claims({ iss: 'you', aud: 'a' }))],
    ['is of a list of issuers', () => secretToken(claims({ iss: ['me'], aud: 'a' }))],
    ['lacks a claim', () => secretToken(claims({ iss: 'me', aud: 'a' }))],
    ['has another claim', () => secretToken(claims({ iss: 'me', aud: 'a', tenant: { id: 2 } }))],
    ['is signed with another secret', () => secretToken(good(), 'another secret, of the same length....')],
    ['says alg none', () => tokenOf({ alg: 'none' }, good(), () => Buffer.alloc(0))],
    ['says alg none, and is signed', () => tokenOf({ alg: 'none' }, good(), () => Buffer.alloc(32))],
    ['says another algorithm than its own', () => tokenOf({ alg: 'RS256' }, good(), () => Buffer.alloc(32))],
    ['demands an extension', () => tokenOf({ alg: 'HS256', crit: ['b64'] }, good(), () => Buffer.alloc(32))],
    ['is signed by nothing', () => secretToken(good()).replace(/[^.]+$/, '')],
    ['lost its end', () => secretToken(good()).slice(0, -4)],
    ['has padding', () => `${secretToken(good())}=`],
    ['has a body that is no JSON', () => `${secretToken(good()).split('.')[0]}.bm90.c2ln`],
    ['has a body that is a list', () => secretToken([1])],
    ['has a body that is null', () => secretToken(null)],
    ['is no UTF-8', () => `${Buffer.from([0x7b, 0xff, 0x7d]).toString('base64url')}.e30.c2ln`],
    ['is encrypted', () => 'a.b.c.d.e'],
    ['is long', () => `${'a'.repeat(4_000)}.${'b'.repeat(4_000)}.c`],
  ]
  const good = (others: object = {}): Record<string, unknown> =>
    claims({ iss: 'me', aud: ['x', 'a'], tenant: { id: 1 }, ...others })
  const rules = `[{ jwtValidatorConfig: { issuer: 'me', audience: ['a', 'c'], customClaims: { tenant: { id: 1 } },
    signatureConfig: { secret: '${SECRET}' } } }]`

  test('are refused one by one, while somebody else stays connected, and none is in the log', async () => {
    await using gateway = await startGuarded(rules)
    const url = gateway.url('ws', 'guarded')
    using witness = await connect(url, bearer(secretToken(good())))
    expect(await witness.received.text()).toContain('ana')
    for (const [what, token] of refused) {
      const made = token()
      expect([what, await statusOf(url, bearer(made))]).toEqual([what, 401])
      expect(JSON.stringify(gateway.logs)).not.toContain(made)
    }
    expect(await witness.ask('still here')).toBe('ana still here')
  })

  test.each(['HS256', 'HS384', 'HS512'])('of a secret: %s', async alg => {
    await using gateway = await startGuarded(rules)
    expect(
      await userOf(gateway.url('ws', 'guarded'), bearer(secretToken(good(), SECRET, alg))),
    ).toMatchObject({
      user: 'ana',
    })
  })

  test('by a certificate, and never by its public key taken for a secret', async () => {
    using folder = new TestFolder()
    const { cert, key } = await makeIdentity(['signer'])
    const certFile = folder.write('signer.pem', cert)
    await using gateway = await startGuarded(
      `[{ jwtValidatorConfig: { signatureConfig: { certFile: '${certFile}' } } }]`,
    )
    const url = gateway.url('ws', 'guarded')
    const { createPrivateKey } = await import('node:crypto')
    const token = keyToken(createPrivateKey(key), { alg: 'ES256' })
    expect(await userOf(url, bearer(token))).toMatchObject({ user: 'ana' })
    const { publicKey } = new X509Certificate(cert)
    for (const secret of [
      cert,
      publicKey.export({ type: 'spki', format: 'pem' }),
      publicKey.export({ type: 'spki', format: 'der' }),
    ])
      expect(await statusOf(url, bearer(secretToken(claims(), secret)))).toBe(401)
    expect(await statusOf(url, bearer(keyToken(rsa.privateKey)))).toBe(401)
  })

  test('with a clock that is a little off, and with scopes of another name', async () => {
    await using gateway =
      await startGuarded(`[{ jwtValidatorConfig: { clockSkew: 30, scopeKey: 'scp', username: 'ana',
      jwtId: '7', signatureConfig: { secret: '${SECRET}' }, cacheConfig: { capacity: 2 } }, scopes: ['a', 'b'] }]`)
    const url = gateway.url('ws', 'guarded')
    const made = (others: object): ConnectOptions => bearer(secretToken(claims({ jti: '7', ...others })))
    const late = made({ exp: inSeconds(-5), scp: 'c b' })
    for (const _again of [1, 2]) expect(await userOf(url, late)).toMatchObject({ scopes: ['c', 'b'] })
    expect(await userOf(url, made({ scp: ['b'] }))).toMatchObject({ scopes: ['b'] })
    const forbidden = await refusal(url, made({ scp: 'c' }))
    expect([forbidden.status, forbidden.headers['www-authenticate']]).toEqual([
      403,
      'Bearer realm="guarded", error="insufficient_scope", scope="a b"',
    ])
    expect(await statusOf(url, made({ scope: 'a' }))).toBe(403)
    expect(await statusOf(url, made({ scp: 'a', sub: 'bob' }))).toBe(401)
    expect(await statusOf(url, made({ scp: 'a', jti: '8' }))).toBe(401)
  })
})

describe('a set of keys', () => {
  const byKeys = (server: IdentityServer, more = ''): string =>
    `[{ jwtValidatorConfig: { signatureConfig: { jwksConfig: { url: '${server.url}/keys', ${more} } } } }]`

  test('is asked for once for many, and has keys of every kind; secrets and keys to encrypt with are none', async () => {
    await using server = await IdentityServer.start()
    const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' })
    const p521 = generateKeyPairSync('ec', { namedCurve: 'P-521' })
    const ed = generateKeyPairSync('ed25519')
    const weak = generateKeyPairSync('rsa', { modulusLength: 1024 })
    server.serveKeys(
      {
        rsa: rsa.publicKey,
        p256: p256.publicKey,
        p384: p384.publicKey,
        p521: p521.publicKey,
        ed: ed.publicKey,
        weak: weak.publicKey,
      },
      [
        null,
        { kty: 'RSA', kid: 'broken' },
        { kty: 'oct', kid: 'secret', k: Buffer.from(SECRET).toString('base64url') },
        { ...other.publicKey.export({ format: 'jwk' }), kid: 'encrypts', use: 'enc' },
      ],
    )
    await using gateway = await startGuarded(byKeys(server))
    const url = gateway.url('ws', 'guarded')
    const tokens = [
      ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'].map(alg =>
        keyToken(rsa.privateKey, { alg, kid: 'rsa' }),
      ),
      keyToken(p256.privateKey, { alg: 'ES256', kid: 'p256' }),
      keyToken(p384.privateKey, { alg: 'ES384', kid: 'p384' }),
      keyToken(p521.privateKey, { alg: 'ES512', kid: 'p521' }),
      keyToken(ed.privateKey, { alg: 'EdDSA', kid: 'ed' }),
      keyToken(rsa.privateKey),
    ]
    const users = await Promise.all(tokens.map(token => userOf(url, bearer(token))))
    expect(users).toEqual(tokens.map(() => ({ user: 'ana', scopes: [], kept: 'ana' })))
    expect(server.asked).toBe(1)
    const bad = [
      secretToken(claims(), rsa.publicKey.export({ type: 'spki', format: 'pem' }) as string),
      secretToken(),
      keyToken(other.privateKey, { kid: 'rsa' }),
      keyToken(other.privateKey, { kid: 'encrypts' }),
      keyToken(weak.privateKey, { kid: 'weak' }),
      keyToken(p256.privateKey, { alg: 'ES384', kid: 'p384' }),
    ]
    for (const token of bad) expect(await statusOf(url, bearer(token))).toBe(401)
  })

  test('is asked for once more for a key that is new, and not again for one that nobody has', async () => {
    await using server = await IdentityServer.start()
    server.serveKeys({ old: other.publicKey })
    await using gateway = await startGuarded(byKeys(server))
    const url = gateway.url('ws', 'guarded')
    expect(await userOf(url, bearer(keyToken(other.privateKey, { kid: 'old' })))).toMatchObject({
      user: 'ana',
    })
    server.serveKeys({ new: rsa.publicKey })
    expect(await userOf(url, bearer(keyToken(rsa.privateKey, { kid: 'new' })))).toMatchObject({ user: 'ana' })
    expect(server.asked).toBe(2)
    expect(await statusOf(url, bearer(keyToken(other.privateKey, { kid: 'old' })))).toBe(401)
    const invented = Array.from({ length: 20 }, (_, i) => keyToken(rsa.privateKey, { kid: `k${i}` }))
    const all = await Promise.all(invented.map(token => statusOf(url, bearer(token))))
    expect(new Set(all)).toEqual(new Set([401]))
    expect(server.asked).toBe(2)
  })

  test('that cannot be had is 503, and is had when it is there again; keys that were there go on', async () => {
    await using server = await IdentityServer.start()
    server.serveKeys({ a: rsa.publicKey })
    server.status = 500
    await using gateway = await startGuarded(
      byKeys(server, 'refetchInterval: 0, cacheConfig: { defaultMaxAge: 0 }, clientConfig: { timeout: 2 }'),
    )
    const url = gateway.url('ws', 'guarded')
    const token = bearer(keyToken(rsa.privateKey, { kid: 'a' }))
    const away = await refusal(url, token)
    expect([away.status, away.headers['retry-after']]).toEqual([503, '5'])
    expect(gateway.logged('no keys from')[0]).toMatch(/\/keys: it answered with status 500$/)
    server.status = 200
    expect(await userOf(url, token)).toMatchObject({ user: 'ana' })
    server.status = 500
    expect(await userOf(url, token)).toMatchObject({ user: 'ana' })
  })

  test.each([
    ['no JSON', 'keys'],
    ['another thing', '{"keys": 7}'],
    ['too much', `{"keys": ["${'x'.repeat(2 * 1024 * 1024)}"]}`],
  ])('that is %s is 503', async (_what, text) => {
    await using server = await IdentityServer.start()
    server.answerTo = () => text
    await using gateway = await startGuarded(byKeys(server))
    expect(await statusOf(gateway.url('ws', 'guarded'), bearer(keyToken(rsa.privateKey)))).toBe(503)
  })

  test('is had over TLS, from a server of an authority that is named, and from no other', async () => {
    using files = await testAuthority()
    const { cert, key } = files.server
    const keys = { keys: [{ ...rsa.publicKey.export({ format: 'jwk' }), kid: 'a' }] }
    const server = createSecureServer({ cert, key }, (_request, response) =>
      response.end(JSON.stringify(keys)),
    )
    server.listen(0)
    await once(server, 'listening')
    const address = `https://localhost:${(server.address() as AddressInfo).port}`
    const by = (more: string): string =>
      `[{ jwtValidatorConfig: { signatureConfig: { jwksConfig: { url: '${address}', ${more} } } } }]`
    const token = bearer(keyToken(rsa.privateKey, { kid: 'a' }))
    await using trusting = await startGuarded(
      by(`clientConfig: { secureSocket: { cert: '${files.trustStore}' } }`),
    )
    expect(await userOf(trusting.url('ws', 'guarded'), token)).toMatchObject({ user: 'ana' })
    await using other = await startGuarded(by(''))
    expect(await statusOf(other.url('ws', 'guarded'), token)).toBe(503)
    server.closeAllConnections()
    server.close()
  })

  test('that does not answer holds up nobody else, and a client that leaves meanwhile is forgotten', async () => {
    await using server = await IdentityServer.start()
    const { promise, resolve } = Promise.withResolvers<void>()
    server.serveKeys({ a: rsa.publicKey })
    server.held = promise
    await using gateway = await startGuarded(byKeys(server).replace(/\]$/, `, { ${BY_SECRET} }]`))
    const url = gateway.url('ws', 'guarded')
    const { port, hostname } = new URL(url)
    const leaving = connectSocket(Number(port), hostname).on('error', () => {})
    leaving.write(
      `GET /guarded HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nAuthorization: Bearer ${keyToken(rsa.privateKey, { kid: 'a' })}\r\n\r\n`,
    )
    await eventually(() => expect(server.requests).toHaveLength(1))
    leaving.resetAndDestroy()
    expect(await userOf(url, bearer(secretToken()))).toMatchObject({ user: 'ana' })
    resolve()
    expect(await userOf(url, bearer(keyToken(rsa.privateKey, { kid: 'a' })))).toMatchObject({ user: 'ana' })
  })
})

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

test('of a list the first that knows the client counts', async () => {
  await using server = await IdentityServer.start()
  server.answerTo = token => JSON.stringify({ active: token !== 'no', username: 'by-server', scope: 'any' })
  const hash = await cheapHash('p')
  await using gateway = await startGuarded(`[{ users: [{ username: 'by-password', password: '${hash}' }] },
    { ${BY_SECRET}, scopes: 'admin' }, { oauth2: { url: '${server.url}' } }]`)
  const url = gateway.url('ws', 'guarded')
  expect((await refusal(url)).headers['www-authenticate']).toBe(
    'Basic realm="guarded", Bearer realm="guarded"',
  )
  expect(await userOf(url, basic('by-password', 'p'))).toMatchObject({ user: 'by-password' })
  expect(await userOf(url, bearer('opaque'))).toMatchObject({ user: 'by-server' })
  expect(await statusOf(url, bearer('no'))).toBe(401)
  const asked = server.asked
  expect(await statusOf(url, bearer(secretToken(claims({ scope: 'read' }))))).toBe(403)
  expect(await userOf(url, bearer(secretToken(claims({ scope: 'admin' }))))).toMatchObject({ user: 'ana' })
  expect(server.asked).toBe(asked)
})

describe('a token is taken', () => {
  const from = (places: string): string => `[{ ${BY_SECRET}, tokenFrom: ${places} }]`

  test('from a parameter of the address, which nobody sees then', async () => {
    await using gateway = await startService(
      'q.yaml',
      `basePath: /q\nauth:\n  jwt: {signatureConfig: {secret: "${SECRET}"}}\n  tokenFrom: ["query:t"]\nonOpen:\n  - payloadFactory: {media-type: text, format: "$1 $2", args: [{expression: "get-property('websocket.subscriber.path')"}, {expression: "get-property('query.param.t')"}]}\n  - respond\n`,
    )
    const url = gateway.url('ws', 'q')
    using client = await connect(`${url}?a=1&t=${secretToken()}`)
    expect((await client.received.text()).trim()).toBe('/q?a=1')
    expect(await statusOf(`${url}?t=x&t=${secretToken()}`)).toBe(401)
    expect(await statusOf(`${url}?t=%00%0d%0a`)).toBe(401)
    expect(await statusOf(`${url}?t=`)).toBe(401)
    expect(await statusOf(url, bearer(secretToken()))).toBe(401)
  })

  test('from a cookie', async () => {
    await using gateway = await startGuarded(
      from(`['header', 'cookie:sid']`),
      'origins: ["https://page.example"],',
    )
    const url = gateway.url('ws', 'guarded')
    const cookie = `other=1; sid=${secretToken()}`
    const page = { headers: { Cookie: cookie, Origin: 'https://page.example' } }
    expect(await userOf(url, page)).toMatchObject({ user: 'ana' })
    expect(await userOf(url, bearer(secretToken()))).toMatchObject({ user: 'ana' })
    expect(await statusOf(url, { headers: { Cookie: 'sid=; xsid=1' } })).toBe(401)
    // A page elsewhere has the cookie as well.
    expect(await statusOf(url, { headers: { Cookie: cookie, Origin: 'https://evil.example' } })).toBe(403)
  })

  test('from the subprotocols, where it is neither chosen nor seen', async () => {
    await using gateway = await startGuarded(
      from(`['subprotocol', 'subprotocol:tok']`),
      `onMessage: caller => String(caller.headers.get('Sec-WebSocket-Protocol')),`,
    )
    const url = gateway.url('ws', 'guarded')
    for (const offer of [
      ['chat', `bearer.${secretToken()}`],
      ['bearer', secretToken(), 'chat'],
      [`tok.${secretToken()}`, 'chat'],
    ]) {
      using client = await connect(url, { offer })
      expect(client.subprotocol).toBe('chat')
      expect(await client.received.text()).toContain('ana')
      expect(await client.ask('')).toBe('chat')
    }
    expect(await statusOf(url, { offer: ['chat', 'bearer.x'] })).toBe(401)
    expect(await statusOf(url, { offer: ['chat', 'bearer'] })).toBe(401)
    expect(await statusOf(url, { offer: ['chat'] })).toBe(401)
    expect(JSON.stringify(gateway.logs)).not.toContain('eyJ')
  })

  test('from the first message, before which nothing runs', async () => {
    await using gateway = await startGuarded(
      from(`['header', 'message:auth.token']`).replace(/\}\]$/, ', closeCode: 4001 }]'),
      `onPing: () => {}, onClose: caller => { (globalThis.closed ??= []).push(caller.user) }, onUpgrade: request => {},`,
    )
    const url = gateway.url('ws', 'guarded')
    using client = await connect(url, { offer: ['chat'] })
    client.webSocket.ping()
    client.send(JSON.stringify({ auth: { token: secretToken() } }))
    client.send('at once')
    expect(JSON.parse(await client.received.text())).toEqual({ user: 'ana', scopes: [], kept: 'ana' })
    expect(await client.received.text()).toBe('ana at once')
    expect(await client.ask('and later')).toBe('ana and later')
    using known = await connect(url, bearer(secretToken()))
    expect(await known.received.text()).toContain('ana')
    expect(await statusOf(url, bearer('bad'))).toBe(401)
    const first = [
      'hello',
      '{"auth":{"token":"bad"}}',
      '{"auth":{"token":7}}',
      '{"auth":',
      '[]',
      'null',
      Buffer.from(secretToken()),
    ]
    for (const message of [
      ...first,
      `{"auth":{"token":"${'x'.repeat(60_000)}"}}`,
      `{"auth":{"token":"\\u0000"}}`,
    ]) {
      using bad = await connect(url)
      bad.send(message)
      expect(await bad.closed).toMatchObject({ code: 4001 })
      expect(bad.received.all).toEqual([])
    }
    expect(await client.ask('still')).toBe('ana still')
    await known.close()
    const { closed } = globalThis as unknown as { closed?: unknown[] }
    await eventually(() => expect(closed).toEqual(['ana']))
    expect(JSON.stringify(gateway.logs)).not.toContain('eyJ')
  })

  test('from a first message that is not too long', async () => {
    await using gateway = await startGuarded(from(`'message'`))
    using client = await connect(gateway.url('ws', 'guarded'))
    for (let i = 0; i < 3; i++) client.webSocket.send('x'.repeat(40_000), { fin: false, compress: false })
    expect(await client.closed).toMatchObject({ code: 1008, reason: expect.stringContaining('too long') })
  })

  test('from a first message that has to come in time', async () => {
    await using gateway = await startGuarded(
      from(`'message'`).replace(/\}\]$/, ', firstMessageTimeout: 0.05 }]'),
    )
    using client = await connect(gateway.url('ws', 'guarded'))
    expect(await client.closed).toEqual({ code: 1008, reason: 'no credentials came in time' })
  })

  test('of somebody who is not known yet, while others push to all', async () => {
    await using gateway = await startService(
      'b.yaml',
      `basePath: /b\nauth: [{jwt: {signatureConfig: {secret: "${SECRET}"}}, tokenFrom: message}]\nparameters: {ws.client.side.broadcast.level: 1}\nonMessage: respond\n`,
    )
    const url = gateway.url('ws', 'b')
    using waiting = await connect(url)
    using client = await connect(url)
    client.send(JSON.stringify({ token: secretToken() }))
    expect(await client.ask('all')).toBe('all')
    waiting.send(JSON.stringify({ token: secretToken() }))
    expect(await waiting.ask('now')).toBe('now')
  })
})

describe('when a token ends', () => {
  const short = (more: string): string => `[{ ${BY_SECRET}, ${more} }]`

  test('its client is closed, with the code that is said', async () => {
    await using gateway = await startGuarded(short('closeCode: 4001'))
    const url = gateway.url('ws', 'guarded')
    using other = await connect(url, bearer(secretToken()))
    using client = await connect(url, bearer(secretToken(claims({ exp: inSeconds(0.5) }))))
    expect(await client.closed).toEqual({ code: 4001, reason: 'the credentials have expired' })
    await other.received.text()
    expect(await other.ask('here')).toBe('ana here')
  })

  test('it is closed with 1008 unless something else is said', async () => {
    await using gateway = await startGuarded(short(''))
    using client = await connect(
      gateway.url('ws', 'guarded'),
      bearer(secretToken(claims({ exp: inSeconds(0.3) }))),
    )
    expect(await client.closed).toMatchObject({ code: 1008 })
  })

  test('a message may bring another one, which no hook gets', async () => {
    await using gateway = await startGuarded(
      short(`renewalKey: 'refresh', scopes: 'a'`),
      `onMessage: (caller, data) => caller.scopes.join() + ' ' + caller.getAttribute('scopes').join() + ' ' + data,`,
    )
    const url = gateway.url('ws', 'guarded')
    const scoped = (others: object): string => secretToken(claims({ scope: 'a', ...others }))
    const end = inSeconds(0.6)
    using client = await connect(url, bearer(scoped({ exp: end })))
    using left = await connect(url, bearer(scoped({ exp: end })))
    await client.received.text()
    client.send(JSON.stringify({ refresh: scoped({ scope: 'a b' }) }))
    expect(await left.closed).toMatchObject({ code: 1008 })
    expect(await client.ask('"refresh" is a word')).toBe('a,b a,b "refresh" is a word')
    for (const token of [
      scoped({ sub: 'eve' }),
      scoped({ exp: inSeconds(-1) }),
      scoped({ scope: 'b' }),
      'x',
    ]) {
      using bad = await connect(url, bearer(scoped({})))
      bad.send(JSON.stringify({ refresh: token }))
      expect(await bad.closed).toMatchObject({ code: 1008 })
    }
    expect(await client.ask('still')).toBe('a,b a,b still')
  })

  test('and the keys are away, the old one holds until then', async () => {
    await using server = await IdentityServer.start()
    server.answerTo = () => JSON.stringify({ active: true, username: 'ana' })
    await using gateway = await startGuarded(`[{ oauth2: { url: '${server.url}' }, renewalKey: 'token' }]`)
    using client = await connect(gateway.url('ws', 'guarded'), bearer('t'))
    await client.received.text()
    server.status = 500
    client.send('{"token":"next"}')
    await gateway.waitForLog('cannot be asked')
    expect(await client.ask('here')).toBe('ana here')
  })
})

test('mediators know who it is, and headers of a client say nothing of it', async () => {
  await using gateway = await startService(
    'm.xml',
    `<service xmlns="urn:myelin" name="m" basePath="/m">
  <auth scopes="read, write" tokenFrom="header">
    <jwtValidatorConfig><signatureConfig secret="${SECRET}"/></jwtValidatorConfig>
  </auth>
  <onMessage>
    <payloadFactory media-type="json"><format>{"user": "$1", "scopes": "$2", "claims": $3}</format><args>
      <arg expression="get-property('websocket.user')"/><arg expression="get-property('websocket.scopes')"/>
      <arg expression="get-property('websocket.claims')"/></args></payloadFactory>
    <respond/>
  </onMessage>
</service>`,
  )
  const token = secretToken({ sub: 'ana', scope: 'read x', n: 1 })
  using client = await connect(gateway.url('ws', 'm'), {
    headers: { Authorization: `Bearer ${token}`, 'websocket.user': 'eve', 'websocket.scopes': 'all' },
  })
  expect(JSON.parse(await client.ask('x'))).toEqual({
    user: 'ana',
    scopes: 'read x',
    claims: { sub: 'ana', scope: 'read x', n: 1 },
  })
})

test('limits per user count by who it is', async () => {
  await using gateway = await startGuarded(
    `[{ ${BY_SECRET} }]`,
    `parameters: { 'ws.limit.connections.per.user': 1 },`,
  )
  const url = gateway.url('ws', 'guarded')
  using first = await connect(url, bearer(secretToken()))
  expect(await statusOf(url, bearer(secretToken()))).toBe(429)
  expect(await userOf(url, bearer(secretToken(claims({ sub: 'bob' }))))).toMatchObject({ user: 'bob' })
  expect(await first.received.text()).toContain('ana')
})

test('hostile headers are refused, and nobody else notices', async () => {
  await using gateway =
    await startGuarded(`[{ users: [{ username: 'ana', password: '${await cheapHash('p')}' }] },
    { ${BY_SECRET} }]`)
  const url = gateway.url('ws', 'guarded')
  using witness = await connect(url, basic('ana', 'p'))
  await witness.received.text()
  const hostile = [
    'Basic',
    'Basic !!!!',
    'Basic OnA=',
    `Basic ${Buffer.from('ana\0:p').toString('base64')}`,
    `Basic ${Buffer.from('nocolon').toString('base64')}`,
    'Bearer',
    'Bearer a b',
    'Bearer \t',
    'Negotiate abc',
    'Digest username="ana"',
    `Bearer ${'.'.repeat(5_000)}`,
    `Bearer ${'a'.repeat(7_000)}`,
    `Bearer ${Buffer.from('{"alg":"HS256","__proto__":{"a":1}}').toString('base64url')}.e30.AA`,
  ]
  for (const header of hostile)
    expect([header, await statusOf(url, { headers: { Authorization: header } })]).toEqual([header, 401])
  expect(await witness.ask('here')).toBe('ana here')
})

test('who sends a token of a secret that nobody gave does not sign in with an empty one', async () => {
  await using gateway = await startGuarded(`[{ ${BY_SECRET} }]`)
  expect(await statusOf(gateway.url('ws', 'guarded'), bearer(secretToken(claims(), Buffer.alloc(0))))).toBe(
    401,
  )
})

test('a users file is looked for beside its service', async () => {
  using folder = new TestFolder()
  const hash = await cheapHash('p')
  writeFileSync(
    join(folder.path, 'users.json'),
    JSON.stringify([{ username: 'ana', password: hash, scopes: 'a b' }]),
  )
  const text = 'name: f\nbasePath: /f\nauth: {users: users.json}\nonMessage: respond\n'
  const { startGateway } = await import('../support/gateway.ts')
  await using gateway = await startGateway({ files: { [folder.write('f.yaml', text)]: text } })
  using client = await connect(gateway.url('ws', 'f'), basic('ana', 'p'))
  expect(await client.ask('x')).toBe('x')
})
