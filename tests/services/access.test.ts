// Who may connect to a service, and send requests to its resources.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { TestFolder } from '../support/certificates.ts'
import { connect, refusal } from '../support/clients.ts'
import {
  BY_SECRET,
  basic,
  bearer,
  cheapHash,
  claims,
  IdentityServer,
  SECRET,
  secretToken,
  startGuarded,
  statusOf,
  userOf,
} from './access.ts'
import { startService } from './serve.ts'

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

test('a scope that many lack is told once in ten seconds, whoever they are', async () => {
  await using gateway = await startGuarded(
    `[{ ${BY_SECRET}, scopes: 'admin', tokenFrom: ['header', 'message'] }]`,
  )
  const url = gateway.url('ws', 'guarded')
  const tokens = ['u1', 'u2', 'u3'].map(sub => secretToken(claims({ sub })))
  for (const token of tokens) {
    const headers = { Authorization: `Bearer ${token}` }
    expect((await fetch(`${url.replace('ws:', 'http:')}/who`, { headers })).status).toBe(403)
  }
  expect(gateway.logged('has no scope of')).toEqual([
    expect.stringContaining('user u1 has no scope of admin'),
  ])
  for (const token of tokens) {
    using client = await connect(url)
    client.send(JSON.stringify({ token }))
    expect(await client.closed).toMatchObject({ code: 1008 })
  }
  expect(gateway.logged('has no scope of')).toHaveLength(2)
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
