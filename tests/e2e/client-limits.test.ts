// What clients may take up: how many connect, how often, and how much they send. What is beyond a limit is warned of,
// turned away or closed, counted, and logged.

import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { describe, expect, test } from 'vitest'
import { type Client, connect, refusal } from '../support/clients.ts'
import { service } from '../support/configurations.ts'
import { eventually } from '../support/eventually.ts'
import { buildGateway, startGateway, type TestGateway } from '../support/gateway.ts'

const ECHO = `
  <filter source="boolean(get-property('source.handshake.present'))" regex="true"><then><drop/></then></filter>
  <filter source="boolean(get-property('connection.terminate'))" regex="true"><then><drop/></then></filter>
  <respond/>`

function limited(parameters: Readonly<Record<string, string | number>>, name = 'clients'): string {
  return service(ECHO, { name, parameters })
}

function counted(gateway: TestGateway, ending: 'refused' | 'discarded' | 'answered'): number {
  return [...gateway.gateway.counters.values()].reduce((sum, { ended }) => sum + ended[ending], 0)
}

const PROXIED = { 'transport.http.listener.trusted_proxies': '127.0.0.0/8, ::1' }
const from = (address: string, more: Readonly<Record<string, string>> = {}) => ({
  headers: { 'X-Forwarded-For': address, ...more },
})

describe('how many are connected', () => {
  test('one more than allowed is refused with 503 until another one has left', async () => {
    await using gateway = await startGateway({ xml: limited({ 'ws.limit.connections': 2 }) })
    using ann = await connect(gateway.url('ws'))
    using _bob = await connect(gateway.url('ws'))

    const { status, headers, body } = await refusal(gateway.url('ws'))
    expect(status).toBe(503)
    expect(Number(headers['retry-after'])).toBeGreaterThan(0)
    const { message, id } = JSON.parse(body)
    expect(message).toBe('too many connections')
    const line = await gateway.waitForLog('too many connections')
    expect(line.level).toBe('warn')
    expect(line.fields).toMatchObject({ id, status: 503 })
    expect(counted(gateway, 'refused')).toBe(1)

    await ann.close(1000)
    let cat: Client | undefined
    await eventuallyConnected(gateway, client => {
      cat = client
    })
    expect(await cat!.ask('in')).toBe('in')
    cat![Symbol.dispose]()
  })

  test('many at once cannot get past the limit together', async () => {
    await using gateway = await startGateway({ xml: limited({ 'ws.limit.connections': 5 }) })

    const tries = await Promise.allSettled(Array.from({ length: 20 }, () => connect(gateway.url('ws'))))

    const inside = tries.flatMap(tried => (tried.status === 'fulfilled' ? [tried.value] : []))
    expect(inside).toHaveLength(5)
    expect(counted(gateway, 'refused')).toBe(15)
    for (const client of inside) client[Symbol.dispose]()
  })

  test('a handshake that fails after it was let in takes no place', async () => {
    await using gateway = await startGateway({ xml: limited({ 'ws.limit.connections': 1 }) })
    for (let i = 0; i < 3; i++) expect(await statusOfBadUpgrade(gateway.url('ws'))).toMatch(/^(?:400|503)$/)

    await eventuallyConnected(gateway, client => client[Symbol.dispose]())
  })

  test('a client that is held and refused by its sequence takes no place', async () => {
    const refuse = '<property name="HTTP_SC" scope="axis2" value="401"/><respond/>'
    await using gateway = await startGateway({
      xml: service(refuse, { parameters: { 'ws.limit.connections': 1, 'ws.handshake': 'held' } }),
    })
    const statuses = new Set<number>()
    while (!statuses.has(401)) statuses.add((await refusal(gateway.url('ws'))).status)
    statuses.clear()
    while (!statuses.has(401)) statuses.add((await refusal(gateway.url('ws'))).status)
  })

  test('of one address: 429, while others are let in; IPv6 counts by its first 64 bits', async () => {
    await using gateway = await startGateway({
      xml: limited({ 'ws.limit.connections.per.address': 1 }),
      settings: PROXIED,
    })
    using _ann = await connect(gateway.url('ws'), from('192.0.2.1'))
    using _bob = await connect(gateway.url('ws'), from('192.0.2.2'))
    using _cat = await connect(gateway.url('ws'), from('2001:db8:1:2::1'))

    expect((await refusal(gateway.url('ws'), from('192.0.2.1'))).status).toBe(429)
    expect((await refusal(gateway.url('ws'), from('2001:db8:1:2:ffff::9'))).status).toBe(429)
    using _dan = await connect(gateway.url('ws'), from('2001:db8:1:3::1'))
    expect((await gateway.waitForLog('too many connections from this address')).fields).toMatchObject({
      client: '192.0.2.1',
    })
  })

  test('of one user, by a header or a parameter; without a user there is no such limit', async () => {
    const users = { 'ws.limit.connections.per.user': 1 }
    await using gateway = await startGateway({
      xml:
        limited({ ...users, 'ws.limit.user': '$trp:X-User' }, 'header') +
        limited({ ...users, 'ws.limit.user': '$url:user' }, 'query'),
    })
    const header = gateway.url('ws', 'header')
    using _ann = await connect(header, { headers: { 'X-User': 'ann' } })
    using _bob = await connect(header, { headers: { 'X-User': 'bob' } })
    using _nobody = await connect(header)
    using _nobodyElse = await connect(header)
    expect((await refusal(header, { headers: { 'X-User': 'ann' } })).status).toBe(429)

    const query = gateway.url('ws', 'query')
    using _cat = await connect(`${query}?user=ann`)
    expect((await refusal(`${query}?user=ann`)).status).toBe(429)
    using _dan = await connect(`${query}?user=dan`)
  })

  test('with the action close the client is let in to be told 1013 or 1008', async () => {
    await using gateway = await startGateway({
      xml:
        limited({ 'ws.limit.connections': 1, 'ws.limit.connections.action': 'close' }, 'all') +
        limited({ 'ws.limit.connections.per.address': 1, 'ws.limit.connections.action': 'close' }, 'one'),
    })
    using _ann = await connect(gateway.url('ws', 'all'))
    using bob = await connect(gateway.url('ws', 'all'))
    expect(await bob.closed).toEqual({ code: 1013, reason: 'too many connections' })
    using _cat = await connect(gateway.url('ws', 'one'))
    using dan = await connect(gateway.url('ws', 'one'))
    expect(await dan.closed).toEqual({ code: 1008, reason: 'too many connections from this address' })
    expect(counted(gateway, 'refused')).toBe(2)
  })

  test('with the action warn it is only logged', async () => {
    await using gateway = await startGateway({
      xml: limited({ 'ws.limit.connections': 1, 'ws.limit.connections.action': 'warn' }),
    })
    using _ann = await connect(gateway.url('ws'))
    using bob = await connect(gateway.url('ws'))

    expect(await bob.ask('in')).toBe('in')
    await gateway.waitForLog('let in client')
    expect(counted(gateway, 'refused')).toBe(0)
  })
})

describe('how often they connect', () => {
  test('beyond the burst an address is refused with 429 and told when to come back', async () => {
    await using gateway = await startGateway({
      xml: limited({ 'ws.limit.connects.per.minute': 2, 'ws.limit.connects.burst': 3 }),
      settings: PROXIED,
    })
    for (let i = 0; i < 3; i++) {
      using client = await connect(gateway.url('ws'), from('192.0.2.1'))
      await client.close(1000)
    }

    const { status, headers } = await refusal(gateway.url('ws'), from('192.0.2.1'))
    expect(status).toBe(429)
    expect(Number(headers['retry-after'])).toBeGreaterThan(20)
    expect(Number(headers['retry-after'])).toBeLessThanOrEqual(30)
    using _other = await connect(gateway.url('ws'), from('192.0.2.2'))
  })

  test('a thousand refusals are two lines in the log at most', async () => {
    await using gateway = await startGateway({
      xml: limited({ 'ws.limit.connects.per.minute': 1 }),
    })
    using _ann = await connect(gateway.url('ws'))
    for (let i = 0; i < 50; i++) await refusal(gateway.url('ws'))

    expect(gateway.logged('too many connections in a short time').length).toBeLessThanOrEqual(2)
    expect(counted(gateway, 'refused')).toBe(50)
  })
})

describe('how much they send', () => {
  test('more messages than allowed close the client with 1008; others go on', async () => {
    await using gateway = await startGateway({
      xml: limited({ 'ws.limit.messages.per.second': 1, 'ws.limit.messages.burst': 5 }),
    })
    using ann = await connect(gateway.url('ws'))
    using bob = await connect(gateway.url('ws'))
    for (let i = 0; i < 10; i++) ann.send(`message ${i}`)

    expect(await ann.closed).toEqual({ code: 1008, reason: 'too many messages' })
    expect(await bob.ask('in')).toBe('in')
    const line = await gateway.waitForLog('more than 1 messages a second')
    expect(line.fields).toMatchObject({ session: 'clients-1' })
    expect(counted(gateway, 'refused')).toBe(1)
    await eventually(() => expect(gateway.inFlight).toBe(0))
  })

  test('with the action drop they are left out and counted as discarded', async () => {
    await using gateway = await startGateway({
      xml: limited({
        'ws.limit.messages.per.second': 1,
        'ws.limit.messages.burst': 5,
        'ws.limit.messages.action': 'drop',
      }),
    })
    using ann = await connect(gateway.url('ws'))
    for (let i = 0; i < 10; i++) ann.send(`message ${i}`)

    expect(await ann.received.texts(5)).toEqual([0, 1, 2, 3, 4].map(i => `message ${i}`))
    await eventually(() => expect(counted(gateway, 'discarded') + counted(gateway, 'answered')).toBe(10))
    expect(counted(gateway, 'discarded')).toBeGreaterThanOrEqual(4)
    expect(gateway.logged('has one left out')).toHaveLength(1)
  })

  test('with the action warn they go on', async () => {
    await using gateway = await startGateway({
      xml: limited({ 'ws.limit.messages.per.second': 1, 'ws.limit.messages.action': 'warn' }),
    })
    using ann = await connect(gateway.url('ws'))
    for (let i = 0; i < 20; i++) ann.send(`message ${i}`)

    expect(await ann.received.texts(20)).toHaveLength(20)
    expect(gateway.logged('goes on: it sends more than')).toHaveLength(1)
  })

  test('bytes: a large message passes after a quiet time, and the next one does not', async () => {
    await using gateway = await startGateway({
      xml: limited({ 'ws.limit.bytes.per.second': 1_000, 'ws.limit.bytes.burst': 2_000 }),
    })
    using ann = await connect(gateway.url('ws'))
    const large = 'x'.repeat(100_000)
    expect(await ann.ask(large)).toBe(large)
    ann.send('more')

    expect(await ann.closed).toEqual({ code: 1008, reason: 'too many bytes' })
  })
})

describe('what is wrong with the parameters', () => {
  const findingsOf = (parameters: Readonly<Record<string, string | number>>): string[] =>
    buildGateway({ xml: limited(parameters) })
      .gateway.diagnostics.all()
      .map(({ code, message }) => `${code}: ${message}`)

  test('is said where they stand', () => {
    expect(findingsOf({ 'ws.limit.connections.per.user': 3 })).toContain(
      'missing: Parameter ws.limit.connections.per.user needs ws.limit.user.',
    )
    expect(findingsOf({ 'ws.limit.messages.burst': 3 })).toContain(
      'no-effect: Parameter ws.limit.messages.burst has no effect without ws.limit.messages.per.second.',
    )
    expect(findingsOf({ 'ws.limit.connections': -1 }).join()).toContain('whole number of at least 0')
    expect(findingsOf({ 'ws.limit.messages.action': 'explode' }).join()).toContain(
      'expected one of warn, drop, close',
    )
  })
})

/** Asks for an upgrade with a key that is none. */
async function statusOfBadUpgrade(url: string): Promise<string> {
  const headers = {
    Upgrade: 'websocket',
    Connection: 'Upgrade',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': 'bad',
  }
  const [response] = (await once(get(url.replace('ws:', 'http:'), { headers }), 'response')) as [
    IncomingMessage,
  ]
  response.resume()
  return String(response.statusCode)
}

/** Connects as soon as there is room. */
async function eventuallyConnected(gateway: TestGateway, use: (client: Client) => void): Promise<void> {
  for (let i = 0; i < 200; i++) {
    try {
      use(await connect(gateway.url('ws')))
      return
    } catch {
      // There is no room yet.
    }
  }
  throw new Error('there was never room for another client')
}
