// wss on either side: certificates are shown, asked for and checked.
// The authority and its certificates are made anew for each run.

import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { request } from 'node:https'
import { join } from 'node:path'
import type { TLSSocket } from 'node:tls'
import { afterAll, describe, expect, test } from 'vitest'
import { startUpper } from '../support/backends.ts'
import { makeIdentity, testAuthority } from '../support/certificates.ts'
import { Client, connect } from '../support/clients.ts'
import { proxy, relay, sendTo, service } from '../support/configurations.ts'
import { buildGateway, startGateway } from '../support/gateway.ts'

const stored = (file: string): string => join(import.meta.dirname, '../support/keystores', file)
const made = await testAuthority()
afterAll(() => made[Symbol.dispose]())
const { folder, authority, server, someone, stranger, serverStore, trustStore } = made

const secure = (parameters: Record<string, string> = {}): string =>
  service('<respond/>', {
    protocol: 'wss',
    parameters: { 'wss.ssl.key.store.file': serverStore, 'wss.ssl.key.store.pass': 'unused', ...parameters },
  })

/** Resolves with what kept a client from connecting. */
async function failure(client: Client): Promise<string> {
  using _ = client
  return await new Promise(resolve => {
    client.webSocket.on('error', error => resolve(error.message)).on('open', () => resolve('it connected'))
  })
}

describe('wss clients', () => {
  test('are served with the certificate of the key store, and pings and closes work as ever', async () => {
    await using gateway = await startGateway({ xml: secure() })
    using client = await connect(gateway.url('wss'), { ca: authority.cert })

    expect(await client.ask('over TLS')).toBe('over TLS')
    const bytes = Buffer.alloc(1024 * 1024, 7)
    client.send(bytes)
    expect((await client.received.next()).data.equals(bytes)).toBe(true)
    expect(await client.close(4000, 'bye')).toEqual({ code: 4000, reason: 'bye' })
  })

  test.each([
    ['PEM with an encrypted key', 'server-encrypted.pem', { 'wss.ssl.cert.pass': 'key-secret' }],
    ['PKCS#12', 'server.p12', {}],
    ['JKS', 'same-password.jks', {}],
    ['JKS with another password for the key', 'server.jks', { 'wss.ssl.cert.pass': 'key-secret' }],
  ])('are served from a key store in %s', async (_kind, file, more) => {
    const parameters = { 'wss.ssl.key.store.file': stored(file), 'wss.ssl.key.store.pass': 'secret', ...more }
    await using gateway = await startGateway({ xml: secure(parameters) })
    using client = await connect(gateway.url('wss'), { rejectUnauthorized: false })

    expect(await client.ask('over TLS')).toBe('over TLS')
    const { _socket: socket } = client.webSocket as unknown as { _socket: TLSSocket }
    expect(socket.getPeerCertificate().subject.CN).toBe('gateway.test')
  })

  test('that do not trust it do not connect', async () => {
    await using gateway = await startGateway({ xml: secure() })

    expect(await failure(new Client(gateway.url('wss'), { ca: stranger.cert }))).toMatch(/certificate/)
  })

  test('must show a certificate of the trust store where there is one', async () => {
    await using gateway = await startGateway({ xml: secure({ 'wss.ssl.trust.store.file': trustStore }) })
    const url = gateway.url('wss')

    expect(await failure(new Client(url, { ca: authority.cert }))).not.toBe('it connected')
    expect(await failure(new Client(url, { ca: authority.cert, ...stranger }))).not.toBe('it connected')
    using client = await connect(url, { ca: authority.cert, ...someone })
    expect(await client.ask('it is me')).toBe('it is me')
  })

  test.each(['trust.jks', 'trust.p12'])('are checked against a trust store in %s', async file => {
    const parameters = {
      'wss.ssl.trust.store.file': stored(file),
      'wss.ssl.trust.store.pass': 'secret',
    }
    await using gateway = await startGateway({ xml: secure(parameters) })
    const url = gateway.url('wss')
    const trusted = readFileSync(stored('server.pem'))

    expect(await failure(new Client(url, { ca: authority.cert, ...someone }))).not.toBe('it connected')
    using client = await connect(url, { ca: authority.cert, cert: trusted, key: trusted })
    expect(await client.ask('it is me')).toBe('it is me')
  })

  test('get the TLS versions that are enabled, and no older ones', async () => {
    await using gateway = await startGateway({ xml: secure({ 'wss.ssl.protocols': 'TLSv1.2' }) })
    const url = gateway.url('wss')

    expect(await failure(new Client(url, { ca: authority.cert, minVersion: 'TLSv1.3' }))).toMatch(
      /protocol version/,
    )
    using client = await connect(url, { ca: authority.cert })
    expect(await client.ask('fine')).toBe('fine')
  })

  test('find the health check behind TLS too', async () => {
    await using gateway = await startGateway({ xml: secure() })
    const { port } = new URL(gateway.url('wss'))

    const outgoing = request({ host: 'localhost', port, path: '/health', ca: authority.cert }).end()
    const [response] = await once(outgoing, 'response')

    expect(response.statusCode).toBe(200)
    response.resume()
  })

  test.each([
    [
      'is missing',
      () => folder.path.concat('/nowhere.pem'),
      /^warning .* does not listen: key store .*nowhere\.pem cannot be read: ENOENT/,
    ],
    ['holds no key', () => trustStore, /^error key store .*trust\.pem holds no private key/],
    [
      'is no key store',
      () => folder.write('junk.jks', 'junk'),
      /^error key store .*junk\.jks cannot be read/,
    ],
  ])(
    'are not served where the key store %s: that is said of the configuration',
    async (_what, file, message) => {
      const { gateway } = buildGateway({ xml: secure({ 'wss.ssl.key.store.file': file() }) })

      const found = gateway.diagnostics.all().filter(({ code }) => code === 'bad-key-store')
      expect(found.map(({ severity, message }) => `${severity} ${message}`)).toEqual([
        expect.stringMatching(message),
      ])
      expect(gateway.hasServices).toBe(false)
    },
  )
})

describe('wss backends', () => {
  const trusting = (more: Record<string, boolean> = {}) => ({
    'transport.wss.sender.truststore_location': trustStore,
    ...more,
  })

  test('with a certificate of the trust store are talked to, for clients and for HTTP callers', async () => {
    await using backend = await startUpper({ tls: server })
    await using gateway = await startGateway({
      xml: relay(backend.url) + proxy('orders', sendTo(backend.url)),
      settings: trusting(),
    })
    using client = await connect(gateway.url('ws'))

    expect(await client.ask('hello')).toBe('HELLO')
    expect((await fetch(gateway.url('http'), { method: 'POST', body: 'x' })).status).toBe(202)
  })

  test.each(['trust.jks', 'trust.p12'])('are checked against a trust store in %s', async file => {
    const pem = readFileSync(stored('server.pem'))
    await using backend = await startUpper({ tls: { cert: pem, key: pem } })
    await using gateway = await startGateway({
      xml: relay(backend.url),
      settings: {
        'transport.wss.sender.truststore_location': stored(file),
        'transport.wss.sender.truststore_password': 'secret',
      },
    })
    using client = await connect(gateway.url('ws'))

    expect(await client.ask('hello')).toBe('HELLO')
  })

  test('that nobody here trusts are not: fault 101503 that names the reason, and the client gets 1014', async () => {
    await using backend = await startUpper({ tls: server })
    await using gateway = await startGateway({ xml: relay(backend.url) })
    using client = await connect(gateway.url('ws'))

    expect(await client.closed).toEqual({ code: 1014, reason: 'backend unavailable' })
    await gateway.waitForLog('FAULT = 101503')
    const { text } = await gateway.waitForLog('cannot connect to wss://')
    expect(text).toMatch(/certificate/)
    expect(backend.connections).toEqual([])
  })

  test('with the name of another host are refused, unless names are not verified', async () => {
    const elsewhere = await makeIdentity(['elsewhere.example'], authority)
    await using backend = await startUpper({ tls: elsewhere })
    const xml = relay(backend.url)
    await using strict = await startGateway({ xml, settings: trusting() })
    using refused = await connect(strict.url('ws'))
    expect(await refused.closed).toEqual({ code: 1014, reason: 'backend unavailable' })
    await strict.waitForLog('ERR_TLS_CERT_ALTNAME_INVALID')

    const setting = { 'transport.ws.sender.parameter.ws.client.enable.hostname.verification': false }
    await using lenient = await startGateway({ xml, settings: trusting(setting) })
    using client = await connect(lenient.url('ws'))
    expect(await client.ask('hello')).toBe('HELLO')
  })

  test('are not reached with ws', async () => {
    await using backend = await startUpper({ tls: server })
    await using gateway = await startGateway({ xml: relay(backend.url.replace('wss:', 'ws:')) })
    using client = await connect(gateway.url('ws'))

    expect((await client.closed).code).toBe(1014)
    await gateway.waitForLog('FAULT = 101503')
  })
})
