// Services whose clients show tokens.

import { X509Certificate } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { makeIdentity, TestFolder } from '../support/certificates.ts'
import { type ConnectOptions, connect, refusal } from '../support/clients.ts'
import { eventually } from '../support/eventually.ts'
import {
  BY_SECRET,
  bearer,
  claims,
  IdentityServer,
  inSeconds,
  keyToken,
  rsa,
  SECRET,
  secretToken,
  startGuarded,
  statusOf,
  tokenOf,
  userOf,
} from './access.ts'
import { startService } from './serve.ts'

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

  test('from the first message, and a new one right behind it reaches no hook', async () => {
    await using gateway = await startGuarded(
      from(`'message:token'`).replace(/\}\]$/, `, renewalKey: 'token' }]`),
      `onMessage: (caller, data) => caller.scopes.join() + ' ' + data,`,
    )
    using client = await connect(gateway.url('ws', 'guarded'))
    client.send(JSON.stringify({ token: secretToken() }))
    client.send(JSON.stringify({ token: secretToken(claims({ scope: 'more' })) }))
    client.send('behind')
    await client.received.text()
    expect(await client.received.text()).toMatch(/^(more)? behind$/)
    expect(await client.ask('later')).toBe('more later')
  })

  test('from the first message, and nothing behind it runs where onOpen closes', async () => {
    await using gateway = await startGuarded(
      from(`'message:token'`),
      `onOpen: caller => caller.close(4002, 'enough'), onMessage: () => { globalThis.ran = true },`,
    )
    using client = await connect(gateway.url('ws', 'guarded'))
    client.send(JSON.stringify({ token: secretToken() }))
    client.send('behind')
    expect(await client.closed).toMatchObject({ code: 4002 })
    expect(globalThis).not.toHaveProperty('ran')
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
