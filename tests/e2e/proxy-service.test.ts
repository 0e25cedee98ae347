// Proxy services for HTTP callers: target endpoints, the out sequence, descriptions, and what is said about the rest.

import { describe, expect, test } from 'vitest'
import { TestFolder } from '../support/certificates.ts'
import { buildGateway, startGateway } from '../support/gateway.ts'
import { ask, startHttpBackend } from '../support/http-backend.ts'

const say = (word: string): string =>
  `<payloadFactory media-type="text"><format>${word}</format><args/></payloadFactory><respond/>`
const log = (text: string): string => `<log level="custom"><property name="RAN" value="${text}"/></log>`
const address = (url: string): string => `<endpoint><address uri="${url}"/></endpoint>`

describe('what the in sequence lets through goes to the endpoint of the target', () => {
  test.each([
    ['inline', (url: string) => `<proxy name="p"><target>${address(url)}</target></proxy>`],
    [
      'by key, in an attribute',
      (url: string) =>
        `<proxy name="p"><target endpoint="backend"/></proxy><endpoint name="backend"><address uri="${url}"/></endpoint>`,
    ],
    [
      'by key, in an element',
      (url: string) =>
        `<proxy name="p"><target><endpoint key="backend"/></target></proxy><endpoint name="backend"><address uri="${url}"/></endpoint>`,
    ],
  ])('%s', async (_how, xmlFor) => {
    await using backend = await startHttpBackend(response => response.end('answer'))
    await using gateway = await startGateway({ xml: xmlFor(backend.url) })

    expect(await ask(gateway.url('http'), { method: 'POST', body: 'x' })).toMatchObject({
      status: 200,
      body: 'answer',
    })
  })

  test('and its answer through the out sequence, which may answer or not', async () => {
    await using backend = await startHttpBackend(response => response.end('answer'))
    const proxy = (name: string, out: string): string =>
      `<proxy name="${name}"><target>${address(backend.url)}<inSequence>${log('in')}</inSequence><outSequence>${out}</outSequence></target></proxy>`
    await using gateway = await startGateway({
      xml: `${proxy('a', `${log('out')}<send/>`)}${proxy('b', log('out'))}`,
    })

    expect((await ask(gateway.url('http', 'a'))).body).toBe('answer')
    expect(gateway.logged('RAN')).toEqual(['{proxy:a} RAN = in', '{proxy:a} RAN = out'])
    expect((await ask(gateway.url('http', 'b'))).status).toBe(202)
  })
})

test('a service with slashes in its name, and one without transports, are there', async () => {
  const xml = `<proxy name="a/b"><target><inSequence>${say('ab')}</inSequence></target></proxy>
    <proxy name="a" transports=""><target><inSequence>${say('a')}</inSequence></target></proxy>`
  await using gateway = await startGateway({ xml })

  expect((await ask(gateway.url('http', 'a/b'))).body).toBe('ab')
  expect((await ask(`${gateway.url('http', 'a')}/c`)).body).toBe('a')
})

describe('?wsdl', () => {
  const WSDL = `<wsdl:definitions xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/" xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/">
    <wsdl:types><schema xmlns="http://www.w3.org/2001/XMLSchema"><import schemaLocation="types.xsd"/></schema></wsdl:types>
    <wsdl:service name="s"><wsdl:port name="p"><soap:address location="http://backend.example.com/s"/></wsdl:port></wsdl:service></wsdl:definitions>`
  const service = (publish: string, more = ''): string =>
    `<proxy name="p"><target><inSequence>${say('mediated')}</inSequence></target>${publish}${more}</proxy>`

  test('gives the description with the address of the service, and what it imports', async () => {
    const publish =
      '<publishWSDL key="description"><resource location="types.xsd" key="types"/></publishWSDL>'
    const xml = `${service(publish)}<localEntry key="description">${WSDL}</localEntry><localEntry key="types">types</localEntry>`
    await using gateway = await startGateway({ xml })
    const url = gateway.url('http')

    const { status, headers, body } = await ask(`${url}?wsdl`)

    expect([status, headers['content-type']]).toEqual([200, 'text/xml; charset=UTF-8'])
    expect(body).toContain(`<soap:address location="${url}"/>`)
    expect(body).toContain(`schemaLocation="${url}?xsd=types.xsd"`)
    expect((await ask(`${url}?xsd=types.xsd`)).body).toBe('types')
    expect((await ask(`${url}?xsd=../other`)).status).toBe(404)
    expect((await ask(`${url}?wsdl`, { method: 'POST' })).body).toBe('mediated')
    expect((await ask(`${url}?wsdlish`)).body).toBe('mediated')
  })

  test('gives one that is written in the service, as it is where that is wanted', async () => {
    const more = '<parameter name="modifyUserWSDLPortAddress">false</parameter>'
    await using gateway = await startGateway({ xml: service(`<publishWSDL>${WSDL}</publishWSDL>`, more) })

    expect((await ask(`${gateway.url('http')}?wsdl`)).body).toContain('http://backend.example.com/s')
  })

  test('gives one from a file, and one that is fetched', async () => {
    using folder = new TestFolder()
    const file = folder.write('s.wsdl', WSDL)
    await using backend = await startHttpBackend(response => response.end(WSDL))
    const named = (name: string, uri: string): string =>
      service(`<publishWSDL uri="${uri}"/>`).replace('name="p"', `name="${name}"`)
    await using gateway = await startGateway({
      xml: named('file', `file:${file}`) + named('web', `${backend.url}/s?wsdl`),
    })

    for (const name of ['file', 'web']) {
      const url = gateway.url('http', name)
      expect((await ask(`${url}?wsdl`)).body).toContain(`location="${url}"`)
    }
  })

  test('is 404 where there is none, and a warning keeps nobody from the service', async () => {
    const { gateway } = buildGateway({ xml: service('<publishWSDL uri="file:nowhere/s.wsdl"/>') })
    await gateway.start()
    const { url } = gateway.listening[0]!

    expect(gateway.diagnostics.all().map(({ code, message }) => `${code}: ${message}`)).toContain(
      'missing-wsdl: Proxy p publishes no WSDL: file:nowhere/s.wsdl cannot be read (ENOENT).',
    )
    expect((await ask(`${url}?wsdl`)).status).toBe(404)
    expect((await ask(url)).body).toBe('mediated')
    await gateway.stop(0)
  })
})

describe('a configuration', () => {
  const findings = (inner: string, entries = ''): string[] =>
    buildGateway({ xml: `<proxy name="p"><target><inSequence/></target>${inner}</proxy>${entries}` })
      .gateway.diagnostics.all()
      .filter(({ severity }) => severity !== 'note')
      .map(({ severity, message }) => `${severity}: ${message}`)

  test.each<[what: string, inner: string, expected: unknown]>([
    [
      'WS-Security',
      '<enableSec/>',
      expect.stringMatching(/^error: .*enableSec.* not supported: WS-Security is not there/),
    ],
    ['WS-Addressing', '<enableAddressing/>', expect.stringMatching(/^warning: .*enableAddressing/)],
    [
      'a transport that is not there',
      '<parameter name="transport.jms.ContentType">text/xml</parameter>',
      'warning: Parameter transport.jms.ContentType has no effect: it configures a transport that is not there.',
    ],
    [
      'the module for security',
      '<parameter name="engagedModules">addressing rampart</parameter>',
      expect.stringMatching(/^error: Module rampart/),
    ],
    [
      'a policy',
      '<policy><Policy xmlns="http://schemas.xmlsoap.org/ws/2004/09/policy"/></policy>',
      'warning: <policy> has no effect: WS-Policy is not there.',
    ],
    [
      'a policy for security',
      '<policy key="secure"/>',
      expect.stringMatching(/^error: <policy> asks for WS-Security/),
    ],
    [
      'a policy that is not there',
      '<policy key="nowhere"/>',
      'warning: <policy> has no effect: WS-Policy is not there.',
    ],
  ])('with %s says so', (_what, inner, expected) => {
    const entries =
      '<localEntry key="secure"><a xmlns="http://schemas.xmlsoap.org/ws/2005/07/securitypolicy"/></localEntry>'

    expect(findings(inner, entries)).toContainEqual(expected)
  })

  test('with what changes nothing has no findings', () => {
    const parameters =
      '<parameter name="useOriginalwsdl">true</parameter><parameter name="httpLocationTable"><a/></parameter>'

    expect(findings(parameters)).toEqual([])
  })
})

test('a fault that a fault sequence has handled stays handled where that sequence clones the message', async () => {
  const clone = (body: string): string => `<clone><target><sequence>${body}</sequence></target></clone>`
  const xml = `
    <proxy name="p"><target>
      <inSequence>${clone('<throwError type="A" errorMessage="no"/>')}</inSequence>
      <faultSequence>${clone(log('told'))}</faultSequence>
    </target></proxy>`
  await using gateway = await startGateway({ xml })

  expect((await ask(gateway.url('http', 'p'), { method: 'POST', body: 'x' })).status).toBe(202)
  expect(gateway.logged('RAN')).toEqual(['{proxy:p} RAN = told'])
})
