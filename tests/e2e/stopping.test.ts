// The gateway runs as a process and is told to stop: nobody new gets in, what was sent is answered, clients are told
// goodbye, and the process ends in time.

import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { expect, test } from 'vitest'
import { myelin, type Running } from '../cli/program.ts'
import { startBackend, startSilent, startUpper } from '../support/backends.ts'
import { TestFolder } from '../support/certificates.ts'
import { connect, connectAll } from '../support/clients.ts'
import { proxy, type RelayOptions, relay, sendTo, service } from '../support/configurations.ts'
import { eventually } from '../support/eventually.ts'
import { startGateway } from '../support/gateway.ts'

/** The program with a configuration of its own, on free ports. */
class Program implements AsyncDisposable {
  readonly running: Running
  readonly #folder: TestFolder

  constructor(xml: string, settings: Record<string, string | number | boolean> = {}) {
    this.#folder = new TestFolder()
    this.#folder.write('all.xml', `<definitions xmlns="http://ws.apache.org/ns/synapse">${xml}</definitions>`)
    const toml = { 'transport.http.listener.port': 0, 'management.probe.port': 0, ...settings }
    const lines = Object.entries(toml).map(([key, value]) => `${key} = ${JSON.stringify(value)}`)
    this.#folder.write('deployment.toml', lines.join('\n'))
    this.running = myelin('run', this.#folder.path)
  }

  /** Waits until it is ready and gives what it listens on. */
  async ready(): Promise<{ ws: string; http: string; probes: string; lines: Record<string, unknown>[] }> {
    const { input } = await this.running.prints(/"msg":"ready"}\n/)
    const lines = input
      .trim()
      .split('\n')
      .map(line => JSON.parse(line) as Record<string, unknown>)
    const urls = lines.map(line => String(line.url))
    const url = (part: string): string => urls.find(each => each.includes(part)) ?? ''
    const probes = url('/healthz').replace('/healthz', '')
    return { ws: url('ws://'), http: url('/services/'), probes, lines }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.running[Symbol.asyncDispose]()
    this.#folder[Symbol.dispose]()
  }
}

const start = async (xml: string, settings?: Record<string, string | number | boolean>) => {
  const program = new Program(xml, settings)
  return { program, ...(await program.ready()), [Symbol.asyncDispose]: () => program[Symbol.asyncDispose]() }
}

test('it says in JSON lines what it listens on, last that it is ready, and answers the probes', async () => {
  await using gateway = await start(service('<respond/>') + proxy('orders', '<drop/>'))

  expect(gateway.lines.at(-1)).toMatchObject({ level: 'info', msg: 'ready', ms: expect.any(Number) })
  expect(gateway.lines.map(({ msg }) => msg)).toEqual(
    expect.arrayContaining([
      expect.stringMatching(/^inbound endpoint clients at ws:\/\/localhost:\d+\/$/),
      expect.stringMatching(/^proxy service orders at http:\/\/localhost:\d+\/services\/orders$/),
      expect.stringMatching(/^probes at http:\/\/localhost:\d+\/healthz and \/liveness$/),
    ]),
  )
  const health = await fetch(`${gateway.probes}/healthz`)
  expect(health.status).toBe(200)
  expect(await health.json()).toMatchObject({ status: 'ready' })
  const alive = await fetch(`${gateway.probes}/liveness`)
  expect(alive.status).toBe(200)
  expect(await alive.json()).toEqual({ server: 'started' })
})

test.each([
  ['SIGTERM', { code: 1012, reason: 'service restart' }],
  ['SIGINT', { code: 1001, reason: 'shutdown' }],
] as const)(
  '%s while clients talk: all they sent is answered, then they get %o, and the exit code is 0',
  async (signal, close) => {
    await using backend = await startUpper()
    await using gateway = await start(relay(backend.url))
    const clients = await connectAll(gateway.ws, 20)
    for (const client of clients) await client.ask('hello')
    for (const client of clients) for (let i = 0; i < 100; i++) client.send(`message ${i}`)

    gateway.program.running.kill(signal)

    const expected = Array.from({ length: 100 }, (_, i) => `MESSAGE ${i}`)
    for (const client of clients) {
      expect(await client.received.texts(100)).toEqual(expected)
      expect(await client.closed).toEqual(close)
    }
    for (const { closed } of backend.connections) expect((await closed).code).toBe(1001)
    const { code, stdout } = await gateway.program.running.ended()
    expect(code).toBe(0)
    expect(stdout).toMatch(/"msg":"stopped"}\n$/)
  },
)

test('while it stops, nobody new gets in, the health probe says so, and a stuck client is cut at the limit', async () => {
  await using gateway = await start(service('<respond/>'), { 'myelin.shutdown_grace_ms': 1_500 })
  using stuck = await connect(gateway.ws)
  stuck.webSocket.pause()
  const ended = gateway.program.running.ended()
  const startMs = performance.now()

  gateway.program.running.kill('SIGTERM')
  await gateway.program.running.prints(/stopping/)

  await expect(connect(gateway.ws)).rejects.toThrow(/ECONNREFUSED|ECONNRESET|hang up|503/)
  const health = await fetch(`${gateway.probes}/healthz`)
  expect(health.status).toBe(503)
  expect(await health.json()).toMatchObject({ status: 'not ready, the gateway is stopping' })
  expect((await fetch(`${gateway.probes}/liveness`)).status).toBe(200)
  expect((await ended).code).toBe(0)
  expect(performance.now() - startMs).toBeLessThan(2_500)
})

test.each([700, 60_000])(
  'a backend that has %i ms left to answer the handshake does not hold up the end',
  async handshakeTimeoutMs => {
    await using backend = await startSilent()
    await using gateway = await start(relay(backend.url), {
      'myelin.shutdown_grace_ms': 200,
      'transport.ws.handshake_timeout_ms': handshakeTimeoutMs,
    })
    using client = await connect(gateway.ws)
    client.send('anyone?')
    const ended = gateway.program.running.ended()
    const startMs = performance.now()

    gateway.program.running.kill('SIGTERM')

    expect((await client.closed).code).toBe(1012)
    expect((await ended).code).toBe(0)
    expect(performance.now() - startMs).toBeLessThan(2_500)
  },
)

test('the backend that HTTP callers share is told as well', async () => {
  await using backend = await startBackend()
  await using gateway = await start(proxy('orders', sendTo(backend.url)))
  expect((await fetch(gateway.http, { method: 'POST', body: 'x' })).status).toBe(202)

  gateway.program.running.kill('SIGTERM')

  expect(await (await backend.connection()).closed).toEqual({ code: 1001, reason: 'shutdown' })
  expect((await gateway.program.running.ended()).code).toBe(0)
})

test('a port that is taken: the message names the port and what it is for, and the exit code is 1', async () => {
  const taken = createServer()
  await once(taken.listen(0), 'listening')
  const { port } = taken.address() as AddressInfo
  await using program = new Program(service('<respond/>', { parameters: { 'inbound.ws.port': port } }))

  const { code, stdout, stderr } = await program.running.ended()

  taken.close()
  expect(stderr).toBe(
    `myelin: cannot listen on port ${port} for inbound endpoint clients: the port is in use\n`,
  )
  expect(stdout).not.toContain('ready')
  expect(code).toBe(1)
})

test('clients are closed with the code and message of the inbound endpoint, on every path', async () => {
  const named = (name: string, code: number): RelayOptions => ({
    name,
    parameters: { 'ws.shutdown.status.code': code, 'ws.shutdown.status.message': `${name} is closing` },
  })
  await using gateway = await startGateway({
    xml: service('<respond/>', named('red', 4100)) + service('<respond/>', named('blue', 1012)),
  })
  using red = await connect(`${gateway.url('ws', 'red')}one`)
  using alsoRed = await connect(`${gateway.url('ws', 'red')}two`)
  using blue = await connect(gateway.url('ws', 'blue'))

  await gateway.gateway.stop(5_000)

  expect(await red.closed).toEqual({ code: 4100, reason: 'red is closing' })
  expect(await alsoRed.closed).toEqual({ code: 4100, reason: 'red is closing' })
  expect(await blue.closed).toEqual({ code: 1012, reason: 'blue is closing' })
})

test('clients that never stop talking, and backends that never stop sending, do not keep it from saying goodbye', async () => {
  await using feed = await startBackend({
    greet: ({ webSocket }) => {
      const tick = (): void => {
        if (webSocket.readyState === webSocket.OPEN) webSocket.send('tick', () => setTimeout(tick, 5))
      }
      tick()
    },
  })
  await using gateway = await startGateway({ xml: relay(feed.url) + service('<respond/>', { name: 'echo' }) })
  using listener = await connect(gateway.url('ws', 'clients'))
  using talker = await connect(gateway.url('ws', 'echo'))
  talker.webSocket.on('message', () => talker.send('and another thing'))
  talker.send('by the way')
  await listener.received.texts(3)
  await talker.received.texts(3)

  await gateway.gateway.stop(1_000)

  expect(await listener.closed).toEqual({ code: 1001, reason: 'shutdown' })
  expect(await talker.closed).toEqual({ code: 1001, reason: 'shutdown' })
})

test('a message that waits for its backend when the gateway is told to stop is still delivered and answered', async () => {
  const gate = Promise.withResolvers<void>()
  await using backend = await startUpper({ gate: gate.promise })
  await using gateway = await startGateway({ xml: relay(backend.url) })
  using client = await connect(gateway.url('ws'))
  client.send('please')

  const stopped = gateway.gateway.stop(5_000)
  gate.resolve()

  expect(await client.received.text()).toBe('PLEASE')
  expect(await client.closed).toEqual({ code: 1001, reason: 'shutdown' })
  await stopped
})

test('an HTTP request under way is answered, and its connection is not waited for after that', async () => {
  const gate = Promise.withResolvers<void>()
  await using backend = await startBackend({ gate: gate.promise })
  await using gateway = await startGateway({ xml: proxy('orders', sendTo(backend.url)) })
  const answer = fetch(gateway.url('http'), { method: 'POST', body: 'x' })
  await eventually(() => expect(backend.accepted).toBe(1))
  const startMs = performance.now()

  const stopped = gateway.gateway.stop(15_000)
  gate.resolve()

  expect((await answer).status).toBe(202)
  expect(await backend.received.text()).toBe('x')
  await stopped
  expect(performance.now() - startMs).toBeLessThan(5_000)
})

test('an answer of a backend that cannot be passed on is not waited for longer than the time given', async () => {
  await using backend = await startUpper()
  await using silent = await startSilent()
  const xml = `
    ${proxy('orders', sendTo(backend.url))}
    <sequence name="outDispatchSeq"><log level="custom"><property name="PASSING" value="on"/></log>${sendTo(silent.url)}</sequence>`
  await using gateway = await startGateway({ xml, settings: { 'transport.ws.handshake_timeout_ms': 60_000 } })
  expect((await fetch(gateway.url('http'), { method: 'POST', body: 'x' })).status).toBe(202)
  await gateway.waitForLog('PASSING = on')
  const startMs = performance.now()

  await gateway.gateway.stop(300)

  expect(performance.now() - startMs).toBeLessThan(5_000)
})
