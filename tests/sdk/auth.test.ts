// How the server knows who a client is: at each handshake, with tokens that are kept and renewed.

import { createHmac, createVerify, generateKeyPairSync } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { type Auth, AuthError, connect, OptionError } from '../../src/sdk/index.ts'
import { type Backend, startEcho, startRefusing } from '../support/backends.ts'
import { TestFolder } from '../support/certificates.ts'
import { HttpBackend } from '../support/http-backend.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }))
afterEach(() => void vi.useRealTimers())

/** Connects and gives the header the server was shown. */
async function shown(auth: Auth): Promise<string> {
  await using echo = await startEcho()
  await using _client = await connect(echo.url, { auth })
  return headersOf(echo)[0] ?? ''
}

const headersOf = ({ connections }: Backend): (string | undefined)[] =>
  connections.map(({ request }) => request.headers.authorization)

const fieldsOf = ({ received }: HttpBackend, at = 0): Record<string, string> =>
  Object.fromEntries(new URLSearchParams(received[at]!.body))

/** Gives tokens T1, T2 and so on. */
const startTokens = (more: object = { expires_in: 3600 }) =>
  HttpBackend.start((_request, count) => ({ body: JSON.stringify({ access_token: `T${count}`, ...more }) }))

const decoded = (token: string): unknown[] =>
  token
    .replace('Bearer ', '')
    .split('.', 2)
    .map(part => JSON.parse(Buffer.from(part, 'base64url').toString()))

describe('a name and a password, or a token', () => {
  test.each([
    [{ basic: { username: 'ann', password: 'pass:wörd' } }],
    [{ username: 'ann', password: 'pass:wörd' }],
  ])('as basic authentication: %o', async auth => {
    expect(await shown(auth)).toBe(`Basic ${Buffer.from('ann:pass:wörd').toString('base64')}`)
  })

  test.each([[{ bearer: { token: 'abc' } }], [{ bearer: 'abc' }], [{ token: 'abc' }]])(
    'as it is: %o',
    async auth => {
      expect(await shown(auth)).toBe('Bearer abc')
    },
  )
})

describe('a token of its own', () => {
  test('has the claims that were asked for, and a signature', async () => {
    const header = await shown({
      jwt: {
        issuer: 'me',
        username: 'ann',
        audience: ['a', 'b'],
        jwtId: '1',
        keyId: 'k1',
        customClaims: { scp: 'orders' },
        expTime: 60,
        signatureConfig: { algorithm: 'HS256', config: 'secret' },
      },
    })
    const [head, claims] = decoded(header)
    expect(head).toEqual({ alg: 'HS256', typ: 'JWT', kid: 'k1' })
    expect(claims).toMatchObject({ iss: 'me', sub: 'ann', aud: ['a', 'b'], jti: '1', scp: 'orders' })
    const { exp, iat } = claims as { exp: number; iat: number }
    expect(exp - iat).toBe(60)
    const [signed, signature] = [header.slice(7, header.lastIndexOf('.')), header.split('.')[2]]
    expect(signature).toBe(createHmac('sha256', 'secret').update(signed).digest('base64url'))
  })

  test.each(['RS256', 'ES384'] as const)('is signed with a key by %s', async algorithm => {
    using folder = new TestFolder()
    const { publicKey, privateKey } =
      algorithm === 'RS256'
        ? generateKeyPairSync('rsa', { modulusLength: 2048 })
        : generateKeyPairSync('ec', { namedCurve: 'P-384' })
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'p' })
    const config = { keyFile: folder.write('key.pem', pem), keyPassword: 'p' }
    const header = await shown({ signatureConfig: { algorithm, config }, issuer: 'me' })
    const [head = '', body = '', signature = ''] = header.replace('Bearer ', '').split('.')
    const verify = createVerify(`sha${algorithm.slice(2)}`).update(`${head}.${body}`)
    const key = { key: publicKey, dsaEncoding: 'ieee-p1363' } as const
    expect(verify.verify(key, Buffer.from(signature, 'base64url'))).toBe(true)
  })

  test.each([
    [{ algorithm: 'RS256' }, 'needs config'],
    [{ algorithm: 'HS256', config: { keyFile: 'x' } }, 'needs a secret'],
    [{ algorithm: 'RS256', config: { keyFile: 'nowhere.pem' } }, 'cannot be read'],
    [{ algorithm: 'XS1', config: 'x' }, 'there is no algorithm'],
  ])('cannot be made with %o', async (signatureConfig, message) => {
    const error = await connect('ws://localhost:1', { auth: { jwt: { signatureConfig } } as never }).catch(
      caught => caught,
    )
    expect(error).toBeInstanceOf(OptionError)
    expect(error.message).toContain(message)
  })
})

describe('a token of an authorization server', () => {
  const client = { clientId: 'id', clientSecret: 's' }
  const asBasic = `Basic ${Buffer.from('id:s').toString('base64')}`

  test('for the client itself', async () => {
    await using tokens = await startTokens()
    const auth = { tokenUrl: tokens.url, ...client, scopes: ['a', 'b'], optionalParams: { audience: 'x' } }
    expect(await shown({ oauth2: auth })).toBe('Bearer T1')
    expect(fieldsOf(tokens)).toEqual({ grant_type: 'client_credentials', scope: 'a b', audience: 'x' })
    expect(tokens.received[0]?.headers.authorization).toBe(asBasic)
  })

  test('with the credentials in the body, and headers of its own', async () => {
    await using tokens = await startTokens()
    await shown({
      tokenUrl: tokens.url,
      ...client,
      credentialBearer: 'POST_BODY_BEARER',
      clientConfig: { customHeaders: { 'X-Tenant': 'blue' } },
    })
    expect(fieldsOf(tokens)).toEqual({
      grant_type: 'client_credentials',
      client_id: 'id',
      client_secret: 's',
    })
    expect(tokens.received[0]?.headers).toMatchObject({ 'x-tenant': 'blue' })
    expect(tokens.received[0]?.headers).not.toHaveProperty('authorization')
  })

  test('for a user whose password is known', async () => {
    await using tokens = await startTokens()
    expect(await shown({ tokenUrl: tokens.url, username: 'ann', password: 'p' })).toBe('Bearer T1')
    expect(fieldsOf(tokens)).toEqual({ grant_type: 'password', username: 'ann', password: 'p' })
    expect(tokens.received[0]?.headers).not.toHaveProperty('authorization')
  })

  test('by a refresh token', async () => {
    await using tokens = await startTokens()
    await shown({ oauth2: { refreshUrl: tokens.url, refreshToken: 'r', ...client } })
    expect(fieldsOf(tokens)).toEqual({ grant_type: 'refresh_token', refresh_token: 'r' })
    expect(tokens.received[0]?.headers.authorization).toBe(asBasic)
  })

  test('by a JWT of somebody it trusts', async () => {
    await using tokens = await startTokens()
    await shown({ oauth2: { tokenUrl: tokens.url, assertion: 'a.b.c', scopes: 'x' } })
    expect(fieldsOf(tokens)).toEqual({
      grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
      assertion: 'a.b.c',
      scope: 'x',
    })
  })

  test('is kept for the next connection, and renewed before it runs out', async () => {
    await using tokens = await startTokens({ expires_in: 100 })
    await using first = await startEcho()
    const { port } = first
    await using reconnecting = await connect(first.url, {
      auth: { tokenUrl: tokens.url, ...client, clockSkew: 10 },
      retryConfig: { interval: 0.01 },
    })
    await first.kill()
    await using second = await startEcho({ port })
    await second.connection()
    vi.advanceTimersByTime(91_000)
    await second.kill()
    await using third = await startEcho({ port })
    await third.connection()
    expect([first, second, third].flatMap(headersOf)).toEqual(['Bearer T1', 'Bearer T1', 'Bearer T2'])
    await reconnecting.close()
  })

  test('that does not say how long it holds is kept for as long as is said here', async () => {
    await using tokens = await startTokens({})
    await using first = await startEcho()
    const { port } = first
    await using reconnecting = await connect(first.url, {
      auth: { tokenUrl: tokens.url, ...client, defaultTokenExpTime: 50 },
      retryConfig: { interval: 0.01 },
    })
    vi.advanceTimersByTime(49_000)
    await first.kill()
    await using second = await startEcho({ port })
    await second.connection()
    vi.advanceTimersByTime(2_000)
    await second.kill()
    await using third = await startEcho({ port })
    await third.connection()
    expect([second, third].flatMap(headersOf)).toEqual(['Bearer T1', 'Bearer T2'])
    await reconnecting.close()
  })

  test('that is refused is asked for once more', async () => {
    await using tokens = await startTokens()
    await using refusing = await startRefusing(401)
    const auth = { tokenUrl: tokens.url, ...client }
    await expect(connect(refusing.url, { auth })).rejects.toMatchObject({ code: 'AUTHENTICATION_FAILED' })
    expect(tokens.received).toHaveLength(2)
    expect(refusing.sockets).toHaveLength(2)
  })

  test('that cannot be had is an AuthError, and nothing is sent to the server', async () => {
    await using echo = await startEcho()
    await using tokens = await HttpBackend.start(() => ({ status: 400, body: '{"error":"invalid_client"}' }))
    const error = await connect(echo.url, { auth: { tokenUrl: tokens.url, ...client } }).catch(
      caught => caught,
    )
    expect(error).toBeInstanceOf(AuthError)
    expect(error.code).toBe('AUTH_FAILED')
    expect(error.message).toContain('status 400')
    expect(echo.accepted).toBe(0)
  })

  test.each([
    [{ tokenUrl: 'http://localhost:1', clientID: 'x' }, 'Did you mean clientId?'],
    [{ tokenUrl: 'http://localhost:1' }, 'needs clientId and clientSecret'],
  ])('is not asked for with %o', async (oauth2, message) => {
    const error = await connect('ws://localhost:1', { auth: { oauth2 } as never }).catch(caught => caught)
    expect(error).toBeInstanceOf(OptionError)
    expect(error.message).toContain(message)
  })
})
