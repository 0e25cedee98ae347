// The client as page samples of its kind use it: text, binary, pings and pongs, closing, TLS.

import { describe, expect, test } from 'vitest'
import type { WebSocket } from 'ws'
import { planOf } from '../../src/sdk/client-plan.ts'
import {
  type Client,
  ConnectionClosureError,
  connect,
  OptionError,
  PayloadBindingError,
} from '../../src/sdk/index.ts'
import { startBackend, startEcho } from '../support/backends.ts'
import { testAuthority } from '../support/certificates.ts'
import { HttpBackend } from '../support/http-backend.ts'

describe('messages', () => {
  test('text goes out and comes back', async () => {
    await using echo = await startEcho()
    await using client = await connect(echo.url)
    await client.writeMessage('Text message')
    const text: string = await client.readMessage<string>()
    expect(text).toBe('Text message')
  })

  test('bytes go out as a binary message, and come back as they were', async () => {
    await using echo = await startEcho()
    await using client = await connect(echo.url)
    const bytes = new Uint8Array([0, 1, 254, 255])
    await client.writeMessage(bytes)
    bytes.fill(7)
    expect(await client.readMessage()).toEqual(Buffer.of(0, 1, 254, 255))
    await client.writeMessage(Uint8Array.of(9).buffer)
    expect(await client.readBinaryMessage()).toEqual(Buffer.of(9))
    expect(echo.received.all.map(({ isBinary }) => isBinary)).toEqual([true, true])
  })

  test('anything else goes out as JSON text', async () => {
    await using echo = await startEcho()
    await using client = await connect(echo.url)
    await client.writeMessage({ order: 1, lines: ['a'] })
    expect(await client.readMessage()).toBe('{"order":1,"lines":["a"]}')
    await expect(client.writeMessage(undefined)).rejects.toThrow(PayloadBindingError)
    await expect(client.writeMessage(1n)).rejects.toThrow(PayloadBindingError)
    expect(client.isOpen()).toBe(true)
  })

  test('text and binary can be written and read by name', async () => {
    await using echo = await startEcho()
    await using client = await connect(echo.url)
    await client.writeTextMessage('a')
    await client.writeBinaryMessage(Buffer.from('b'))
    expect(await client.readTextMessage()).toBe('a')
    expect(await client.readBinaryMessage()).toEqual(Buffer.from('b'))
  })

  test('that are of the other kind are taken, and the connection stays open', async () => {
    await using echo = await startEcho()
    await using client = await connect(echo.url)
    await client.writeTextMessage('a')
    await client.writeBinaryMessage(Buffer.from('b'))
    const wrong = await client.readBinaryMessage().catch(error => error)
    expect(wrong).toBeInstanceOf(PayloadBindingError)
    expect(wrong.data).toBe('a')
    await expect(client.readTextMessage()).rejects.toThrow(PayloadBindingError)
    await client.writeMessage('c')
    expect(await client.readMessage()).toBe('c')
  })

  test('come one after the other in a loop, which ends when the server closes', async () => {
    await using backend = await startBackend({
      greet: ({ webSocket }) => {
        for (const text of ['a', 'b', 'c']) webSocket.send(text)
        webSocket.close(1000, 'done')
      },
    })
    const client = await connect(backend.url)
    const texts: (string | Buffer)[] = []
    for await (const message of client) texts.push(message)
    expect(texts).toEqual(['a', 'b', 'c'])
    expect(await client.closed).toEqual({ code: 1000, reason: 'done', wasClean: true })
  })

  test('are waited for by several readers in the order in which they asked', async () => {
    await using echo = await startEcho()
    await using client = await connect(echo.url)
    const read = Promise.all([client.readMessage(), client.readMessage(), client.readMessage()])
    for (const text of ['1', '2', '3']) await client.writeMessage(text)
    expect(await read).toEqual(['1', '2', '3'])
  })

  test('are compressed unless that is switched off', async () => {
    await using backend = await startEcho()
    const long = 'a'.repeat(5_000)
    await using client = await connect(backend.url)
    await client.writeMessage(long)
    expect(await client.readMessage()).toBe(long)
    const { request } = await backend.connection()
    expect(request.headers['sec-websocket-extensions']).toContain('permessage-deflate')
    for (const options of [{ webSocketCompressionEnabled: false }, { compression: false }]) {
      await using plain = await connect(backend.url, options)
      expect(plain.isOpen()).toBe(true)
      expect(backend.connections.at(-1)?.request.headers).not.toHaveProperty('sec-websocket-extensions')
    }
  })
})

describe('pings and pongs', () => {
  test('a ping is answered with what it carries', async () => {
    await using backend = await startBackend({ greet: ({ webSocket }) => webSocket.ping('are you there') })
    await using client = await connect(backend.url)
    const { webSocket } = await backend.connection()
    const pong = await new Promise(resolve => webSocket.once('pong', data => resolve(data.toString())))
    expect(pong).toBe('are you there')
    expect(client.isOpen()).toBe(true)
  })

  test('callbacks are told of both, and say what the pong carries', async () => {
    await using backend = await startBackend({ greet: ({ webSocket }) => webSocket.ping('1') })
    const ponged = Promise.withResolvers<string>()
    await using client = await connect(backend.url, {
      pingPongHandler: {
        onPing: data => Buffer.from(`got ${data}`),
        onPong: data => ponged.resolve(data.toString()),
      },
    })
    const { webSocket } = await backend.connection()
    const pong = await new Promise(resolve => webSocket.once('pong', data => resolve(data.toString())))
    expect(pong).toBe('got 1')
    await client.ping(Buffer.from('2'))
    expect(await ponged.promise).toBe('2')
  })

  test('a callback that gives nothing answers nothing, unless it does so itself', async () => {
    await using backend = await startBackend({ greet: ({ webSocket }) => webSocket.ping('1') })
    await using _client = await connect(backend.url, {
      pingPongHandler: { onPing: (_data, client) => client.pong(Buffer.from('by hand')) },
    })
    const { webSocket } = await backend.connection()
    expect(await new Promise(resolve => webSocket.once('pong', data => resolve(data.toString())))).toBe(
      'by hand',
    )
  })

  test('carry at most 125 bytes', async () => {
    await using echo = await startEcho()
    await using client = await connect(echo.url)
    await client.ping(Buffer.alloc(125))
    await client.pong(Buffer.alloc(125))
    await expect(client.ping(Buffer.alloc(126))).rejects.toMatchObject({ code: 'PAYLOAD_TOO_LARGE' })
    await expect(client.pong(Buffer.alloc(126))).rejects.toMatchObject({ code: 'PAYLOAD_TOO_LARGE' })
    await client.writeMessage('still open')
    expect(await client.readMessage()).toBe('still open')
  })
})

describe('closing', () => {
  test('tells the server why, and waits for its answer', async () => {
    await using echo = await startEcho()
    const client = await connect(echo.url)
    await client.close(4001, 'shift is over')
    expect(await (await echo.connection()).closed).toEqual({ code: 4001, reason: 'shift is over' })
    expect(client.isOpen()).toBe(false)
    await client.close()
  })

  test('is 1000 without a word', async () => {
    await using echo = await startEcho()
    await (await connect(echo.url)).close()
    expect(await (await echo.connection()).closed).toEqual({ code: 1000, reason: '' })
  })

  test('cuts a server that does not answer in time', async () => {
    await using backend = await startBackend({ greet: ({ webSocket }) => void webSocket.pause() })
    const client = await connect(backend.url)
    await client.close(1000, '', 0.02)
    expect(await client.closed).toMatchObject({ code: 1006, wasClean: false })
  })

  test('gets through where the server floods and nobody reads', async () => {
    await using backend = await startBackend({
      greet: ({ webSocket }) => {
        for (let i = 0; i < 2_000; i++) webSocket.send(Buffer.alloc(10_000))
      },
    })
    const client = await connect(backend.url)
    await client.readMessage()
    await client.close(1000, 'enough')
    expect(await client.closed).toMatchObject({ code: 1000, wasClean: true })
  })

  test.each([999, 1004, 1005, 1006, 1015, 2999, 5000])('refuses the code %d', async code => {
    await using echo = await startEcho()
    await using client = await connect(echo.url)
    await expect(client.close(code)).rejects.toThrow(OptionError)
    await expect(client.close(1000, '', -2)).rejects.toThrow(OptionError)
    expect(client.isOpen()).toBe(true)
  })

  test('ends reads and writes, those that wait too', async () => {
    await using echo = await startEcho()
    const client = await connect(echo.url)
    const waiting = client.readMessage().catch(error => error)
    await client.close()
    expect(await waiting).toBeInstanceOf(ConnectionClosureError)
    for (const call of callsOf(client))
      await expect(call()).rejects.toMatchObject({
        code: 'CONNECTION_CLOSED',
        closeCode: 1000,
        wasClean: true,
      })
    for await (const _message of client) expect.unreachable()
  })

  test('by the server is an error with its code and reason, once what it sent before is read', async () => {
    await using backend = await startBackend({
      greet: ({ webSocket }) => {
        webSocket.send('last words')
        webSocket.close(1013, 'too busy')
      },
    })
    const client = await connect(backend.url)
    await client.closed
    expect(await client.readMessage()).toBe('last words')
    await expect(client.readMessage()).rejects.toMatchObject({
      closeCode: 1013,
      reason: 'too busy',
      wasClean: true,
    })
    for (const call of callsOf(client)) {
      const error = await call().catch(caught => caught)
      expect(error).toBeInstanceOf(ConnectionClosureError)
      expect(error).toMatchObject({ closeCode: 1013, reason: 'too busy', wasClean: true, isOwn: false })
    }
  })

  test('by the server without a code, or by nobody, is told apart', async () => {
    for (const [end, closeCode, wasClean] of [
      [(socket: WebSocket) => socket.close(), 1005, true],
      [(socket: WebSocket) => socket.terminate(), 1006, false],
    ] as const) {
      await using backend = await startBackend({ greet: ({ webSocket }) => end(webSocket) })
      const client = await connect(backend.url)
      await client.closed
      for (const call of callsOf(client))
        await expect(call()).rejects.toMatchObject({ code: 'CONNECTION_CLOSED', closeCode, wasClean })
    }
  })

  test('waits for ever for a server that takes its time, with -1', async () => {
    const closing = Promise.withResolvers<() => void>()
    await using backend = await startBackend({
      greet: ({ webSocket }) => {
        webSocket.pause()
        closing.resolve(() => webSocket.resume())
      },
    })
    const client = await connect(backend.url)
    const closed = client.close(1000, '', -1)
    ;(await closing.promise)()
    await closed
    expect(await client.closed).toMatchObject({ code: 1000, wasClean: true })
  })
})

/** Everything that needs a connection. */
function callsOf(client: Client): (() => Promise<unknown>)[] {
  return [
    () => client.readMessage(),
    () => client.readTextMessage(),
    () => client.readBinaryMessage(),
    () => client.writeMessage('a'),
    () => client.writeTextMessage('a'),
    () => client.writeBinaryMessage(Buffer.of(1)),
    () => client.ping(),
    () => client.pong(),
  ]
}

describe('what is known of a connection', () => {
  test('the subprotocol, the answer, its id and whether it is open', async () => {
    await using backend = await startBackend({ choose: () => 'b' })
    await using client = await connect(backend.url, { subProtocols: ['a', 'b'] })
    await using other = await connect(backend.url, { subProtocols: ['b'] })
    expect(client.getNegotiatedSubProtocol()).toBe('b')
    expect(client.getHttpResponse()).toMatchObject({ status: 101, body: undefined })
    expect(client.getHttpResponse().headers.get('sec-websocket-protocol')).toBe('b')
    expect(client.getConnectionId()).toMatch(/^[0-9a-f-]{36}$/)
    expect(client.getConnectionId()).not.toBe(other.getConnectionId())
    expect([client.isOpen(), client.isSecure()]).toEqual([true, false])
    await client.close()
    expect(client.isOpen()).toBe(false)
  })

  test('attributes are kept with it', async () => {
    await using echo = await startEcho()
    await using client = await connect(echo.url)
    client.setAttribute('user', { name: 'ann' })
    expect(client.getAttribute('user')).toEqual({ name: 'ann' })
    expect(client.removeAttribute('user')).toEqual({ name: 'ann' })
    expect(client.getAttribute('user')).toBeUndefined()
  })
})

describe('the upgrade request', () => {
  test('has headers, and cookies of longer paths first', async () => {
    await using echo = await startEcho()
    await using _client = await connect(echo.url, {
      customHeaders: { 'X-Tenant': 'blue', 'X-Two': ['1', '2'], Cookie: 'given=0' },
      cookies: [
        { name: 'root', value: '1', path: '/' },
        { name: 'deep', value: '2', path: '/orders/today' },
        'login=abc; Path=/orders; HttpOnly',
        { name: 'none', value: '3' },
      ],
    })
    const { headers } = (await echo.connection()).request
    expect(headers).toMatchObject({
      'x-tenant': 'blue',
      'x-two': '1, 2',
      cookie: 'given=0; deep=2; login=abc; root=1; none=3',
    })
  })

  test('has the cookies that a login before it was answered with', async () => {
    await using login = await HttpBackend.start(() => ({
      headers: { 'Set-Cookie': ['session=abc; Path=/; HttpOnly', 'tenant=blue; Path=/orders'] },
    }))
    const { headers } = await fetch(login.url)
    await using echo = await startEcho()
    await using _client = await connect(echo.url, { cookies: headers.getSetCookie() })
    expect((await echo.connection()).request.headers.cookie).toBe('tenant=blue; session=abc')
  })

  test.each([-1, -0.5])('waits as long as usual with a handShakeTimeout of %d', async handShakeTimeout => {
    const { dial } = planOf(['ws://localhost:1'], { handShakeTimeout })
    expect(dial.handshakeTimeoutMs).toBe(300_000)
    await using echo = await startEcho()
    await using client = await connect(echo.url, { handShakeTimeout, readTimeout: -1, writeTimeout: -1 })
    expect(client.isOpen()).toBe(true)
  })

  test.each([
    [{ subProtocol: ['a'] }, 'Did you mean subProtocols?'],
    [{ retryConfig: { maxcount: 1 } }, 'Did you mean maxCount?'],
    [{ secureSocket: { verifyHostname: true } }, 'Did you mean verifyHostName?'],
    [{ readTimeout: -5 }, 'readTimeout is -5'],
    [{ customHeaders: { 'Sec-WebSocket-Protocol': 'a' } }, 'use subProtocols'],
    [{ customHeaders: { 'X-A': 'a\r\nX-B: b' } }, 'Invalid character'],
    [{ cookies: [{ name: 'a b', value: '1' }] }, 'no name of a cookie'],
    [{ cookies: [{ name: 'a', value: '1;b=2' }] }, 'characters it may not have'],
    [{ compression: { windowBits: 3 } }, 'from 8 to 15'],
    [{ compression: false, webSocketCompressionEnabled: true }, 'different things'],
    [{ secureSocket: { certValidation: {} } }, 'secureSocket option certValidation is refused'],
    [{ auth: { name: 'x' } }, 'auth is none of basic'],
    [{ urls: ['http://localhost'] }, 'no address of a WebSocket'],
    [{ handShakeTimeout: 1, handshakeTimeout: 2 }, 'different things'],
    [{ writeTimeout: -2 }, 'writeTimeout is -2'],
    [{ readTimeout: Number.NaN }, 'readTimeout is NaN'],
    [{ retryConfig: { interval: -1 } }, 'retryConfig.interval is -1'],
    [{ secureSocket: { key: { certfile: 'x' } } }, 'Did you mean certFile?'],
  ])('refuses %o', async (options, message) => {
    await using echo = await startEcho()
    const error = await connect(echo.url, options as never).catch(caught => caught)
    expect(error).toBeInstanceOf(OptionError)
    expect(error.message).toContain(message)
    expect(echo.accepted).toBe(0)
  })

  test.each(['http://localhost/', 'localhost:1', ''])('refuses the address %j', async url => {
    await expect(connect(url)).rejects.toThrow(OptionError)
  })
})

describe('over TLS', () => {
  test('a server is trusted whose certificate is named, as a file, text or store', async () => {
    using files = await testAuthority()
    await using echo = await startEcho({ tls: files.server })
    for (const cert of [files.trustStore, files.authority.cert, { path: files.trustStore }]) {
      await using client = await connect(echo.url, { secureSocket: { cert } })
      await client.writeMessage('secret')
      expect(await client.readMessage()).toBe('secret')
      expect(client.isSecure()).toBe(true)
    }
  })

  test('the client shows its own where the server asks', async () => {
    using files = await testAuthority()
    const tls = { ...files.server, ca: files.authority.cert, requestCert: true, rejectUnauthorized: true }
    await using echo = await startEcho({ tls })
    const key = {
      certFile: files.folder.write('someone.crt', files.someone.cert),
      keyFile: files.folder.write('someone.key', files.someone.key),
    }
    for (const shown of [key, { path: files.clientStore }]) {
      await using client = await connect(echo.url, { secureSocket: { cert: files.trustStore, key: shown } })
      await client.writeMessage('me')
      expect(await client.readMessage()).toBe('me')
    }
  })

  test('names, versions and checks are as asked for', async () => {
    using files = await testAuthority()
    await using echo = await startEcho({ tls: { ...files.server, maxVersion: 'TLSv1.2' } })
    const byAddress = echo.url.replace('localhost', '127.0.0.1')
    const cert = files.trustStore
    for (const [url, secureSocket] of [
      [byAddress, { cert, serverName: 'localhost' }],
      [byAddress, { cert, verifyHostName: false }],
      [echo.url, { enable: false }],
      [echo.url, { cert, protocol: { name: 'TLS', versions: ['TLSv1.2'] } }],
      [echo.url, { cert, ciphers: ['ECDHE-ECDSA-AES128-GCM-SHA256'] }],
    ] as const) {
      await using client = await connect(url, { secureSocket })
      expect(client.isOpen()).toBe(true)
    }
    for (const secureSocket of [{ cert, protocol: { versions: ['TLSv1.3'] } }, {}] as const)
      await expect(connect(echo.url, { secureSocket })).rejects.toMatchObject({ code: 'TLS_FAILED' })
    await expect(connect(byAddress, { secureSocket: { cert } })).rejects.toMatchObject({ code: 'TLS_FAILED' })
  })

  test('a file that is not there is an error before anything is sent', async () => {
    await expect(connect('wss://localhost:1', { secureSocket: { cert: 'nowhere.pem' } })).rejects.toThrow(
      /nowhere\.pem cannot be read/,
    )
  })
})
