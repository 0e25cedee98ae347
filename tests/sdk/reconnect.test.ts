// A connection that is lost: opened again, given up, or opened to another server.

import { afterEach, describe, expect, test, vi } from 'vitest'
import { ConnectionError, connect } from '../../src/sdk/index.ts'
import { freePort, startBackend, startEcho, startRefusing } from '../support/backends.ts'
import { eventually } from '../support/eventually.ts'
import { HttpBackend } from '../support/http-backend.ts'
import { startByHand } from './raw-server.ts'

const quickly = { interval: 0.01, maxWaitInterval: 0.05 }

describe('a connection that is lost', () => {
  test('is opened again: whoever reads goes on waiting, and writes wait for it', async () => {
    await using first = await startEcho()
    const { port, url } = first
    await using client = await connect(url, { retryConfig: quickly })
    await client.writeMessage('1')
    expect(await client.readMessage()).toBe('1')
    const waiting = client.readMessage()
    await first.kill()
    await eventually(() => expect(client.isOpen()).toBe(false))
    const writing = client.writeMessage('2')
    await using _second = await startEcho({ port })
    await writing
    expect(await waiting).toBe('2')
    expect(client.isOpen()).toBe(true)
  })

  test('keeps its attributes, its id, and what was not read', async () => {
    await using first = await startBackend({ greet: ({ webSocket }) => webSocket.send('before') })
    const { port, url } = first
    await using client = await connect(url, { retryConfig: quickly })
    const id = client.getConnectionId()
    client.setAttribute('a', 1)
    const { webSocket } = await first.connection()
    await new Promise(resolve => {
      webSocket.once('pong', resolve)
      webSocket.ping()
    })
    await first.kill()
    await using _second = await startBackend({ port, greet: ({ webSocket }) => webSocket.send('after') })
    expect([await client.readMessage(), await client.readMessage()]).toEqual(['before', 'after'])
    expect([client.getConnectionId(), client.getAttribute('a')]).toEqual([id, 1])
  })

  test('has its opening messages sent again, unless that is switched off', async () => {
    for (const [resendOpenMessages, expected] of [
      [true, ['{"login":"ann"}', 'subscribe', 'after']],
      [false, ['after']],
    ] as const) {
      await using first = await startBackend()
      const { port } = first
      await using client = await connect(first.url, {
        openMessages: [{ login: 'ann' }, 'subscribe'],
        retryConfig: { ...quickly, resendOpenMessages },
      })
      expect(await first.received.texts(2)).toEqual(['{"login":"ann"}', 'subscribe'])
      await first.kill()
      await eventually(() => expect(client.isOpen()).toBe(false))
      await using second = await startBackend({ port })
      await client.writeMessage('after')
      expect(await second.received.texts(expected.length)).toEqual(expected)
    }
  })

  test('ends the client when there were as many attempts as may be', async () => {
    await using backend = await startEcho()
    const client = await connect(backend.url, { retryConfig: { ...quickly, maxCount: 2 } })
    const read = client.readMessage().catch(error => error)
    await backend.kill()
    const error = await read
    expect(error).toBeInstanceOf(ConnectionError)
    expect(error).toMatchObject({ code: 'CONNECTION_FAILED', cause: { code: 'CONNECTION_FAILED' } })
    await expect(client.writeMessage('a')).rejects.toThrow(ConnectionError)
    expect(await client.closed).toMatchObject({ code: 1006, wasClean: false })
  })

  test('is closed for good while it is opened again', async () => {
    await using backend = await startEcho()
    const client = await connect(backend.url, { retryConfig: { interval: 60, maxWaitInterval: 60 } })
    const read = client.readMessage().catch(error => error)
    await backend.kill()
    await client.close()
    expect(await read).toMatchObject({ code: 'CONNECTION_CLOSED', isOwn: true })
  })

  test('is not opened again without being asked to, nor after a close frame', async () => {
    await using lost = await startByHand(socket => socket.destroy())
    const plain = await connect(lost.url)
    await expect(plain.readMessage()).rejects.toMatchObject({ closeCode: 1006 })
    await using closer = await startBackend({ greet: ({ webSocket }) => webSocket.close(1012) })
    const client = await connect(closer.url, { retryConfig: quickly })
    await expect(client.readMessage()).rejects.toMatchObject({ closeCode: 1012 })
    expect(closer.accepted).toBe(1)
  })

  test('is opened again after the close codes that are listed', async () => {
    await using closer = await startBackend({
      greet: ({ webSocket }) => {
        if (closer.connections.length < 3) webSocket.close(1012, 'restart')
        else webSocket.send('there again')
      },
    })
    await using client = await connect(closer.url, { retryConfig: { ...quickly, retryOn: [1012] } })
    expect(await client.readMessage()).toBe('there again')
    expect(closer.accepted).toBe(3)
  })
})

describe('a message that may arrive twice', () => {
  test('is sent again when the connection is lost before it is taken', async () => {
    await using first = await startBackend()
    const { port, url } = first
    await using client = await connect(url, { retryConfig: quickly, compression: false })
    const { webSocket } = await first.connection()
    webSocket.pause()
    const block = Buffer.alloc(16 * 1024 * 1024, 'a')
    const written = client.writeMessage(block, { idempotent: true })
    await first.kill()
    await using second = await startBackend({ port })
    await written
    expect((await second.received.next()).data).toHaveLength(block.length)
  })
})

describe('a server that cannot be reached', () => {
  test('is tried again until it is there', async () => {
    const port = await freePort()
    const connecting = connect(`ws://127.0.0.1:${port}`, { retryConfig: quickly })
    await using _echo = await startEcho({ port })
    await using client = await connecting
    expect(client.isOpen()).toBe(true)
  })

  test('is given up after so many attempts more', async () => {
    await using busy = await startRefusing(503)
    const connecting = connect(busy.url, { retryConfig: { ...quickly, maxCount: 3 } })
    await expect(connecting).rejects.toMatchObject({ code: 'UPGRADE_REFUSED' })
    expect(busy.sockets).toHaveLength(4)
  })

  test('is not tried again where that cannot help, unless its status is listed', async () => {
    await using refusing = await startRefusing(404)
    await expect(connect(refusing.url, { retryConfig: quickly })).rejects.toMatchObject({
      code: 'UPGRADE_REFUSED',
    })
    expect(refusing.sockets).toHaveLength(1)
    const retryConfig = { ...quickly, maxCount: 1, retryOn: [404] }
    await expect(connect(refusing.url, { retryConfig })).rejects.toMatchObject({ code: 'UPGRADE_REFUSED' })
    expect(refusing.sockets).toHaveLength(3)
  })
})

describe('the waits between attempts', () => {
  afterEach(() => void vi.restoreAllMocks())

  test('grow by the factor, up to the longest one', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(0.999)
    await using busy = await startRefusing(503)
    const start = performance.now()
    const retryConfig = { maxCount: 4, interval: 0.02, backOffFactor: 3, maxWaitInterval: 0.1 }
    await expect(connect(busy.url, { retryConfig })).rejects.toMatchObject({ code: 'UPGRADE_REFUSED' })
    // 20, 60, 100 and 100 ms; a factor that does nothing makes 80 of it.
    expect(performance.now() - start).toBeGreaterThan(260)
    expect(busy.sockets).toHaveLength(5)
  })

  test('may be nothing at all: they are random from there', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(0)
    await using busy = await startRefusing(503)
    const retryConfig = { maxCount: 3, interval: 3_600, backOffFactor: 2, maxWaitInterval: 3_600 }
    await expect(connect(busy.url, { retryConfig })).rejects.toMatchObject({ code: 'UPGRADE_REFUSED' })
    expect(busy.sockets).toHaveLength(4)
  })
})

describe('several servers', () => {
  test('may be given as urls, too', async () => {
    await using echo = await startEcho()
    const nobody = `ws://127.0.0.1:${await freePort()}`
    await using client = await connect(nobody, { urls: [new URL(nobody), echo.url] })
    await client.writeMessage('a')
    expect(await client.readMessage()).toBe('a')
  })

  test('the first that can be had is taken', async () => {
    await using refusing = await HttpBackend.start(() => ({ status: 503 }))
    await using echo = await startEcho()
    const urls = [`ws://127.0.0.1:${await freePort()}`, refusing.url.replace('http', 'ws'), echo.url]
    await using client = await connect(urls)
    await client.writeMessage('a')
    expect(await client.readMessage()).toBe('a')
  })

  test('the next is taken at once where the one in use is lost', async () => {
    await using first = await startEcho()
    await using second = await startEcho()
    await using client = await connect([first.url, second.url])
    await client.writeMessage('1')
    expect(await client.readMessage()).toBe('1')
    const waiting = client.readMessage()
    await first.kill()
    await second.connection()
    await client.writeMessage('2')
    expect(await waiting).toBe('2')
    expect(await second.received.text()).toBe('2')
  })

  test('none: each is told of', async () => {
    await using refusing = await startRefusing(503)
    const nobody = `ws://127.0.0.1:${await freePort()}/`
    const error = await connect([nobody, refusing.url]).catch(caught => caught)
    expect(error).toBeInstanceOf(ConnectionError)
    expect(error.message).toContain(nobody)
    expect(error.message).toContain('status 503')
    expect(error.cause.errors).toHaveLength(2)
  })
})
