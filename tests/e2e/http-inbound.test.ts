// Inbound endpoints for HTTP: a port of their own, APIs bound to it, and requests passed on to the services of the
// HTTP transport.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { statusOver, type TestAuthority, testAuthority } from '../support/certificates.ts'
import { proxy } from '../support/configurations.ts'
import { buildGateway, startGateway, type TestGateway } from '../support/gateway.ts'
import { ask, startHttpBackend } from '../support/http-backend.ts'

const parameter = (name: string, value: string | number): string =>
  `<parameter name="${name}">${value}</parameter>`

const inbound = (name: string, { attributes = '', parameters = '', protocol = 'http' } = {}): string =>
  `<inboundEndpoint name="${name}" protocol="${protocol}" ${attributes}><parameters>
    ${parameter('inbound.http.port', 0)}${parameters}</parameters></inboundEndpoint>`

const say = (word: string): string =>
  `<payloadFactory media-type="text"><format>${word}</format><args/></payloadFactory><respond/>`
const api = (name: string, attributes = ''): string =>
  `<api name="${name}" context="/${name}" ${attributes}><resource><inSequence>${say(name)}</inSequence></resource></api>`

const originOf = (gateway: TestGateway, name: string): string => new URL(gateway.url('http', name)).origin

describe('a request', () => {
  test('runs through the sequence, whatever its path', async () => {
    const log = `<log level="custom"><property name="FROM" expression="get-property('inbound.endpoint.name')"/><property name="IS" expression="get-property('isInbound')"/></log>`
    const xml = `${inbound('in', { attributes: 'sequence="take"' })}<sequence name="take">${log}${say('taken')}</sequence>`
    await using gateway = await startGateway({ xml })

    expect((await ask(`${originOf(gateway, 'in')}/any/path?at=all`, { method: 'PUT' })).body).toBe('taken')
    expect(gateway.logged('FROM')).toEqual(['{inboundendpoint:in} FROM = in, IS = true'])
  })

  test('runs through main where no sequence is named, and a fault through the sequence for it', async () => {
    const xml = `${inbound('in', { attributes: 'onError="failed"' })}<sequence name="main"><send/></sequence>
      <sequence name="failed">${say('failed')}</sequence>`
    await using gateway = await startGateway({ xml })

    expect((await ask(originOf(gateway, 'in'))).body).toBe('failed')
  })

  test('that is sent to a backend gets its answer', async () => {
    await using backend = await startHttpBackend(response => response.writeHead(201).end('made'))
    const xml = `${inbound('in', { attributes: 'sequence="take"' })}
      <sequence name="take"><send><endpoint><address uri="${backend.url}"/></endpoint></send></sequence>`
    await using gateway = await startGateway({ xml })

    expect(await ask(originOf(gateway, 'in'))).toMatchObject({ status: 201, body: 'made' })
  })
})

describe('an API bound to it', () => {
  test('comes before the sequence, and is not on the HTTP transport unless it says so', async () => {
    const xml = `${inbound('in', { attributes: 'sequence="take"' })}<sequence name="take">${say('sequence')}</sequence>
      ${api('here', 'binds-to="in"')}${api('both', 'binds-to="in, default"')}${api('there')}`
    await using gateway = await startGateway({ xml })
    const [own, shared] = [originOf(gateway, 'in'), originOf(gateway, 'there')]

    expect((await ask(`${own}/here`)).body).toBe('here')
    expect((await ask(`${own}/both`)).body).toBe('both')
    expect((await ask(`${own}/there`)).body).toBe('sequence')
    expect((await ask(`${shared}/both`)).body).toBe('both')
    expect((await ask(`${shared}/here`)).status).toBe(404)
  })
})

describe('with a pattern', () => {
  const XML = `${inbound('in', { parameters: parameter('dispatch.filter.pattern', '/one.* | /services/.* # what is open') })}
    <sequence name="main">${say('main')}</sequence>${api('one')}${api('two')}
    ${proxy('p', `<log level="custom"><property name="FROM" expression="get-property('inbound.endpoint.name')"/></log>${say('proxy')}`)}`

  test.each([
    ['/one', 'one'],
    ['/one?x', 'one'],
    ['/services/p', 'proxy'],
    ['/services/q', 'main'],
    ['/two', 'main'],
    ['/a/one', 'main'],
  ])('%s goes to %s', async (path, word) => {
    await using gateway = await startGateway({ xml: XML })

    expect((await ask(originOf(gateway, 'in') + path)).body).toBe(word)
    if (word === 'proxy') expect(gateway.logged('FROM')).toEqual(['{proxy:p} FROM = in'])
  })
})

describe('TLS', () => {
  let made: TestAuthority
  beforeAll(async () => {
    made = await testAuthority()
  })
  afterAll(() => made[Symbol.dispose]())

  const storeXml = (element: string, location: string): string =>
    `<${element}><Location>${location}</Location><Type>JKS</Type><Password>unused</Password></${element}>`

  const secure = (more = ''): string =>
    inbound('in', {
      protocol: 'https',
      attributes: 'sequence="take"',
      parameters: `<parameter name="keystore">${storeXml('KeyStore', made.serverStore)}</parameter>
        ${parameter('HttpsProtocols', 'TLSv1.1,TLSv1.2')}${more}`,
    }) +
    `<sequence name="take"><log level="custom"><property name="IN" expression="get-property('TRANSPORT_IN_NAME')"/></log>${say('secret')}</sequence>`

  function get(gateway: TestGateway, options: object = {}): Promise<number | 'refused'> {
    const { url } = gateway.gateway.listening.find(({ url }) => url.startsWith('https:'))!
    return statusOver(url, { ca: made.authority.cert, ...options })
  }

  test('has the certificate of the key store', async () => {
    await using gateway = await startGateway({ xml: secure() })

    expect(await get(gateway)).toBe(200)
    expect(gateway.logged('IN = ')).toEqual(['{inboundendpoint:in} IN = https'])
  })

  test('lets in who has a certificate, where that is asked for', async () => {
    const more = `<parameter name="truststore">${storeXml('TrustStore', made.trustStore)}</parameter>${parameter('SSLVerifyClient', 'require')}`
    await using gateway = await startGateway({ xml: secure(more) })

    expect(await get(gateway)).toBe('refused')
    expect(await get(gateway, made.someone)).toBe(200)
  })

  test('serves proxy services and APIs where the settings name a key store', async () => {
    const settings = {
      'keystore.tls.file_name': made.serverStore,
      'keystore.tls.password': 'unused',
      'transport.http.listener.secured_port': 0,
    }
    const xml = `<proxy name="p" transports="https"><target><inSequence>${say('p')}</inSequence></target></proxy>`
    await using gateway = await startGateway({ xml, settings })

    expect(gateway.gateway.listening.map(({ url }) => new URL(url).protocol)).toEqual(['https:'])
    expect(await get(gateway)).toBe(200)
  })
})

describe('a configuration', () => {
  const findings = (xml: string): string[] =>
    buildGateway({ xml })
      .gateway.diagnostics.all()
      .filter(({ severity }) => severity !== 'note')
      .map(({ severity, code, message }) => `${severity} ${code}: ${message}`)

  test.each<[what: string, xml: string, expected: unknown]>([
    [
      'without a port',
      '<inboundEndpoint name="a" protocol="http"/>',
      'error missing: <inboundEndpoint> needs parameter inbound.http.port.',
    ],
    [
      'with https and no key store',
      inbound('a', { protocol: 'https' }),
      'error missing: <inboundEndpoint> with protocol https needs parameter keystore.',
    ],
    [
      'with a key store that is not there',
      inbound('a', {
        protocol: 'https',
        parameters:
          '<parameter name="keystore"><KeyStore><Location>/nowhere.jks</Location></KeyStore></parameter>',
      }),
      'warning bad-key-store: Inbound endpoint a does not listen: key store /nowhere.jks cannot be read: ENOENT.',
    ],
    [
      'with a pattern that is none',
      inbound('a', { parameters: parameter('dispatch.filter.pattern', '(') }),
      expect.stringMatching(
        /^error bad-value: parameter dispatch.filter.pattern .* expected a regular expression/,
      ),
    ],
    [
      'with a pattern and a sequence',
      `${inbound('a', { attributes: 'sequence="s"', parameters: parameter('dispatch.filter.pattern', '.*') })}<sequence name="s"/>`,
      expect.stringMatching(/^warning no-effect: Sequence s does not run/),
    ],
    [
      'with a check for revocation of the client certificates it asks for',
      inbound('a', {
        protocol: 'https',
        parameters: `<parameter name="keystore"><KeyStore><Location>a.pem</Location></KeyStore></parameter>
          <parameter name="truststore"><TrustStore><Location>b.pem</Location></TrustStore></parameter>
          <parameter name="CertificateRevocationVerifier"><a/></parameter>${parameter('SSLVerifyClient', 'optional')}`,
      }),
      expect.stringMatching(/^error not-supported: Parameter CertificateRevocationVerifier/),
    ],
    [
      'with a check for revocation that has nothing to check',
      inbound('a', { parameters: '<parameter name="CertificateRevocationVerifier"><a/></parameter>' }),
      'warning no-effect: Parameter CertificateRevocationVerifier has no effect: no client certificates are asked for.',
    ],
    [
      'with client certificates and no authorities for them',
      inbound('a', {
        protocol: 'https',
        parameters: `<parameter name="keystore"><KeyStore><Location>a.pem</Location></KeyStore></parameter>${parameter('SSLVerifyClient', 'require')}`,
      }),
      'error missing: SSLVerifyClient require needs parameter truststore.',
    ],
  ])('%s is reported', (_what, xml, expected) => {
    expect(findings(xml)).toContainEqual(expected)
  })

  test('may size threads that are not there', () => {
    const parameters = ['size.core', 'size.max', 'queue.length']
      .map(name => parameter(`inbound.worker.pool.${name}`, 5))
      .join('')

    expect(findings(inbound('a', { parameters }))).toEqual([])
  })
})
