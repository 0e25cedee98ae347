// What the properties of HTTP do, as the backend sees it and as the caller does.

import { describe, expect, test } from 'vitest'
import { startGateway } from '../support/gateway.ts'
import { ask, HttpBackend, startHttpBackend } from '../support/http-backend.ts'

const set = (name: string, value: string | boolean, scope = 'axis2'): string =>
  `<property name="${name}" value="${value}" scope="${scope}"${typeof value === 'boolean' ? ' type="BOOLEAN"' : ''}/>`
const remove = (name: string): string => `<property name="${name}" action="remove" scope="axis2"/>`
const proxy = (steps: string, more = ''): string =>
  `<proxy name="p"><target><inSequence>${steps}</inSequence>${more}</target></proxy>`

describe('towards the backend', () => {
  /** What a backend gets when a property is set; the caller sends its body in chunks. */
  async function received(steps: string, path = '/a?b=c') {
    await using backend = await startHttpBackend(response => response.end())
    const send = `<send><endpoint><address uri="${backend.url}/s"/></endpoint></send>`
    await using gateway = await startGateway({ xml: proxy(steps + send) })
    await ask(`${gateway.url('http')}${path}`, {
      method: 'PUT',
      body: 'text',
      headers: { 'Content-Type': 'text/plain', 'Transfer-Encoding': 'chunked', 'X-A': '1' },
    })
    const [first] = backend.received
    return { ...first!, own: backend.url }
  }

  test('nothing set: method, what follows the path, headers and payload are passed on', async () => {
    const { method, target, headers, body } = await received('')

    expect([method, target, body]).toEqual(['PUT', '/s/a?b=c', 'text'])
    expect(headers).toMatchObject({ 'content-type': 'text/plain', 'x-a': '1' })
  })

  test.each([
    ['DISABLE_CHUNKING', true],
    ['DISABLE_CHUNKING', 'true'],
    ['FORCE_HTTP_1.0', 'true'],
  ])('%s=%s sends a Content-Length', async (name, value) => {
    const { headers, body } = await received(set(name, value))

    expect(headers['content-length']).toBe('4')
    expect(headers['transfer-encoding']).toBeUndefined()
    expect(body).toBe('text')
  })

  test.each(['NO_KEEPALIVE', 'FORCE_HTTP_1.0'])('%s closes the connection', async name => {
    expect((await received(set(name, 'true'))).headers.connection).toBe('close')
  })

  test.each(['POST_TO_URI', 'FULL_URI'])('%s puts the whole URL into the request line', async name => {
    const { target, own } = await received(set(name, 'true'))

    expect(target).toBe(`${own}/s/a?b=c`)
  })

  test('REQUEST_HOST_HEADER is the Host header', async () => {
    expect((await received(set('REQUEST_HOST_HEADER', 'shop.example.com'))).headers.host).toBe(
      'shop.example.com',
    )
  })

  test('HTTP_METHOD is the method', async () => {
    expect((await received(set('HTTP_METHOD', 'PATCH'))).method).toBe('PATCH')
  })

  test('REST_URL_POSTFIX is what is appended, unless it is removed', async () => {
    expect((await received(set('REST_URL_POSTFIX', '/x?y=z'))).target).toBe('/s/x?y=z')
    expect((await received(remove('REST_URL_POSTFIX'))).target).toBe('/s')
  })

  test('NO_ENTITY_BODY leaves out the payload, and its type', async () => {
    const { headers, body } = await received(set('NO_ENTITY_BODY', true))

    expect(body).toBe('')
    expect(headers['content-type']).toBeUndefined()
  })

  test('TRANSPORT_HEADERS, removed, takes all headers of the caller away', async () => {
    const { headers, body } = await received(remove('TRANSPORT_HEADERS'))

    expect(headers['x-a']).toBeUndefined()
    expect(body).toBe('text')
  })

  test('messageType is the type it is written in, ContentType what the header says', async () => {
    const xml = await received(set('messageType', 'application/xml'))
    expect(xml.headers['content-type']).toMatch(/^application\/xml/)
    expect(xml.body).toContain('>text</text>')
    const named = await received(set('messageType', 'text/plain') + set('ContentType', 'text/x-note'))
    expect([named.headers['content-type'], named.body]).toEqual(['text/x-note', 'text'])
  })
})

describe('towards the caller', () => {
  const answer = async (backend: HttpBackend, before: string, out = '') => {
    const send = `<send><endpoint><address uri="${backend.url}"/></endpoint></send>`
    const more = out === '' ? '' : `<outSequence>${out}<respond/></outSequence>`
    await using gateway = await startGateway({ xml: proxy(before + send, more) })
    return await ask(gateway.url('http'), {
      method: 'POST',
      body: 'x',
      headers: { 'Content-Type': 'text/plain' },
    })
  }
  const FAULT = `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><s:Fault>
    <faultcode>s:Server</faultcode><faultstring>bad</faultstring></s:Fault></s:Body></s:Envelope>`

  test('HTTP_SC is the status, HTTP_SC_DESC the reason', async () => {
    await using backend = await HttpBackend.json({})

    const { status, reason } = await answer(backend, '', set('HTTP_SC', '299') + set('HTTP_SC_DESC', 'So so'))

    expect([status, reason]).toEqual([299, 'So so'])
  })

  test('SC_ACCEPTED makes it 202', async () => {
    await using backend = await HttpBackend.json({})

    expect((await answer(backend, '', set('SC_ACCEPTED', 'true'))).status).toBe(202)
  })

  test('IGNORE_SC_ACCEPTED takes a 202 without a body for an answer, which it is not else', async () => {
    await using backend = await HttpBackend.start(() => ({ status: 202, headers: { 'X-Backend': 'here' } }))

    expect((await answer(backend, '')).headers['x-backend']).toBeUndefined()
    expect((await answer(backend, set('IGNORE_SC_ACCEPTED', 'true'))).headers['x-backend']).toBe('here')
  })

  test('FAULTS_AS_HTTP_200 makes a SOAP fault 200', async () => {
    await using backend = await HttpBackend.start(() => ({
      status: 500,
      headers: { 'Content-Type': 'text/xml' },
      body: FAULT,
    }))

    expect((await answer(backend, '', '<log level="full"/>')).status).toBe(500)
    expect((await answer(backend, '', set('FAULTS_AS_HTTP_200', 'true'))).status).toBe(200)
  })

  test('HTTP_ETAG tags the response, and answers 304 to who has it', async () => {
    const steps = `<payloadFactory media-type="json"><format>{"a": 1}</format><args/></payloadFactory>${set('HTTP_ETAG', true)}<respond/>`
    await using gateway = await startGateway({ xml: proxy(steps) })
    const url = gateway.url('http')

    const { etag } = (await ask(url)).headers
    expect((await ask(url, { headers: { 'If-None-Match': etag! } })).status).toBe(304)
    expect((await ask(url, { headers: { 'If-None-Match': '"other"' } })).status).toBe(200)
  })

  test('NO_ENTITY_BODY leaves out the body', async () => {
    await using backend = await HttpBackend.json({ a: 1 })

    expect(await answer(backend, '', set('NO_ENTITY_BODY', true))).toMatchObject({ status: 200, body: '' })
  })
})

test('what is known of a request', async () => {
  const names = [
    'EXCESS_TRANSPORT_HEADERS',
    'CHARACTER_SET_ENCODING',
    'synapse.isresponse',
    'HTTP_METHOD',
    'REST_URL_POSTFIX',
    'SERVICE_PREFIX',
  ]
  const log = (each: string[], scope: string): string =>
    `<log level="custom">${each.map(name => `<property name="${name}" expression="get-property('${scope}', '${name}')"/>`).join('')}</log>`
  const xml = proxy(
    `${log(names, 'axis2')}${log(['ARTIFACT_NAME', 'SERVER_IP', 'OperationName'], 'default')}<respond/>`,
  )
  await using gateway = await startGateway({ xml })
  const url = gateway.url('http')

  await ask(`${url}/a`, {
    method: 'POST',
    body: 'x',
    headers: { 'Content-Type': 'text/plain; charset=ISO-8859-1', 'X-A': ['1', '2', '3'] },
  })

  const [axis2 = '', own = ''] = gateway.logged('{proxy:p}')
  expect(axis2).toBe(
    `{proxy:p} EXCESS_TRANSPORT_HEADERS = {X-A=[2, 3]}, CHARACTER_SET_ENCODING = ISO-8859-1, synapse.isresponse = false, HTTP_METHOD = POST, REST_URL_POSTFIX = /a, SERVICE_PREFIX = ${new URL(url).origin}/`,
  )
  expect(own).toMatch(
    /ARTIFACT_NAME = proxyservicesp, SERVER_IP = \d+\.\d+\.\d+\.\d+, OperationName = mediate$/,
  )
})
