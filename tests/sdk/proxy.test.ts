// Through an HTTP proxy, as options or the environment say.

import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import { type AddressInfo, connect as connectSocket, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { connect } from '../../src/sdk/index.ts'
import { freePort, startEcho, startRaw, startSilent } from '../support/backends.ts'
import { testAuthority } from '../support/certificates.ts'

/** An HTTP proxy that makes tunnels, and keeps what it was asked. */
class ProxyServer implements AsyncDisposable {
  readonly asked: IncomingMessage[] = []
  readonly #server: Server
  readonly #sockets = new Set<Socket>()

  constructor(password?: string) {
    this.#server = createServer((_request, response) => response.writeHead(405).end())
    this.#server.on('connection', socket => this.#sockets.add(socket))
    this.#server.on('connect', (request: IncomingMessage, socket: Socket, head: Buffer) => {
      this.asked.push(request)
      const wanted = password && `Basic ${Buffer.from(`ann:${password}`).toString('base64')}`
      if (wanted && request.headers['proxy-authorization'] !== wanted) {
        socket.end('HTTP/1.1 407 Who are you\r\nProxy-Authenticate: Basic\r\n\r\n')
        return
      }
      const { hostname, port } = new URL(`http://${request.url}`)
      const target = connectSocket(Number(port), hostname, () => {
        socket.write('HTTP/1.1 200 Connected\r\n\r\n')
        target.write(head)
        target.pipe(socket).pipe(target)
      })
      target.on('error', () => socket.end('HTTP/1.1 502 No\r\n\r\n'))
      socket.on('error', () => target.destroy())
    })
  }

  static async start(password?: string): Promise<ProxyServer> {
    const proxy = new ProxyServer(password)
    await once(proxy.#server.listen(0, '127.0.0.1'), 'listening')
    return proxy
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close()
    for (const socket of this.#sockets) socket.destroy()
  }
}

const host = '127.0.0.1'

test('ws and wss go through a tunnel', async () => {
  using files = await testAuthority()
  await using proxy = await ProxyServer.start()
  await using plain = await startEcho()
  await using secure = await startEcho({ tls: files.server })
  for (const { url } of [plain, secure]) {
    await using client = await connect(url, {
      proxy: { host, port: proxy.port },
      secureSocket: { cert: files.trustStore },
    })
    await client.writeMessage('through')
    expect(await client.readMessage()).toBe('through')
  }
  expect(proxy.asked.map(({ url }) => url)).toEqual([`localhost:${plain.port}`, `localhost:${secure.port}`])
})

test('the certificate of the server is checked behind the proxy, too', async () => {
  using files = await testAuthority()
  await using proxy = await ProxyServer.start()
  await using secure = await startEcho({ tls: files.stranger })
  const options = { proxy: { host, port: proxy.port }, secureSocket: { cert: files.trustStore } }
  await expect(connect(secure.url, options)).rejects.toMatchObject({ code: 'TLS_FAILED' })
})

test('the proxy is told who asks, and its refusal is an error', async () => {
  await using proxy = await ProxyServer.start('pass')
  await using echo = await startEcho()
  const { port } = proxy
  await using client = await connect(echo.url, { proxy: { host, port, userName: 'ann', password: 'pass' } })
  expect(client.isOpen()).toBe(true)
  expect((await echo.connection()).request.headers).not.toHaveProperty('proxy-authorization')
  const refused = connect(echo.url, { proxy: { host, port, userName: 'ann', password: 'no' } })
  await expect(refused).rejects.toThrow(`the proxy 127.0.0.1:${port} answered CONNECT with status 407`)
})

test('a proxy that is not there, or says nothing, is an error', async () => {
  await using echo = await startEcho()
  const port = await freePort()
  await expect(connect(echo.url, { proxy: { host, port } })).rejects.toMatchObject({
    code: 'CONNECTION_FAILED',
    message: expect.stringContaining(`the proxy 127.0.0.1:${port} cannot be used`),
  })
  await using silent = await startSilent()
  const options = { proxy: { host, port: Number(new URL(silent.url).port) }, handShakeTimeout: 0.05 }
  await expect(connect(echo.url, options)).rejects.toMatchObject({ code: 'HANDSHAKE_TIMED_OUT' })
  await vi.waitFor(() => expect(silent.open).toBe(0))
})

test.each(['nonsense\r\n\r\n', `HTTP/1.1 200 OK\r\n${'X: y\r\n'.repeat(5_000)}`])(
  'a proxy that answers with something else is an error',
  async answer => {
    await using wrong = await startRaw(socket => socket.once('data', () => socket.write(answer)))
    const proxy = { host, port: Number(new URL(wrong.url).port) }
    await expect(connect('ws://localhost:9', { proxy })).rejects.toThrow('answered CONNECT with')
  },
)

describe('the environment', () => {
  beforeEach(() => {
    for (const name of ['HTTPS_PROXY', 'HTTP_PROXY', 'ALL_PROXY', 'NO_PROXY']) {
      vi.stubEnv(name, '')
      vi.stubEnv(name.toLowerCase(), '')
    }
  })
  afterEach(() => void vi.unstubAllEnvs())

  test('names the proxy, with who asks', async () => {
    using files = await testAuthority()
    await using proxy = await ProxyServer.start('p@ss')
    vi.stubEnv('HTTPS_PROXY', `http://ann:p%40ss@127.0.0.1:${proxy.port}`)
    await using secure = await startEcho({ tls: files.server })
    await using plain = await startEcho()
    await using client = await connect(secure.url, { secureSocket: { cert: files.trustStore } })
    await using direct = await connect(plain.url)
    expect([client.isOpen(), direct.isOpen()]).toEqual([true, true])
    expect(proxy.asked).toHaveLength(1)
  })

  test.each(['localhost', '*', 'example.com, .localhost', 'localhost:PORT', '*.example.com localhost'])(
    'excepts hosts by NO_PROXY=%s',
    async list => {
      await using proxy = await ProxyServer.start()
      await using echo = await startEcho()
      vi.stubEnv('http_proxy', `127.0.0.1:${proxy.port}`)
      vi.stubEnv('NO_PROXY', list.replace('PORT', String(echo.port)))
      await using client = await connect(echo.url)
      expect(client.isOpen()).toBe(true)
      expect(proxy.asked).toHaveLength(0)
    },
  )

  test.each(['local', 'example.com', 'localhost:1'])('excepts no others: NO_PROXY=%s', async list => {
    await using proxy = await ProxyServer.start()
    await using echo = await startEcho()
    vi.stubEnv('ALL_PROXY', `http://127.0.0.1:${proxy.port}`)
    vi.stubEnv('NO_PROXY', list)
    await using client = await connect(echo.url)
    await using direct = await connect(echo.url, { proxy: false })
    expect([client.isOpen(), direct.isOpen()]).toEqual([true, true])
    expect(proxy.asked).toHaveLength(1)
  })

  test('must name one that can be used', async () => {
    vi.stubEnv('HTTP_PROXY', 'socks5://localhost:1')
    await expect(connect('ws://localhost:1')).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      message: 'the environment names the proxy socks5://localhost:1; it must be an http URL',
    })
  })
})
