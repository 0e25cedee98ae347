// Every class of error, and what makes it.

import { describe, expect, test } from 'vitest'
import * as myelin from '../../src/sdk/index.ts'
import { connect, type WebSocketError } from '../../src/sdk/index.ts'
import * as errors from '../../src/services/web-socket-error.ts'
import {
  freePort,
  startBackend,
  startEcho,
  startRaw,
  startRefusing,
  startSilent,
} from '../support/backends.ts'
import { HttpBackend } from '../support/http-backend.ts'
import { frame, startByHand } from './raw-server.ts'

/** What connecting fails with. */
async function failure(url: string, options = {}): Promise<WebSocketError> {
  try {
    await using _client = await connect(url, options)
  } catch (error) {
    return error as WebSocketError
  }
  throw new Error('there is a connection')
}

describe('no connection', () => {
  test('because nobody listens', async () => {
    const error = await failure(`ws://127.0.0.1:${await freePort()}`)
    expect(error).toBeInstanceOf(myelin.ConnectionError)
    expect(error).toMatchObject({ code: 'CONNECTION_FAILED', cause: { failure: 'refused' } })
  })

  test('because the server says nothing in time', async () => {
    await using silent = await startSilent()
    for (const options of [{ handShakeTimeout: 0.03 }, { handshakeTimeout: 0.03 }]) {
      const error = await failure(silent.url, options)
      expect(error).toBeInstanceOf(myelin.HandshakeTimedOut)
      expect(error.code).toBe('HANDSHAKE_TIMED_OUT')
    }
  })

  test('because the server refuses: its answer is there', async () => {
    await using server = await HttpBackend.start(() => ({
      status: 404,
      headers: { 'X-Why': 'moved', 'Set-Cookie': ['a=1', 'b=2'] },
      body: 'not here',
    }))
    const error = await failure(server.url.replace('http', 'ws'))
    expect(error).toBeInstanceOf(myelin.UpgradeError)
    expect(error).toBeInstanceOf(myelin.InvalidHandshakeError)
    expect(error.code).toBe('UPGRADE_REFUSED')
    const { status, headers, body } = error.getHttpResponse()!
    expect([status, headers.get('x-why'), headers.getSetCookie(), body?.toString()]).toEqual([
      404,
      'moved',
      ['a=1', 'b=2'],
      'not here',
    ])
  })

  test.each([
    [401, myelin.AuthnError, 'AUTHENTICATION_FAILED'],
    [403, myelin.AuthzError, 'AUTHORIZATION_FAILED'],
  ] as const)('because of a status %d', async (status, kind, code) => {
    await using refusing = await startRefusing(status)
    const error = await failure(refusing.url)
    expect(error).toBeInstanceOf(kind)
    expect(error).toBeInstanceOf(myelin.AuthError)
    expect(error).toMatchObject({ code, response: { status } })
  })

  test('because the handshake is wrong', async () => {
    await using wrong = await startRaw(socket =>
      socket.once('data', () =>
        socket.write(
          'HTTP/1.1 101 Yes\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: no\r\n\r\n',
        ),
      ),
    )
    await using chooser = await startBackend({ choose: () => 'never offered' })
    for (const { url } of [wrong, chooser]) {
      const error = await failure(url, { subProtocols: ['a'] })
      expect(error).toBeInstanceOf(myelin.InvalidHandshakeError)
      expect(error.code).toBe('INVALID_HANDSHAKE')
    }
  })

  test('because there is no TLS', async () => {
    await using echo = await startEcho()
    const error = await failure(echo.url.replace('ws:', 'wss:'))
    expect(error).toBeInstanceOf(myelin.SslError)
    expect(error.code).toBe('TLS_FAILED')
  })
})

describe('reading', () => {
  test('takes too long', async () => {
    await using echo = await startEcho()
    await using client = await connect(echo.url, { readTimeout: 0.02 })
    await expect(client.readMessage()).rejects.toBeInstanceOf(myelin.ReadTimedOutError)
    await expect(client.readMessage()).rejects.toMatchObject({ code: 'READ_TIMED_OUT' })
    await client.writeMessage('late')
    expect(await client.readMessage()).toBe('late')
  })

  test.each([
    ['frame', { maxFrameSize: 100 }, 'maxFrameSize allows: 100'],
    ['message', { maxMessageSize: 100 }, 'maxMessageSize allows: 100'],
  ])('brings a %s that is too large', async (_what, options, message) => {
    await using backend = await startBackend({ greet: ({ webSocket }) => webSocket.send('a'.repeat(101)) })
    await using client = await connect(backend.url, { ...options, compression: false })
    const error = await client.readMessage().catch(caught => caught)
    expect(error).toBeInstanceOf(myelin.PayloadTooLargeError)
    expect(error).toMatchObject({ code: 'PAYLOAD_TOO_LARGE', closeCode: 1009 })
    expect(error.message).toContain(message)
    expect(await (await backend.connection()).closed).toMatchObject({ code: 1009 })
  })

  test('stops at 64 KiB of a frame where nothing else is said, and takes more in several', async () => {
    await using backend = await startBackend({
      answer: (_data, isBinary, { webSocket }) => {
        webSocket.send('b'.repeat(60_000), { fin: false })
        webSocket.send('b'.repeat(60_000))
        if (isBinary) webSocket.send('a'.repeat(65_537))
      },
    })
    await using client = await connect(backend.url, { compression: false, maxFrameSize: 0 })
    await client.writeMessage(Buffer.of(1))
    expect(await client.readMessage()).toHaveLength(120_000)
    await expect(client.readMessage()).rejects.toMatchObject({ code: 'PAYLOAD_TOO_LARGE' })
  })

  test.each([
    ['a reserved bit', frame(0xf1, 'a'), 1002],
    ['text that is no UTF-8', frame(0x81, Buffer.of(0xff)), 1007],
    ['a mask', Buffer.of(0x81, 0x80, 0, 0, 0, 0), 1002],
  ])('brings %s', async (_what, bytes, closeCode) => {
    await using server = await startByHand(socket => socket.write(bytes))
    await using client = await connect(server.url)
    const error = await client.readMessage().catch(caught => caught)
    expect(error).toBeInstanceOf(myelin.CorruptedFrameError)
    expect(error).not.toBeInstanceOf(myelin.InvalidContinuationFrameError)
    expect(error).toMatchObject({ code: 'CORRUPTED_FRAME', closeCode })
    await expect(client.writeMessage('a')).rejects.toMatchObject({ code: 'CORRUPTED_FRAME' })
  })

  test.each([
    ['continues nothing', frame(0x80, 'a')],
    ['begins inside another', Buffer.concat([frame(0x01, 'a'), frame(0x81, 'b')])],
  ])('brings a fragment that %s', async (_what, bytes) => {
    await using server = await startByHand(socket => socket.write(bytes))
    await using client = await connect(server.url)
    const error = await client.readMessage().catch(caught => caught)
    expect(error).toBeInstanceOf(myelin.InvalidContinuationFrameError)
    expect(error.code).toBe('INVALID_CONTINUATION_FRAME')
  })

  test('finds the connection lost', async () => {
    await using server = await startByHand(socket => socket.end(frame(0x81, 'last words')))
    await using client = await connect(server.url)
    expect(await client.readMessage()).toBe('last words')
    const error = await client.readMessage().catch(caught => caught)
    expect(error).toBeInstanceOf(myelin.ConnectionClosureError)
    expect(error).toMatchObject({ code: 'CONNECTION_CLOSED', closeCode: 1006, wasClean: false })
    await expect(client[Symbol.asyncIterator]().next()).rejects.toMatchObject({ closeCode: 1006 })
  })
})

test('writing takes too long: the message is not sent, and the connection stays open', async () => {
  await using backend = await startBackend()
  await using client = await connect(backend.url, { writeTimeout: 0.05, compression: false })
  const { webSocket, received } = await backend.connection()
  webSocket.pause()
  const block = Buffer.alloc(1024 * 1024)
  let written = 0
  let error: unknown
  while (error === undefined)
    await client.writeMessage(block).then(
      () => written++,
      caught => {
        error = caught
      },
    )
  expect(error).toBeInstanceOf(myelin.WriteTimedOutError)
  expect(error).toMatchObject({ code: 'WRITE_TIMED_OUT' })
  webSocket.resume()
  await client.writeMessage('next', { idempotent: true }).catch(() => client.writeMessage('next'))
  for (let i = 0; i < written; i++) expect((await received.next()).data).toHaveLength(block.length)
  expect(await received.text()).toBe('next')
})

test('each has a class, a code of its own, and is a WebSocketError', () => {
  const classes = Object.entries(errors)
  const made = classes.map(([, kind]) => new kind('text'))
  expect(classes).toHaveLength(18)
  expect(made.map(({ name }) => name)).toEqual(classes.map(([name]) => name))
  expect(new Set(made.map(({ code }) => code)).size).toBe(made.length)
  for (const [name] of classes) expect(myelin).toHaveProperty(name)
  for (const error of made) expect(error).toBeInstanceOf(myelin.Error)
})
