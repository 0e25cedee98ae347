// HTTP callers send through a proxy service to a WebSocket backend: one frame for each request, an honest status for
// the caller, and the backend's answers run through a sequence of their own.

import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { describe, expect, test } from 'vitest'
import { freePort, startBackend, startUpper } from '../support/backends.ts'
import { proxy, sendTo } from '../support/configurations.ts'
import { eventually } from '../support/eventually.ts'
import { buildGateway, startGateway } from '../support/gateway.ts'

const SOAP11 = `<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body><order id="7">two  pears</order></soapenv:Body></soapenv:Envelope>`
const SOAP12 = `<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope"><e:Header/><e:Body><order/></e:Body></e:Envelope>`

/** The in sequence of the proxy that answers 202 by force, in a file of its own as the others are. */
const filesFor = (backend: string): Record<string, string> => ({
  'sequences/toFeed.xml': `
    <sequence name="toFeed" xmlns="http://ws.apache.org/ns/synapse">
        <in>
            <property name="OUT_ONLY" value="true"/>
            <property name="FORCE_SC_ACCEPTED" scope="axis2" type="STRING" value="true"/>
            <property name="websocket.accept.contenType" scope="axis2" value="application/json"/>
            <send>
                <endpoint>
                    <address uri="${backend}"/>
                </endpoint>
            </send>
        </in>
    </sequence>`,
  'sequences/outDispatchSeq.xml': `
    <sequence name="outDispatchSeq" xmlns="http://ws.apache.org/ns/synapse">
       <log level="full"/>
    </sequence>`,
  'proxy-services/feed.xml': `
    <proxy xmlns="http://ws.apache.org/ns/synapse" name="feed" transports="http,https" statistics="disable" trace="disable" startOnLoad="true">
        <target inSequence="toFeed" faultSequence="outDispatchSeq"/>
        <description/>
    </proxy>`,
})

async function post(url: string, body: string | Buffer, contentType?: string): Promise<Response> {
  const headers: Record<string, string> = contentType === undefined ? {} : { 'Content-Type': contentType }
  return await fetch(url, { method: 'POST', body: Buffer.from(body), headers })
}

describe('bodies', () => {
  test.each([
    ['SOAP 1.1', 'text/xml', SOAP11, false],
    ['SOAP 1.2', 'application/soap+xml; charset=utf-8', SOAP12, false],
    ['XML', 'application/xml', '<order>\n  <id>7</id>\n</order>', false],
    ['JSON', 'application/json', '{ "id": 7, "price": 1.50 }', false],
    ['text', 'text/plain', 'two pears, bitte schön', false],
    ['a form', 'application/x-www-form-urlencoded', 'id=7&name=two+pears', false],
    ['bytes', 'application/octet-stream', randomBytes(2048), true],
    ['a picture', 'image/png', randomBytes(300), true],
    ['no body', 'text/plain', '', false],
  ])('%s goes to the backend as one frame, byte for byte', async (_kind, contentType, body, isBinary) => {
    await using backend = await startBackend()
    await using gateway = await startGateway({ files: filesFor(backend.url) })

    const response = await post(gateway.url('http'), body, contentType)

    expect(response.status).toBe(202)
    expect(await response.text()).toBe('')
    const frame = await backend.received.next()
    expect(frame.data.equals(Buffer.from(body))).toBe(true)
    expect(frame.isBinary).toBe(isBinary)
    expect(backend.received.all).toHaveLength(1)
  })

  test('text in another charset goes to the backend in UTF-8, as text of a WebSocket has to', async () => {
    await using backend = await startBackend()
    await using gateway = await startGateway({ files: filesFor(backend.url) })

    await post(gateway.url('http'), Buffer.from('bitte schön', 'latin1'), 'text/plain; charset=ISO-8859-1')

    expect(await backend.received.text()).toBe('bitte schön')
  })

  test('a body larger than the limit is refused with 413, and the backend gets nothing', async () => {
    await using backend = await startBackend()
    await using gateway = await startGateway({
      files: filesFor(backend.url),
      settings: { 'transport.http.listener.max_body_bytes': 1000 },
    })

    expect((await post(gateway.url('http'), 'x'.repeat(1001), 'text/plain')).status).toBe(413)
    expect((await post(gateway.url('http'), 'x'.repeat(1000), 'text/plain')).status).toBe(202)

    expect((await backend.received.text()).length).toBe(1000)
    expect(backend.received.all).toHaveLength(1)
  })

  test('a body without a content type is bytes', async () => {
    await using backend = await startBackend()
    await using gateway = await startGateway({ files: filesFor(backend.url) })

    expect((await post(gateway.url('http'), 'what am I?')).status).toBe(202)

    expect(await backend.received.next()).toEqual({ data: Buffer.from('what am I?'), isBinary: true })
  })
})

describe('statuses', () => {
  test('202 comes only once the backend has taken the handshake and the message', async () => {
    const gate = Promise.withResolvers<void>()
    await using backend = await startBackend({ gate: gate.promise })
    await using gateway = await startGateway({ files: filesFor(backend.url) })
    const order: string[] = []

    const answer = post(gateway.url('http'), '{}', 'application/json').then(response => {
      order.push('answered')
      return response
    })
    await eventually(() => expect(backend.accepted).toBe(1))
    order.push('released')
    gate.resolve()

    expect((await answer).status).toBe(202)
    expect(order).toEqual(['released', 'answered'])
  })

  test('502 with the code of the fault where the backend cannot take it, although 202 is forced', async () => {
    const port = await freePort()
    await using gateway = await startGateway({ files: filesFor(`ws://localhost:${port}/`) })

    const response = await post(gateway.url('http'), '{}', 'application/json')

    expect(response.status).toBe(502)
    expect(await response.json()).toEqual({
      code: 101503,
      message: 'the backend could not be reached, or its answer was none',
      id: expect.stringMatching(/^urn:uuid:/),
    })
    const soap = await post(gateway.url('http'), SOAP11, 'text/xml')
    expect([soap.status, soap.headers.get('content-type')]).toEqual([500, 'text/xml; charset=UTF-8'])
    expect(await soap.text()).toMatch(/<faultcode>\w+:Server<\/faultcode>.*<code>101503<\/code>/s)
    await gateway.waitForLog('ERROR_CODE : 101503')
  })

  test('a fault sequence that answers for a lost backend does not turn it into 202', async () => {
    const port = await freePort()
    const dispatch = `<property name="FORCE_SC_ACCEPTED" scope="axis2" value="true"/>${sendTo(`ws://localhost:${port}/`)}`
    await using gateway = await startGateway({ xml: proxy('feed', dispatch, { fault: '<respond/>' }) })

    expect((await post(gateway.url('http'), 'x', 'text/plain')).status).toBe(502)
  })

  test('404 where no service is, 202 on any path below the service', async () => {
    await using backend = await startBackend()
    await using gateway = await startGateway({ files: filesFor(backend.url) })
    const url = gateway.url('http')

    expect((await post(url.replace('/feed', '/unknown'), 'x', 'text/plain')).status).toBe(404)
    expect((await post(`${url}er`, 'x', 'text/plain')).status).toBe(404)
    expect((await post(`${url}/below?and=query`, 'x', 'text/plain')).status).toBe(202)
  })

  test('a fault that no sequence handles is 500 with its code and the id of the message, and no more', async () => {
    const xml =
      '<proxy name="broken"><target inSequence="broken-in"/></proxy><sequence name="broken-in"><send/></sequence>'
    await using gateway = await startGateway({ xml })

    const response = await post(gateway.url('http'), '<a/>', 'application/xml')

    expect(response.status).toBe(500)
    expect(await response.json()).toEqual({
      code: 0,
      message: 'the message could not be mediated',
      id: expect.stringMatching(/^urn:uuid:/),
    })
  })

  test('a fault runs the fault sequence, which may answer', async () => {
    const fault = '<property name="HTTP_SC" value="422" scope="axis2"/><respond/>'
    await using gateway = await startGateway({ xml: proxy('broken', '<send/>', { fault }) })

    const response = await post(gateway.url('http'), 'as it was', 'text/plain')

    expect(response.status).toBe(422)
    expect(await response.text()).toBe('as it was')
  })

  test('a message that a sequence drops is 202', async () => {
    await using gateway = await startGateway({ xml: proxy('sink', '<drop/>') })

    expect((await post(gateway.url('http'), 'x', 'text/plain')).status).toBe(202)
  })
})

describe('respond in the in sequence', () => {
  test('sends the request back, with the status and the headers set', async () => {
    const dispatch = `
      <property name="HTTP_SC" value="201" scope="axis2"/>
      <property name="X-Mirror" value="made by the sequence" scope="transport"/>
      <respond/>`
    await using gateway = await startGateway({ xml: proxy('mirror', dispatch) })

    const response = await post(gateway.url('http'), '{"a": 1.0}', 'application/json; charset=utf-8')

    expect(response.status).toBe(201)
    expect(response.headers.get('X-Mirror')).toBe('made by the sequence')
    expect(response.headers.get('Content-Type')).toBe('application/json; charset=utf-8')
    expect(await response.text()).toBe('{"a": 1.0}')
  })

  test('does not reflect what is the caller’s alone', async () => {
    await using gateway = await startGateway({ xml: proxy('mirror', '<respond/>') })
    const secrets = {
      Authorization: 'Bearer secret',
      Cookie: 'session=secret',
      'Proxy-Authorization': 'Basic secret',
      'X-Forwarded-For': '10.0.0.1',
    }

    const response = await fetch(gateway.url('http'), {
      method: 'POST',
      body: 'x',
      headers: { ...secrets, 'Content-Type': 'text/plain', 'X-Order': '7' },
    })

    expect(response.headers.get('X-Order')).toBe('7')
    for (const name of Object.keys(secrets)) expect(response.headers.get(name), name).toBeNull()
  })
})

describe('what the backend answers', () => {
  test('runs through outDispatchSeq, once for each message', async () => {
    await using backend = await startUpper()
    await using gateway = await startGateway({ files: filesFor(backend.url) })

    await post(gateway.url('http'), 'hello', 'text/plain')

    await gateway.waitForLog('HELLO')
    expect(gateway.logged('HELLO')).toHaveLength(1)
  })

  const answering = (name: string): string =>
    `<log level="custom"><property name="RAN" value="${name}"/></log>`
  const sequence = (name: string): string => `<sequence name="${name}">${answering(name)}</sequence>`
  const SETTING = { 'transport.ws.sender.outflow_dispatch_sequence': 'bySetting' }
  const rules = [
    {
      rule: 'the out sequence of the proxy service',
      target: `outSequence="byOut" faultSequence="byFault"`,
      sequences: ['byOut', 'bySetting', 'outDispatchSeq', 'byFault'],
      settings: SETTING,
      runs: 'byOut',
    },
    {
      rule: 'the sequence of the setting',
      target: `faultSequence="byFault"`,
      sequences: ['bySetting', 'outDispatchSeq', 'byFault'],
      settings: SETTING,
      runs: 'bySetting',
    },
    {
      rule: 'a sequence named outDispatchSeq',
      target: `faultSequence="byFault"`,
      sequences: ['outDispatchSeq', 'byFault'],
      settings: {},
      runs: 'outDispatchSeq',
    },
    {
      rule: 'the fault sequence of the proxy service',
      target: `faultSequence="byFault"`,
      sequences: ['byFault', 'main'],
      settings: {},
      runs: 'byFault',
    },
    { rule: 'main', target: '', sequences: ['main'], settings: {}, runs: 'main' },
  ]

  test.each(rules)('runs through $rule', async ({ target, sequences, settings, runs }) => {
    await using backend = await startUpper()
    const xml = `
      <proxy name="feed"><target inSequence="toFeed" ${target}/></proxy>
      <sequence name="toFeed">${sendTo(backend.url)}</sequence>
      ${sequences.map(sequence).join('')}`
    await using gateway = await startGateway({ xml, settings })

    await post(gateway.url('http'), 'hello', 'text/plain')

    await gateway.waitForLog('RAN = ')
    expect(gateway.logged('RAN = ')).toEqual([expect.stringContaining(`RAN = ${runs}`)])
  })

  test('runs through the next rule where the setting names no sequence, with a warning', () => {
    const settings = {
      'transport.ws.sender.outflow_dispatch_sequence': 'outDispachSeq',
      'transport.ws.sender.outflow_dispatch_fault_sequence': 'nowhere',
    }
    const xml = `${proxy('feed', '<drop/>')}<sequence name="outDispatchSeq"><drop/></sequence>`
    const { gateway } = buildGateway({ xml, settings })

    const found = gateway.diagnostics.all().map(({ severity, message }) => `${severity}: ${message}`)
    expect(found).toEqual([
      expect.stringMatching(/^warning: There is no sequence named outDispachSeq, which the setting/),
      expect.stringMatching(/^warning: There is no sequence named nowhere, which the setting/),
      expect.stringMatching(/^note: .* run through outDispatchSeq \(the sequence of that name\)\.$/),
    ])
  })

  test('cannot be responded to: that is logged, and nothing breaks', async () => {
    await using backend = await startUpper()
    const xml = `${proxy('feed', sendTo(backend.url))}<sequence name="outDispatchSeq"><respond/></sequence>`
    await using gateway = await startGateway({ xml })

    await post(gateway.url('http'), 'hello', 'text/plain')

    await gateway.waitForLog('respond has no client to answer')
    expect((await post(gateway.url('http'), 'again', 'text/plain')).status).toBe(202)
  })
})

describe('the connection to the backend', () => {
  test('is one for all callers of all services with the same address', async () => {
    await using backend = await startBackend()
    const xml = `${proxy('one', sendTo(backend.url))}${proxy('two', sendTo(backend.url))}<sequence name="outDispatchSeq"><drop/></sequence>`
    await using gateway = await startGateway({ xml })
    const urls = [gateway.url('http', 'one'), gateway.url('http', 'two')]

    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, i) => post(urls[i % 2]!, `message ${i}`, 'text/plain')),
    )

    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 202))
    expect(backend.received.all).toHaveLength(40)
    expect(backend.accepted).toBe(1)
  })

  test('is another one for another path or query', async () => {
    await using backend = await startBackend()
    const xml = `${proxy('one', sendTo(`${backend.url}?a=1`))}${proxy('two', sendTo(`${backend.url}?a=2`))}`
    await using gateway = await startGateway({ xml })

    await post(gateway.url('http', 'one'), 'x', 'text/plain')
    await post(gateway.url('http', 'two'), 'x', 'text/plain')

    expect(backend.connections.map(({ request }) => request.url)).toEqual([
      '/websocket?a=1',
      '/websocket?a=2',
    ])
  })

  test('is opened anew once the backend has restarted', async () => {
    const backend = await startBackend()
    const { port } = backend
    await using gateway = await startGateway({ files: filesFor(backend.url) })
    expect((await post(gateway.url('http'), 'before', 'text/plain')).status).toBe(202)

    await backend.kill()
    await gateway.waitForLog('ERROR_CODE : 101505')
    expect((await post(gateway.url('http'), 'meanwhile', 'text/plain')).status).toBe(502)
    await using again = await startBackend({ port })

    expect((await post(gateway.url('http'), 'after', 'text/plain')).status).toBe(202)
    expect(await again.received.text()).toBe('after')
  })

  test('keeps the order in which requests came, those that waited for the handshake included', async () => {
    const gate = Promise.withResolvers<void>()
    await using backend = await startBackend({ gate: gate.promise })
    await using gateway = await startGateway({ files: filesFor(backend.url) })

    const early: Promise<Response>[] = []
    for (let i = 0; i < 20; i++) {
      early.push(post(gateway.url('http'), `message ${i}`, 'text/plain'))
      await eventually(() => expect(gateway.inFlight).toBe(i + 1))
    }
    gate.resolve()
    await Promise.all(early)
    for (let i = 20; i < 40; i++) await post(gateway.url('http'), `message ${i}`, 'text/plain')

    expect(await backend.received.texts(40)).toEqual(Array.from({ length: 40 }, (_, i) => `message ${i}`))
  })

  test('offers the content type of the answers as a subprotocol, once', async () => {
    const offers: (string | undefined)[] = []
    await using backend = await startBackend({
      choose: offered => {
        offers.push(offered)
        return offered
      },
    })
    await using gateway = await startGateway({ files: filesFor(backend.url) })

    await post(gateway.url('http'), 'x', 'text/plain')
    await post(gateway.url('http'), 'y', 'text/plain')

    expect(offers).toEqual(["synapse(contentType='application/json')"])
  })
})

test('a caller that names the whole URL, as to a proxy, reaches the service', async () => {
  await using gateway = await startGateway({ xml: proxy('orders', '<respond/>') })
  const { port, pathname, href } = new URL(gateway.url('http'))

  const outgoing = request({ port, path: href, method: 'POST' }).end('hello')
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage]

  expect(pathname).toBe('/services/orders')
  expect(response.statusCode).toBe(200)
  response.resume()
})

test('a body in chunks arrives whole', async () => {
  await using backend = await startBackend()
  await using gateway = await startGateway({ files: filesFor(backend.url) })
  const outgoing = request(gateway.url('http'), { method: 'POST', headers: { 'Content-Type': 'text/xml' } })

  for (const chunk of ['<order>', 'two pears', '</order>']) outgoing.write(chunk)
  outgoing.end()
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage]

  expect(response.statusCode).toBe(202)
  expect(await backend.received.text()).toBe('<order>two pears</order>')
  response.resume()
})

test('a caller that asks first whether to send its body is told to', async () => {
  await using backend = await startBackend()
  await using gateway = await startGateway({ files: filesFor(backend.url) })
  const outgoing = request(gateway.url('http'), {
    method: 'POST',
    headers: { Expect: '100-continue', 'Content-Type': 'text/plain' },
  })
  const status = new Promise(resolve => outgoing.on('response', response => resolve(response.statusCode)))

  outgoing.on('continue', () => outgoing.end('now then'))
  outgoing.flushHeaders()

  expect(await status).toBe(202)
  expect(await backend.received.text()).toBe('now then')
})
