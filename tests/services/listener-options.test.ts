// What `listen` of a service asks of requests, and says in its answers.

import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { connect as connectTcp } from 'node:net'
import { describe, expect, test } from 'vitest'
import { type Servable, serve } from '../../src/sdk/serve.ts'
import { freePort } from '../support/backends.ts'
import { statusOver, testAuthority } from '../support/certificates.ts'
import { Client, refusal } from '../support/clients.ts'
import type { TestGateway } from '../support/gateway.ts'
import { startHttpBackend } from '../support/http-backend.ts'
import { listOfRevoked } from '../support/revoked.ts'
import { findingsOf, startService } from './serve.ts'

const ECHO = `name: a
resources:
  POST /echo: [respond]
  GET /say: [{payloadFactory: {media-type: text, format: hello}}, respond]
onMessage: [respond]
`

const PASSING = `name: a
resources:
  POST /pass: [{call: {endpoint: {http: {method: post, uri-template: 'BACKEND/there'}}}}, respond]
onMessage: [respond]
`

/** Starts the service with these options of `listen`. */
const listening = (options: string, more = ECHO): Promise<TestGateway> =>
  startService('a.yaml', `${more}listen: {port: 0, host: localhost, ${options}}\n`)

/** Sends bytes as they are and gives everything that comes back until the connection is closed. */
async function exchange(gateway: TestGateway, text: string): Promise<string> {
  const socket = connectTcp({ host: 'localhost', port: Number(new URL(gateway.url('ws')).port) })
  const chunks: Buffer[] = []
  socket.on('data', chunk => chunks.push(chunk))
  socket.on('error', () => {})
  socket.write(text)
  await once(socket, 'close')
  return Buffer.concat(chunks).toString()
}

/** The request line and the header fields a request needs; the connection ends with its answer. */
const get = (target: string, more = ''): string =>
  `GET ${target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${more}\r\n`

const statusesOf = (answers: string): number[] =>
  [...answers.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => Number(status))

describe('server', () => {
  test('is said in every answer: of resources, to what is not served, to what is no HTTP', async () => {
    await using gateway = await listening('server: edge 7')
    for (const request of [get('/say'), get('/nothing'), 'what?\r\n\r\n'])
      expect(await exchange(gateway, request)).toMatch(/^Server: edge 7\r$/m)
  })

  test('is said when an upgrade is made, and when one is refused', async () => {
    await using gateway = await listening('server: edge 7')
    using client = new Client(gateway.url('ws'))
    const [response] = (await once(client.webSocket, 'upgrade')) as [IncomingMessage]
    expect(response.headers.server).toBe('edge 7')
    expect((await refusal(`${gateway.url('ws')}nothing`)).headers.server).toBe('edge 7')
  })

  test('is not said otherwise', async () => {
    await using gateway = await listening('timeout: 3')
    expect(await exchange(gateway, get('/say'))).not.toMatch(/^Server:/m)
  })
})

describe('requestLimits', () => {
  test('an address that is too long is 414, of requests and of upgrades', async () => {
    await using gateway = await listening('requestLimits: {maxUriLength: 40}')
    expect(statusesOf(await exchange(gateway, get(`/say?${'x'.repeat(35)}`)))).toEqual([200])
    expect(statusesOf(await exchange(gateway, get(`/say?${'x'.repeat(36)}`)))).toEqual([414])
    expect(statusesOf(await exchange(gateway, get(`/say?${'x'.repeat(60_000)}`)))).toEqual([414])
    expect(await refusal(`${gateway.url('ws')}?${'x'.repeat(40)}`)).toMatchObject({ status: 414 })
  })

  test('header fields that are too large are 431, of requests and of upgrades', async () => {
    await using gateway = await listening('requestLimits: {maxHeaderSize: 300}')
    expect(statusesOf(await exchange(gateway, get('/say', `X: ${'x'.repeat(200)}\r\n`)))).toEqual([200])
    expect(statusesOf(await exchange(gateway, get('/say', `X: ${'x'.repeat(300)}\r\n`)))).toEqual([431])
    expect(statusesOf(await exchange(gateway, get('/say', `X: ${'x'.repeat(60_000)}\r\n`)))).toEqual([431])
    const headers = { X: 'x'.repeat(300) }
    expect(await refusal(gateway.url('ws'), { headers })).toMatchObject({ status: 431 })
  })

  test('more header fields than the gateway takes elsewhere may be allowed', async () => {
    await using gateway = await listening('requestLimits: {maxHeaderSize: 60000}')
    expect(statusesOf(await exchange(gateway, get('/say', `X: ${'x'.repeat(40_000)}\r\n`)))).toEqual([200])
  })

  test('a body that is too large is 413, whether it tells its length or not', async () => {
    await using gateway = await listening('requestLimits: {maxEntityBodySize: 10}')
    const post = (more: string, body: string): Promise<string> =>
      exchange(
        gateway,
        `POST /echo HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\nConnection: close\r\n${more}\r\n\r\n${body}`,
      )
    expect(await post('Content-Length: 10', '0123456789')).toMatch(/^HTTP\/1\.1 200[\s\S]*0123456789/)
    expect(statusesOf(await post('Content-Length: 11', '01234567890'))).toEqual([413])
    expect(statusesOf(await post('Transfer-Encoding: chunked', 'b\r\n01234567890\r\n0\r\n\r\n'))).toEqual([
      413,
    ])
  })

  test('nor is one passed on that turns out to be too large', async () => {
    await using backend = await startHttpBackend(response => response.end())
    const service = PASSING.replace('BACKEND', backend.url)
    await using gateway = await listening('requestLimits: {maxEntityBodySize: 100000}', service)
    const chunk = `10000\r\n${'x'.repeat(0x1_0000)}\r\n`
    const answers = await exchange(
      gateway,
      `POST /pass HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n${chunk}${chunk}0\r\n\r\n`,
    )
    expect(statusesOf(answers)).toEqual([413])
    const { differences, services } = await gateway.gateway.ledger()
    expect([differences, services.filter(({ inFlight }) => inFlight !== 0)]).toEqual([[], []])
  })
})

describe('http1Settings', () => {
  const two = `GET /say HTTP/1.1\r\nHost: a\r\n\r\n${get('/say')}`

  test('keepAlive AUTO takes a second request on a connection, NEVER does not', async () => {
    await using auto = await listening('http1Settings: {keepAlive: AUTO}')
    expect(statusesOf(await exchange(auto, two))).toEqual([200, 200])
    await using never = await listening('http1Settings: {keepAlive: NEVER}')
    const answers = await exchange(never, two)
    expect(statusesOf(answers)).toEqual([200])
    expect(answers).toMatch(/^Connection: close\r$/m)
  })

  test('maxPipelinedRequests refuses those that would wait', async () => {
    const waiting: (() => void)[] = []
    await using backend = await startHttpBackend(response => {
      waiting.push(() => response.end('late'))
      if (waiting.length === 2) for (const answer of waiting) answer()
    })
    const service = PASSING.replace('BACKEND', backend.url)
    await using gateway = await listening('http1Settings: {maxPipelinedRequests: 2}', service)
    const one = 'POST /pass HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\nContent-Length: 1\r\n\r\nx'
    expect(statusesOf(await exchange(gateway, one + one + one))).toEqual([200, 200, 503])
  })
})

test('clients whose certificate was revoked are kept out', async () => {
  using tls = await testAuthority()
  const crl = tls.folder.write('revoked.pem', listOfRevoked(tls.authority, 'Test Authority', [tls.someone]))
  const none = tls.folder.write('none.pem', listOfRevoked(tls.authority, 'Test Authority', []))
  const key = { certFile: tls.serverStore, keyFile: tls.serverStore }
  const start = (file: string): Promise<TestGateway> =>
    listening(`secureSocket: ${JSON.stringify({ key, mutualSsl: { cert: tls.trustStore, crl: file } })}`)
  const asks = (gateway: TestGateway): Promise<number | 'refused'> =>
    statusOver(`${gateway.url('wss').replace('wss', 'https')}say`, { ca: tls.authority.cert, ...tls.someone })
  await using strict = await start(crl)
  expect(await asks(strict)).toBe('refused')
  await using lax = await start(none)
  expect(await asks(lax)).toBe(200)
})

describe('what is wrong is said', () => {
  test.each([
    ['server: x', 'without a port', 'server of listen'],
    ['requestLimits: {maxUriLength: 9}', 'without a port', 'requestLimits of listen'],
    ['port: 1, requestLimits: {maxUriLength: none}', 'bad-value', 'maxUriLength'],
    ['port: 1, http1Settings: {keepAlive: SOMETIMES}', 'AUTO', 'keepAlive'],
    ['port: 1, http1Settings: {keepAlve: AUTO}', 'Did you mean keepAlive', 'keepAlve'],
    ['port: 1, server: "a\\r\\nX: y"', 'text of one line', 'server'],
  ])('listen: {%s}', (options, what, which) => {
    const found = findingsOf('a.yaml', `onMessage: [respond]\nlisten: {${options}}\n`).join('\n')
    expect(found).toContain(what)
    expect(found).toContain(which)
  })

  test('options of listen that stand beside it', () => {
    const found = findingsOf('a.yaml', 'onMessage: [respond]\nserver: x\n').join('\n')
    expect(found).toMatch(/2:1 error not-supported[\s\S]*an option of listen/)
  })

  test('two services on one port that say different things', () => {
    const of = (name: string, limit: number): string =>
      `  - {name: ${name}, basePath: /${name}, onMessage: [respond], listen: {port: 39871, requestLimits: {maxUriLength: ${limit}}}}\n`
    expect(findingsOf('a.yaml', `services:\n${of('a', 10)}${of('b', 20)}`).join('\n')).toContain(
      'listener-clash',
    )
    expect(findingsOf('a.yaml', `services:\n${of('a', 10)}${of('b', 10)}`)).toEqual([])
  })
})

test('a service that is attached to a port does not change what is asked there', async () => {
  const port = await freePort()
  const at = (path: string, listen: object): Servable => ({
    name: path.slice(1),
    basePath: path,
    listen: { port, host: 'localhost', ...listen },
    onMessage: (_caller: unknown, data: unknown) => data,
  })
  await using server = await serve(at('/a', { server: 'one' }))
  await expect(server.attach(at('/b', { server: 'two' }))).rejects.toThrow(/another server, http1Settings/)
  await server.attach(at('/c', {}))
  expect(server.isRunning).toBe(true)
})
