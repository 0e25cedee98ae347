import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generate } from 'selfsigned'
import { expect, test } from 'vitest'
import { type WebSocket, WebSocketServer } from 'ws'
import { startDemoBackend } from '../../src/websocket/demo-backend.ts'
import { startBackend, startEcho } from '../support/backends.ts'
import { myelin, runMyelin } from './program.ts'

/** The upper-casing backend, closed when it goes out of scope. */
async function demoBackend(): Promise<{ url: string; received: string[] } & AsyncDisposable> {
  const received: string[] = []
  const { port, close } = await startDemoBackend({
    host: '127.0.0.1',
    port: 0,
    log: line => received.push(line),
  })
  return { url: `ws://127.0.0.1:${port}/websocket`, received, [Symbol.asyncDispose]: close }
}

/** A server that does with each client what the test wants. */
async function server(
  onClient: (client: WebSocket, request: IncomingMessage) => void,
): Promise<{ url: string } & AsyncDisposable> {
  const webSockets = new WebSocketServer({ host: '127.0.0.1', port: 0 })
  webSockets.on('connection', onClient)
  await once(webSockets, 'listening')
  return {
    url: `ws://127.0.0.1:${(webSockets.address() as AddressInfo).port}/`,
    [Symbol.asyncDispose]: async () => {
      for (const client of webSockets.clients) client.terminate()
      webSockets.close()
      await once(webSockets, 'close')
    },
  }
}

const timeless = (text: string): string => text.replace(/after \d+ ms/g, 'after N ms')

/** A port on which nothing listens. */
async function freePort(): Promise<number> {
  const holder = createServer().listen(0, '127.0.0.1')
  await once(holder, 'listening')
  const { port } = holder.address() as AddressInfo
  holder.close()
  await once(holder, 'close')
  return port
}

test('sends each line of standard input and prints the answers before it closes', async () => {
  await using backend = await demoBackend()

  const { code, stdout, stderr } = await runMyelin(['ws', backend.url], 'hello\n{"a": "ü"}')

  const lines = stdout.trimEnd().split('\n')
  expect(lines.filter(line => line.startsWith('>'))).toEqual(['> hello', '> {"a": "ü"}'])
  expect(lines.filter(line => line.startsWith('<'))).toEqual(['< HELLO', '< {"A": "Ü"}'])
  expect(stderr).toBe(`Connected to ${backend.url}\n`)
  expect(code).toBe(0)
})

test('closes with 1000 at the end of input', async () => {
  const closed = Promise.withResolvers<number>()
  await using silent = await server(client => client.on('close', closed.resolve))

  const { code } = await runMyelin(['ws', silent.url, '--wait', '0'])

  expect(await closed.promise).toBe(1000)
  expect(code).toBe(0)
})

test('converses line by line', async () => {
  await using backend = await demoBackend()
  await using client = myelin('ws', backend.url)

  client.type('first')
  await client.prints(/^< FIRST$/m)
  client.type('second')
  await client.prints(/^< SECOND$/m)
  client.endInput()

  expect((await client.ended()).code).toBe(0)
})

test('waits for late answers as long as --wait says', async () => {
  await using late = await server(client => {
    client.on('message', () => setTimeout(() => client.send('late'), 800))
  })

  const patient = await runMyelin(['ws', late.url, '--wait', '10000', '--once'], 'question')
  const hasty = await runMyelin(['ws', late.url, '--wait', '50'], 'question')

  expect(patient.stdout).toBe('> question\n< late\n')
  expect(hasty.stdout).toBe('> question\n')
})

test('sends many lines without losing one', async () => {
  await using backend = await demoBackend()
  const lines = Array.from({ length: 5000 }, (_, index) => `line ${index} ${'x'.repeat(200)}`)

  const { stdout } = await runMyelin(['ws', backend.url], lines.join('\n'))

  const answers = stdout.split('\n').filter(line => line.startsWith('< '))
  expect(answers).toEqual(lines.map(line => `< ${line.toUpperCase()}`))
})

test('sends a file as one binary message, and shows the start of what comes back', async () => {
  await using backend = await demoBackend()
  const folder = await mkdtemp(join(tmpdir(), 'myelin-ws-'))
  const file = join(folder, 'bytes')
  await writeFile(file, Buffer.from(Array.from({ length: 256 }, (_, index) => index)))

  const { code, stdout } = await runMyelin(['ws', backend.url, '--binary', file, '--once'])
  await rm(folder, { recursive: true })

  const shown = '(binary, 256 bytes) 00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f …'
  expect(stdout).toBe(`> ${shown}\n< ${shown}\n`)
  expect(backend.received).toEqual(['binary, 256 bytes'])
  expect(code).toBe(0)
})

test('--once ends after the first message though input is open', async () => {
  await using pushing = await server(client => {
    client.send('one')
    client.send('two')
  })
  await using client = myelin('ws', pushing.url, '--once')

  expect(await client.ended()).toMatchObject({ code: 0, stdout: '< one\n' })
})

test('--once fails when no message comes', async () => {
  await using silent = await server(() => {})

  const { code, stderr } = await runMyelin(['ws', silent.url, '--once', '--wait', '100'], 'anyone?')

  expect(stderr).toBe('myelin: no message came within 100 ms after the end of input; --wait waits longer\n')
  expect(code).toBe(1)
})

test('--once fails when the server closes first', async () => {
  await using closing = await server(client => client.close(1001, 'shutdown'))
  await using client = myelin('ws', closing.url, '--once')

  expect(await client.ended()).toMatchObject({
    code: 1,
    stdout: '< close 1001 shutdown\n',
    stderr: 'myelin: the server closed the connection before a message came\n',
  })
})

test.for<[number, string, number]>([
  [1000, '', 0],
  [1001, 'shutdown', 0],
  [1011, 'no memory', 1],
  [4000, 'go away', 1],
])('a close %d %s by the server ends it', async ([closeCode, reason, exitCode]) => {
  await using closing = await server(client => client.close(closeCode, reason))
  await using client = myelin('ws', closing.url)

  const { code, stdout } = await client.ended()

  expect(stdout).toBe(`< close ${closeCode}${reason && ` ${reason}`}\n`)
  expect(code).toBe(exitCode)
})

test('a lost connection is a failure', async () => {
  await using losing = await server(client => client.terminate())
  await using client = myelin('ws', losing.url)

  expect(await client.ended()).toMatchObject({ code: 1, stdout: '< close 1006 (connection lost)\n' })
})

test('sends headers and subprotocols', async () => {
  const asked = Promise.withResolvers<IncomingMessage>()
  await using greeting = await server((client, request) => {
    asked.resolve(request)
    client.send('hi')
  })
  const headers = [
    '--header',
    'X-Team: blue',
    '--header',
    'X-Team: red',
    '--header',
    'Authorization: Bearer a:b',
  ]

  await runMyelin([
    'ws',
    greeting.url,
    '--once',
    ...headers,
    '--subprotocol',
    'chat',
    '--subprotocol',
    'mqtt',
  ])

  const request = await asked.promise
  expect(request.headers).toMatchObject({ 'x-team': 'blue, red', authorization: 'Bearer a:b' })
  expect(request.headers['sec-websocket-protocol']).toBe('chat, mqtt')
})

test('Ctrl-C closes properly', async () => {
  const closed = Promise.withResolvers<number>()
  await using greeting = await server(client => {
    client.on('close', closed.resolve)
    client.send('hi')
  })
  await using client = myelin('ws', greeting.url)
  await client.prints(/^< hi$/m)

  client.kill('SIGINT')

  expect(await closed.promise).toBe(1000)
  expect((await client.ended()).code).toBe(0)
})

test('says that nothing listens', async () => {
  const address = `127.0.0.1:${await freePort()}`

  const { code, stdout, stderr } = await runMyelin(['ws', `ws://${address}/x`])

  expect(timeless(stderr)).toBe(
    `myelin: cannot connect to ws://${address}/x: connect ECONNREFUSED ${address}; nothing listens on ${address}: start the server, or correct the port\n  step: TCP, after N ms\n`,
  )
  expect(stdout).toBe('')
  expect(code).toBe(1)
})

test('says how the server refused the upgrade', async () => {
  const refusing = createServer().on('upgrade', (_request, socket) => {
    socket.end('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n')
  })
  refusing.listen(0, '127.0.0.1')
  await once(refusing, 'listening')
  const url = `ws://127.0.0.1:${(refusing.address() as AddressInfo).port}/nowhere`

  const { code, stderr } = await runMyelin(['ws', url])
  refusing.close()

  expect(timeless(stderr)).toBe(
    `myelin: cannot connect to ${url}: the server answered the upgrade with status 404; no WebSocket is served on this path\n  step: HTTP, after N ms\n`,
  )
  expect(code).toBe(1)
})

test('--insecure accepts the certificate that is refused without it', async () => {
  const { private: key, cert } = await generate([{ name: 'commonName', value: 'localhost' }])
  const secure = createSecureServer({ key, cert })
  new WebSocketServer({ server: secure }).on('connection', client => client.send('hi'))
  secure.listen(0, '127.0.0.1')
  await once(secure, 'listening')
  const url = `wss://127.0.0.1:${(secure.address() as AddressInfo).port}/`

  const refused = await runMyelin(['ws', url, '--once'])
  const accepted = await runMyelin(['ws', url, '--once', '--insecure'])
  secure.close()

  expect(timeless(refused.stderr)).toMatch(
    /^myelin: cannot connect to wss:.*; trust its issuer with NODE_EXTRA_CA_CERTS=file.pem, or accept any certificate with --insecure\n {2}step: TLS, after N ms\n$/,
  )
  expect(refused.code).toBe(1)
  expect(accepted).toMatchObject({ code: 0, stdout: '< hi\n', stderr: '' })
})

test('says that a file cannot be read', async () => {
  const { code, stderr } = await runMyelin(['ws', 'ws://127.0.0.1:1/', '--binary', '/no/such/file'])

  expect(stderr).toMatch(/^myelin: cannot read \/no\/such\/file: ENOENT/)
  expect(code).toBe(1)
})

test('--reconnect opens a lost connection again, and tells each attempt', async () => {
  const first = await startEcho({ greet: ({ webSocket }) => webSocket.send('first') })
  const { port, url } = first
  await using client = myelin('ws', url, '--retry', 'interval=0.05', '--retry', 'backOffFactor=2')
  await client.prints(/^< first$/m)

  await first.kill()
  await client.prints(/^< close 1006 \(connection lost\)$/m)
  client.type('typed meanwhile')
  await client.says(/^Connecting again: attempt 2, after \d+ ms/m)
  await using _second = await startEcho({ port, greet: ({ webSocket }) => webSocket.send('second') })
  await client.prints(/^< second$/m)
  await client.prints(/^< typed meanwhile$/m)
  client.endInput()

  const { code, stdout, stderr } = await client.ended()
  expect(stdout.match(/^> typed meanwhile$/gm)).toHaveLength(1)
  expect(stderr).toMatch(
    /^Connected to .*\nConnecting again: attempt 1, after \d+ ms.*\nmyelin: cannot connect to .*ECONNREFUSED.*\n {2}step: TCP, after \d+ ms\n/,
  )
  expect(stderr.match(/^Connected to /gm)).toHaveLength(2)
  expect(code).toBe(0)
})

test('--retry says how often, and for what', async () => {
  const url = `ws://127.0.0.1:${await freePort()}/`
  const settings = ['maxCount=2', 'interval=0.01', 'retryOn=connect,1012'].flatMap(each => ['--retry', each])
  const closes: number[] = []
  await using restarting = await server(client => {
    closes.push(1012)
    client.close(closes.length < 3 ? 1012 : 4000)
  })

  const nobody = await runMyelin(['ws', url, ...settings])
  await using client = myelin('ws', restarting.url, ...settings)
  const restarted = await client.ended()
  const wrong = await runMyelin(['ws', url, '--retry', 'maxCount=many'])

  expect(nobody.stderr.match(/cannot connect to/g)).toHaveLength(3)
  expect(nobody.code).toBe(1)
  expect(restarted.stdout).toBe('< close 1012\n< close 1012\n< close 4000\n')
  expect(restarted.code).toBe(1)
  expect(wrong.stderr).toContain('--retry.maxCount is NaN; it must be 0 or more.')
})

test('Ctrl-C ends the attempts', async () => {
  const url = `ws://127.0.0.1:${await freePort()}/`
  const first = await startEcho()
  await using never = myelin(
    'ws',
    url,
    '--reconnect',
    '--retry',
    'interval=3600',
    '--retry',
    'maxWaitInterval=3600',
  )
  await using lost = myelin('ws', first.url, '--retry', 'interval=3600', '--retry', 'maxWaitInterval=3600')
  await never.says(/step: TCP/)
  await lost.says(/^Connected/)
  await first.kill()
  await lost.prints(/close 1006/)

  for (const client of [never, lost]) client.kill('SIGINT')

  expect((await never.ended()).code).toBe(1)
  expect((await lost.ended()).code).toBe(0)
})

test('--verbose tells how the handshake went: what was answered, and agreed on', async () => {
  await using backend = await startBackend({ choose: () => 'chat' })

  const { stderr } = await runMyelin(['ws', backend.url, '--verbose', '--subprotocol', 'chat', '--wait', '0'])

  const lines = timeless(stderr).split('\n')
  expect(lines.slice(0, 2)).toEqual([`Connected to ${backend.url}`, 'status 101 after N ms'])
  expect(lines).toContain('  Sec-WebSocket-Protocol: chat')
  expect(lines.slice(-3)).toEqual(['  subprotocol agreed on: chat', '  compression agreed on: none', ''])
})
