// Inbound endpoints that take HTTP requests and WebSocket clients in on one port.

import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { request } from 'node:https'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startUpper } from '../support/backends.ts'
import { type Identity, makeIdentity, TestFolder } from '../support/certificates.ts'
import { connect } from '../support/clients.ts'
import { sendTo } from '../support/configurations.ts'
import { buildGateway, startGateway } from '../support/gateway.ts'
import { ask } from '../support/http-backend.ts'

const parameter = (name: string, value: string | number): string =>
  `<parameter name="${name}">${value}</parameter>`

const inbound = ({ attributes = 'sequence="take"', parameters = '', protocol = 'httpws' } = {}): string =>
  `<inboundEndpoint name="in" protocol="${protocol}" ${attributes}><parameters>
    ${parameter('port', 0)}${parameters}</parameters></inboundEndpoint>`

const say = (word: string): string =>
  `<payloadFactory media-type="text"><format>${word}</format><args/></payloadFactory><respond/>`
const api = (name: string, attributes = ''): string =>
  `<api name="${name}" context="/${name}" ${attributes}><resource><inSequence>${say(name)}</inSequence></resource></api>`

describe('one port', () => {
  test('takes requests and WebSocket clients, each through the sequence', async () => {
    const log = `<log level="custom"><property name="FROM" expression="get-property('inbound.endpoint.name')"/></log>`
    const xml = `${inbound()}<sequence name="take">${log}<respond/></sequence>`
    await using gateway = await startGateway({ xml })
    const http = gateway.url('http', 'in')
    using client = await connect(gateway.url('ws', 'in'))

    expect(new URL(http).port).toBe(new URL(gateway.url('ws', 'in')).port)
    expect(await client.ask('over a WebSocket')).toBe('over a WebSocket')
    expect(await ask(`${http}any/path`, { method: 'POST', body: 'over HTTP' })).toMatchObject({
      status: 200,
      body: 'over HTTP',
    })
    expect(new Set(gateway.logged('FROM'))).toEqual(new Set(['{inboundendpoint:in} FROM = in']))
  })

  test('relays WebSocket clients to a backend, by the parameters for them', async () => {
    await using backend = await startUpper()
    const parameters = parameter('ws.outflow.dispatch.sequence', 'out')
    const xml = `${inbound({ parameters })}<sequence name="take">${sendTo(backend.url)}</sequence>
      <sequence name="out"><respond/></sequence>`
    await using gateway = await startGateway({ xml })
    using client = await connect(gateway.url('ws', 'in'))

    expect(await client.ask('hello')).toBe('HELLO')
  })

  test('has the broadcast level, the subprotocols and the path of WebSockets', async () => {
    const parameters =
      parameter('ws.client.side.broadcast.level', 2) +
      parameter('ws.subprotocols', 'chat') +
      parameter('ws.path', '/chat')
    const xml = `${inbound({ parameters })}<sequence name="take"><respond/></sequence>`
    await using gateway = await startGateway({ xml })
    const url = gateway.url('ws', 'in')
    using one = await connect(url, { offer: ['other', 'chat'] })
    using two = await connect(url)

    expect(one.subprotocol).toBe('chat')
    one.send('for the others')
    expect(await two.received.text()).toBe('for the others')
    await expect(connect(url.replace('/chat', '/elsewhere'))).rejects.toThrow('404')
    expect(await ask(`${gateway.url('http', 'in')}chat`, { method: 'POST', body: 'x' })).toMatchObject({
      body: 'x',
    })
  })

  test('passes requests on by pattern, and WebSocket clients never', async () => {
    const parameters = parameter('dispatch.filter.pattern', '/one.*')
    const xml = `${inbound({ parameters })}${api('one')}${api('two')}${api('here', 'binds-to="in"')}
      <sequence name="main">${say('main')}</sequence><sequence name="take">${say('taken')}</sequence>`
    await using gateway = await startGateway({ xml })
    const { origin } = new URL(gateway.url('http', 'in'))
    using client = await connect(gateway.url('ws', 'in').replace(/\/$/, '/one'))

    expect((await ask(`${origin}/one`)).body).toBe('one')
    expect((await ask(`${origin}/two`)).body).toBe('main')
    expect((await ask(`${origin}/here`)).body).toBe('here')
    expect(await client.ask('hello')).toBe('taken')
  })

  test('gives clients and requests to the APIs bound to it, each by its path', async () => {
    const xml = `${inbound()}${api('here', 'binds-to="in"')}<sequence name="take">${say('taken')}</sequence>`
    await using gateway = await startGateway({ xml })
    const url = gateway.url('ws', 'in')
    using there = await connect(`${url}here`)
    using elsewhere = await connect(`${url}elsewhere`)

    expect(await there.ask('hello')).toBe('here')
    expect(await elsewhere.ask('hello')).toBe('taken')
    expect((await ask(`${gateway.url('http', 'in')}here`)).body).toBe('here')
  })

  test('binds to the address of hostname', async () => {
    const xml = `${inbound({ parameters: parameter('hostname', '127.0.0.1') })}<sequence name="take">${say('here')}</sequence>`
    await using gateway = await startGateway({ xml })
    const { port } = new URL(gateway.url('http', 'in'))

    expect((await ask(`http://127.0.0.1:${port}/`)).body).toBe('here')
    await expect(ask(`http://[::1]:${port}/`)).rejects.toThrow()
  })
})

describe('with TLS', () => {
  const folder = new TestFolder()
  afterAll(() => folder[Symbol.dispose]())
  let authority: Identity
  let store: string
  beforeAll(async () => {
    authority = await makeIdentity(['Test Authority'])
    const server = await makeIdentity(['localhost'], authority)
    store = folder.write('server.pem', server.cert + server.key)
  })

  test('both have the certificate, and the parameters of the original are taken', async () => {
    const keystore = `<KeyStore><Location>${store}</Location><Type>JKS</Type><Password>x</Password><KeyPassword>x</KeyPassword></KeyStore>`
    const parameters = [
      parameter('keystore', keystore),
      parameter('SSLProtocol', 'TLS'),
      parameter('HttpsProtocols', 'TLSv1.2,TLSv1.3'),
      parameter('PreferredCiphers', '\n TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,TLS_AES_128_GCM_SHA256\n'),
      parameter('SessionTimeout', 86400),
      parameter('HandshakeTimeout', 10),
      parameter('HostnameVerifier', 'Enabled'),
      parameter('inbound.worker.pool.size.core', 5),
    ].join('')
    const xml = `${inbound({ protocol: 'httpswss', parameters })}<sequence name="take"><respond/></sequence>`
    await using gateway = await startGateway({ xml })
    using client = await connect(gateway.url('wss', 'in'), { ca: authority.cert })
    expect(await client.ask('secret')).toBe('secret')

    const { port } = new URL(gateway.url('wss', 'in'))
    const outgoing = request({ host: 'localhost', port, ca: authority.cert, agent: false }).end()
    const [response] = (await once(outgoing, 'response')) as [IncomingMessage]
    response.resume()
    expect(response.statusCode).toBe(200)
  })
})

describe('a configuration', () => {
  const findings = (xml: string, settings = {}): string[] =>
    buildGateway({ xml: `${xml}<sequence name="take"/>`, settings })
      .gateway.diagnostics.all()
      .filter(({ severity }) => severity !== 'note')
      .map(({ severity, code, message }) => `${severity} ${code}: ${message}`)

  test.each<[what: string, xml: string, expected: string[]]>([
    [
      'without a port',
      '<inboundEndpoint name="in" protocol="httpws"/>',
      ['error missing: <inboundEndpoint> needs parameter port.'],
    ],
    [
      'httpswss without a key store',
      inbound({ protocol: 'httpswss' }),
      ['error missing: <inboundEndpoint> with protocol httpswss needs parameter keystore.'],
    ],
    [
      'httpws with a key store',
      inbound({ parameters: parameter('keystore', '<KeyStore><Location>a.jks</Location></KeyStore>') }),
      ['error bad-combination: Parameter keystore has no place here: the protocol is httpws.'],
    ],
    [
      'that wants HTTP/2',
      inbound({ parameters: parameter('protocolVersion', '2.0') }),
      ['warning no-effect: HTTP version 2.0 has no effect: HTTP/1.1 is served.'],
    ],
    [
      'with a check for revocation',
      inbound({
        parameters: parameter(
          'certificateRevocationVerifier',
          '<CertificateRevocationVerifier enable="true"><CacheSize>1024</CacheSize></CertificateRevocationVerifier>',
        ),
      }),
      [
        'warning no-effect: Parameter CertificateRevocationVerifier has no effect: no client certificates are asked for.',
      ],
    ],
    [
      'with one that is off',
      inbound({
        parameters: parameter(
          'certificateRevocationVerifier',
          '<CertificateRevocationVerifier enable="false"/>',
        ),
      }),
      [],
    ],
  ])('%s is reported', (_what, xml, expected) => {
    expect(findings(xml)).toEqual(expected)
  })

  test('that is suspended does not listen', () => {
    const { gateway } = buildGateway({ xml: `${inbound({ attributes: 'suspend="true"' })}` })
    expect(gateway.hasServices).toBe(false)
  })
})

test('the port offset is added where a setting says so', async () => {
  const probe = await startGateway({ xml: `${inbound()}<sequence name="take"/>` })
  const free = Number(new URL(probe.url('http', 'in')).port)
  await probe[Symbol.asyncDispose]()
  const xml = `<inboundEndpoint name="in" protocol="http" sequence="take"><parameters>${parameter('inbound.http.port', free - 3)}</parameters></inboundEndpoint><sequence name="take"/>`
  await using gateway = await startGateway({
    xml,
    settings: { 'server.offset': 3, 'synapse_properties.inbound.port.offset.enable': true },
  })

  expect(Number(new URL(gateway.url('http', 'in')).port)).toBe(free)
})
