// The examples of services, each with real clients.

import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { startEcho } from './support/backends.ts'
import { makeIdentity, TestFolder } from './support/certificates.ts'
import { type Client, connect, refusal } from './support/clients.ts'
import { startGateway, type TestGateway } from './support/gateway.ts'

function start(name: string, change = (text: string): string => text): Promise<TestGateway> {
  const path = `examples/services/${name}`
  return startGateway({ files: { [path]: change(readFileSync(path, 'utf8')) } })
}

function at(gateway: TestGateway, path: string, scheme = 'ws'): string {
  return `${scheme}://${new URL(gateway.url('ws')).host}${path}`
}

test.each(['echo.xml', 'echo.yaml', 'echo.ts'])('%s sends back what it gets', async name => {
  await using gateway = await start(name)
  using client = await connect(at(gateway, '/echo'))
  client.send('hello')
  client.send(Buffer.from([0, 255]))
  expect(await client.received.text()).toBe('hello')
  expect(await client.received.next()).toEqual({ data: Buffer.from([0, 255]), isBinary: true })
})

test.each(['chat.ts', 'chat.yaml'])('%s has rooms', async name => {
  await using gateway = await start(name)
  using ana = await connect(at(gateway, '/chat/blue?name=ana'))
  expect(await ana.received.text()).toBe('ana is here')
  using other = await connect(at(gateway, '/chat/red?name=otto'))
  using bob = await connect(at(gateway, '/chat/blue?name=bob'))
  expect(await ana.received.text()).toBe('bob is here')
  expect(await bob.received.text()).toBe('bob is here')
  bob.send('hi all')
  expect(await ana.received.text()).toBe('bob: hi all')
  await bob.close(1000)
  expect(await ana.received.text()).toBe('bob has left')
  expect(await other.received.texts(1)).toEqual(['otto is here'])
  expect(other.received.all).toHaveLength(1)
  expect(await refusal(at(gateway, '/chat/blue'))).toMatchObject({ status: 400 })
})

test('dispatch.ts finds hooks by key', async () => {
  await using gateway = await start('dispatch.ts')
  using client = await connect(at(gateway, '/prices'))
  client.send('{"event":"subscribe","id":1,"symbol":"ACME"}')
  expect(await client.received.texts(3)).toEqual(
    [12, 13, 11].map(price => `{"symbol":"ACME","price":${price},"id":1}`),
  )
  client.send('{"event":"heartbeat"}')
  expect(await client.received.text()).toBe('{"event":"heartbeat"}')
  client.send('{"event":"symbols.list","id":2}')
  expect(await client.received.text()).toBe('{"symbols":["ACME"],"id":2}')
  client.send('{"event":"subscribe","id":3}')
  expect(await client.received.text()).toContain('symbol')
  client.send('{"event":"nonsense"}')
  expect(await client.received.text()).toBe('{"error":"nobody knows that event"}')
})

test('game.ts pairs clients, and plays', async () => {
  await using gateway = await start('game.ts')
  const url = at(gateway, '/game')
  using x = await connect(url)
  using o = await connect(url)
  const both = [x, o]
  const all = (): Promise<string[]> => Promise.all(both.map(player => player.received.text()))
  expect(await all()).toEqual(['x begins', 'x begins'])
  o.send('0')
  expect(await o.received.text()).toBe('not your turn')
  const moves: [Client, number][] = [
    [x, 0],
    [o, 3],
    [x, 1],
    [o, 4],
    [x, 2],
  ]
  let board: string[] = []
  for (const [player, field] of moves) {
    player.send(String(field))
    board = await all()
  }
  expect(board).toEqual(['xxxoo    ', 'xxxoo    '])
  expect(await all()).toEqual(['x has won', 'x has won'])
  expect(await Promise.all(both.map(({ closed }) => closed))).toEqual(
    Array(2).fill({ code: 1000, reason: 'the game is over' }),
  )
})

test('proxy.yaml passes messages on, both ways', async () => {
  await using backend = await startEcho()
  await using gateway = await start('proxy.yaml', text =>
    text.replace('ws://localhost:8082/websocket', backend.url),
  )
  using client = await connect(at(gateway, '/proxy'))
  for (const text of ['one', 'two', 'three']) client.send(text)
  expect(await client.received.texts(3)).toEqual(['one', 'two', 'three'])
})

describe.each(['hello-world.ts', 'hello-world.yaml'])('%s', name => {
  test('serves WebSockets and HTTP below one path', async () => {
    await using gateway = await start(name)
    using client = await connect(at(gateway, '/test/websocket'))
    client.send('hi')
    expect(await client.received.texts(2)).toEqual(['welcome', 'hi'])
    const response = await fetch(at(gateway, '/test/hello', 'http'))
    expect([response.status, await response.text()]).toEqual([200, 'hello over HTTP'])
    expect((await fetch(at(gateway, '/test/websocket', 'http'))).status).toBe(426)
    expect(await client.close(1000)).toMatchObject({ code: 1000 })
  })
})

test('origins.ts lets in pages of one origin alone', async () => {
  await using gateway = await start('origins.ts')
  const url = at(gateway, '/basic/ws')
  using client = await connect(url, { origin: 'https://app.example.com' })
  client.send('in')
  expect(await client.received.text()).toBe('in')
  for (const options of [{}, { origin: 'https://other.example.com' }])
    expect(await refusal(url, options)).toMatchObject({ status: 403, body: 'Invalid upgrade request' })
})

test('control-frames.ts answers pings and pongs', async () => {
  await using gateway = await start('control-frames.ts')
  using client = await connect(at(gateway, '/frames'))
  expect(await client.received.text()).toBe('pong received with are you there')
  client.webSocket.ping('mine')
  expect(String((await once(client.webSocket, 'pong'))[0])).toBe('mine')
})

test('secure.yaml serves TLS on a port of its own', async () => {
  using folder = new TestFolder()
  const { cert, key } = await makeIdentity(['localhost'])
  writeFileSync(`${folder.path}/public.crt`, cert)
  writeFileSync(`${folder.path}/private.key`, key)
  const text = readFileSync('examples/services/secure.yaml', 'utf8').replace('9443', '0')
  await using gateway = await startGateway({ files: { [`${folder.path}/secure.yaml`]: text } })
  using client = await connect(gateway.url('wss'), { ca: cert })
  client.send('over TLS')
  expect(await client.received.text()).toBe('over TLS')
})
