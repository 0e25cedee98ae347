// Tokens whose keys are had from a server.

import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { createServer as createSecureServer } from 'node:https'
import { type AddressInfo, connect as connectSocket } from 'node:net'
import { describe, expect, test } from 'vitest'
import { testAuthority } from '../support/certificates.ts'
import { refusal } from '../support/clients.ts'
import { eventually } from '../support/eventually.ts'
import {
  BY_SECRET,
  bearer,
  claims,
  IdentityServer,
  keyToken,
  other,
  rsa,
  SECRET,
  secretToken,
  startGuarded,
  statusOf,
  userOf,
} from './access.ts'

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
