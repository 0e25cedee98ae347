// A WebSocket client's messages are calls of an HTTP backend: what goes there, what comes back, and what goes wrong.

import type { ServerResponse } from 'node:http'
import { describe, expect, test } from 'vitest'
import { freePort } from '../support/backends.ts'
import { type ConnectOptions, connect } from '../support/clients.ts'
import { LOG_FAULT, service } from '../support/configurations.ts'
import { calling, endings, JSON_TYPE, MESSAGES_ONLY } from '../support/desk.ts'
import { eventually } from '../support/eventually.ts'
import { startGateway } from '../support/gateway.ts'
import { type BackendAnswer, HttpBackend, startHttpBackend } from '../support/http-backend.ts'

const XML_TYPE = { 'Content-Type': 'application/xml' }

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
