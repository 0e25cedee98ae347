// Client certificates, either way: those that clients show the gateway, and those it shows to backends.

import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { generate } from 'selfsigned'
import { afterAll, describe, expect, test } from 'vitest'
import { WebSocketServer } from 'ws'
import { makeIdentity, statusOver, testAuthority } from '../support/certificates.ts'
import { connect } from '../support/clients.ts'
import { relay, service } from '../support/configurations.ts'
import { buildGateway, startGateway, type TestGateway } from '../support/gateway.ts'

const made = await testAuthority()
afterAll(() => made[Symbol.dispose]())
const { folder, authority, server, someone, stranger, serverStore, trustStore, clientStore } = made

const parameter = (name: string, value: string): string => `<parameter name="${name}">${value}</parameter>`
const PROPERTIES = ['X509', 'subject', 'issuer', 'names', 'serial', 'fingerprint']
const LOG = `<log level="custom">${PROPERTIES.map(
  name => `<property name="${name}" expression="get-property('axis2', 'ssl.client.auth.cert.${name}')"/>`,
).join('')}<property name="END" value="1"/></log>`

const https = (verify: string, sequence = `${LOG}<respond/>`): string =>
  `<inboundEndpoint name="in" protocol="https" sequence="take"><parameters>${parameter('inbound.http.port', '0')}
    ${parameter('keystore', `<KeyStore><Location>${serverStore}</Location></KeyStore>`)}
    ${parameter('truststore', `<TrustStore><Location>${trustStore}</Location></TrustStore>`)}
    ${parameter('SSLVerifyClient', verify)}</parameters></inboundEndpoint>
  <sequence name="take">${sequence}</sequence>`

function get(gateway: TestGateway, options: object = {}): Promise<number | 'refused'> {
  const { url } = gateway.gateway.listening.find(({ url }) => url.startsWith('https:'))!
  return statusOver(url, { ca: authority.cert, ...options })
}

describe('SSLVerifyClient optional', () => {
  test('lets in who shows nothing, and then there is nothing to know', async () => {
    await using gateway = await startGateway({ xml: https('optional') })

    expect(await get(gateway)).toBe(200)
    expect(gateway.logged('END')).toEqual([
      '{inboundendpoint:in} X509 = null, subject = null, issuer = null, names = null, serial = null, fingerprint = null, END = 1',
    ])
  })

  test('tells what a certificate says that was shown', async () => {
    await using gateway = await startGateway({ xml: https('optional') })

    expect(await get(gateway, someone)).toBe(200)
    const [line] = gateway.logged('END')
    const own = new X509Certificate(someone.cert)
    expect(line).toContain(own.toString().trim().replaceAll('\n', '\n'))
    expect(line).toContain('subject = CN=someone, issuer = CN=Test Authority, names = DNS:someone')
    expect(line).toContain(`serial = ${own.serialNumber}, fingerprint = ${own.fingerprint256}`)
    expect(line).not.toContain('PRIVATE KEY')
  })

  test('refuses a certificate of nobody it trusts, and says why', async () => {
    await using gateway = await startGateway({ xml: https('optional') })

    expect(await get(gateway, stranger)).toBe('refused')
    const { level, text } = await gateway.waitForLog('refused client')
    expect(level).toBe('warn')
    expect(text).toMatch(/^refused client \S+: its certificate is not trusted \(.+\)$/)
    expect(gateway.logged('END')).toEqual([])
  })

  test('is a setting of the HTTPS transport too', async () => {
    await using gateway = await startGateway({
      xml: `<api name="a" context="/a"><resource><inSequence>${LOG}<respond/></inSequence></resource></api>`,
      settings: {
        'keystore.primary.file_name': serverStore,
        'transport.http.listener.secured_port': 0,
        'transport.http.listener.truststore.file_name': trustStore,
        'transport.http.listener.verify_client': 'optional',
      },
    })

    expect(await get(gateway)).toBe(200)
    expect(await get(gateway, someone)).toBe(200)
    expect(await get(gateway, stranger)).toBe('refused')
    expect(gateway.logged('subject = CN=someone')).toHaveLength(1)
  })
})

describe('SSLVerifyClient require', () => {
  test('refuses who shows none, or one of a stranger, with a line in the log', async () => {
    await using gateway = await startGateway({ xml: https('require') })

    expect(await get(gateway)).toBe('refused')
    expect((await gateway.waitForLog('it showed no certificate')).level).toBe('warn')
    expect(await get(gateway, stranger)).toBe('refused')
    expect((await gateway.waitForLog('its certificate is not trusted')).level).toBe('warn')
    expect(await get(gateway, someone)).toBe(200)
    expect(gateway.logged('subject = CN=someone')).toHaveLength(1)
  })

  test('is what a trust store of a wss endpoint means, and its sequences see the certificate', async () => {
    const xml = service(`${LOG}<respond/>`, {
      protocol: 'wss',
      parameters: { 'wss.ssl.key.store.file': serverStore, 'wss.ssl.trust.store.file': trustStore },
    })
    await using gateway = await startGateway({ xml })
    using client = await connect(gateway.url('wss'), { ca: authority.cert, ...someone })

    expect(await client.ask('hello')).toBe('hello')
    // One for the handshake, one for the message.
    expect(gateway.logged('subject = CN=someone')).toHaveLength(2)
  })

  test('holds for TLS sessions that are resumed', async () => {
    await using gateway = await startGateway({ xml: https('require') })
    const { port } = new URL(gateway.gateway.listening[0]!.url)
    const options = { host: 'localhost', port: Number(port), ca: authority.cert, ...someone }
    const say = (socket: TLSSocket): boolean =>
      socket.write('GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')
    const before = connectTls(options)
    say(before)
    const [session] = (await once(before, 'session')) as [Buffer]
    before.resume()
    await once(before, 'close')
    const resumed = connectTls({ ...options, session })
    await once(resumed, 'secureConnect')
    expect(resumed.isSessionReused()).toBe(true)
    say(resumed)
    resumed.resume()
    await once(resumed, 'close')

    expect(gateway.logged('subject = CN=someone')).toHaveLength(2)
  })
})

describe('a header named like a property of the certificate', () => {
  test('says nothing over what the engine knows', async () => {
    const xml = service(`${LOG}<respond/>`, {
      protocol: 'wss',
      parameters: { 'wss.ssl.key.store.file': serverStore },
    })
    await using gateway = await startGateway({ xml })
    const headers = { 'ssl.client.auth.cert.subject': 'CN=boss' }
    using client = await connect(gateway.url('wss'), { ca: authority.cert, headers })

    await client.ask('hello')
    expect(gateway.logged('subject = null')).toHaveLength(2)
  })
})

test('no client renegotiates, and none gets TLS 1.1', async () => {
  await using gateway = await startGateway({ xml: https('none') })
  const port = Number(new URL(gateway.gateway.listening[0]!.url).port)
  const socket = connectTls({ host: 'localhost', port, ca: authority.cert, maxVersion: 'TLSv1.2' })
  await once(socket, 'secureConnect')
  const refused = new Promise<Error | null>(resolve => {
    socket.on('error', resolve)
    socket.renegotiate({}, resolve)
  })
  expect(await refused).toBeInstanceOf(Error)
  socket.destroy()

  const old = connectTls({
    host: 'localhost',
    port,
    ca: authority.cert,
    minVersion: 'TLSv1.1',
    maxVersion: 'TLSv1.1',
    ciphers: 'DEFAULT@SECLEVEL=0',
  })
  const [error] = await once(old, 'error')
  expect(String(error)).toMatch(/protocol|alert/i)
})

/** A backend that lets in who has a certificate, and answers with whose it is. */
async function startStrictBackend(): Promise<{ port: number } & AsyncDisposable> {
  const backend = createServer(
    { ...server, ca: authority.cert, requestCert: true, rejectUnauthorized: true },
    ({ socket }, response) => {
      response.setHeader('Content-Type', 'text/plain')
      response.end((socket as TLSSocket).getPeerCertificate().subject.CN)
    },
  )
  const webSockets = new WebSocketServer({ server: backend })
  webSockets.on('connection', (webSocket, { socket }) => {
    const { CN } = (socket as TLSSocket).getPeerCertificate().subject
    webSocket.on('message', () => webSocket.send(String(CN)))
  })
  backend.listen(0)
  await once(backend, 'listening')
  return {
    port: (backend.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      webSockets.close()
      backend.closeAllConnections()
      backend.close()
    },
  }
}

describe('a backend that asks for a certificate', () => {
  const api = (port: number): string =>
    `<api name="a" context="/a"><resource><inSequence><send><endpoint><address uri="https://localhost:${port}/"/></endpoint></send></inSequence></resource></api>`

  test.each<[what: string, settings: () => Record<string, string>, expected: string]>([
    ['sender.keystore', () => ({ 'transport.http.sender.keystore.file_name': clientStore }), 'someone'],
    [
      'sender.keystore, before that of the listener',
      () => ({
        'transport.http.sender.keystore.file_name': clientStore,
        'keystore.tls.file_name': serverStore,
        'transport.http.listener.secured_enable': 'false',
      }),
      'someone',
    ],
    [
      'keystore.tls, as in the original',
      () => ({
        'keystore.tls.file_name': serverStore,
        'transport.http.listener.secured_enable': 'false',
      }),
      'localhost',
    ],
    [
      'two files',
      () => ({
        'transport.http.sender.keystore.file_name': folder.write('client.crt', someone.cert),
        'transport.http.sender.keystore.key_file_name': folder.write('client.key', someone.key),
      }),
      'someone',
    ],
  ])('over https is shown that of %s', async (_what, settings, expected) => {
    await using backend = await startStrictBackend()
    await using gateway = await startGateway({
      xml: api(backend.port),
      settings: { ...settings(), 'transport.http.sender.truststore.file_name': trustStore },
    })

    expect(await (await fetch(gateway.url('http'))).text()).toBe(expected)
  })

  test('over wss is shown that of transport.wss, with the authorities of truststore', async () => {
    await using backend = await startStrictBackend()
    await using gateway = await startGateway({
      xml: relay(`wss://localhost:${backend.port}/`),
      settings: {
        'transport.wss.sender.keystore_location': clientStore,
        'truststore.file_name': trustStore,
      },
    })
    using client = await connect(gateway.url('ws'))

    expect(await client.ask('who am I?')).toBe('someone')
  })

  test('over https must have the name of its host, unless hostname_verifier is AllowAll', async () => {
    const elsewhere = await makeIdentity(['elsewhere.example'], authority)
    const backend = createServer({ ...elsewhere }, (_request, response) => response.end('here'))
    backend.listen(0)
    await once(backend, 'listening')
    const xml = api((backend.address() as AddressInfo).port)
    const settings = { 'truststore.file_name': trustStore }
    await using strict = await startGateway({ xml, settings })
    await using lenient = await startGateway({
      xml,
      settings: { ...settings, 'transport.http.sender.hostname_verifier': 'AllowAll' },
    })

    expect((await fetch(strict.url('http'))).status).toBeGreaterThanOrEqual(500)
    expect(await (await fetch(lenient.url('http'))).text()).toBe('here')
    backend.closeAllConnections()
    backend.close()
  })
})

describe('a configuration', () => {
  const findings = (options: Parameters<typeof buildGateway>[0]): string[] =>
    buildGateway(options)
      .gateway.diagnostics.all()
      .filter(({ severity }) => severity !== 'note')
      .map(({ severity, code, message }) => `${severity} ${code}: ${message}`)

  async function storeFor(from: string, to: string): Promise<string> {
    const made = await generate([{ name: 'commonName', value: 'dated.test' }], {
      keyType: 'ec',
      algorithm: 'sha256',
      notBeforeDate: new Date(from),
      notAfterDate: new Date(to),
    })
    return folder.write(`${from}.pem`, made.cert + made.private)
  }

  const wss = (store: string, more: Record<string, string> = {}): string =>
    service('<respond/>', {
      name: 'dated',
      protocol: 'wss',
      parameters: { 'wss.ssl.key.store.file': store, ...more },
    })

  test('with an expired certificate is warned about, with the date, and served', async () => {
    const store = await storeFor('2019-01-01', '2020-02-03')
    const message = `the certificate CN=dated.test in ${store} expired on 2020-02-03.`
    const { gateway } = buildGateway({ xml: wss(store) })

    expect(findings({ xml: wss(store) })).toEqual([
      `warning expired-certificate: Inbound endpoint dated: ${message}`,
    ])
    expect(gateway.hasServices).toBe(true)
    const settings = { 'keystore.tls.file_name': store }
    expect(findings({ xml: '', settings })).toEqual([
      `warning expired-certificate: HTTPS transport: ${message}`,
    ])
    expect(findings({ xml: '', settings: { 'transport.http.sender.keystore.file_name': store } })).toEqual([
      `warning expired-certificate: Shown to backends: ${message}`,
    ])
  })

  test('with a certificate for later is warned about', async () => {
    const store = await storeFor('2090-01-01', '2091-01-01')
    expect(findings({ xml: wss(store) })[0]).toMatch(/ is not valid before 2090-01-01\.$/)
  })

  test('with cipher suites that are not there names them', () => {
    const ciphers = {
      'wss.ssl.cipher.suites': 'SSL_RSA_WITH_RC4_128_MD5,TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256',
    }
    expect(findings({ xml: wss(serverStore, ciphers) })).toEqual([
      'warning unknown-cipher: Inbound endpoint dated: cipher suites are not offered: SSL_RSA_WITH_RC4_128_MD5.',
    ])
  })

  test.each([
    ['keystore.tls', 'error bad-key-store: key store nowhere.jks cannot be read: ENOENT.'],
    [
      'transport.http.listener.keystore',
      'error bad-key-store: key store nowhere.jks cannot be read: ENOENT.',
    ],
    [
      'keystore.primary',
      'warning bad-key-store: The HTTPS transport does not listen: key store nowhere.jks cannot be read: ENOENT.',
    ],
    ['transport.http.sender.keystore', 'error bad-key-store: key store nowhere.jks cannot be read: ENOENT.'],
    ['truststore', 'error bad-key-store: key store nowhere.jks cannot be read: ENOENT.'],
  ])('with a file in %s that is not there is told once', (table, expected) => {
    expect(findings({ xml: '', settings: { [`${table}.file_name`]: 'nowhere.jks' } })).toEqual([expected])
  })

  test('that asks for client certificates without a trust store is an error', () => {
    const settings = {
      'keystore.tls.file_name': serverStore,
      'transport.http.listener.verify_client': 'require',
    }
    expect(findings({ xml: '', settings })).toEqual([
      'error missing: Setting transport.http.listener.verify_client is require, and there is no trust store.',
    ])
  })

  test('with the TLS versions of an old one goes without those that are not safe', () => {
    const settings = {
      'keystore.tls.file_name': join(import.meta.dirname, '../support/keystores/server.p12'),
      'keystore.tls.password': 'secret',
      'transport.http.listener.secured_protocols': 'TLSv1,TLSv1.1,TLSv1.2',
    }
    expect(findings({ xml: '', settings })).toEqual([])
  })

  test('in which one port has two certificates leaves the second endpoint out', () => {
    const other = folder.write('other.pem', someone.cert + someone.key)
    const at = (name: string, store: string): string =>
      service('<respond/>', {
        name,
        protocol: 'wss',
        parameters: { 'inbound.ws.port': 9443, 'ws.path': `/${name}`, 'wss.ssl.key.store.file': store },
      })

    expect(findings({ xml: at('a', serverStore) + at('b', serverStore) })).toEqual([])
    expect(findings({ xml: at('a', serverStore) + at('b', other) })).toEqual([
      'error tls-clash: b would be served on port 9443, where a has other TLS settings; it is left out.',
    ])
  })
})
