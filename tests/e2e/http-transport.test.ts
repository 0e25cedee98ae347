// What an HTTP caller gets back, and what of its request is seen: statuses, headers, types, formats.

import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { freePort } from '../support/backends.ts'
import { proxy } from '../support/configurations.ts'
import { startGateway } from '../support/gateway.ts'
import { ask, startHttpBackend } from '../support/http-backend.ts'

const post = (
  url: string,
  body: string | Buffer,
  contentType: string,
  headers: Record<string, string> = {},
) => ask(url, { method: 'POST', body, headers: { 'Content-Type': contentType, ...headers } })

const set = (name: string, value: string, scope = 'axis2'): string =>
  `<property name="${name}" value="${value}" scope="${scope}"/>`

const FAULT = `<soapenv:Fault xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><faultcode>soapenv:Client</faultcode><faultstring>no such order</faultstring></soapenv:Fault>`
const soap = (payload: string, version = 'http://schemas.xmlsoap.org/soap/envelope/'): string =>
  `<s:Envelope xmlns:s="${version}"><s:Body>${payload}</s:Body></s:Envelope>`
const SOAP12 = 'http://www.w3.org/2003/05/soap-envelope'

/** A proxy service in front of a backend. */
const through = (url: string, { before = '', out = '' } = {}): string =>
  `<proxy name="p"><target><inSequence>${before}<send><endpoint><address uri="${url}"/></endpoint></send></inSequence>
    ${out && `<outSequence>${out}</outSequence>`}</target></proxy>`

describe('the status', () => {
  test.each<[what: string, dispatch: string, status: number]>([
    ['is 200', '<respond/>', 200],
    ['is that of HTTP_SC', `${set('HTTP_SC', '201')}<respond/>`, 201],
    ['is 202 with SC_ACCEPTED', `${set('SC_ACCEPTED', 'true')}<respond/>`, 202],
    ['is 502 with ERROR_CODE', `${set('HTTP_SC', '200')}${set('ERROR_CODE', '101503')}<respond/>`, 502],
    ['is 200 where HTTP_SC says that more comes', `${set('HTTP_SC', '103')}<respond/>`, 200],
    ['is that of an acknowledgement', `${set('NIO-ACK-Requested', 'true')}${set('HTTP_SC', '405')}`, 405],
  ])('%s', async (_what, dispatch, status) => {
    await using gateway = await startGateway({ xml: proxy('p', dispatch) })

    expect((await post(gateway.url('http'), 'x', 'text/plain')).status).toBe(status)
  })

  test('of a SOAP fault is 500, or 200 where FAULTS_AS_HTTP_200 says so', async () => {
    const xml = `${proxy('a', '<respond/>')}${proxy('b', `${set('FAULTS_AS_HTTP_200', 'true')}<respond/>`)}`
    await using gateway = await startGateway({ xml })
    const send = (name: string) =>
      post(gateway.url('http', name), soap(FAULT), 'text/xml', { SOAPAction: '""' })

    expect((await send('a')).status).toBe(500)
    expect((await send('b')).status).toBe(200)
  })

  test('has the reason of HTTP_SC_DESC, with nothing in it that would end the line', async () => {
    const dispatch = `${set('HTTP_SC', '404')}${set('HTTP_SC_DESC', 'Gone&#13;&#10;X-Injected: 1')}<respond/>`
    await using gateway = await startGateway({ xml: proxy('p', dispatch) })

    const { reason, headers } = await post(gateway.url('http'), 'x', 'text/plain')

    expect(reason).toBe('GoneX-Injected: 1')
    expect(headers['x-injected']).toBeUndefined()
  })

  test('and reason of a backend go to the caller', async () => {
    await using backend = await startHttpBackend(response => response.writeHead(422, 'Not So').end('no'))
    await using gateway = await startGateway({ xml: through(backend.url) })

    expect(await ask(gateway.url('http'))).toMatchObject({ status: 422, reason: 'Not So', body: 'no' })
  })
})

describe('the body', () => {
  test('is left out with NO_ENTITY_BODY, and for HEAD', async () => {
    await using gateway = await startGateway({
      xml: `${proxy('a', `${set('NO_ENTITY_BODY', 'true')}<respond/>`)}${proxy('b', '<payloadFactory media-type="json"><format>{"a":1}</format><args/></payloadFactory><respond/>')}`,
    })

    const without = await post(gateway.url('http', 'a'), 'x', 'text/plain')
    expect([without.body, without.headers['content-type'], without.headers['content-length']]).toEqual([
      '',
      undefined,
      '0',
    ])
    const head = await ask(gateway.url('http', 'b'), { method: 'HEAD' })
    expect([head.status, head.body]).toEqual([200, ''])
    expect(Number(head.headers['content-length'])).toBeGreaterThan(5)
  })

  test('is tagged with HTTP_ETAG, and 304 for who has it', async () => {
    await using gateway = await startGateway({ xml: proxy('p', `${set('HTTP_ETAG', 'true')}<respond/>`) })
    const { headers } = await post(gateway.url('http'), 'same', 'text/plain')

    const again = await post(gateway.url('http'), 'same', 'text/plain', {
      'If-None-Match': `W/"x", ${headers.etag}`,
    })

    expect(headers.etag).toMatch(/^"[\w-]+"$/)
    expect(again).toMatchObject({ status: 304, body: '' })
    expect(
      (await post(gateway.url('http'), 'other', 'text/plain', { 'If-None-Match': String(headers.etag) }))
        .status,
    ).toBe(200)
  })
})

describe('the content type', () => {
  const json = '<payloadFactory media-type="json"><format>{"a":1}</format><args/></payloadFactory>'
  test.each<[what: string, dispatch: string, expected: string]>([
    ['of what is sent back is that it came with', '<respond/>', 'application/xml;v=1'],
    ['of something new is its own', `${json}<respond/>`, 'application/json; charset=UTF-8'],
    [
      'is that of messageType',
      `${set('messageType', 'application/json')}<respond/>`,
      'application/json; charset=UTF-8',
    ],
    [
      'has no charset where that is not wanted',
      `${json}${set('setCharacterEncoding', 'false')}<respond/>`,
      'application/json',
    ],
    [
      'is that of ContentType',
      `${set('ContentType', 'application/vnd.x+xml')}<respond/>`,
      'application/vnd.x+xml',
    ],
    [
      'keeps a charset that was set',
      `${set('messageType', 'text/xml; charset=UTF-16')}<respond/>`,
      'text/xml; charset=UTF-16',
    ],
  ])('%s', async (_what, dispatch, expected) => {
    await using gateway = await startGateway({ xml: proxy('p', dispatch) })

    const { headers } = await post(gateway.url('http'), '<a>1</a>', 'application/xml;v=1')

    expect(headers['content-type']).toBe(expected)
  })
})

describe('headers', () => {
  test('of a backend go to the caller, but for those of its connection', async () => {
    await using backend = await startHttpBackend(response =>
      response
        .writeHead(200, {
          'Content-Type': 'text/plain',
          'X-Mine': 'yes',
          'Accept-Ranges': 'none',
          Server: 'backend',
          Connection: 'X-Hop, close',
          'X-Hop': 'no',
          'Set-Cookie': ['a=1; Expires=Wed, 01 Jan 2031 00:00:00 GMT', 'b=2'],
          Date: 'Thu, 01 Jan 1970 00:00:00 GMT',
        })
        .end('x'),
    )
    await using gateway = await startGateway({ xml: through(backend.url) })

    const { headers } = await ask(gateway.url('http'))

    expect(headers).toMatchObject({
      'x-mine': 'yes',
      'accept-ranges': 'none',
      server: 'backend',
      'content-length': '1',
    })
    expect(headers['x-hop']).toBeUndefined()
    expect(headers.date).not.toContain('1970')
    expect(headers['set-cookie']).toEqual(['a=1; Expires=Wed, 01 Jan 2031 00:00:00 GMT', 'b=2'])
  })

  test('that stand more than once for a reason reach the caller as they are, through all that is done to them', async () => {
    await using backend = await startHttpBackend(response =>
      response
        .writeHead(401, {
          'Set-Cookie': ['a=1; Path=/', 'b=x, y=2'],
          'WWW-Authenticate': ['Basic realm="a, b"', 'Digest realm="c"'],
          'X-Many': ['1', '2'],
        })
        .end(),
    )
    const out = '<clone continueParent="true"><target><sequence><drop/></sequence></target></clone><send/>'
    await using gateway = await startGateway({ xml: through(backend.url, { out }) })

    const { headers, rawHeaders } = await ask(gateway.url('http'))

    expect(headers['set-cookie']).toEqual(['a=1; Path=/', 'b=x, y=2'])
    const values = (name: string) =>
      rawHeaders.filter((_, i) => i % 2 === 1 && rawHeaders[i - 1]!.toLowerCase() === name)
    expect(values('www-authenticate')).toEqual(['Basic realm="a, b"', 'Digest realm="c"'])
    expect(values('x-many')).toEqual(['1', '2'])
  })

  test.each([
    [200, 'http://HOST/next'],
    [302, 'http://elsewhere.example.com/next'],
  ])('Location with status %i is %s', async (status, location) => {
    await using backend = await startHttpBackend(response =>
      response.writeHead(status, { Location: 'http://elsewhere.example.com/next' }).end(),
    )
    await using gateway = await startGateway({ xml: through(backend.url) })
    const url = gateway.url('http')

    expect((await ask(url)).headers.location).toBe(location.replace('HOST', new URL(url).host))
  })

  test('of the request are not sent back, unless they were set anew', async () => {
    const dispatch = `${set('Authorization', 'Bearer new', 'transport')}<respond/>`
    await using gateway = await startGateway({ xml: proxy('p', dispatch) })

    const { headers } = await post(gateway.url('http'), 'x', 'text/plain', {
      Authorization: 'Bearer old',
      Cookie: 'secret',
      'X-Order': '7',
    })

    expect(headers).toMatchObject({ authorization: 'Bearer new', 'x-order': '7' })
    expect(headers.cookie).toBeUndefined()
  })

  test('with line ends in them do not add headers', async () => {
    const dispatch = `<property name="X-Mine" expression="json-eval($.a)" scope="transport"/><respond/>`
    await using gateway = await startGateway({ xml: proxy('p', dispatch) })

    const { status, headers } = await post(
      gateway.url('http'),
      '{"a":"1\\r\\nX-Injected: 2"}',
      'application/json',
    )

    expect([status, headers['x-mine'], headers['x-injected']]).toEqual([200, '1X-Injected: 2', undefined])
  })
})

describe('a caller that speaks', () => {
  test('SOAP 1.2 gets SOAP 1.2 from a backend that speaks 1.1', async () => {
    await using backend = await startHttpBackend(response =>
      response.writeHead(200, { 'Content-Type': 'text/xml' }).end(soap('<ok/>')),
    )
    await using gateway = await startGateway({ xml: through(backend.url) })

    const { headers, body } = await post(gateway.url('http'), soap('<a/>', SOAP12), 'application/soap+xml')

    expect(headers['content-type']).toMatch(/^application\/soap\+xml/)
    expect(body).toContain(SOAP12)
    expect(body).toMatch(/Body><ok/)
  })

  test.each([
    [
      'nothing in particular',
      'text/plain',
      'application/xml; charset=UTF-8',
      /^<soapenv:Fault .*<faultstring>no such order/,
    ],
    [
      'JSON',
      'application/json',
      'application/json; charset=UTF-8',
      /^\{"Fault":\{.*"faultstring":"no such order"/,
    ],
  ])('%s gets a fault without an envelope', async (_what, contentType, expected, pattern) => {
    await using backend = await startHttpBackend(response =>
      response.writeHead(500, { 'Content-Type': 'text/xml' }).end(soap(FAULT)),
    )
    await using gateway = await startGateway({ xml: through(backend.url) })

    const { status, headers, body } = await post(gateway.url('http'), '{}', contentType)

    expect([status, headers['content-type']]).toEqual([500, expected])
    expect(body).toMatch(pattern)
  })
})

describe('the request', () => {
  test('without a body has its query as a form, and sends none on', async () => {
    const read = '<log level="custom"><property name="Q" expression="//xformValues/b"/></log><respond/>'
    await using gateway = await startGateway({ xml: proxy('p', read) })

    const { status, body } = await ask(`${gateway.url('http')}?a=1&b=two%20pears`)

    expect([status, body]).toEqual([200, ''])
    expect(gateway.logged('Q = ')).toEqual(['{proxy:p} Q = two pears'])
  })

  test('that is compressed is read, up to the limit of any other', async () => {
    const settings = { 'transport.http.listener.max_body_bytes': 10_000 }
    await using gateway = await startGateway({ xml: proxy('p', '<builder/><respond/>'), settings })
    const send = (body: Buffer) =>
      post(gateway.url('http'), body, 'text/plain', { 'Content-Encoding': 'gzip' })

    const { body, headers } = await send(gzipSync('two pears'))
    expect([body, headers['content-encoding']]).toEqual(['two pears', undefined])
    expect((await send(gzipSync('x'.repeat(10_001)))).status).toBe(413)
    expect((await send(gzipSync(Buffer.alloc(8 * 1024 * 1024)))).status).toBe(413)
    expect((await send(Buffer.from('no gzip'))).status).toBe(400)
    expect(gateway.inFlight).toBe(0)
  })
})

describe('FORCE_SC_ACCEPTED', () => {
  test('answers 202 once an HTTP backend has the request; its answer is for the out sequence alone', async () => {
    const gate = Promise.withResolvers<void>()
    await using backend = await startHttpBackend(async response => {
      await gate.promise
      response.end('late')
    })
    const out = '<log level="custom"><property name="OUT" value="ran"/></log><send/>'
    const xml = through(backend.url, { before: set('FORCE_SC_ACCEPTED', 'true'), out })
    await using gateway = await startGateway({ xml })

    expect(await ask(gateway.url('http'))).toMatchObject({ status: 202, body: '' })
    gate.resolve()

    await gateway.waitForLog('OUT = ran')
    await gateway.waitForLog('the request was answered already')
  })

  test('is 502 where the backend cannot be reached', async () => {
    const xml = through(`http://127.0.0.1:${await freePort()}/`, { before: set('FORCE_SC_ACCEPTED', 'true') })
    await using gateway = await startGateway({ xml })

    expect((await ask(gateway.url('http'))).status).toBe(502)
  })
})

describe('a path that nothing is served on', () => {
  const MAIN = `<sequence name="main"><in><log level="custom"><property name="MAIN" expression="get-property('To')"/></log><respond/></in></sequence>`

  test('goes to main, where there is one', async () => {
    await using gateway = await startGateway({ xml: `${proxy('p', '<respond/>')}${MAIN}` })
    const url = gateway.url('http').replace('/services/p', '/anything?else')

    expect(await post(url, 'hello', 'text/plain')).toMatchObject({ status: 200, body: 'hello' })
    expect(gateway.logged('MAIN')).toEqual(['MAIN = /anything?else'])
  })

  test('is served by main alone where there is nothing else', async () => {
    await using gateway = await startGateway({ xml: MAIN })

    expect((await post(gateway.url('http', 'main'), 'hello', 'text/plain')).body).toBe('hello')
  })

  test('runs main for what a backend answers too', async () => {
    await using backend = await startHttpBackend(response => response.end('from the backend'))
    const xml = `<sequence name="main"><in><send><endpoint><address uri="${backend.url}"/></endpoint></send></in><out><send/></out></sequence>`
    await using gateway = await startGateway({ xml })

    expect((await ask(gateway.url('http', 'main'))).body).toBe('from the backend')
  })
})

describe('the charset', () => {
  const ORDER = Buffer.from('<order>größe</order>', 'latin1')
  const LATIN = { 'Content-Type': 'application/xml; charset=ISO-8859-1' }

  test('of an answer counts, and one that was changed leaves in UTF-8 and says so', async () => {
    await using backend = await startHttpBackend(response => response.writeHead(200, LATIN).end(ORDER))
    const change =
      '<enrich><source type="inline" clone="true"><new/></source><target type="body" action="child"/></enrich>'
    const see = '<property name="X-Seen" scope="transport" expression="string-length(//order)"/>'
    await using gateway = await startGateway({
      xml: `<proxy name="same"><target><inSequence><send><endpoint><address uri="${backend.url}"/></endpoint></send></inSequence>
          <outSequence>${see}<send/></outSequence></target></proxy>
        <proxy name="changed"><target><inSequence><send><endpoint><address uri="${backend.url}"/></endpoint></send></inSequence>
          <outSequence>${change}<send/></outSequence></target></proxy>`,
    })

    const same = await ask(gateway.url('http', 'same'))
    const changed = await ask(gateway.url('http', 'changed'))

    expect([same.headers['content-type'], same.headers['x-seen']]).toEqual([LATIN['Content-Type'], '5.0'])
    expect(changed.headers['content-type']).toMatch(/^application\/xml;\s?charset=UTF-8$/)
    expect(changed.body).toContain('größe')
  })

  test('of a request counts, and the same holds for what goes to the backend', async () => {
    await using backend = await startHttpBackend(response => response.end())
    const change =
      '<enrich><source type="inline" clone="true"><new/></source><target type="body" action="child"/></enrich>'
    await using gateway = await startGateway({ xml: through(backend.url, { before: change }) })

    await ask(gateway.url('http'), { method: 'POST', body: ORDER, headers: LATIN })

    const [{ headers, body } = { headers: {}, body: '' }] = backend.received
    expect(headers['content-type']).toMatch(/^application\/xml;\s?charset=UTF-8$/)
    expect(body).toContain('größe')
  })
})
