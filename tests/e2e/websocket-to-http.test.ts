// A WebSocket client's messages are calls of an HTTP backend: what it answers goes to the client, in order and one by
// one unless the inbound endpoint lets several be under way.

import type { ServerResponse } from 'node:http'
import { describe, expect, test } from 'vitest'
import { freePort } from '../support/backends.ts'
import { type Client, type ConnectOptions, connect } from '../support/clients.ts'
import { LOG_FAULT, type RelayOptions, service } from '../support/configurations.ts'
import { eventually } from '../support/eventually.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { type Answering, type BackendAnswer, HttpBackend, startHttpBackend } from '../support/http-backend.ts'

const JSON_TYPE = { 'Content-Type': 'application/json' }
const XML_TYPE = { 'Content-Type': 'application/xml' }

/** What configurations of this pattern begin with: only messages are sent on. */
const MESSAGES_ONLY = `
  <filter xpath="get-property('source.handshake.present') = 'true' or get-property('connection.terminate') = 'true'">
    <then><drop/></then>
  </filter>`

/** Messages call a backend and its answer is the reply; a fault is replied with its code. */
function calling(url: string, { after = '', ...options }: RelayOptions & { after?: string } = {}): string {
  const { before = '' } = options
  const call = `<call><endpoint><address uri="${url}"/></endpoint></call>`
  return service(`${MESSAGES_ONLY}${before}${call}${after}<respond/>`, {
    fault: `
      <payloadFactory media-type="json"><format>{"failed": "$1"}</format><args><arg expression="get-property('ERROR_CODE')"/></args></payloadFactory>
      <respond/>`,
    ...options,
  })
}

/** A backend whose answers a test lets go, and that counts how many are waited for. */
class Desk {
  /** The numbers of the requests in the order they came. */
  readonly came: number[] = []
  active = 0
  mostActive = 0
  #waiting: { readonly n: number; letGo(): void }[] = []
  #isOpen = false

  readonly answering: Answering = async ({ body }) => {
    const { n } = JSON.parse(body) as { n: number }
    this.came.push(n)
    this.active++
    this.mostActive = Math.max(this.mostActive, this.active)
    if (!this.#isOpen) await new Promise<void>(letGo => this.#waiting.push({ n, letGo }))
    this.active--
    return { headers: JSON_TYPE, body: JSON.stringify({ answer: n }) }
  }

  /** Waits for requests to have come. */
  async requests(count: number): Promise<void> {
    await eventually(() => expect(this.came.length).toBeGreaterThanOrEqual(count))
  }

  /** Lets all requests of a number go. */
  answer(n: number): void {
    for (const each of this.#waiting) if (each.n === n) each.letGo()
  }

  /** Lets all go, those to come too. */
  open(): void {
    this.#isOpen = true
    for (const { letGo } of this.#waiting) letGo()
  }
}

function ask(client: Client, ...numbers: number[]): void {
  for (const n of numbers) client.send(`{"n":${n}}`)
}

function answers(...numbers: number[]): string[] {
  return numbers.map(n => `{"answer":${n}}`)
}

function numbersTo(count: number): number[] {
  return Array.from({ length: count }, (_, n) => n)
}

/** The messages of the only inbound endpoint, by how they ended. */
function endings({ gateway }: TestGateway): Readonly<Record<string, number>> {
  return gateway.counters.get('inbound endpoint clients')!.ended
}

describe('what the backend gets, and what the client', () => {
  interface Case {
    readonly parameters?: Record<string, string>
    readonly connect?: ConnectOptions
    readonly sent: string | Buffer
    readonly arrives: string
    readonly type: string
    readonly answer: BackendAnswer
    readonly received: string | Buffer
  }
  const json = { 'ws.default.content.type': 'application/json' }
  const xml = { 'ws.default.content.type': 'application/xml' }
  const offer = (type: string): ConnectOptions => ({ offer: [`synapse(contentType='${type}')`] })
  const bytes = Buffer.from([0, 1, 2, 0xfe, 0xff])

  test.each<[string, Case]>([
    [
      'JSON by the default type',
      {
        parameters: json,
        sent: '{"a": 1}',
        arrives: '{"a": 1}',
        type: 'application/json',
        answer: { headers: JSON_TYPE, body: '{"b": 2}' },
        received: '{"b": 2}',
      },
    ],
    [
      'XML by the default type',
      {
        parameters: xml,
        sent: '<a>1</a>',
        arrives: '<a>1</a>',
        type: 'application/xml',
        answer: { headers: XML_TYPE, body: '<b>2</b>' },
        received: '<b>2</b>',
      },
    ],
    [
      'JSON by the subprotocol',
      {
        connect: offer('application/json'),
        sent: '{"a": 1}',
        arrives: '{"a": 1}',
        type: 'application/json',
        answer: { headers: JSON_TYPE, body: '{"b": 2}' },
        received: '{"b": 2}',
      },
    ],
    [
      'XML by the subprotocol',
      {
        connect: offer('application/xml'),
        sent: '<a>1</a>',
        arrives: '<a>1</a>',
        type: 'application/xml',
        answer: { headers: XML_TYPE, body: '<b>2</b>' },
        received: '<b>2</b>',
      },
    ],
    [
      'JSON where nobody said a type: the answer is the reply, not the frame',
      {
        sent: '{"a": 1}',
        arrives: '{"a": 1}',
        type: 'application/json',
        answer: { headers: JSON_TYPE, body: '{"b": 2}' },
        received: '{"b": 2}',
      },
    ],
    [
      'XML where nobody said a type',
      {
        sent: '<a>1</a>',
        arrives: '<a>1</a>',
        type: 'application/xml',
        answer: { headers: XML_TYPE, body: '<b>2</b>' },
        received: '<b>2</b>',
      },
    ],
    [
      'plain text where nobody said a type',
      {
        sent: 'grüße',
        arrives: 'grüße',
        type: 'text/plain',
        answer: { headers: { 'Content-Type': 'text/plain' }, body: 'zurück' },
        received: 'zurück',
      },
    ],
    [
      'an answer of another type than the message',
      {
        parameters: json,
        sent: '{"a": 1}',
        arrives: '{"a": 1}',
        type: 'application/json',
        answer: { headers: XML_TYPE, body: '<b>2</b>' },
        received: '<b>2</b>',
      },
    ],
    [
      'an answer in another charset',
      {
        parameters: json,
        sent: '{"a": 1}',
        arrives: '{"a": 1}',
        type: 'application/json',
        answer: {
          headers: { 'Content-Type': 'text/plain; charset=ISO-8859-1' },
          body: Buffer.from('zurück', 'latin1'),
        },
        received: 'zurück',
      },
    ],
    [
      'an answer that says it is text and is none',
      {
        sent: 'a',
        arrives: 'a',
        type: 'text/plain',
        answer: { headers: { 'Content-Type': 'text/plain' }, body: bytes },
        received: bytes,
      },
    ],
    [
      'bytes, answered with bytes',
      {
        sent: bytes,
        arrives: bytes.toString(),
        type: 'application/octet-stream',
        answer: { headers: { 'Content-Type': 'application/octet-stream' }, body: bytes },
        received: bytes,
      },
    ],
    [
      'text, answered with a picture',
      {
        sent: 'a',
        arrives: 'a',
        type: 'text/plain',
        answer: { headers: { 'Content-Type': 'image/png' }, body: 'as if' },
        received: Buffer.from('as if'),
      },
    ],
    [
      'bytes, answered with JSON',
      {
        sent: bytes,
        arrives: bytes.toString(),
        type: 'application/octet-stream',
        answer: { headers: JSON_TYPE, body: '{"b": 2}' },
        received: '{"b": 2}',
      },
    ],
    [
      'an answer without a body',
      { sent: 'a', arrives: 'a', type: 'text/plain', answer: { status: 204 }, received: '' },
    ],
    [
      'an answer without a type',
      { sent: 'a', arrives: 'a', type: 'text/plain', answer: { body: 'b' }, received: 'b' },
    ],
    [
      'an answer without a type that is no text',
      { sent: 'a', arrives: 'a', type: 'text/plain', answer: { body: bytes }, received: bytes },
    ],
  ])('%s', async (_case, { parameters, connect: options, sent, arrives, type, answer, received }) => {
    await using backend = await HttpBackend.start(() => answer)
    await using gateway = await startGateway({ xml: calling(backend.url, { parameters }) })
    using client = await connect(gateway.url('ws'), options)

    client.send(sent)

    expect(await client.received.next()).toEqual({
      data: Buffer.from(received as string),
      isBinary: typeof received !== 'string',
    })
    expect(backend.received).toHaveLength(1)
    const { body, headers, method } = backend.received[0]!
    expect(body).toBe(arrives)
    expect(method).toBe('POST')
    expect(headers['content-type']?.split(';')[0]).toBe(type)
  })

  test('the answer leaves in the type a sequence says', async () => {
    await using backend = await HttpBackend.start(() => ({ headers: XML_TYPE, body: '<b>2</b>' }))
    const after = '<property name="messageType" scope="axis2" value="application/json"/>'
    await using gateway = await startGateway({ xml: calling(backend.url, { after, parameters: json }) })
    using client = await connect(gateway.url('ws'))

    expect(await client.ask('{"a": 1}')).toBe('{"b":2}')
  })

  test('the flag may be removed after the call, or switched off: the answer is the reply all the same', async () => {
    await using backend = await HttpBackend.json({ b: 2 })
    for (const how of ['action="remove"', 'value="false"']) {
      const after = `<property name="websocket.text.frame.present" ${how}/>`
      await using gateway = await startGateway({ xml: calling(backend.url, { after }) })
      using client = await connect(gateway.url('ws'))
      expect(await client.ask('{"a": 1}')).toBe('{"b":2}')
    }
  })

  test('the status of an answer is known to the sequence, and a 202 without a body is no answer', async () => {
    await using backend = await HttpBackend.start((_request, count) => ({ status: count === 1 ? 207 : 202 }))
    const after = `<log level="custom"><property name="STATUS" expression="get-property('axis2', 'HTTP_SC')"/></log>`
    await using gateway = await startGateway({ xml: calling(backend.url, { after }) })
    using client = await connect(gateway.url('ws'))

    expect(await client.ask('{"a": 1}')).toBe('')
    await gateway.waitForLog('STATUS = 207')
    expect(await client.ask('{"a": 2}')).toBe('{"a": 2}')
  })

  test('the frame is the reply where its flag is set to true after the call', async () => {
    await using backend = await HttpBackend.json({ b: 2 })
    const after = '<property name="websocket.text.frame.present" type="BOOLEAN" value="true"/>'
    await using gateway = await startGateway({ xml: calling(backend.url, { after }) })
    using client = await connect(gateway.url('ws'))

    expect(await client.ask('{"a": 1}')).toBe('{"a": 1}')
  })

  test('send in place of call: the answer runs through the out-dispatch sequence', async () => {
    await using backend = await HttpBackend.json({ b: 2 })
    const send = `${MESSAGES_ONLY}<send>${backend.endpoint}</send>`
    const out = `<property name="messageType" scope="axis2" value="application/xml"/><respond/>`
    await using gateway = await startGateway({ xml: service(send, { out }) })
    using client = await connect(gateway.url('ws'))

    expect(await client.ask('{"a": 1}')).toContain('<b>2</b>')
  })

  test('the handshake and the end of a client are dropped by the usual filter, and call nobody', async () => {
    await using backend = await HttpBackend.json({ b: 2 })
    await using gateway = await startGateway({ xml: calling(backend.url) })
    using client = await connect(gateway.url('ws'))
    await client.ask('{"a": 1}')
    await client.close(1000)

    await eventually(() => expect(endings(gateway)).toMatchObject({ answered: 1, dropped: 2 }))
    expect(backend.received).toHaveLength(1)
  })
})

describe('what goes wrong', () => {
  test.each([400, 404, 500, 503])('status %i is an answer: its body is the reply', async status => {
    await using backend = await HttpBackend.json({ status }, status)
    await using gateway = await startGateway({ xml: calling(backend.url) })
    using client = await connect(gateway.url('ws'))

    expect(await client.ask('{"n": 1}')).toBe(`{"status":${status}}`)
    expect(await client.ask('{"n": 2}')).toBe(`{"status":${status}}`)
  })

  test('a backend that is down: the fault sequence replies, and the client stays', async () => {
    await using gateway = await startGateway({ xml: calling(`http://localhost:${await freePort()}/x`) })
    using client = await connect(gateway.url('ws'))

    expect(await client.ask('{"n": 1}')).toBe('{"failed": "101503"}')
    expect(client.webSocket.readyState).toBe(client.webSocket.OPEN)
  })

  test('a backend that is down, and a fault sequence that replies nothing: the client stays', async () => {
    const url = `http://localhost:${await freePort()}/x`
    await using gateway = await startGateway({ xml: calling(url, { fault: LOG_FAULT }) })
    using client = await connect(gateway.url('ws'))
    let pongs = 0
    client.webSocket.on('pong', () => pongs++)

    client.send('{"n": 1}')
    await eventually(() => expect(endings(gateway).faulted).toBe(1))
    client.webSocket.ping()

    await eventually(() => expect(pongs).toBe(1))
    expect(client.webSocket.readyState).toBe(client.webSocket.OPEN)
  })

  test('a backend that breaks off its answer: the fault sequence replies', async () => {
    await using backend = await HttpBackend.start(() => ({ headers: { 'Content-Length': '0x' } }))
    await using gateway = await startGateway({ xml: calling(backend.url) })
    using client = await connect(gateway.url('ws'))

    expect(await client.ask('{"n": 1}')).toMatch(/^\{"failed": "1015\d\d"\}$/)
  })

  test('a client that negotiated a type gets the fault reply too, and goes on', async () => {
    await using backend = await HttpBackend.start(({ body }) => ({ headers: JSON_TYPE, body }))
    const before =
      '<filter source="json-eval($.n)" regex="2"><then><throwError type="no" errorMessage="two"/></then></filter>'
    await using gateway = await startGateway({ xml: calling(backend.url, { before }) })
    using client = await connect(gateway.url('ws'), { offer: ["synapse(contentType='application/json')"] })

    expect(await client.ask('{"n":1}')).toBe('{"n":1}')
    expect(await client.ask('{"n":2}')).toBe('{"failed": "no"}')
    expect(await client.ask('{"n":3}')).toBe('{"n":3}')
  })
})

describe('an answer that comes in pieces', () => {
  const SETTINGS = { 'transport.http.sender.max_body_bytes': 100_000 }
  const pieces = Array.from({ length: 50 }, (_, i) => `${i}`.repeat(1_000))

  /** Answers with the pieces, each in a turn of its own, and does then what it is told. */
  function inPieces(then: (response: ServerResponse) => void): Promise<HttpBackend> {
    return startHttpBackend(async response => {
      response.writeHead(200, { 'Content-Type': 'text/plain' })
      for (const piece of pieces) {
        response.write(piece)
        await new Promise(setImmediate)
      }
      then(response)
    })
  }

  test.each([
    ['one by one', {}],
    ['several at once', { 'ws.concurrency.max': 4 }],
    ['replies in order', { 'ws.concurrency.max': 4, 'ws.concurrency.order': 'reply' }],
  ] as const)('%s: it leaves as one message', async (_how, parameters) => {
    await using backend = await inPieces(response => response.end())
    await using gateway = await startGateway({
      xml: calling(backend.url, { parameters }),
      settings: SETTINGS,
    })
    using client = await connect(gateway.url('ws'))

    for (let i = 0; i < 5; i++) client.send('a')

    expect(await client.received.texts(5)).toEqual(Array.from({ length: 5 }, () => pieces.join('')))
  })

  test('it is broadcast as one message', async () => {
    await using backend = await inPieces(response => response.end())
    const parameters = { 'ws.client.side.broadcast.level': 1 }
    await using gateway = await startGateway({ xml: calling(backend.url, { parameters }) })
    using client = await connect(gateway.url('ws'))
    using other = await connect(gateway.url('ws'))

    client.send('a')

    expect(await other.received.text()).toBe(pieces.join(''))
    expect(await client.received.text()).toBe(pieces.join(''))
  })

  test('it is no frame of the client to whoever asks before it is there', async () => {
    await using backend = await inPieces(response => response.end())
    const after = `<log level="custom"><property name="IS FRAME" expression="get-property('websocket.text.frame.present')"/></log>`
    await using gateway = await startGateway({ xml: calling(backend.url, { after }) })
    using client = await connect(gateway.url('ws'))

    expect(await client.ask('a')).toBe(pieces.join(''))
    expect(gateway.logged('IS FRAME = ')).toHaveLength(1)
    expect(gateway.logged('IS FRAME = true')).toEqual([])
  })

  test('through send and the out-dispatch sequence', async () => {
    await using backend = await inPieces(response => response.end())
    const send = `${MESSAGES_ONLY}<send>${backend.endpoint}</send>`
    await using gateway = await startGateway({ xml: service(send) })
    using client = await connect(gateway.url('ws'))

    expect(await client.ask('a')).toBe(pieces.join(''))
  })

  test.each<[string, (response: ServerResponse) => void]>([
    ['breaks off', response => response.destroy()],
    ['grows beyond the limit', response => response.end('x'.repeat(100_000))],
  ])('that %s: the fault sequence replies, and nothing of it leaves', async (_how, then) => {
    await using backend = await inPieces(then)
    await using gateway = await startGateway({ xml: calling(backend.url), settings: SETTINGS })
    using client = await connect(gateway.url('ws'))

    expect(await client.ask('a')).toMatch(/^\{"failed": "10150[15]"\}$/)
  })

  test('it is let go of where respond closes the client', async () => {
    await using backend = await inPieces(response => response.end())
    const after = `
      <property name="websocket.close.client" value="true"/>
      <property name="websocket.close.code" value="4001"/>`
    await using gateway = await startGateway({ xml: calling(backend.url, { after }) })
    using client = await connect(gateway.url('ws'))

    client.send('a')

    expect(await client.closed).toEqual({ code: 4001, reason: '' })
  })

  test('it is let go of where the client has left', async () => {
    const letGo = Promise.withResolvers<void>()
    await using backend = await startHttpBackend(async response => {
      response.writeHead(200, { 'Content-Type': 'text/plain' }).write('begins')
      await letGo.promise
      response.end(', ends')
    })
    await using gateway = await startGateway({ xml: calling(backend.url) })
    using client = await connect(gateway.url('ws'))

    client.send('a')
    await eventually(() => expect(backend.received).toHaveLength(1))
    await client.close(1000)
    letGo.resolve()

    await eventually(() => expect(endings(gateway)).toMatchObject({ discarded: 1, dropped: 2 }))
  })
})

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
