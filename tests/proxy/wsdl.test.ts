import { mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { TestFolder } from '../support/certificates.ts'
import { buildGateway, startGateway } from '../support/gateway.ts'
import { ask, startHttpBackend } from '../support/http-backend.ts'

const WSDL = `<wsdl:definitions xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/" xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/" xmlns:xs="http://www.w3.org/2001/XMLSchema">
  <wsdl:import namespace="urn:b" location="parts/binding.wsdl"/>
  <wsdl:types><xs:schema targetNamespace="urn:a"><xs:import schemaLocation="schemas/types.xsd"/><xs:import schemaLocation="http://other.example.com/far.xsd"/></xs:schema></wsdl:types>
  <wsdl:service name="s"><wsdl:port name="p"><soap:address location="http://backend.example.com/s"/></wsdl:port></wsdl:service></wsdl:definitions>`
const BINDING = '<definitions xmlns="http://schemas.xmlsoap.org/wsdl/"/>'
const TYPES =
  '<schema xmlns="http://www.w3.org/2001/XMLSchema"><include schemaLocation="../common.xsd"/></schema>'
const COMMON = '<schema xmlns="http://www.w3.org/2001/XMLSchema" id="common"/>'
const PARTS: Readonly<Record<string, string>> = {
  's.wsdl': WSDL,
  'parts/binding.wsdl': BINDING,
  'schemas/types.xsd': TYPES,
  'common.xsd': COMMON,
}

const MEDIATED =
  '<inSequence><payloadFactory media-type="text"><format>mediated</format><args/></payloadFactory><respond/></inSequence>'
const service = (publish: string, more = ''): string =>
  `<proxy name="p"><target>${MEDIATED}</target>${publish}${more}</proxy>`
const bodyOf = async (url: string): Promise<string> => (await ask(url)).body

describe('what a description imports is served with it', () => {
  async function expectAll(url: string): Promise<void> {
    const wsdl = await bodyOf(`${url}?wsdl`)
    expect(wsdl).toContain(`<soap:address location="${url}"/>`)
    expect(wsdl).toContain(`location="${url}?wsdl=parts%2Fbinding.wsdl"`)
    expect(wsdl).toContain(`schemaLocation="${url}?xsd=schemas%2Ftypes.xsd"`)
    expect(wsdl).toContain('schemaLocation="http://other.example.com/far.xsd"')
    expect(await bodyOf(`${url}?wsdl=parts%2Fbinding.wsdl`)).toBe(BINDING)
    expect(await bodyOf(`${url}?xsd=schemas/types.xsd`)).toContain(`schemaLocation="${url}?xsd=common.xsd"`)
    expect(await bodyOf(`${url}?xsd=common.xsd`)).toBe(COMMON)
    for (const other of ['', 'nothing.xsd', '../../etc/passwd'])
      expect((await ask(`${url}?xsd=${encodeURIComponent(other)}`)).status).toBe(404)
  }

  test('from a folder', async () => {
    using folder = new TestFolder()
    for (const [path, text] of Object.entries(PARTS)) {
      mkdirSync(join(folder.path, dirname(path)), { recursive: true })
      folder.write(path, text)
    }
    const publish = `<publishWSDL uri="file:${folder.path}/s.wsdl"/>`
    await using gateway = await startGateway({ xml: service(publish) })

    await expectAll(gateway.url('http'))
  })

  test('from a server, which is asked once', async () => {
    await using backend = await startHttpBackend((response, { target }) => {
      const found = PARTS[target.slice('/wsdl/'.length)]
      response.writeHead(found === undefined ? 404 : 200).end(found)
    })
    const publish = `<publishWSDL uri="${backend.url}/wsdl/s.wsdl"/>`
    await using gateway = await startGateway({ xml: service(publish) })

    await Promise.all([expectAll(gateway.url('http')), expectAll(gateway.url('http'))])
    expect(backend.received.map(({ target }) => target).toSorted()).toEqual(
      Object.keys(PARTS)
        .map(path => `/wsdl/${path}`)
        .toSorted(),
    )
  })

  test('from entries that the service names', async () => {
    const resources = Object.keys(PARTS)
      .filter(path => path !== 's.wsdl')
      .map(path => `<resource location="${path}" key="${path}"/>`)
    const entries = Object.entries(PARTS).map(
      ([key, text]) => `<localEntry key="${key}">${text}</localEntry>`,
    )
    const publish = `<publishWSDL key="s.wsdl">${resources.join('')}</publishWSDL>`
    await using gateway = await startGateway({ xml: service(publish) + entries.join('') })

    await expectAll(gateway.url('http'))
  })
})

describe('the description of an endpoint', () => {
  test.each([
    ['at an address is asked for there', (url: string) => `<address uri="${url}/s"/>`, '/s?wsdl'],
    ['with a WSDL is that', (url: string) => `<wsdl uri="${url}/all.wsdl" port="p"/>`, '/all.wsdl'],
    [
      'with properties is no other',
      (url: string) => `<address uri="${url}/s"/><property name="a" value="b"/>`,
      '/s?wsdl',
    ],
  ])('%s', async (_which, kind, target) => {
    await using backend = await startHttpBackend(response => response.end(WSDL))
    const endpoint = `<endpoint name="backend">${kind(backend.url)}</endpoint>`
    await using gateway = await startGateway({ xml: service('<publishWSDL endpoint="backend"/>') + endpoint })
    const url = gateway.url('http')

    expect(await bodyOf(`${url}?wsdl`)).toContain(`location="${url}"`)
    expect(backend.received[0]?.target).toBe(target)
  })

  test('that has none is 404', async () => {
    const endpoint = '<endpoint name="backend"><default/></endpoint>'
    await using gateway = await startGateway({ xml: service('<publishWSDL endpoint="backend"/>') + endpoint })

    expect((await ask(`${gateway.url('http')}?wsdl`)).status).toBe(404)
  })
})

test('a server that is down is asked again', async () => {
  let isUp = false
  await using backend = await startHttpBackend(response => response.writeHead(isUp ? 200 : 503).end(WSDL))
  await using gateway = await startGateway({ xml: service(`<publishWSDL uri="${backend.url}"/>`) })
  const url = gateway.url('http')

  expect((await ask(`${url}?wsdl`)).status).toBe(404)
  isUp = true
  expect((await ask(`${url}?wsdl`)).status).toBe(200)
})

test('a description in another character set is served in UTF-8', async () => {
  using folder = new TestFolder()
  const text = '<?xml version="1.0" encoding="ISO-8859-1"?><definitions name="é"/>'
  folder.write('s.wsdl', Buffer.from(text, 'latin1'))
  const publish = `<publishWSDL uri="file:${folder.path}/s.wsdl"/>`
  await using gateway = await startGateway({ xml: service(publish) })

  const { headers, body } = await ask(`${gateway.url('http')}?wsdl`)

  expect(headers['content-type']).toBe('text/xml; charset=UTF-8')
  expect(body).toBe('<?xml version="1.0" encoding="UTF-8"?><definitions name="é"/>')
})

describe('GET', () => {
  test('?wsdl2 gives a WSDL 2.0, with the address of the service', async () => {
    const wsdl =
      '<description xmlns="http://www.w3.org/ns/wsdl"><service><endpoint name="e" address="http://b/s"/></service></description>'
    await using gateway = await startGateway({ xml: service(`<publishWSDL>${wsdl}</publishWSDL>`) })
    const url = gateway.url('http')

    for (const question of ['wsdl', 'wsdl2'])
      expect(await bodyOf(`${url}?${question}`)).toContain(`address="${url}"`)
  })

  test('?xsd gives the schema written in the description', async () => {
    await using gateway = await startGateway({ xml: service(`<publishWSDL>${WSDL}</publishWSDL>`) })

    expect(await bodyOf(`${gateway.url('http')}?xsd`)).toMatch(/^<xs:schema [^>]*xmlns:xs=/)
  })

  test('of a service that says nothing gives a description of any message, and 404 for what there is none of', async () => {
    const more = '<description>Takes &lt;orders&gt;.</description>'
    await using gateway = await startGateway({ xml: service('', more) })
    const url = gateway.url('http')

    const wsdl = await bodyOf(`${url}?wsdl`)
    expect(wsdl).toContain('<wsdl:operation name="mediate">')
    expect(wsdl).toContain(`<soap12:address location="${url}"/>`)
    const info = await ask(`${url}?info`)
    expect(info.headers['content-type']).toBe('text/html; charset=UTF-8')
    expect(info.body).toContain('<p>Takes &lt;orders')
    for (const question of ['wsdl2', 'xsd', 'policy'])
      expect((await ask(`${url}?${question}`)).status).toBe(404)
    expect(await bodyOf(`${url}?wsdl&other`)).toBe('mediated')
  })
})

describe('a service', () => {
  const findings = (xml: string): string[] =>
    buildGateway({ xml })
      .gateway.diagnostics.all()
      .map(({ severity, message }) => `${severity}: ${message}`)

  test('for inbound endpoints alone is not on the HTTP transport', async () => {
    const xml = `${service('', '<parameter name="inbound.only">true</parameter>')}
      <inboundEndpoint name="in" protocol="http"><parameters><parameter name="inbound.http.port">0</parameter>
        <parameter name="dispatch.filter.pattern">/services/.*</parameter></parameters></inboundEndpoint>
      <proxy name="q"><target>${MEDIATED}</target></proxy>`
    await using gateway = await startGateway({ xml })

    expect(await bodyOf(`${gateway.url('http', 'in')}services/p`)).toBe('mediated')
    expect((await ask(gateway.url('http', 'q').replace(/q$/, 'p'))).status).toBe(404)
  })

  test.each([
    [
      'on a transport that is not there',
      'transports="http,jms"',
      'note: Proxy p is not offered on jms: there is no such transport.',
    ],
    [
      'pinned to servers',
      'pinnedServers="a b"',
      'note: Proxy p is pinned to a b; it is served here whatever this server is called.',
    ],
  ])('%s says so', (_what, attributes, expected) => {
    const xml = service('').replace('name="p"', `name="p" ${attributes}`)

    expect(findings(xml)).toContain(expected)
  })
})
