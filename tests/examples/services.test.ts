// The examples of services in each notation: the same client sees the same on the wire.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { makeIdentity, TestFolder } from '../support/certificates.ts'
import { sameFor, stageOf, WELCOME } from './stage.ts'

describe('the forms of a service say the same', () => {
  sameFor(
    ['services/echo.ts', 'services/echo.yaml', 'services/echo.xml'],
    async stage => {
      const client = await stage.enter('client', '/echo')
      await client.says('hello')
      await client.says(Buffer.from([0, 255]))
      await client.says('')
      await client.leaves(1000)
      await stage.asks('curl', 'GET', '/echo')
    },
    {
      client: [WELCOME, '< text hello', '< binary 00ff', '< text ', '< close 1000 '],
      curl: ['< 426 application/json; charset=utf-8 {"message":"this is a WebSocket"}'],
    },
  )

  sameFor(
    ['services/hello-world.ts', 'services/hello-world.yaml'],
    async stage => {
      const client = await stage.enter('client', '/test/websocket')
      await client.heard(2)
      await client.says('hi')
      await client.leaves(4000, 'bye')
      await stage.asks('curl', 'GET', '/test/hello')
      await stage.asks('curl', 'POST', '/test/hello', '{}')
      await stage.asks('curl', 'GET', '/test/websocket')
      await stage.refused('lost', '/test/elsewhere')
    },
    {
      client: [WELCOME, '< text welcome', '< text hi', '< close 4000 bye'],
      curl: [
        '< 200 text/plain; charset=utf-8 hello over HTTP',
        '< 405 undefined ',
        '< 426 application/json {"message":"this is a WebSocket"}',
      ],
      lost: ['< 404 application/json; charset=utf-8 {"message":"nothing is served here"}'],
    },
  )

  sameFor(
    ['services/control-frames.ts', 'services/control-frames.yaml'],
    async stage => {
      const client = await stage.enter('client', '/frames')
      const { webSocket } = client.client
      webSocket.ping('mine')
      await client.heard(2)
      webSocket.ping()
      await client.heard(3)
      webSocket.pong(Buffer.from([0, 255]))
      await client.heard(4)
      webSocket.pong()
      await client.heard(5)
      await client.leaves(1000)
    },
    {
      client: [
        WELCOME,
        '< pong 6d696e65',
        '< pong ',
        '< text Pong received with data (AP8=)',
        '< text Pong received with data ()',
        '< close 1000 ',
      ],
    },
  )

  sameFor(
    ['services/close.ts', 'services/close.yaml'],
    async stage => {
      const witness = await stage.enter('witness', '/close')
      const sentAway = await stage.enter('sent away', '/close')
      await sentAway.says('bye')
      await witness.heard(2)
      const leaving = await stage.enter('leaving', '/close')
      await leaving.leaves(4002, 'enough for today')
      await witness.heard(3)
    },
    {
      witness: [
        WELCOME,
        '< text Client closed connection with 4001 because of the shift is over',
        '< text Client closed connection with 4002 because of enough for today',
      ],
      'sent away': [WELCOME, '< close 4001 the shift is over'],
      leaving: [WELCOME, '< close 4002 enough for today'],
    },
  )

  sameFor(
    ['services/origins.ts', 'services/origins.yaml'],
    async stage => {
      const client = await stage.enter('allowed', '/basic/ws', { origin: 'https://app.example.com' })
      await client.says('in')
      await client.leaves(1000)
      await stage.refused('denied', '/basic/ws', { origin: 'https://other.example.com' })
      await stage.refused('longer', '/basic/ws', { origin: 'https://app.example.com.evil.example' })
      await stage.refused('absent', '/basic/ws')
    },
    {
      allowed: [WELCOME, '< text in', '< close 1000 '],
      denied: ['< 403 text/plain; charset=UTF-8 Invalid upgrade request'],
      longer: ['< 403 text/plain; charset=UTF-8 Invalid upgrade request'],
      absent: ['< 403 text/plain; charset=UTF-8 Invalid upgrade request'],
    },
  )
})

test('a stream sends each element, also to several clients at once', async () => {
  await using stage = await stageOf('services/stream.ts')
  const [one, two] = [await stage.enter('one', '/stream'), await stage.enter('two', '/stream')]
  await Promise.all([one.says('2', 3), two.says('1', 2)])
  await two.says('nonsense')
  expect(stage.transcript).toEqual({
    one: [WELCOME, '< text {"left":2}', '< text {"left":1}', '< text off'],
    two: [WELCOME, '< text {"left":1}', '< text off', '< text off'],
  })
})

describe('TLS', () => {
  const folder = new TestFolder()
  let cert = ''

  beforeAll(async () => {
    const identity = await makeIdentity(['localhost'])
    cert = identity.cert
    folder.write('public.crt', identity.cert)
    folder.write('private.key', identity.key)
  })
  afterAll(() => folder[Symbol.dispose]())

  sameFor(
    ['services/secure.ts', 'services/secure.yaml'],
    async stage => {
      const client = await stage.enter('client', '/basic/ws', { ca: cert })
      await client.says('over TLS')
      await client.leaves(1000)
    },
    { client: [WELCOME, '< text over TLS', '< close 1000 '] },
    text =>
      text
        .replace('port: 9443', 'port: 0')
        .replaceAll('public.crt', `${folder.path}/public.crt`)
        .replaceAll('private.key', `${folder.path}/private.key`),
  )
})
