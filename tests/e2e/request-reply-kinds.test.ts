// What tells which request a reply is for: MessageIDs of SOAP, places in XML, JSON-RPC, or nothing but the link it
// comes over; and requests that have several replies.

import { type IncomingMessage, request } from 'node:http'
import { describe, expect, test } from 'vitest'
import { asking, correlated, endings, post, startJson } from '../support/asking.ts'
import { type Backend, type BackendConnection, startBackend } from '../support/backends.ts'
import { connect } from '../support/clients.ts'
import { proxy, service } from '../support/configurations.ts'
import { eventually } from '../support/eventually.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'

const WSA = 'http://www.w3.org/2005/08/addressing'
const VERSIONS = {
  '1.1': ['http://schemas.xmlsoap.org/soap/envelope/', 'text/xml'],
  '1.2': ['http://www.w3.org/2003/05/soap-envelope', 'application/soap+xml'],
} as const

function envelope(version: keyof typeof VERSIONS, header: string, body: string): string {
  return `<s:Envelope xmlns:s="${VERSIONS[version][0]}" xmlns:wsa="${WSA}"><s:Header>${header}</s:Header><s:Body>${body}</s:Body></s:Envelope>`
}

/** Posts SOAP as a client of that version does. */
function postSoap(
  gateway: TestGateway,
  version: keyof typeof VERSIONS,
  text: string,
): ReturnType<typeof post> {
  return post(gateway, text, { 'Content-Type': VERSIONS[version][1], SOAPAction: '""' })
}

describe('SOAP', () => {
  /** Relates to the MessageID it gets, in its own version. */
  const startSoap = (answers: keyof typeof VERSIONS): Promise<Backend> =>
    startBackend({
      answer(data, _isBinary, { webSocket }) {
        const id = /MessageID[^>]*>([^<]*)</.exec(data.toString())![1]
        webSocket.send(envelope(answers, `<wsa:RelatesTo>${id}</wsa:RelatesTo>`, '<price>5</price>'))
      },
    })

  test.each([
    ['1.1', '1.1'],
    ['1.2', '1.2'],
    ['1.1', '1.2'],
    ['1.2', '1.1'],
  ] as const)('a caller in %s is answered in its version by a backend in %s', async (version, answers) => {
    await using backend = await startSoap(answers)
    await using gateway = await startGateway({ xml: asking(correlated(backend.url, 'by="soap"')) })

    const asked = envelope(version, '<wsa:MessageID>urn:mine</wsa:MessageID>', '<ask/>')
    const { status, headers, body } = await postSoap(gateway, version, asked)

    expect([status, headers['content-type']?.split(';')[0]]).toEqual([200, VERSIONS[version][1]])
    expect(body).toContain(`="${VERSIONS[version][0]}"`)
    expect(body).toMatch(/<wsa:RelatesTo[^>]*>urn:mine<\/wsa:RelatesTo>/)
    expect(body).toContain('<price')
    expect(backend.received.all[0]!.data.toString()).toMatch(/MessageID>urn:uuid:[-0-9a-f]{36}</)
  })

  test('a caller without a MessageID gets no RelatesTo', async () => {
    await using backend = await startSoap('1.1')
    await using gateway = await startGateway({ xml: asking(correlated(backend.url, 'by="soap"')) })
    const bare = `<s:Envelope xmlns:s="${VERSIONS['1.1'][0]}"><s:Body><ask/></s:Body></s:Envelope>`

    const { body } = await postSoap(gateway, '1.1', bare)

    expect(body).not.toContain('RelatesTo')
    expect(body).toContain('<price')
  })

  test('what is no envelope is a fault, and replies that relate to nothing are nobody’s', async () => {
    await using backend = await startBackend({
      answer: (_data, _isBinary, { webSocket }) => webSocket.send('<a><b></a>'),
    })
    const endpoint = correlated(backend.url, 'by="soap"', 200)
    await using gateway = await startGateway({ xml: asking(endpoint) })

    expect((await post(gateway, '<ask/>', { 'Content-Type': 'application/xml' })).body).toBe(
      '{"fault":"601000"}',
    )
    expect((await post(gateway, '{}')).body).toBe('{"fault":"601000"}')
    expect(backend.received.all).toHaveLength(0)
    await postSoap(gateway, '1.1', envelope('1.1', '', '<ask/>'))
    expect(gateway.logged('a message that nobody has asked for was let go')).toHaveLength(1)
  })
})

describe('XPath', () => {
  test.each([
    ['an element', '//id', '//re', '<ask><id>A 1</id></ask>', '<answer><re>A 1</re></answer>'],
    ['an attribute', '/*//@id', '//@re', '<ask id="A 1"/>', '<answer re="A 1"/>'],
    [
      'a namespace',
      '//q:id',
      '//q:re',
      '<q:ask xmlns:q="urn:q"><q:id>A</q:id></q:ask>',
      '<answer xmlns:q="urn:q"><q:re>A</q:re></answer>',
    ],
  ])('%s holds the id', async (_what, field, replyField, asked, answered) => {
    await using backend = await startBackend({
      answer(data, _isBinary, { webSocket }) {
        const id = /m[0-9a-f]{20}-\w+/.exec(data.toString())![0]
        webSocket.send(answered.replace(/A( 1)?/, id))
      },
    })
    const endpoint = correlated(
      backend.url,
      `by="xpath" field="${field}" reply-field="${replyField}" xmlns:q="urn:q"`,
    )
    await using gateway = await startGateway({ xml: asking(endpoint) })

    const { headers, body } = await post(gateway, asked, { 'Content-Type': 'application/xml' })

    expect([headers['content-type'], body]).toEqual(['application/xml; charset=UTF-8', answered])
  })

  test('a request without the place is a fault', async () => {
    await using backend = await startBackend()
    await using gateway = await startGateway({
      xml: asking(correlated(backend.url, 'by="xpath" field="//id"')),
    })

    const xml = { 'Content-Type': 'application/xml' }
    expect((await post(gateway, '<ask/>', xml)).body).toBe('{"fault":"601000"}')
    expect((await post(gateway, '<ask><id/><id/></ask>', xml)).body).toBe('{"fault":"601000"}')
    expect(backend.received.all).toHaveLength(0)
  })
})

describe('JSON-RPC', () => {
  test('responses are replies; notifications and requests of the backend are not', async () => {
    await using backend = await startJson(({ id, method, params }, { webSocket }) => {
      webSocket.send(JSON.stringify({ jsonrpc: '2.0', method: 'progress', params: { id } }))
      webSocket.send(JSON.stringify({ jsonrpc: '2.0', method: 'ask-back', id }))
      webSocket.send(JSON.stringify({ jsonrpc: '2.0', id }))
      return method === 'add'
        ? { jsonrpc: '2.0', result: (params as number[]).reduce((a, b) => a + b), id }
        : { jsonrpc: '2.0', error: { code: -32601, message: 'Method not found' }, id }
    })
    await using gateway = await startGateway({ xml: asking(correlated(backend.url, 'by="json-rpc"')) })

    const call = (method: string, id: unknown): object => ({ jsonrpc: '2.0', method, params: [1, 2], id })
    expect((await post(gateway, call('add', 1))).body).toBe('{"jsonrpc":"2.0","result":3,"id":1}')
    expect((await post(gateway, call('sub', 'x'))).body).toBe(
      '{"jsonrpc":"2.0","error":{"code":-32601,"message":"Method not found"},"id":"x"}',
    )
    expect(endings(gateway)).toEqual({ answered: 2, discarded: 6 })
  })

  test('a notification that nobody waits for stays one', async () => {
    await using backend = await startBackend()
    const dispatch = `<property name="OUT_ONLY" value="true"/><send>${correlated(backend.url, 'by="json-rpc"')}</send>`
    await using gateway = await startGateway({ xml: proxy('asks', dispatch) })

    await post(gateway, '{"jsonrpc":"2.0","method":"note"}')

    expect(await backend.received.text()).toBe('{"jsonrpc":"2.0","method":"note"}')
  })
})

describe('lanes', () => {
  /** Answers each message with its text in upper case when it is told to; `LATE` only at the end. */
  function startHeld(): Promise<Backend & { readonly held: (() => void)[] }> {
    const held: (() => void)[] = []
    return startBackend({
      answer(data, _isBinary, { webSocket }) {
        const send = (): void => webSocket.send(data.toString().toUpperCase())
        if (data.toString().includes('late')) held.push(send)
        else setImmediate(send)
      },
    }).then(backend => Object.assign(backend, { held }))
  }
  const text = { 'Content-Type': 'text/plain' }

  test('eight links: everyone gets the reply to what they asked, and none that is late', async () => {
    await using backend = await startHeld()
    const endpoint = correlated(backend.url, 'by="lane" links="8" unmatched="strays"', 500)
    await using gateway = await startGateway({ xml: asking(endpoint) })

    const texts = Array.from({ length: 500 }, (_, n) => (n % 100 === 3 ? `late ${n}` : `ask ${n}`))
    const answers = await Promise.all(texts.map(each => post(gateway, each, text)))

    const wrong = answers.filter(({ body }, n) => {
      return body !== (n % 100 === 3 ? '{"fault":"101504"}' : texts[n]!.toUpperCase())
    })
    expect(wrong).toEqual([])
    expect(backend.connections.length).toBeLessThanOrEqual(8 + 5)
    for (const send of backend.held) send()
    await gateway.waitForLog('STRAY = late', 5)
    expect(gateway.logged('STRAY = unmatched')).toEqual([])
    await eventually(() => expect(backend.open).toBeLessThanOrEqual(8))
    expect((await post(gateway, 'once more', text)).body).toBe('ONCE MORE')
    expect(endings(gateway)).toEqual({ answered: 501, dropped: 5 })
  })

  test('take what waits in order, one at a time', async () => {
    const order: string[] = []
    const replies: (() => void)[] = []
    await using backend = await startBackend({
      answer(data, _isBinary, { webSocket }) {
        order.push(data.toString())
        replies.push(() => webSocket.send(`re ${data}`))
      },
    })
    await using gateway = await startGateway({ xml: asking(correlated(backend.url, 'by="lane"')) })

    const answers: ReturnType<typeof post>[] = []
    for (const each of ['1', '2', '3']) {
      answers.push(post(gateway, each, text))
      await eventually(() => expect(gateway.inFlight).toBe(answers.length))
    }
    for (const each of ['1', '2', '3']) {
      await eventually(() => expect(order.at(-1)).toBe(each))
      expect(order).toHaveLength(Number(each))
      replies.at(-1)!()
    }

    expect((await Promise.all(answers)).map(({ body }) => body)).toEqual(['re 1', 're 2', 're 3'])
    expect(backend.connections).toHaveLength(1)
  })

  test('a caller that leaves the queue is never sent for', async () => {
    await using backend = await startHeld()
    await using gateway = await startGateway({ xml: asking(correlated(backend.url, 'by="lane"')) })

    const first = post(gateway, 'late', text)
    await backend.received.next()
    const leaving = request(gateway.url('http', 'asks'), { method: 'POST', headers: text })
    leaving.on('error', () => {}).end('leaves')
    await eventually(() => expect(gateway.inFlight).toBe(2))
    leaving.destroy()
    await eventually(() => expect(endings(gateway)).toEqual({ discarded: 1 }))
    backend.held[0]!()

    expect((await first).body).toBe('LATE')
    expect((await post(gateway, 'next', text)).body).toBe('NEXT')
    expect(backend.received.all.map(({ data }) => data.toString())).toEqual(['late', 'next'])
  })

  test('the late reply of a caller that left is put aside, and another lane takes its place', async () => {
    await using backend = await startHeld()
    const endpoint = correlated(backend.url, 'by="lane" unmatched="strays"')
    await using gateway = await startGateway({ xml: asking(endpoint) })
    const leaving = request(gateway.url('http', 'asks'), { method: 'POST', headers: text })
    leaving.on('error', () => {}).end('late')
    await backend.received.next()
    leaving.destroy()
    await eventually(() => expect(endings(gateway)).toEqual({ discarded: 1 }))

    expect((await post(gateway, 'next', text)).body).toBe('NEXT')
    expect(backend.connections).toHaveLength(2)
    backend.held[0]!()
    await gateway.waitForLog('STRAY = late urn:uuid:')
    // There are enough lanes without it.
    expect((await backend.connections[0]!.closed).code).toBe(1000)
  })

  test('a greeting is no reply to who asks first', async () => {
    await using backend = await startBackend({
      greet: ({ webSocket }) => webSocket.send('welcome'),
      answer: (data, _isBinary, { webSocket }) => webSocket.send(`re ${data}`),
    })
    const endpoint = correlated(backend.url, 'by="lane" unmatched="strays"')
    await using gateway = await startGateway({ xml: asking(endpoint) })
    expect((await post(gateway, '1', text)).body).toBe('re 1')
    await gateway.waitForLog('STRAY = unmatched')
    expect((await post(gateway, '2', text)).body).toBe('re 2')
  })

  test('a backend that is gone is told to all who wait, in the queue too', async () => {
    const backend = await startHeld()
    const endpoint = correlated(backend.url, 'by="lane" links="2"', 60_000)
    await using gateway = await startGateway({ xml: asking(endpoint) })
    const answers = Array.from({ length: 20 }, (_, n) => post(gateway, `late ${n}`, text))
    await eventually(() => expect(gateway.inFlight).toBe(20))
    await backend.kill()

    const faults = (await Promise.all(answers)).map(({ body }) => body)
    expect(new Set(faults)).toEqual(new Set(['{"fault":"101505"}', '{"fault":"101503"}']))
  })

  test('replies have the type of what they are', async () => {
    await using backend = await startBackend({
      answer: (data, isBinary, { webSocket }) => webSocket.send(data, { binary: isBinary }),
    })
    await using gateway = await startGateway({ xml: asking(correlated(backend.url, 'by="lane"')) })
    const typeOf = async (body: string, type: string): Promise<string | undefined> =>
      (await post(gateway, body, { 'Content-Type': type })).headers['content-type']

    expect(await typeOf('[1]', 'text/plain')).toBe('application/json; charset=UTF-8')
    expect(await typeOf('<a/>', 'text/plain')).toBe('application/xml; charset=UTF-8')
    expect(await typeOf('a', 'text/plain')).toBe('text/plain; charset=UTF-8')
    expect(await typeOf('a', 'application/octet-stream')).toBe('application/octet-stream')
  })
})

describe('several replies', () => {
  /** Counts down from what it is asked. */
  const startCounting = (): Promise<Backend> =>
    startJson(({ id, from }, { webSocket }) => {
      for (let n = Number(from); n >= 0; n--)
        webSocket.send(JSON.stringify({ id, n, ...(n === 0 && { done: true }) }, null, n % 2))
    })
  const COLLECT = 'by="json" field="id" replies="collect" until="$.done"'
  const STREAM = 'by="json" field="id" replies="stream" until="json-eval($.done)"'

  test('are collected to one answer', async () => {
    await using backend = await startCounting()
    await using gateway = await startGateway({ xml: asking(correlated(backend.url, COLLECT)) })

    const { headers, body } = await post(gateway, { id: 1, from: 2 })

    expect(headers['content-type']).toBe('application/json; charset=UTF-8')
    expect(JSON.parse(body)).toEqual([
      { id: 1, n: 2 },
      { id: 1, n: 1 },
      { id: 1, n: 0, done: true },
    ])
  })

  test('are collected to XML where they are none of JSON', async () => {
    await using backend = await startBackend({
      answer(_data, _isBinary, { webSocket }) {
        for (const each of ['<a n="1"/>', 'two <', '<end/>']) webSocket.send(each)
      },
    })
    const endpoint = correlated(backend.url, 'by="lane" replies="collect" until="boolean(//end)"')
    await using gateway = await startGateway({ xml: asking(endpoint) })

    const { body } = await post(gateway, 'go', { 'Content-Type': 'text/plain' })
    expect(body).toBe('<replies><a n="1"/><reply>two &lt;</reply><end/></replies>')
    expect((await post(gateway, 'go', { 'Content-Type': 'text/plain' })).body).toBe(body)
  })

  test.each([
    [
      'lines',
      {},
      'application/x-ndjson',
      '{"id":1,"n":2}\n{  "id": 1,  "n": 1 }\n{"id":1,"n":0,"done":true}\n',
    ],
    [
      'events',
      { Accept: 'text/event-stream' },
      'text/event-stream',
      'data: {"id":1,"n":2}\n\ndata: {\ndata:  "id": 1,\ndata:  "n": 1\ndata: }\n\ndata: {"id":1,"n":0,"done":true}\n\n',
    ],
  ])('are passed on as %s', async (_what, headers, type, expected) => {
    await using backend = await startCounting()
    await using gateway = await startGateway({ xml: asking(correlated(backend.url, STREAM)) })

    const answer = await post(gateway, { id: 1, from: 2 }, headers)

    expect(answer.headers['content-type']?.split(';')[0]).toBe(type)
    expect(answer.body).toBe(expected)
    expect(endings(gateway)).toEqual({ answered: 1 })
  })

  test('reach a WebSocket client as one message', async () => {
    await using backend = await startCounting()
    const dispatch = `<call>${correlated(backend.url, STREAM)}</call><respond/>`
    await using gateway = await startGateway({ xml: service(dispatch) })
    using client = await connect(gateway.url('ws'))

    expect(JSON.parse(await client.ask('{"id":1,"from":1}'))).toHaveLength(2)
  })

  /** Opens a request that is streamed, and gives the response once it begins. */
  function open(gateway: TestGateway, body: string): Promise<IncomingMessage> {
    return new Promise((resolve, reject) =>
      request(gateway.url('http', 'asks'), { method: 'POST' }, resolve).on('error', reject).end(body),
    )
  }

  test('come one by one, and a caller that leaves amid them is let go', async () => {
    let connection: BackendConnection | undefined
    let id: unknown
    await using backend = await startJson((message, from) => {
      id = message.id
      connection = from
      return { id, n: 1 }
    })
    const endpoint = correlated(backend.url, `${STREAM} unmatched="strays"`)
    await using gateway = await startGateway({ xml: asking(endpoint) })

    const response = await open(gateway, '{"id":"s"}')
    const lines = response[Symbol.asyncIterator]()
    expect(String((await lines.next()).value)).toBe('{"id":"s","n":1}\n')
    connection!.webSocket.send(JSON.stringify({ id, n: 2 }))
    expect(String((await lines.next()).value)).toBe('{"id":"s","n":2}\n')
    response.destroy()
    await eventually(() => expect(endings(gateway)).toEqual({ discarded: 1 }))
    connection!.webSocket.send(JSON.stringify({ id, n: 3 }))

    await gateway.waitForLog('STRAY = late s, BODY = {"id":"s","n":3}')
  })

  test('break off visibly when the backend dies amid them', async () => {
    const backend = await startJson(({ id }) => ({ id, n: 1 }))
    await using gateway = await startGateway({ xml: asking(correlated(backend.url, STREAM)) })

    const response = await open(gateway, '{"id":1}')
    const lines = response[Symbol.asyncIterator]()
    await lines.next()
    await backend.kill()

    await expect(lines.next()).rejects.toThrow('aborted')
    await eventually(() => expect(endings(gateway)).toEqual({ faulted: 1 }))
  })

  test('a caller that does not read holds the backend up, and gets all of them in the end', async () => {
    const COUNT = 200
    await using backend = await startJson(({ id }, { webSocket }) => {
      const text = 'x'.repeat(50_000)
      for (let n = COUNT; n > 0; n--) webSocket.send(JSON.stringify({ id, n, text, done: n === 1 }))
    })
    await using gateway = await startGateway({ xml: asking(correlated(backend.url, STREAM, 20_000)) })

    const response = await open(gateway, '{"id":1}')
    const { webSocket } = backend.connections[0]!
    await eventually(() => expect(webSocket.bufferedAmount).toBeGreaterThan(1_000_000))
    let text = ''
    for await (const chunk of response.setEncoding('utf8')) text += chunk

    expect(
      text
        .trim()
        .split('\n')
        .map(line => (JSON.parse(line) as { n: number }).n),
    ).toEqual(Array.from({ length: COUNT }, (_, i) => COUNT - i))
  })

  test('that never end are a timeout', async () => {
    await using backend = await startJson(({ id }) => ({ id, n: 1 }))
    await using gateway = await startGateway({ xml: asking(correlated(backend.url, COLLECT, 100)) })

    expect((await post(gateway, { id: 1 })).body).toBe('{"fault":"101504"}')
  })
})
