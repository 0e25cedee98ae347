// APIs over real sockets: which resource takes a request, what its messages are told, and what a caller gets that none
// takes.

import { describe, expect, test } from 'vitest'
import { buildGateway, startGateway, type TestGateway } from '../support/gateway.ts'
import { type Answer, ask as askUrl } from '../support/http-backend.ts'

/** Says a word to the caller. */
const say = (word: string): string =>
  `<property name="HTTP_SC" value="200" scope="axis2"/><payloadFactory media-type="text"><format>${word}</format><args/></payloadFactory><respond/>`

const resource = (attributes: string, word: string): string =>
  `<resource ${attributes}><inSequence>${say(word)}</inSequence></resource>`

/** Answers with the values of properties, one behind the other. */
const tell = (...names: string[]): string => {
  const format = names.map((_, i) => `$${i + 1}`).join('|')
  const args = names.map(name => `<arg expression="get-property('${name}')"/>`).join('')
  return `<payloadFactory media-type="text"><format>${format}</format><args>${args}</args></payloadFactory><respond/>`
}

/** Sends a request to a path of the gateway. */
function ask(
  gateway: TestGateway,
  path: string,
  options: Parameters<typeof askUrl>[1] = {},
): Promise<Answer> {
  const { origin } = new URL(gateway.gateway.listening.find(({ url }) => url.startsWith('http:'))!.url)
  return askUrl(origin, { path, ...options })
}

const ORDERS = `<api name="orders" context="/orders">
  ${resource('methods="GET" uri-template="/{id}"', 'one')}
  ${resource('methods="PUT DELETE" uri-template="/{id}"', 'changed')}
  ${resource('methods="GET" url-mapping="/latest"', 'latest')}
  ${resource('methods="GET" url-mapping="/by/*"', 'by')}
  ${resource('methods="GET" url-mapping="/by/date/*"', 'by date')}
  ${resource('methods="GET" url-mapping="*.csv"', 'csv')}
  ${resource('methods="GET POST" uri-template="/"', 'all')}
  ${resource('methods="POST" url-mapping="/typed" content-type="application/json"', 'typed')}
  ${resource('methods="GET" url-mapping="/app" user-agent="App/\\d+"', 'app')}
</api>`

describe('the resource', () => {
  test.each([
    ['GET', '/orders/7', 'one'],
    ['GET', '/orders/7/?x=y', 'one'],
    ['DELETE', '/orders/7', 'changed'],
    ['GET', '/orders/latest', 'latest'],
    ['PUT', '/orders/latest', 'changed'],
    ['GET', '/orders/by/name', 'by'],
    ['GET', '/orders/by', 'by'],
    ['GET', '/orders/by/date/today', 'by date'],
    ['GET', '/orders/x.csv', 'csv'],
    ['GET', '/orders', 'all'],
    ['GET', '/orders/', 'all'],
    ['GET', '/orders?page=2', 'all'],
  ])('of %s %s is %s', async (method, path, word) => {
    await using gateway = await startGateway({ xml: ORDERS })

    expect(await ask(gateway, path, { method })).toMatchObject({ status: 200, body: word })
  })

  test('may ask for a content type, and for a user agent', async () => {
    await using gateway = await startGateway({ xml: ORDERS })
    const post = (type: string): Promise<Answer> =>
      ask(gateway, '/orders/typed', { method: 'POST', body: '{}', headers: { 'Content-Type': type } })

    expect((await post('application/json')).body).toBe('typed')
    expect((await post('application/json; charset=utf-8')).body).toBe('typed')
    expect((await post('text/xml')).status).toBe(400)
    expect((await ask(gateway, '/orders/app', { headers: { 'User-Agent': 'App/12' } })).body).toBe('app')
    expect((await ask(gateway, '/orders/app', { headers: { 'User-Agent': 'MyApp/12' } })).body).toBe('one')
  })

  test('that has no template takes what no other does', async () => {
    const xml = `<api name="a" context="/a">${resource('uri-template="/x"', 'x')}${resource('', 'rest')}</api>`
    await using gateway = await startGateway({ xml })

    expect((await ask(gateway, '/a/x')).body).toBe('x')
    expect((await ask(gateway, '/a/y/z', { method: 'PATCH' })).body).toBe('rest')
  })
})

describe('the API', () => {
  test('is the one with the longest context; the root takes what is left, proxy services are before it', async () => {
    const api = (name: string, context: string): string =>
      `<api name="${name}" context="${context}">${resource('', name)}</api>`
    const xml = `${api('root', '/')}${api('a', '/a')}${api('ab', '/a/b/')}
      <proxy name="p"><target><inSequence>${say('proxy')}</inSequence></target></proxy>`
    await using gateway = await startGateway({ xml })

    expect((await ask(gateway, '/a/b/c')).body).toBe('ab')
    expect((await ask(gateway, '/a/bc')).body).toBe('a')
    expect((await ask(gateway, '/a?b')).body).toBe('a')
    expect((await ask(gateway, '/ab')).body).toBe('root')
    expect((await ask(gateway, '/services/p')).body).toBe('proxy')
    expect((await ask(gateway, '/services/q')).body).toBe('root')
  })

  test('has its version in the path', async () => {
    const version = (version: string, type: string, context: string): string =>
      `<api name="v" context="${context}" version="${version}" version-type="${type}">${resource('uri-template="/ping"', version)}</api>`
    const xml = `${version('1.0', 'url', '/v')}${version('2.0', 'url', '/v')}${version('3.0', 'context', '/x/{version}/v')}
      <api name="v" context="/v">${resource('uri-template="/*"', 'none')}</api>`
    await using gateway = await startGateway({ xml })

    expect((await ask(gateway, '/v/1.0/ping')).body).toBe('1.0')
    expect((await ask(gateway, '/v/2.0/ping')).body).toBe('2.0')
    expect((await ask(gateway, '/x/3.0/v/ping')).body).toBe('3.0')
    expect((await ask(gateway, '/v/4.0/ping')).body).toBe('none')
  })

  test('may ask for a host and a port in the Host header', async () => {
    const api = (name: string, attributes: string): string =>
      `<api name="${name}" context="/a" ${attributes}>${resource('', name)}</api>`
    const xml = `${api('any', '')}${api('host', 'hostname="one.example.com"')}${api('port', 'hostname="one.example.com" port="81"')}`
    await using gateway = await startGateway({ xml })
    const at = async (host: string): Promise<string> => (await ask(gateway, '/a', { headers: { host } })).body

    expect(await at('ONE.example.com')).toBe('host')
    expect(await at('one.example.com:81')).toBe('port')
    expect(await at('two.example.com')).toBe('any')
  })
})

describe('messages are told', () => {
  test('which resource of which API they came to, and by what URL', async () => {
    const names = [
      'REST_FULL_REQUEST_PATH',
      'REST_SUB_REQUEST_PATH',
      'REST_METHOD',
      'REST_API_CONTEXT',
      'SYNAPSE_REST_API',
      'SYNAPSE_REST_API_VERSION',
      'rest.url.pattern',
    ]
    const xml = `<api name="o" context="/o" version="1" version-type="url">
      <resource methods="GET" uri-template="/of/{who}"><inSequence>${tell(...names)}</inSequence></resource></api>`
    await using gateway = await startGateway({ xml })

    const { body } = await ask(gateway, '/o/1/of/you?a=b')

    expect(body).toBe('/o/1/of/you?a=b|/of/you?a=b|GET|/o|o:v1|1|/of/{who}')
  })

  test('the variables of the template and the parameters of the query, decoded', async () => {
    const xml = `<api name="o" context="/o"><resource uri-template="/{+a}"><inSequence>
      ${tell('uri.var.a', 'query.param.b', 'query.param.c', 'query.param.d')}</inSequence></resource></api>`
    await using gateway = await startGateway({ xml })

    const { body } = await ask(gateway, '/o/x+y%20z?b=1+2%263&c=&c=last&d')

    expect(body).toBe('x+y z|1 2&3|last|')
  })

  test('what follows the context, and log lines are labelled with the API', async () => {
    const xml = `<api name="o" context="/o"><resource><inSequence>
      <log level="custom"><property name="REST" expression="$axis2:REST_URL_POSTFIX"/></log></inSequence></resource></api>`
    await using gateway = await startGateway({ xml })

    expect((await ask(gateway, '/o/a/b?c')).status).toBe(202)
    expect(gateway.logged('REST')).toEqual(['{api:o} REST = /a/b?c'])
  })
})

describe('who no resource takes', () => {
  test('gets 404 for a path, 405 with Allow for a method, both without a body', async () => {
    await using gateway = await startGateway({ xml: ORDERS })

    expect(await ask(gateway, '/orders/7/8')).toMatchObject({ status: 404, body: '' })
    const { status, headers, body } = await ask(gateway, '/orders/7', { method: 'POST' })
    expect([status, headers.allow, body]).toEqual([405, 'GET, PUT, DELETE', ''])
    expect((await ask(gateway, '/orders/7', { method: 'HEAD' })).status).toBe(405)
  })

  test('gets 400 for a query that is not encoded as it should be', async () => {
    await using gateway = await startGateway({ xml: ORDERS })

    expect((await ask(gateway, '/orders?a=%zz')).status).toBe(400)
  })

  test('gets what the sequences for that say', async () => {
    const xml = `${ORDERS}<sequence name="_resource_mismatch_handler_">${say('no such')}</sequence>
      <sequence name="_method_not_allowed_handler_">${tell('SYNAPSE_REST_API', 'REST_METHOD', 'REST_SUB_REQUEST_PATH')}</sequence>`
    await using gateway = await startGateway({ xml })

    expect((await ask(gateway, '/orders/7/8')).body).toBe('no such')
    expect((await ask(gateway, '/orders/7', { method: 'POST' })).body).toBe('orders|POST|/7')
  })
})

describe('OPTIONS', () => {
  const CORS = 'synapse_properties.synapse.rest.CORSConfig.Access-Control-Allow-'

  test('is answered with the methods of the path', async () => {
    await using gateway = await startGateway({ xml: ORDERS })

    const { status, headers } = await ask(gateway, '/orders/7', { method: 'OPTIONS' })

    expect([status, headers.allow]).toEqual([200, 'GET, PUT, DELETE, OPTIONS'])
    expect((await ask(gateway, '/orders/7/8', { method: 'OPTIONS' })).status).toBe(404)
  })

  test('goes to the resource that names it, but for the last hop', async () => {
    const xml = `<api name="o" context="/o"><resource methods="GET OPTIONS"><inSequence>
      <log level="custom"><property name="HOPS" expression="$trp:Max-Forwards"/></log>${say('mine')}</inSequence></resource></api>`
    await using gateway = await startGateway({ xml })
    const options = (hops: string): Promise<Answer> =>
      ask(gateway, '/o', { method: 'OPTIONS', headers: { 'Max-Forwards': hops } })

    expect((await options('2')).body).toBe('mine')
    expect(gateway.logged('HOPS')).toEqual(['{api:o} HOPS = 1'])
    expect((await options('0')).headers.allow).toBe('GET, OPTIONS')
  })

  test('tells browsers which origins may use the API, and so do the answers to them', async () => {
    const settings = {
      [`${CORS}Origin`]: 'https://a.example.com, http://localhost:3000',
      [`${CORS}Headers`]: 'X-A,X-B',
    }
    await using gateway = await startGateway({ xml: ORDERS, settings })
    const from = (origin: string, method: string): Promise<Answer> =>
      ask(gateway, '/orders/7', { method, headers: { Origin: origin } })

    const allowed = await from('https://a.example.com', 'OPTIONS')
    expect(allowed.status).toBe(200)
    expect(allowed.headers).toMatchObject({
      'access-control-allow-origin': 'https://a.example.com',
      'access-control-allow-methods': 'GET, PUT, DELETE',
      'access-control-allow-headers': 'X-A, X-B',
      vary: 'Origin',
    })
    expect((await from('http://127.0.0.1:3000', 'OPTIONS')).status).toBe(200)
    expect((await from('https://b.example.com', 'OPTIONS')).status).toBe(403)
    const answered = await from('https://a.example.com', 'GET')
    expect(answered.headers['access-control-allow-origin']).toBe('https://a.example.com')
    expect(
      (await from('https://b.example.com', 'GET')).headers['access-control-allow-origin'],
    ).toBeUndefined()
  })

  test('tells that all may where the setting says so', async () => {
    await using gateway = await startGateway({ xml: ORDERS, settings: { [`${CORS}Origin`]: '*' } })

    const { headers } = await ask(gateway, '/orders/7')

    expect(headers['access-control-allow-origin']).toBe('*')
  })
})

test('a fault runs the fault sequence of the resource', async () => {
  const xml = `<api name="o" context="/o"><resource>
    <inSequence><sequence key="{get-property('none')}"/></inSequence>
    <faultSequence><property name="HTTP_SC" value="418" scope="axis2"/><respond/></faultSequence></resource></api>`
  await using gateway = await startGateway({ xml })

  expect((await ask(gateway, '/o')).status).toBe(418)
})

describe('a configuration', () => {
  const findings = (xml: string): string[] =>
    buildGateway({ xml })
      .gateway.diagnostics.all()
      .map(({ severity, code, message }) => `${severity} ${code}: ${message}`)
  const api = (attributes: string, inner = '<resource/>'): string => `<api ${attributes}>${inner}</api>`

  test.each<[what: string, xml: string, expected: unknown]>([
    ['without context', api('name="a"'), 'error missing: <api> needs attribute context.'],
    [
      'with a context without slash',
      api('name="a" context="a"'),
      'error bad-value: attribute context is "a"; expected a path such as /orders.',
    ],
    [
      'without resources',
      api('name="a" context="/a"', ''),
      'error missing: <api> needs at least one <resource>.',
    ],
    [
      'with two without template',
      api('name="a" context="/a"', '<resource/><resource/>'),
      'error bad-combination: At most one resource of an API is without uri-template and url-mapping.',
    ],
    [
      'with both kinds of path',
      api('name="a" context="/a"', '<resource uri-template="/a" url-mapping="/a"/>'),
      'error bad-combination: A resource has a uri-template or a url-mapping, not both.',
    ],
    [
      'with a version alone',
      api('name="a" context="/a" version="1"'),
      'error bad-combination: A version needs a version-type: where in the path it is.',
    ],
    [
      'with an unknown method',
      api('name="a" context="/a"', '<resource methods="GETT"/>'),
      'error bad-value: attribute methods is "GETT"; expected methods out of GET, POST, PUT, DELETE, OPTIONS, HEAD, PATCH.',
    ],
    [
      'with a Java class',
      api('name="a" context="/a"', '<resource/><handlers><handler class="com.example.Mine"/></handlers>'),
      'error not-supported: Handler com.example.Mine of API a is a Java class, and there is nothing to run it.',
    ],
    [
      'with the class for CORS',
      api(
        'name="a" context="/a"',
        '<resource/><handlers><handler class="org.example.CORSRequestHandler"/></handlers>',
      ),
      'warning no-effect: Handler org.example.CORSRequestHandler of API a has no effect: CORS is built in.',
    ],
    [
      'with a description that is not there',
      api('name="a" context="/a" publishSwagger="x"'),
      'warning missing-entry: There is no entry named x; using it is a fault.',
    ],
    [
      'bound to nothing',
      api('name="a" context="/a" binds-to="there"'),
      'warning missing-inbound: API a is bound to there, and no inbound endpoint of that name listens for HTTP or WebSockets.',
    ],
    [
      'for https alone',
      api('name="a" context="/a" transports="https"'),
      'warning no-effect: API a is offered on no transport that is there: https.',
    ],
    [
      'twice',
      api('name="a" context="/a"') + api('name="b" context="/a/"'),
      'error path-clash: b would be served on http at /a/*, where a is; it is left out.',
    ],
  ])('%s is reported', (_what, xml, expected) => {
    expect(findings(xml)).toContainEqual(expected)
  })
})
