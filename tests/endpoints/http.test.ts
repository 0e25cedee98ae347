import { brotliCompressSync, gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import type { Headers } from '../../src/message/headers.ts'
import type { Message } from '../../src/message/message.ts'
import { startRaw } from '../support/backends.ts'
import { HttpBackend } from '../support/http-backend.ts'
import { findings, json, type MediateOptions, mediate, message, soap, xml } from '../support/mediate.ts'

const NO_POSTFIX = { request: { postfix: '' } } as const

/** Calls a backend through an endpoint and gives the request it got. */
async function sent(
  endpoint: (url: string) => string,
  content: Message,
  { before = '', ...options }: Omit<MediateOptions, 'before'> & { readonly before?: string } = NO_POSTFIX,
) {
  await using backend = await HttpBackend.start()
  const ctx = await mediate(
    `${before}<call><endpoint>${endpoint(backend.url)}</endpoint></call>`,
    content,
    options,
  )
  expect(ctx.fault).toBeUndefined()
  expect(backend.received).toHaveLength(1)
  return backend.received[0]!
}

const address =
  (attributes = '', children = '') =>
  (url: string) =>
    `<address uri="${url}" ${attributes}>${children}</address>`

function withHeaders(content: Message, fields: Readonly<Record<string, string>>): Message {
  for (const [name, value] of Object.entries(fields)) content.headers.set(name, value)
  return content
}

describe('the answer', () => {
  test('takes the place of the message: body, headers, status', async () => {
    await using backend = await HttpBackend.start(() => ({
      status: 404,
      headers: { 'Content-Type': 'application/json', 'X-Why': 'gone' },
      body: '{"a":1}',
    }))
    const ctx = await mediate(`<call>${backend.endpoint}</call>`, json({}))
    expect(ctx.message.content.json()).toEqual({ a: 1 })
    expect(ctx.message.headers.get('x-why')).toBe('gone')
    expect([ctx.message.status, ctx.message.reason, ctx.transport.status]).toEqual([404, 'Not Found', 404])
  })

  test('an error status is an answer and suspends nothing', async () => {
    await using backend = await HttpBackend.start(() => ({ status: 503, body: 'busy' }))
    const call = `<call>${backend.endpoint}</call>`
    const ctx = await mediate(call + call, json({}))
    expect(ctx.fault).toBeUndefined()
    expect(backend.received).toHaveLength(2)
  })

  test('is not followed where it redirects', async () => {
    await using backend = await HttpBackend.start(() => ({ status: 302, headers: { Location: '/other' } }))
    const ctx = await mediate(`<call>${backend.endpoint}</call>`, json({}))
    expect([ctx.transport.status, ctx.message.headers.get('location')]).toEqual([302, '/other'])
    expect(backend.received).toHaveLength(1)
  })

  test('a body without a type is bytes', async () => {
    await using backend = await HttpBackend.start(() => ({ body: 'abc' }))
    const ctx = await mediate(`<call>${backend.endpoint}</call>`, json({}))
    expect(ctx.message.content.mediaType).toBe('application/octet-stream')
  })

  test('202 without a body is none, unless IGNORE_SC_ACCEPTED says so', async () => {
    await using backend = await HttpBackend.start(() => ({ status: 202 }))
    const none = await mediate(`<call>${backend.endpoint}</call>`, json({ a: 1 }))
    expect(none.message.content.json()).toEqual({ a: 1 })
    const ignored = '<property name="IGNORE_SC_ACCEPTED" value="true" scope="axis2"/>'
    const some = await mediate(`${ignored}<call>${backend.endpoint}</call>`, json({ a: 1 }))
    expect(some.message.status).toBe(202)
    expect(some.message.content.isEmpty).toBe(true)
  })

  test.each([
    ['gzip', gzipSync('{"a":1}')],
    ['br', brotliCompressSync('{"a":1}')],
  ])('%s is unpacked', async (coding, packed) => {
    const head = `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: ${coding}\r\nContent-Length: ${packed.length}\r\n\r\n`
    await using backend = await startRaw(socket =>
      socket.once('data', () => socket.write(Buffer.concat([Buffer.from(head), packed]))),
    )
    const uri = backend.url.replace('ws:', 'http:')
    const ctx = await mediate(`<call><endpoint><address uri="${uri}"/></endpoint></call><builder/>`, json({}))
    expect(ctx.message.content.json()).toEqual({ a: 1 })
    expect(ctx.message.headers.get('Content-Encoding')).toBeUndefined()
  })

  test('informational answers before it are passed over', async () => {
    await using backend = await startRaw(socket =>
      socket.once('data', () =>
        socket.write(
          'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok',
        ),
      ),
    )
    const uri = backend.url.replace('ws:', 'http:')
    const ctx = await mediate(`<call><endpoint><address uri="${uri}"/></endpoint></call>`, json({}))
    expect([ctx.transport.status, ctx.message.content.text()]).toEqual([200, 'ok'])
  })

  test('with OUT_ONLY nobody waits for it', async () => {
    const never = new Promise<never>(() => {})
    await using backend = await HttpBackend.start(() => never)
    const ctx = await mediate(
      `<property name="OUT_ONLY" value="true"/><send>${backend.endpoint}</send>`,
      json({}),
    )
    expect(ctx.ending).toBe('delivered')
    expect(ctx.replies).toEqual([])
  })
})

describe('the request line', () => {
  test('has the method of the message and what followed the path of the service', async () => {
    const request = { method: 'PUT', postfix: '/7?x=1' }
    const { method, target } = await sent(address(), json({}), { request })
    expect([method, target]).toEqual(['PUT', '/backend/7?x=1'])
  })

  test('HTTP_METHOD and REST_URL_POSTFIX change both', async () => {
    const before =
      '<property name="HTTP_METHOD" value="patch" scope="axis2"/><property name="REST_URL_POSTFIX" value="?q=1" scope="axis2"/>'
    const { method, target } = await sent(address(), json({}), { before })
    expect([method, target]).toEqual(['PATCH', '/backend?q=1'])
  })

  test('the postfix goes with REST_URL_POSTFIX removed, and after a call', async () => {
    const before = '<property name="REST_URL_POSTFIX" scope="axis2" action="remove"/>'
    const { target } = await sent(address(), json({}), { before, request: { postfix: '/7' } })
    expect(target).toBe('/backend')
    await using backend = await HttpBackend.json({})
    const call = `<call>${backend.endpoint}</call>`
    await mediate(call + call, json({}), { request: { method: 'GET', postfix: '/7' } })
    expect(backend.received.map(each => `${each.method} ${each.target}`)).toEqual([
      'GET /backend/7',
      'POST /backend',
    ])
  })

  test.each([
    ['a SOAP message', '', { SOAPAction: '"urn:get"' }, '/backend'],
    ['text/xml without an action', '', {}, '/backend/7'],
    ['format soap11', 'format="soap11"', {}, '/backend'],
    ['format rest', 'format="rest"', { SOAPAction: '"urn:get"' }, '/backend/7'],
  ])('%s', async (_what, attributes, headers: Readonly<Record<string, string>>, expected) => {
    const content = withHeaders(soap('<a/>'), headers)
    const { target } = await sent(address(attributes), content, { request: { postfix: '/7' } })
    expect(target).toBe(expected)
  })

  test('slashes where address and postfix meet become one, and go before a query', async () => {
    const at = (end: string, postfix: string) =>
      sent(url => `<address uri="${url}${end}"/>`, json({}), { request: { postfix } })
    expect((await at('/', '/7')).target).toBe('/backend/7')
    expect((await at('/', '?a=1')).target).toBe('/backend?a=1')
    expect((await at('', '7')).target).toBe('/backend/7')
  })

  test('POST_TO_URI sends the whole address', async () => {
    const before = '<property name="POST_TO_URI" value="true" scope="axis2"/>'
    const { target, headers } = await sent(address(), json({}), { before, ...NO_POSTFIX })
    expect(target).toBe(`http://${headers.host}/backend`)
  })
})

describe('headers', () => {
  test('of the message are sent, without those of its connection', async () => {
    const content = withHeaders(json({}), {
      'X-Own': 'yes',
      Host: 'gateway',
      Connection: 'keep-alive, X-Hop',
      'X-Hop': 'no',
      'Keep-Alive': 'timeout=1',
      'Content-Length': '99',
      'Transfer-Encoding': 'chunked',
      'User-Agent': 'curl',
      Date: 'today',
      Server: 'x',
      TE: 'trailers',
      Upgrade: 'h2c',
      'Proxy-Authorization': 'Basic x',
      'Sec-WebSocket-Key': 'x',
    })
    const { headers } = await sent(address(), content)
    expect(headers['x-own']).toBe('yes')
    expect(headers.host).toMatch(/^localhost:\d+$/)
    expect(headers['content-length']).toBe('2')
    const gone = ['x-hop', 'keep-alive', 'transfer-encoding', 'date', 'server', 'te', 'upgrade']
    for (const name of [...gone, 'proxy-authorization', 'sec-websocket-key'])
      expect(headers[name], name).toBeUndefined()
    expect(headers['user-agent']).not.toBe('curl')
  })

  test('REQUEST_HOST_HEADER names the host, NO_KEEPALIVE closes', async () => {
    const before =
      '<property name="REQUEST_HOST_HEADER" value="shop.example" scope="axis2"/><property name="NO_KEEPALIVE" value="true" scope="axis2"/>'
    const { headers } = await sent(address(), json({}), { before, ...NO_POSTFIX })
    expect([headers.host, headers.connection]).toEqual(['shop.example', 'close'])
  })

  test('a value that would break out of its line is not sent', async () => {
    await using backend = await HttpBackend.start()
    const before = (ctx: { message: { headers: Headers } }) => ctx.message.headers.set('X-A', 'a\r\nX-B: b')
    const ctx = await mediate(`<call>${backend.endpoint}</call>`, json({}), { before })
    expect(ctx.fault?.code).toBe(101500)
    expect(backend.received).toEqual([])
  })

  test('a name and password in the address are basic authentication', async () => {
    const { headers } = await sent(
      url => `<address uri="${url.replace('//', '//ann:s%40cret@')}"/>`,
      json({}),
    )
    expect(headers.authorization).toBe(`Basic ${Buffer.from('ann:s@cret').toString('base64')}`)
  })
})

describe('content', () => {
  test('leaves as it came, type and bytes', async () => {
    const content = message('{ "a" : 1 }', 'application/json; charset=utf-8; x=1')
    const { body, headers } = await sent(address(), content)
    expect([body, headers['content-type']]).toEqual(['{ "a" : 1 }', 'application/json; charset=utf-8; x=1'])
  })

  test('messageType decides the form', async () => {
    const before = '<property name="messageType" value="application/xml" scope="axis2"/>'
    const { body, headers } = await sent(address(), json({ a: 1 }), { before, ...NO_POSTFIX })
    expect(body).toContain('<a>1</a>')
    expect(headers['content-type']).toBe('application/xml; charset=UTF-8')
  })

  test('ContentType decides the header alone, setCharacterEncoding=false takes the charset off', async () => {
    const own = '<property name="ContentType" value="application/vnd.x+json" scope="axis2"/>'
    const vendor = await sent(address(), json({ a: 1 }), { before: own, ...NO_POSTFIX })
    expect([vendor.body, vendor.headers['content-type']]).toEqual(['{"a":1}', 'application/vnd.x+json'])
    const plain =
      '<property name="messageType" value="text/xml" scope="axis2"/><property name="setCharacterEncoding" value="false" scope="axis2"/>'
    const without = await sent(address(), xml('<a/>'), { before: plain, ...NO_POSTFIX })
    expect(without.headers['content-type']).toBe('text/xml')
  })

  test.each(['GET', 'HEAD'])('%s has no body and no type', async method => {
    const { body, headers } = await sent(address(), json({ a: 1 }), { request: { method, postfix: '' } })
    expect([body, headers['content-type'], headers['content-length']]).toEqual(['', undefined, undefined])
  })

  test('DELETE has a body where there is one; NO_ENTITY_BODY leaves it out', async () => {
    const request = { method: 'DELETE', postfix: '' }
    expect((await sent(address(), json({ a: 1 }), { request })).body).toBe('{"a":1}')
    expect((await sent(address(), message(''), { request })).headers['content-length']).toBeUndefined()
    const before = '<property name="NO_ENTITY_BODY" value="true" type="BOOLEAN" scope="axis2"/>'
    expect((await sent(address(), json({ a: 1 }), { request, before })).body).toBe('')
  })

  test('an empty POST says that it is empty', async () => {
    const { headers } = await sent(address(), message(''))
    expect(headers['content-length']).toBe('0')
  })
})

describe('format', () => {
  const SOAP_11 = 'http://schemas.xmlsoap.org/soap/envelope/'
  const SOAP_12 = 'http://www.w3.org/2003/05/soap-envelope'

  test('soap11 puts plain XML into an envelope and posts it', async () => {
    const request = { method: 'GET', postfix: '' }
    const { method, body, headers } = await sent(address('format="soap11"'), xml('<q/>'), { request })
    expect(method).toBe('POST')
    expect(headers['content-type']).toBe('text/xml; charset=UTF-8')
    expect(headers.soapaction).toBe('""')
    expect(body).toContain(SOAP_11)
    expect(body).toContain('<q/>')
  })

  test('soap12 translates SOAP 1.1, and the action goes into the type', async () => {
    const content = withHeaders(soap('<q/>'), { SOAPAction: '"urn:get"' })
    const { body, headers } = await sent(address('format="soap12"'), content)
    expect(headers['content-type']).toBe('application/soap+xml; charset=UTF-8; action="urn:get"')
    expect(headers.soapaction).toBeUndefined()
    expect(body).toContain(SOAP_12)
    expect(body).not.toContain(SOAP_11)
  })

  test('pox takes the envelope off', async () => {
    const content = withHeaders(soap('<q>1</q>'), { SOAPAction: '"urn:get"' })
    const { body, headers } = await sent(address('format="pox"'), content)
    expect([body, headers['content-type'], headers.soapaction]).toEqual([
      '<q>1</q>',
      'application/xml; charset=UTF-8',
      undefined,
    ])
  })

  test('get puts the children of the payload into the query', async () => {
    const { method, target, body } = await sent(address('format="get"'), xml('<q><a>1 2</a><b>&amp;</b></q>'))
    expect([method, target, body]).toEqual(['GET', '/backend?a=1%202&b=%26', ''])
  })

  test('encoding writes the body in another character set', async () => {
    const received: Buffer[] = []
    await using backend = await startRaw(socket =>
      socket.on('data', (data: Buffer) => {
        received.push(data)
        if (Buffer.concat(received).includes('</q>'))
          socket.end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
      }),
    )
    const uri = backend.url.replace('ws:', 'http:')
    const endpoint = `<address uri="${uri}" format="pox" encoding="ISO-8859-1"/>`
    await mediate(`<call><endpoint>${endpoint}</endpoint></call>`, xml('<q>ü</q>'), NO_POSTFIX)
    const bytes = Buffer.concat(received)
    expect(bytes.includes(Buffer.from('<q>\u00fc</q>', 'latin1'))).toBe(true)
    expect(bytes.toString('latin1')).toContain('charset=ISO-8859-1')
  })
})

describe('enableAddressing', () => {
  test.each([
    ['', 'http://www.w3.org/2005/08/addressing'],
    ['version="submission"', 'http://schemas.xmlsoap.org/ws/2004/08/addressing'],
  ])('%s puts the headers in', async (version, namespace) => {
    const content = withHeaders(soap('<q/>', '<token/>'), { SOAPAction: '"urn:get"' })
    const { body } = await sent(address('', `<enableAddressing ${version}/>`), content)
    expect(body).toContain(`xmlns:wsa="${namespace}"`)
    expect(body).toMatch(/<wsa:To>http:\/\/localhost:\d+\/backend<\/wsa:To>/)
    expect(body).toMatch(/<wsa:MessageID>urn:uuid:[\w-]+<\/wsa:MessageID><wsa:Action>urn:get<\/wsa:Action>/)
    expect(body).toMatch(/<wsa:ReplyTo><wsa:Address>[^<]+anonymous<\/wsa:Address><\/wsa:ReplyTo>/)
    expect(body).toContain('<token')
  })

  test('takes the place of headers that came with the message, and leaves REST alone', async () => {
    const wsa = 'xmlns:w="http://www.w3.org/2005/08/addressing"'
    const old = withHeaders(soap('<q/>', `<w:To ${wsa}>urn:old</w:To>`), { SOAPAction: '"urn:get"' })
    expect((await sent(address('', '<enableAddressing/>'), old)).body).not.toContain('urn:old')
    expect((await sent(address('', '<enableAddressing/>'), json({ a: 1 }))).body).toBe('{"a":1}')
  })
})

describe('http endpoints', () => {
  const set = (name: string, value: string) => `<property name="${name}" value="${value}"/>`
  const http =
    (rest: string, method = 'GET') =>
    (url: string) =>
      `<http method="${method}" uri-template="${url}${rest}"/>`

  test('expand their template', async () => {
    const before = set('uri.var.id', 'a b/c') + set('query.param.q', 'x&amp;y')
    const { method, target } = await sent(http('/{uri.var.id}?q={query.param.q}'), json({}), { before })
    expect([method, target]).toEqual(['GET', '/backend/a%20b%2Fc?q=x%26y'])
  })

  test('leave out what is not set, and take no postfix', async () => {
    const { target } = await sent(http('/{uri.var.id}/{uri.var.none}', 'post'), json({}), {
      before: set('uri.var.id', '7'),
      request: { postfix: '/postfix' },
    })
    expect(target).toBe('/backend/7/')
  })

  test('a whole address in a variable', async () => {
    await using backend = await HttpBackend.start()
    const before = set('uri.var.url', backend.url)
    await mediate(
      `${before}<call><endpoint><http method="get" uri-template="{uri.var.url}/x"/></endpoint></call>`,
    )
    expect(backend.received[0]!.target).toBe('/backend/x')
  })

  test('a property of the endpoint may be a variable', async () => {
    await using backend = await HttpBackend.start()
    const endpoint = `<endpoint><http method="get" uri-template="${backend.url}/{uri.var.id}"/>
      <property name="uri.var.id" expression="get-property('who')"/>
      <property name="Accept" value="text/plain" scope="transport"/></endpoint>`
    await mediate(`${set('who', 'ann')}<call>${endpoint}</call>`)
    expect([backend.received[0]!.target, backend.received[0]!.headers.accept]).toEqual([
      '/backend/ann',
      'text/plain',
    ])
  })

  test('without a template they send where the message is for', async () => {
    await using backend = await HttpBackend.start()
    const before = (ctx: { addressing: { to: string | undefined } }) => {
      ctx.addressing.to = `${backend.url}/to`
    }
    await mediate('<call><endpoint><http method="delete"/></endpoint></call>', message(''), { before })
    expect(`${backend.received[0]!.method} ${backend.received[0]!.target}`).toBe('DELETE /backend/to')
  })
})

describe('findings', () => {
  test.each([
    ['<http method="fetch" uri-template="http://localhost/"/>', 'bad-value: attribute method is "fetch"'],
    [
      '<http uri-template="$SYSTEM:NO_SUCH_VARIABLE"/>',
      'unresolved-value: The address $SYSTEM:NO_SUCH_VARIABLE',
    ],
    [
      '<address uri="http://${NO_SUCH_VARIABLE}/x"/>',
      'unresolved-value: The address http://${NO_SUCH_VARIABLE}/x',
    ],
    [
      '<address uri="jms:/queue"/>',
      'no-transport: Sending to endpoint jms:/queue is a fault: its transport, jms',
    ],
    [
      '<address uri="nowhere"/>',
      'no-transport: Sending to endpoint nowhere is a fault: "nowhere" is no address.',
    ],
    ['<address uri="http://"/>', 'bad-value: attribute uri is "http://"'],
    [
      '<address uri="http://localhost/"><enableSec policy="p"/></address>',
      'not-supported: <enableSec> of <address>',
    ],
    ['<address uri="http://localhost/" encoding="EBCDIC"/>', 'no-effect: encoding="EBCDIC"'],
    [
      '<address uri="http://localhost/"><timeout><responseAction>explode</responseAction></timeout></address>',
      'bad-value: text of <responseAction>',
    ],
    [
      '<address uri="http://localhost/"><timeout><duration>soon</duration></timeout></address>',
      'bad-value: text of <duration> is "soon"',
    ],
    [
      '<address uri="http://localhost/"><suspendOnFailure><errorCodes>all</errorCodes></suspendOnFailure></address>',
      'bad-value: text of <errorCodes> is "all"',
    ],
    ['<default><enableSec/></default>', 'not-supported: <enableSec> of <default>'],
    ['<loadbalance/>', 'missing: <loadbalance> needs at least one'],
    ['<failover/>', 'missing: <failover> needs at least one'],
    ['<recipientlist/>', 'missing: <recipientlist> needs at least one'],
    ['<wsdl service="s"/>', 'missing: <wsdl> needs attribute uri'],
    ['<dynamicLoadbalance/>', 'no-transport: There is no cluster whose members could be balanced over'],
    ['<class name="x"/>', 'not-supported: <class>'],
  ])('%s', (endpoint, expected) => {
    const found = findings(`<send><endpoint>${endpoint}</endpoint></send>`)
    expect(found.find(finding => finding.startsWith(expected))).toBeDefined()
  })

  test('a variable of the environment stands in an address', async () => {
    await using backend = await HttpBackend.start()
    process.env.MYELIN_TEST_HOST = new URL(backend.url).host
    process.env.MYELIN_TEST_URL = `${backend.url}/whole`
    try {
      const endpoint = (uri: string) => `<call><endpoint><address uri="${uri}"/></endpoint></call>`
      await mediate(
        endpoint('http://${MYELIN_TEST_HOST}/in') + endpoint('$SYSTEM:MYELIN_TEST_URL'),
        json({}),
        NO_POSTFIX,
      )
    } finally {
      delete process.env.MYELIN_TEST_HOST
      delete process.env.MYELIN_TEST_URL
    }
    expect(backend.received.map(({ target }) => target)).toEqual(['/in', '/backend/whole'])
  })

  test.each(['jms:/queue', '$SYSTEM:NO_SUCH_VARIABLE'])('sending to %s is a fault', async uri => {
    const ctx = await mediate(`<send><endpoint><address uri="${uri}"/></endpoint></send>`, json({}))
    expect(ctx.fault?.isDelivery).toBe(true)
  })
})
