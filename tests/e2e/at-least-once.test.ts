// Clients that number their messages: each is in the store before it is acknowledged, and reaches the backend in order.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { freePort, startEcho } from '../support/backends.ts'
import { makeIdentity, testAuthority } from '../support/certificates.ts'
import { connect } from '../support/clients.ts'
import { relay, service } from '../support/configurations.ts'
import { eventually } from '../support/eventually.ts'
import { buildGateway, startGateway, type TestGateway } from '../support/gateway.ts'
import { HttpBackend } from '../support/http-backend.ts'
import { AT_LEAST_ONCE, NumberingClient } from '../support/numbering.ts'

const FORWARDING = 'org.apache.synapse.message.processor.impl.forwarder.ScheduledMessageForwardingProcessor'
const SAMPLING = 'org.apache.synapse.message.processor.impl.sampler.SamplingProcessor'
const STORED = { 'ws.delivery.store': 'incoming' }

type Parameters = Readonly<Record<string, string | number | boolean>>

function parametersOf(values: Parameters): string {
  return Object.entries(values)
    .map(([name, value]) => `<parameter name="${name}">${value}</parameter>`)
    .join('')
}

/** The store, and what forwards from it. */
function forwarding(url: string, values: Parameters = {}): string {
  const parameters = { interval: 5, 'client.retry.interval': 5, 'max.delivery.attempts': -1, ...values }
  return `<messageStore name="incoming"/>
    <endpoint name="backend"><address uri="${url}"/></endpoint>
    <messageProcessor name="forward" class="${FORWARDING}" messageStore="incoming" targetEndpoint="backend">
      ${parametersOf(parameters)}
    </messageProcessor>`
}

/** A store that nothing takes from; what it holds shows through the log of a processor that can be let go later. */
function storing(values: Parameters = {}): string {
  return `<messageStore name="incoming">${parametersOf(values)}</messageStore>`
}

/** Logs what comes out of the store. */
function sampling(properties: string): string {
  return `<messageStore name="incoming"/>
    <messageProcessor name="sample" class="${SAMPLING}" messageStore="incoming">
      ${parametersOf({ interval: 5, sequence: 'sampled' })}
    </messageProcessor>
    <sequence name="sampled"><log level="custom">${properties}</log></sequence>`
}

const bodies = (backend: HttpBackend): string[] => backend.received.map(({ body }) => body)

/** Plain clients get their messages back. */
const started = (xml: string, parameters: Parameters = {}): Promise<TestGateway> =>
  startGateway({ xml: service('<respond/>', { parameters: { ...STORED, ...parameters } }) + xml })

describe('a client that numbers its messages', () => {
  test('is told what was accepted, and the backend gets it in order', async () => {
    await using backend = await HttpBackend.start()
    await using gateway = await started(forwarding(backend.url))
    using client = await NumberingClient.greeted(gateway.url('ws'), 'till 7')
    expect(client.client.subprotocol).toBe(AT_LEAST_ONCE)
    expect(client.welcome).toEqual({ welcome: 'till 7', accepted: 0, new: true })

    expect(await client.ask({ seq: 1, data: { sold: 1 } })).toEqual({ accepted: 1 })
    expect(await client.ask({ seq: 2, data: 'as text' })).toEqual({ accepted: 2 })
    const bytes = Buffer.from([0, 255, 1]).toString('base64')
    expect(await client.ask({ seq: 3, bytes })).toEqual({ accepted: 3 })

    await eventually(() => expect(backend.received).toHaveLength(3))
    expect(bodies(backend).slice(0, 2)).toEqual(['{"sold":1}', 'as text'])
    expect(backend.received.map(({ headers }) => headers['content-type'])).toEqual([
      expect.stringContaining('application/json'),
      expect.stringContaining('text/plain'),
      'application/octet-stream',
    ])
  })

  test('may send many before it hears anything; one answer says all', async () => {
    await using backend = await HttpBackend.start()
    await using gateway = await started(forwarding(backend.url, { interval: 1 }))
    using client = await NumberingClient.connect(gateway.url('ws'))
    client.say({ hello: 'many' })
    for (let seq = 1; seq <= 200; seq++) client.say({ seq, data: seq })

    expect(await client.told()).toMatchObject({ welcome: 'many' })
    const told = await client.accepted(200)
    expect(told.every(({ error }) => error === undefined)).toBe(true)
    expect(told.length).toBeLessThan(200)

    await eventually(() => expect(backend.received).toHaveLength(200))
    expect(bodies(backend)).toEqual(Array.from({ length: 200 }, (_, i) => String(i + 1)))
  })

  test('hears on its return what was accepted, and goes on from there', async () => {
    await using backend = await HttpBackend.start()
    await using gateway = await started(forwarding(backend.url))
    using first = await NumberingClient.greeted(gateway.url('ws'), 'till')
    for (const seq of [1, 2, 3]) first.say({ seq, data: seq })
    await first.accepted(3)
    await first.client.close()

    using again = await NumberingClient.greeted(gateway.url('ws'), 'till')
    expect(again.welcome).toEqual({ welcome: 'till', accepted: 3 })
    // It had not heard that 3 was accepted.
    expect(await again.ask({ seq: 3, data: 3 })).toEqual({ accepted: 3 })
    expect(await again.ask({ seq: 4, data: 4 })).toEqual({ accepted: 4 })

    await eventually(() => expect(backend.received).toHaveLength(4))
    expect(bodies(backend)).toEqual(['1', '2', '3', '4'])
  })

  test('is told where to go on, once, when a message is missing', async () => {
    await using backend = await HttpBackend.start()
    await using gateway = await started(forwarding(backend.url))
    using client = await NumberingClient.greeted(gateway.url('ws'), 'gaps')
    client.say({ seq: 1, data: 1 })
    for (const seq of [3, 4, 5]) client.say({ seq, data: seq })

    expect(await client.told()).toEqual({ accepted: 1 })
    expect(await client.told()).toEqual({ error: { code: 'gap', expected: 2 } })
    // Once more with the same mistake.
    expect(await client.ask({ seq: 3, data: 3 })).toEqual({ error: { code: 'gap', expected: 2 } })
    for (const seq of [2, 3]) client.say({ seq, data: seq })
    await client.accepted(3)
    await eventually(() => expect(bodies(backend)).toEqual(['1', '2', '3']))
  })

  test('has its messages stored as it wrote them, with who it is and their numbers', async () => {
    const properties = `<property name="payload" expression="json-eval($)"/>
      <property name="client" expression="get-property('websocket.delivery.client')"/>
      <property name="seq" expression="get-property('websocket.delivery.seq')"/>
      <property name="how" expression="get-property('websocket.delivery')"/>`
    await using gateway = await started(sampling(properties))
    using client = await NumberingClient.greeted(gateway.url('ws'), 'till')
    await client.ask(
      '{"type":"application/json","data" : {"n": 12345678901234567890, "t": "}\\""} , "seq":1}',
    )
    const line = await gateway.waitForLog('client = till')
    expect(line.text).toContain('payload = {"n": 12345678901234567890, "t": "}\\""}')
    expect(line.text).toContain('seq = 1, how = at-least-once')
  })

  test('gives text the type of the endpoint, or its own', async () => {
    await using backend = await HttpBackend.start()
    await using gateway = await started(forwarding(backend.url), {
      'ws.default.content.type': 'application/xml',
    })
    using client = await NumberingClient.greeted(gateway.url('ws'), 'types')
    await client.ask({ seq: 1, data: '<a/>' })
    await client.ask({ seq: 2, data: 'a,b', type: 'text/csv; header=absent' })
    await eventually(() => expect(backend.received).toHaveLength(2))
    expect(backend.received.map(({ headers, body }) => [headers['content-type'], body])).toEqual([
      [expect.stringContaining('application/xml'), '<a/>'],
      [expect.stringContaining('text/csv'), 'a,b'],
    ])
  })

  test('is replaced by a newer connection of the same id', async () => {
    await using gateway = await started(storing())
    using old = await NumberingClient.greeted(gateway.url('ws'), 'one')
    await old.ask({ seq: 1, data: 1 })
    using young = await NumberingClient.greeted(gateway.url('ws'), 'one')
    expect(young.welcome).toEqual({ welcome: 'one', accepted: 1 })
    expect(await old.told()).toEqual({ error: { code: 'replaced' } })
    expect(await old.client.closed).toEqual({ code: 4409, reason: 'replaced' })
    expect(await young.ask({ seq: 2, data: 2 })).toEqual({ accepted: 2 })
  })

  test('is sent messages in frames that cannot be taken for the protocol', async () => {
    const toAll = `<filter source="boolean(get-property('source.handshake.present'))" regex="true">
      <then/><else><respond/></else></filter>`
    await using gateway = await startGateway({
      xml: service(toAll, { parameters: { ...STORED, 'ws.client.side.broadcast.level': 2 } }) + storing(),
    })
    using client = await NumberingClient.greeted(gateway.url('ws'), 'hears')
    using plain = await connect(gateway.url('ws'))
    plain.send('{"accepted":99}')
    expect(await client.told()).toEqual({ data: { accepted: 99 } })
    plain.send('news')
    expect(await client.told()).toEqual({ data: 'news' })
    plain.send(Buffer.from([1, 2]))
    expect(await client.told()).toEqual({ bytes: 'AQI=' })
  })
})

describe('plain clients of the same service', () => {
  test('are not concerned', async () => {
    await using backend = await startEcho()
    const xml = relay(backend.url, { parameters: STORED }) + storing()
    await using gateway = await startGateway({ xml })
    using plain = await connect(gateway.url('ws'))
    expect(plain.subprotocol).toBeUndefined()
    expect(await plain.ask('{"hello":"me"}')).toBe('{"hello":"me"}')
    using other = await connect(gateway.url('ws'), { offer: ["synapse(contentType='application/json')"] })
    expect(await other.ask('{"seq":1,"data":1}')).toBe('{"seq":1,"data":1}')
  })

  test('nor is anybody where no store is named', async () => {
    await using gateway = await startGateway({ xml: service('<respond/>') })
    using client = await connect(gateway.url('ws'), { offer: [AT_LEAST_ONCE] })
    expect(client.subprotocol).toBeUndefined()
    expect(await client.ask('{"hello":"me"}')).toBe('{"hello":"me"}')
  })
})

describe('who a client is', () => {
  const BY_HEADER = { 'ws.delivery.user': '$trp:X-User' }

  test('is its id, for each user apart', async () => {
    await using gateway = await started(storing(), BY_HEADER)
    const as = (user: string) => ({ headers: { 'X-User': user } })
    using ann = await NumberingClient.greeted(gateway.url('ws'), 'till', as('ann'))
    await ann.ask({ seq: 1, data: 1 })
    using bob = await NumberingClient.greeted(gateway.url('ws'), 'till', as('bob'))
    expect(bob.welcome).toEqual({ welcome: 'till', accepted: 0, new: true })
    expect(await ann.ask({ seq: 2, data: 2 })).toEqual({ accepted: 2 })
  })

  test('has to be known, where it is asked for', async () => {
    await using gateway = await started(storing(), BY_HEADER)
    using client = await NumberingClient.connect(gateway.url('ws'))
    expect(await client.ask({ hello: 'till' })).toEqual({ error: { code: 'no-user' } })
    expect(await client.client.closed).toEqual({ code: 1008, reason: 'no-user' })
  })

  test('may be found out by the sequence of the handshake, which is waited for', async () => {
    await using auth = await HttpBackend.json({ name: 'carla' })
    const dispatch = `<filter source="boolean(get-property('source.handshake.present'))" regex="true">
      <then><call>${auth.endpoint}</call><property name="who" expression="json-eval($.name)"/></then>
      <else><respond/></else></filter>`
    const user = { 'ws.delivery.user': "get-property('who')" }
    const xml =
      service(dispatch, { parameters: { ...STORED, ...user } }) +
      sampling(`<property name="user" expression="get-property('websocket.delivery.user')"/>`)
    await using gateway = await startGateway({ xml })
    using client = await NumberingClient.connect(gateway.url('ws'))
    client.say({ hello: 'till' })
    client.say({ seq: 1, data: 1 })
    expect(await client.told()).toMatchObject({ welcome: 'till' })
    expect(await client.told()).toEqual({ accepted: 1 })
    await gateway.waitForLog('user = carla')
  })
})

test('a client that shows a certificate is the one the certificate names', async () => {
  using made = await testAuthority()
  const { authority, someone, serverStore, trustStore } = made
  const other = await makeIdentity(['other'], authority)
  const parameters = {
    ...STORED,
    'wss.ssl.key.store.file': serverStore,
    'wss.ssl.trust.store.file': trustStore,
  }
  const user = `<property name="user" expression="get-property('websocket.delivery.user')"/>`
  await using gateway = await startGateway({
    xml: service('<respond/>', { protocol: 'wss', parameters }) + sampling(user),
  })
  const url = gateway.url('wss')
  using one = await NumberingClient.greeted(url, 'till', { ca: authority.cert, ...someone })
  expect(await one.ask({ seq: 1, data: 1 })).toEqual({ accepted: 1 })
  using two = await NumberingClient.greeted(url, 'till', { ca: authority.cert, ...other })
  expect(two.welcome).toMatchObject({ accepted: 0, new: true })
  await gateway.waitForLog('user = CN=someone')
})

describe('hostile frames', () => {
  const bad = { error: { code: 'bad-frame', reason: expect.any(String) } }

  test.each([
    ['no JSON', 'hello'],
    ['no object', '[1]'],
    ['nothing', '{}'],
    ['a number that is none', '{"seq":"1","data":1}'],
    ['0', '{"seq":0,"data":1}'],
    ['a part of a number', '{"seq":1.5,"data":1}'],
    ['a huge number', '{"seq":1e300,"data":1}'],
    ['a number beyond what is exact', '{"seq":9007199254740993,"data":1}'],
    ['no payload', '{"seq":1}'],
    ['two payloads', '{"seq":1,"data":1,"bytes":""}'],
    ['bytes that are none', '{"seq":1,"bytes":"?"}'],
    ['a type that would be two headers', '{"seq":1,"data":"","type":"text/plain\\r\\nX: y"}'],
    ['hello twice', '{"hello":"me"}'],
    ['two frames in one', '{"hello":"me","seq":1,"data":1}'],
  ])('%s', async (_what, frame) => {
    await using gateway = await started(storing())
    using client = await NumberingClient.greeted(gateway.url('ws'), 'me')
    expect(await client.ask(frame)).toEqual(bad)
    expect(await client.ask({ seq: 1, data: 1 })).toEqual({ accepted: 1 })
  })

  test('a binary frame', async () => {
    await using gateway = await started(storing())
    using client = await NumberingClient.greeted(gateway.url('ws'), 'me')
    client.client.send(Buffer.from('{"seq":1,"data":1}'))
    expect(await client.told()).toEqual(bad)
  })

  test.each([
    ['empty', ''],
    ['too long', 'x'.repeat(129)],
    ['with a line break', 'a\nb'],
    ['no text', 7],
    ['half a character', '\ud800'],
  ])('an id that is %s', async (_what, hello) => {
    await using gateway = await started(storing())
    using client = await NumberingClient.connect(gateway.url('ws'))
    expect(await client.ask({ hello })).toMatchObject({ error: { code: 'bad-id' } })
    expect(await client.ask({ seq: 1, data: 1 })).toMatchObject({ error: { code: 'hello-first' } })
    expect(await client.ask({ hello: 'x'.repeat(128) })).toMatchObject({ accepted: 0 })
  })

  test('the greatest number there is makes a gap', async () => {
    await using gateway = await started(storing())
    using client = await NumberingClient.greeted(gateway.url('ws'), 'me')
    const frame = { seq: Number.MAX_SAFE_INTEGER, data: 1 }
    expect(await client.ask(frame)).toEqual({ error: { code: 'gap', expected: 1 } })
  })

  test('many of them close the client', async () => {
    await using gateway = await started(storing())
    using client = await NumberingClient.greeted(gateway.url('ws'), 'me')
    for (let i = 0; i < 15; i++) expect(await client.ask('{')).toEqual(bad)
    await client.ask({ seq: 1, data: 1 })
    for (let i = 0; i < 16; i++) expect(await client.ask('{')).toEqual(bad)
    expect(await client.client.closed).toEqual({ code: 1008, reason: 'too many bad frames' })
  })

  test('a payload nested deeply is a payload', async () => {
    await using gateway = await started(storing())
    using client = await NumberingClient.greeted(gateway.url('ws'), 'me')
    const deep = '['.repeat(50_000) + ']'.repeat(50_000)
    expect(await client.ask(`{"seq":1,"data":${deep}}`)).toEqual({ accepted: 1 })
  })
})

describe('a store that takes nothing', () => {
  test('is told to the client, which sends again from there; nothing is left out', async () => {
    await using backend = await HttpBackend.start()
    await using gateway = await started(
      forwarding(backend.url, { interval: 300 }).replace(
        '<messageStore name="incoming"/>',
        storing({ 'store.max.messages': 3 }),
      ),
    )
    using client = await NumberingClient.greeted(gateway.url('ws'), 'much')
    for (let seq = 1; seq <= 6; seq++) client.say({ seq, data: seq })
    expect(await client.told()).toEqual({ accepted: 3 })
    const error = { code: 'unavailable', seq: 4, retryAfterMs: expect.any(Number) }
    expect(await client.told()).toEqual({ error })
    await gateway.waitForLog('messages of clients are not accepted for now: message store incoming is full')

    let accepted = 3
    while (accepted < 6) {
      for (let seq = accepted + 1; seq <= 6; seq++) client.say({ seq, data: seq })
      const told = await client.told()
      accepted = told.accepted ?? accepted
    }
    await eventually(() => expect(bodies(backend)).toEqual(['1', '2', '3', '4', '5', '6']))
  })

  test('is told at the hello, where it knows nothing, and the client may say it again', async () => {
    await using gateway = buildGateway({ xml: service('<respond/>', { parameters: STORED }) })
    await gateway.gateway.start()
    using client = await NumberingClient.connect(gateway.url('ws'))
    const error = { code: 'unavailable', retryAfterMs: expect.any(Number) }
    client.say({ hello: 'early' })
    // On its way before the client knew.
    for (let seq = 1; seq <= 20; seq++) client.say({ seq, data: seq })
    client.say({ hello: 'early' })
    expect(await client.told()).toEqual({ error })
    expect(await client.told()).toEqual({ error })
    await gateway.waitForLog('message store incoming is not there')
  })

  test('has a client begin anew when it has forgotten what it took', async () => {
    await using gateway = await started(storing())
    using client = await NumberingClient.greeted(gateway.url('ws'), 'old')
    expect(await client.ask({ seq: 1, data: 1 })).toEqual({ accepted: 1 })
    await gateway.gateway.stores[0]?.numbered?.forget('clients', Date.now() + 1, 10)
    expect(await client.ask({ seq: 2, data: 2 })).toEqual({ error: { code: 'forgotten' } })
    expect(await client.client.closed).toEqual({ code: 1012, reason: 'forgotten' })

    using again = await NumberingClient.greeted(gateway.url('ws'), 'old')
    expect(again.welcome).toEqual({ welcome: 'old', accepted: 0, new: true })
    expect(await again.ask({ seq: 1, data: 2 })).toEqual({ accepted: 1 })
  })
})

describe('handshakes', () => {
  const onHandshake = (steps: string): string => `
    <filter source="boolean(get-property('source.handshake.present'))" regex="true">
      <then>${steps}</then><else><respond/></else></filter>`

  test('a held client is let in with the subprotocol of the gateway, whatever its backend speaks', async () => {
    await using backend = await startEcho({ choose: offered => offered })
    const parameters = { ...STORED, 'ws.subprotocol.passthrough': true }
    await using gateway = await startGateway({ xml: relay(backend.url, { parameters }) + storing() })
    using client = await NumberingClient.greeted(gateway.url('ws'), 'held')
    expect(client.client.subprotocol).toBe(AT_LEAST_ONCE)
    expect((await backend.connection()).request.headers['sec-websocket-protocol']).toBeUndefined()
    expect(await client.ask({ seq: 1, data: 1 })).toEqual({ accepted: 1 })

    using plain = await connect(gateway.url('ws'), { offer: ['other'] })
    expect(plain.subprotocol).toBe('other')
    expect(await plain.ask('x')).toBe('x')
  })

  test('a held client that the sequence refuses is refused', async () => {
    const refused = `<property name="HTTP_SC" scope="axis2" value="401"/><respond/>`
    const parameters = { ...STORED, 'ws.handshake': 'held' }
    await using gateway = await startGateway({
      xml: service(onHandshake(refused), { parameters }) + storing(),
    })
    await expect(NumberingClient.connect(gateway.url('ws'))).rejects.toThrow('401')
  })

  test('a sequence can tell such clients, and leave the backend alone', async () => {
    const dispatch = `<filter source="get-property('websocket.delivery')" regex="at-least-once"><then/>
      <else><send><endpoint><address uri="ws://localhost:1/"/></endpoint></send></else></filter>`
    await using gateway = await startGateway({
      xml: service(dispatch, { parameters: STORED }) + storing(),
    })
    using client = await NumberingClient.greeted(gateway.url('ws'), 'alone')
    expect(await client.ask({ seq: 1, data: 1 })).toEqual({ accepted: 1 })
    using plain = await connect(gateway.url('ws'))
    expect((await plain.closed).code).toBe(1014)
  })
})

describe('the client of the guide', () => {
  interface GuideClient {
    send(data: unknown): void
    close(): void
    readonly waiting: number
  }
  type ClientClass = new (url: string, id: string, onData?: (data: unknown) => void) => GuideClient

  async function clientClass(): Promise<ClientClass> {
    const page = readFileSync(join(import.meta.dirname, '../../docs/guide/at-least-once.md'), 'utf8')
    const source = /^```js\n(.*?)^```$/ms.exec(page)![1]!
    const module = await import(`data:text/javascript,${encodeURIComponent(source)}`)
    return module.AtLeastOnce
  }

  test('gets all of its messages through, in order, with its gateway gone in between', async () => {
    const Guide = await clientClass()
    await using backend = await HttpBackend.start()
    const port = await freePort()
    const start = (): Promise<TestGateway> => started(forwarding(backend.url), { 'inbound.ws.port': port })
    const url = `ws://127.0.0.1:${port}/`
    const first = await start()
    const client = new Guide(url, 'guide')
    for (let n = 1; n <= 5; n++) client.send(n)
    await eventually(() => expect(client.waiting).toBe(0))
    await eventually(() => expect(backend.received).toHaveLength(5))
    await first[Symbol.asyncDispose]()

    for (let n = 6; n <= 10; n++) client.send({ n })
    await using _second = await start()
    await eventually(() => expect(client.waiting).toBe(0))
    client.send('last')
    await eventually(() => expect(backend.received).toHaveLength(11))
    expect(bodies(backend)).toEqual([
      ...['1', '2', '3', '4', '5'],
      ...[6, 7, 8, 9, 10].map(n => JSON.stringify({ n })),
      'last',
    ])
    client.close()
  })

  test('sends again what the store did not take', async () => {
    const Guide = await clientClass()
    await using backend = await HttpBackend.start()
    await using gateway = await started(
      forwarding(backend.url, { interval: 50 }).replace(
        '<messageStore name="incoming"/>',
        storing({ 'store.max.messages': 8 }),
      ),
    )
    const client = new Guide(gateway.url('ws'), 'guide')
    for (let n = 1; n <= 20; n++) client.send(n)
    await eventually(() => expect(client.waiting).toBe(0))
    await eventually(() => expect(backend.received).toHaveLength(20))
    expect(bodies(backend)).toEqual(Array.from({ length: 20 }, (_, i) => String(i + 1)))
    client.close()
  })
})
