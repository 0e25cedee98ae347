// Messages of a WebSocket client that call an HTTP backend: one by one, or several under way, in the order asked for.

import { describe, expect, test } from 'vitest'
import { connect } from '../support/clients.ts'
import { service } from '../support/configurations.ts'
import { answers, ask, calling, Desk, endings, JSON_TYPE, MESSAGES_ONLY, numbersTo } from '../support/desk.ts'
import { eventually } from '../support/eventually.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { type BackendAnswer, HttpBackend } from '../support/http-backend.ts'

describe('one by one', () => {
  test('a slow backend: messages of a client wait for each other, another client for none of them', async () => {
    const desk = new Desk()
    await using backend = await HttpBackend.start(desk.answering)
    await using gateway = await startGateway({ xml: calling(backend.url) })
    using client = await connect(gateway.url('ws'))
    using other = await connect(gateway.url('ws'))

    ask(client, 1, 2)
    await desk.requests(1)
    ask(other, 3)
    await desk.requests(2)
    expect(desk.came).toEqual([1, 3])
    desk.answer(3)
    expect(await other.received.text()).toBe('{"answer":3}')

    desk.answer(1)
    await desk.requests(3)
    desk.answer(2)
    expect(await client.received.texts(2)).toEqual(answers(1, 2))
    expect(desk.mostActive).toBe(2)
  })

  test('1,000 messages at once: all answered, in order, with never two under way', async () => {
    const desk = new Desk()
    desk.open()
    await using backend = await HttpBackend.start(desk.answering)
    await using gateway = await startGateway({ xml: calling(backend.url) })
    using client = await connect(gateway.url('ws'))

    ask(client, ...numbersTo(1_000))

    expect(await client.received.texts(1_000)).toEqual(answers(...numbersTo(1_000)))
    expect(desk.came).toEqual(numbersTo(1_000))
    expect(desk.mostActive).toBe(1)
    expect(gateway.inFlight).toBe(0)
  })
})

describe('several at once', () => {
  const eight = { 'ws.concurrency.max': 8 }

  test('as many as may are under way, and replies leave as they come', async () => {
    const desk = new Desk()
    await using backend = await HttpBackend.start(desk.answering)
    await using gateway = await startGateway({
      xml: calling(backend.url, { parameters: { 'ws.concurrency.max': 3 } }),
    })
    using client = await connect(gateway.url('ws'))

    ask(client, 1, 2, 3, 4)
    await desk.requests(3)
    desk.answer(3)
    expect(await client.received.text()).toBe('{"answer":3}')
    await desk.requests(4)
    expect(desk.came.toSorted()).toEqual([1, 2, 3, 4])
    desk.answer(1)
    expect(await client.received.text()).toBe('{"answer":1}')
    desk.open()
    expect((await client.received.texts(2)).toSorted()).toEqual(answers(2, 4))
    expect(desk.mostActive).toBe(3)
  })

  test.each(['json-eval($.key)', '${payload.key}', '//key'])(
    '1,000 messages at once, keyed by %s',
    async key => {
      const started = new Map<string, number[]>()
      let active = 0
      let mostActive = 0
      const busy = new Set<string>()
      await using backend = await HttpBackend.start(async ({ body }) => {
        const { n, key } = JSON.parse(body) as { n: number; key: string }
        expect(busy.has(key)).toBe(false)
        busy.add(key)
        started.set(key, [...(started.get(key) ?? []), n])
        mostActive = Math.max(mostActive, ++active)
        for (let turn = 0; turn < n % 7; turn++) await new Promise(setImmediate)
        active--
        busy.delete(key)
        return { headers: JSON_TYPE, body }
      })
      await using gateway = await startGateway({
        xml: calling(backend.url, { parameters: { ...eight, 'ws.concurrency.key': key } }),
      })
      using client = await connect(gateway.url('ws'))
      const keyOf = (n: number): string => `k${(n * n + n) % 23}`
      const ofKey = (numbers: number[]): Map<string, number[]> => Map.groupBy(numbers, keyOf)

      for (const n of numbersTo(1_000)) client.send(JSON.stringify({ n, key: keyOf(n) }))
      const replies = await client.received.texts(1_000)

      expect(started).toEqual(ofKey(numbersTo(1_000)))
      expect(ofKey(replies.map(text => (JSON.parse(text) as { n: number }).n))).toEqual(
        ofKey(numbersTo(1_000)),
      )
      expect(mostActive).toBe(8)
      expect(gateway.inFlight).toBe(0)
    },
  )

  test('messages without a key, or that cannot be read, keep their order among each other', async () => {
    const came: string[] = []
    await using backend = await HttpBackend.start(async ({ body }, count) => {
      came.push(body)
      for (let turn = count; turn < 10; turn++) await new Promise(setImmediate)
      return { headers: { 'Content-Type': 'text/plain' }, body }
    })
    const parameters = {
      ...eight,
      'ws.concurrency.key': 'json-eval($.key)',
      'ws.default.content.type': 'application/json',
    }
    await using gateway = await startGateway({ xml: calling(backend.url, { parameters }) })
    using client = await connect(gateway.url('ws'))
    const texts = ['{"a":1}', '{"key":', '[]', '{"key":""}', 'nothing', '{"a":2}']

    for (const text of texts) client.send(text)

    expect(await client.received.texts(texts.length)).toEqual(texts)
    expect(came).toEqual(texts)
  })

  test('replies keep the order of their messages where they are to, however the answers come', async () => {
    const desk = new Desk()
    await using backend = await HttpBackend.start(desk.answering)
    const parameters = { ...eight, 'ws.concurrency.order': 'reply' }
    await using gateway = await startGateway({ xml: calling(backend.url, { parameters }) })
    using client = await connect(gateway.url('ws'))

    ask(client, ...numbersTo(100))
    await desk.requests(8)
    for (const n of [7, 5, 3, 1, 6, 4, 2]) desk.answer(n)
    await eventually(() => expect(desk.active).toBe(1))
    expect(client.received.all).toEqual([])
    desk.open()

    expect(await client.received.texts(100)).toEqual(answers(...numbersTo(100)))
    expect(desk.mostActive).toBe(8)
  })

  test('replies in order: a fault is replied in its place, and what replies nothing holds up nobody', async () => {
    await using backend = await HttpBackend.start(async ({ body }) => {
      const { n } = JSON.parse(body) as { n: number }
      for (let turn = n; turn < 6; turn++) await new Promise(setImmediate)
      return { headers: n === 2 ? { 'Content-Length': '0x' } : JSON_TYPE, body }
    })
    const parameters = { ...eight, 'ws.concurrency.order': 'reply' }
    const after = '<filter source="json-eval($.n)" regex="4"><then><drop/></then></filter>'
    await using gateway = await startGateway({ xml: calling(backend.url, { parameters, after }) })
    using client = await connect(gateway.url('ws'))

    ask(client, 1, 2, 3, 4, 5)

    const replies = await client.received.texts(4)
    expect(replies[1]).toMatch(/^\{"failed": "1015\d\d"\}$/)
    expect(replies.toSpliced(1, 1)).toEqual(['{"n":1}', '{"n":3}', '{"n":5}'])
  })

  test('replies in order: those of branches have the place of the message they were made of', async () => {
    const desk = new Desk()
    await using backend = await HttpBackend.start(desk.answering)
    const call = `<sequence><call>${backend.endpoint}</call><respond/></sequence>`
    const dispatch = `${MESSAGES_ONLY}<clone><target>${call}</target><target>${call}</target></clone>`
    const parameters = { ...eight, 'ws.concurrency.order': 'reply' }
    await using gateway = await startGateway({ xml: service(dispatch, { parameters }) })
    using client = await connect(gateway.url('ws'))

    ask(client, 1, 2)
    await desk.requests(4)
    desk.answer(2)
    await eventually(() => expect(desk.active).toBe(2))
    desk.open()
    expect(await client.received.texts(4)).toEqual(answers(1, 1, 2, 2))
  })

  test('the handshake message has the session to itself, however long it takes', async () => {
    const gate = Promise.withResolvers<BackendAnswer>()
    await using backend = await HttpBackend.start(({ target }) =>
      target.endsWith('/login') ? gate.promise : { headers: JSON_TYPE, body: '{"b":2}' },
    )
    const dispatch = `
      <filter source="boolean(get-property('source.handshake.present'))" regex="true">
        <then><call><endpoint><address uri="${backend.url}/login"/></endpoint></call><drop/></then>
      </filter>
      <filter source="boolean(get-property('connection.terminate'))" regex="true"><then><drop/></then></filter>
      <call>${backend.endpoint}</call>
      <respond/>`
    await using gateway = await startGateway({ xml: service(dispatch, { parameters: eight }) })
    using client = await connect(gateway.url('ws'))

    ask(client, 1, 2)
    await eventually(() => expect(backend.received).toHaveLength(1))
    gate.resolve({})

    expect(await client.received.texts(2)).toEqual(['{"b":2}', '{"b":2}'])
    expect(backend.received.map(({ target }) => target)).toEqual(['/backend/login', '/backend', '/backend'])
  })
})

describe('the end of a client', () => {
  test.each([
    ['one by one', 1, 1],
    ['several at once', 5, 5],
    ['several at once, replies in order', 5, 5],
  ])(
    '%s: what is under way ends, its answers are discarded, then comes the terminate message',
    async (how, max, under) => {
      const desk = new Desk()
      await using backend = await HttpBackend.start(desk.answering)
      const order = how.endsWith('in order') ? 'reply' : 'none'
      const dispatch = `
      <filter source="boolean(get-property('connection.terminate'))" regex="true">
        <then><log level="custom"><property name="IS" value="gone"/></log><drop/></then>
      </filter>
      ${MESSAGES_ONLY}
      <call>${backend.endpoint}</call>
      <log level="custom"><property name="IS" value="called"/></log>
      <respond/>`
      const parameters = { 'ws.concurrency.max': max, ...(max > 1 && { 'ws.concurrency.order': order }) }
      await using gateway = await startGateway({ xml: service(dispatch, { parameters }) })
      using client = await connect(gateway.url('ws'))

      ask(client, ...numbersTo(under))
      await desk.requests(under)
      await client.close(1000)
      expect(gateway.logged('IS = gone')).toEqual([])
      desk.open()

      await gateway.waitForLog('IS = gone')
      expect(gateway.logged('IS = ').map(line => line.slice(-6))).toEqual([
        ...Array.from({ length: under }, () => 'called'),
        '= gone',
      ])
      expect(endings(gateway)).toMatchObject({ discarded: under, dropped: 2 })
      expect(gateway.inFlight).toBe(0)
    },
  )

  test('a client that is cut while several are under way', async () => {
    const desk = new Desk()
    await using backend = await HttpBackend.start(desk.answering)
    await using gateway = await startGateway({
      xml: calling(backend.url, { parameters: { 'ws.concurrency.max': 5 } }),
    })
    using client = await connect(gateway.url('ws'))

    ask(client, ...numbersTo(5))
    await desk.requests(5)
    client.webSocket.terminate()
    await client.closed
    desk.open()

    await eventually(() => expect(endings(gateway)).toMatchObject({ discarded: 5, dropped: 2 }))
    expect(gateway.inFlight).toBe(0)
  })

  test('the gateway stops while several are under way: they end, and their replies leave', async () => {
    const desk = new Desk()
    await using backend = await HttpBackend.start(desk.answering)
    await using gateway = await startGateway({
      xml: calling(backend.url, { parameters: { 'ws.concurrency.max': 5 } }),
    })
    using client = await connect(gateway.url('ws'))
    ask(client, ...numbersTo(5))
    await desk.requests(5)

    const stopped = gateway.gateway.stop(5_000)
    desk.open()

    expect((await client.received.texts(5)).toSorted()).toEqual(answers(...numbersTo(5)))
    expect(await client.closed).toEqual({ code: 1001, reason: 'shutdown' })
    await stopped
  })
})

describe('a client that sends faster than the backend answers', () => {
  /** Waits until the gateway takes nothing more in: while pings of another client come back, again and again. */
  async function stalled(gateway: TestGateway): Promise<number> {
    using other = await connect(gateway.url('ws'))
    const counters = gateway.gateway.counters.get('inbound endpoint clients')!
    let last = -1
    for (let quiet = 0; quiet < 50; ) {
      const pong = new Promise(resolve => other.webSocket.once('pong', resolve))
      other.webSocket.ping()
      await pong
      quiet = counters.received === last ? quiet + 1 : 0
      last = counters.received
    }
    return last
  }

  const WAYS: [string, Record<string, string | number>][] = [
    ['one by one', {}],
    ['several at once', { 'ws.concurrency.max': 8 }],
    ['several at once, all of one key', { 'ws.concurrency.max': 8, 'ws.concurrency.key': "'same'" }],
    ['replies in order', { 'ws.concurrency.max': 8, 'ws.concurrency.order': 'reply' }],
  ]

  test.each(WAYS)(
    '%s: it is not read before there is room, and nothing is lost',
    async (_how, parameters) => {
      const gate = Promise.withResolvers<void>()
      await using backend = await HttpBackend.start(async ({ body }) => {
        await gate.promise
        return { headers: { 'Content-Type': 'text/plain' }, body: body.slice(0, 8) }
      })
      await using gateway = await startGateway({ xml: calling(backend.url, { parameters }) })
      using client = await connect(gateway.url('ws'))
      const numbered = (n: number): string => String(n).padStart(8, '0')
      const [count, bytes] = [512, 64 * 1024]

      for (const n of numbersTo(count)) client.send(numbered(n).padEnd(bytes, '.'))

      expect((await stalled(gateway)) * bytes).toBeLessThan(4 * 1024 * 1024)
      expect(client.webSocket.bufferedAmount).toBeGreaterThan(0)
      gate.resolve()
      const replies = await client.received.texts(count)
      expect(replies.toSorted()).toEqual(numbersTo(count).map(numbered))
    },
  )

  test.each(WAYS)('%s: of a burst of small messages a piece is taken in', async (_how, parameters) => {
    const desk = new Desk()
    await using backend = await HttpBackend.start(desk.answering)
    await using gateway = await startGateway({ xml: calling(backend.url, { parameters }) })
    using client = await connect(gateway.url('ws'))

    for (let n = 0; n < 50_000; n++) client.send('{"n":0}')
    await desk.requests(1)

    // What may wait, and what the one read held that came to more: frames of 13 bytes.
    expect(await stalled(gateway)).toBeLessThan(1_024 + 65_536 / 13 + 32)
  })
})
