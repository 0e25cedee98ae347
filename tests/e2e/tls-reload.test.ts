// Certificates are replaced while the gateway runs: who is connected stays, who connects gets the new one.

import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { Agent, request } from 'node:https'
import { join } from 'node:path'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { beforeAll, describe, expect, test } from 'vitest'
import { type Identity, makeIdentity, TestFolder } from '../support/certificates.ts'
import { Client, connect } from '../support/clients.ts'
import { service } from '../support/configurations.ts'
import { eventually } from '../support/eventually.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'

let authority: Identity
let first: Identity
let second: Identity
beforeAll(async () => {
  authority = await makeIdentity(['Test Authority'])
  first = await makeIdentity(['localhost'], authority)
  second = await makeIdentity(['localhost', 'renewed.test'], authority)
})

const fingerprintOf = ({ cert }: Identity): string => new X509Certificate(cert).fingerprint256
const pemOf = ({ cert, key }: Identity): string => cert + key

/** Connects anew and tells which certificate was shown. */
async function served(port: number, ca: string): Promise<string> {
  const socket = connectTls({ host: 'localhost', port, ca })
  await once(socket, 'secureConnect')
  const { fingerprint256 } = socket.getPeerCertificate()
  socket.destroy()
  return fingerprint256
}

const parameter = (name: string, value: string): string => `<parameter name="${name}">${value}</parameter>`

/** An endpoint that serves HTTPS and WSS on one port. */
const both = (keystore: string, more = ''): string =>
  `<inboundEndpoint name="in" protocol="httpswss" sequence="answer"><parameters>
    ${parameter('port', '0')}${parameter('keystore', `<KeyStore>${keystore}</KeyStore>`)}${more}
  </parameters></inboundEndpoint><sequence name="answer"><respond/></sequence>`

function portOf({ gateway }: TestGateway): number {
  return Number(new URL(gateway.listening[0]!.url).port)
}

/** One request over a connection that is kept. */
async function ask(port: number, agent: Agent): Promise<{ status: number; socket: TLSSocket }> {
  const outgoing = request({ host: 'localhost', port, method: 'POST', agent, path: '/' }).end('x')
  const [response] = await once(outgoing, 'response')
  const { socket, statusCode: status } = response
  response.resume()
  await once(response, 'end')
  return { status, socket }
}

describe('a key store that is replaced', () => {
  test('is served to who connects from then on, and who is connected goes on', async () => {
    using folder = new TestFolder()
    const path = folder.write('server.pem', pemOf(first))
    await using gateway = await startGateway({ xml: both(`<Location>${path}</Location>`) })
    const port = portOf(gateway)
    expect(gateway.logged(`port ${port} serves the certificate CN=localhost, valid until 20`)).toHaveLength(1)

    const agent = new Agent({ keepAlive: true, maxSockets: 1, ca: authority.cert })
    const before = await ask(port, agent)
    using client = await connect(`wss://localhost:${port}/chat`, { ca: authority.cert })
    expect(await client.ask('before')).toBe('before')
    expect(await served(port, authority.cert)).toBe(fingerprintOf(first))

    folder.write('server.new', pemOf(second))
    renameSync(join(folder.path, 'server.new'), path)
    await gateway.waitForLog(`port ${port} now serves the certificate CN=localhost, valid until`)

    expect(await served(port, authority.cert)).toBe(fingerprintOf(second))
    const after = await ask(port, agent)
    expect(after.status).toBe(200)
    expect(after.socket).toBe(before.socket)
    expect(after.socket.getPeerCertificate().fingerprint256).toBe(fingerprintOf(first))
    expect(await client.ask('after')).toBe('after')
    expect(await client.close(4000, 'bye')).toEqual({ code: 4000, reason: 'bye' })
    agent.destroy()
  })

  test('may be written in place, certificate and key each in a file of its own', async () => {
    using folder = new TestFolder()
    const certificate = folder.write('tls.crt', first.cert)
    const key = folder.write('tls.key', first.key)
    const store = `<Location>${certificate}</Location><KeyLocation>${key}</KeyLocation>`
    await using gateway = await startGateway({ xml: both(store) })

    folder.write('tls.crt', second.cert)
    folder.write('tls.key', second.key)
    await gateway.waitForLog('now serves the certificate')

    expect(await served(portOf(gateway), authority.cert)).toBe(fingerprintOf(second))
    expect(gateway.logs.filter(({ level }) => level === 'error')).toEqual([])
  })

  test('may be swapped by a symbolic link, as Kubernetes does', async () => {
    using folder = new TestFolder()
    const write = (version: string, { cert, key }: Identity): void => {
      mkdirSync(join(folder.path, version))
      writeFileSync(join(folder.path, version, 'tls.crt'), cert)
      writeFileSync(join(folder.path, version, 'tls.key'), key)
      symlinkSync(version, join(folder.path, '..data_tmp'))
      renameSync(join(folder.path, '..data_tmp'), join(folder.path, '..data'))
    }
    write('..one', first)
    for (const name of ['tls.crt', 'tls.key']) symlinkSync(join('..data', name), join(folder.path, name))
    const store = `<Location>${folder.path}/tls.crt</Location><KeyLocation>${folder.path}/tls.key</KeyLocation>`
    await using gateway = await startGateway({ xml: both(store) })

    for (const [i, identity] of [second, first, second].entries()) {
      write(`..again${i}`, identity)
      await gateway.waitForLog('now serves the certificate', i + 1)
      expect(await served(portOf(gateway), authority.cert)).toBe(fingerprintOf(identity))
    }
  })

  test('may stand in a folder that is a link itself', async () => {
    using folder = new TestFolder()
    for (const [version, identity] of [
      ['one', first],
      ['two', second],
    ] as const) {
      mkdirSync(join(folder.path, version))
      folder.write(`${version}/server.pem`, pemOf(identity))
    }
    symlinkSync('one', join(folder.path, 'current'))
    await using gateway = await startGateway({
      xml: both(`<Location>${folder.path}/current/server.pem</Location>`),
    })

    rmSync(join(folder.path, 'current'))
    symlinkSync('two', join(folder.path, 'current'))
    await gateway.waitForLog('now serves the certificate')
    expect(await served(portOf(gateway), authority.cert)).toBe(fingerprintOf(second))
  })

  test('keeps its place while the new one is broken, with an error that names the file', async () => {
    using folder = new TestFolder()
    const path = folder.write('server.pem', pemOf(first))
    await using gateway = await startGateway({ xml: both(`<Location>${path}</Location>`) })
    const port = portOf(gateway)

    folder.write('server.pem', first.cert + second.key)
    const { level, text } = await gateway.waitForLog('goes on with the certificate it has')
    expect(level).toBe('error')
    expect(text).toContain(`key store ${path} cannot be used: the private key does not belong`)
    expect(await served(port, authority.cert)).toBe(fingerprintOf(first))

    rmSync(path)
    await gateway.waitForLog(`key store ${path} cannot be read: ENOENT`)
    expect(await served(port, authority.cert)).toBe(fingerprintOf(first))

    folder.write('server.pem', pemOf(second))
    await gateway.waitForLog('now serves the certificate')
    expect(await served(port, authority.cert)).toBe(fingerprintOf(second))
  })

  test('serves wss endpoints and the HTTPS transport too', async () => {
    using folder = new TestFolder()
    const path = folder.write('server.pem', pemOf(first))
    const wss = service('<respond/>', { protocol: 'wss', parameters: { 'wss.ssl.key.store.file': path } })
    const api = '<api name="a" context="/a"><resource><inSequence><respond/></inSequence></resource></api>'
    await using gateway = await startGateway({
      xml: wss + api,
      settings: { 'keystore.tls.file_name': path, 'transport.http.listener.secured_port': 0 },
    })
    const ports = gateway.gateway.listening
      .map(({ url }) => new URL(url))
      .filter(({ protocol }) => /s:$/.test(protocol))
      .map(({ port }) => Number(port))
    expect(new Set(ports).size).toBe(2)

    folder.write('server.pem', pemOf(second))
    await gateway.waitForLog('now serves the certificate', 2)
    for (const port of ports) expect(await served(port, authority.cert)).toBe(fingerprintOf(second))
  })
})

describe('a trust store that is replaced', () => {
  test('decides who gets in from then on, and who is in stays', async () => {
    using folder = new TestFolder()
    const [oldOnes, newOnes] = [await makeIdentity(['Old']), await makeIdentity(['New'])]
    const [oldClient, newClient] = [
      await makeIdentity(['old-client'], oldOnes),
      await makeIdentity(['new-client'], newOnes),
    ]
    const keys = folder.write('server.pem', pemOf(first))
    const trust = folder.write('trust.pem', oldOnes.cert)
    const more = `${parameter('truststore', `<TrustStore><Location>${trust}</Location></TrustStore>`)}
      ${parameter('SSLVerifyClient', 'require')}`
    await using gateway = await startGateway({ xml: both(`<Location>${keys}</Location>`, more) })
    const url = `wss://localhost:${portOf(gateway)}/`
    using inside = await connect(url, { ca: authority.cert, ...oldClient })
    const failure = async (identity: Identity): Promise<string> => {
      using client = new Client(url, { ca: authority.cert, ...identity })
      return await new Promise(resolve => {
        client.webSocket.on('error', () => resolve('refused')).on('open', () => resolve('let in'))
      })
    }
    expect(await failure(newClient)).toBe('refused')

    folder.write('trust.pem', newOnes.cert)
    await gateway.waitForLog('now serves the certificate')

    expect(await failure(newClient)).toBe('let in')
    expect(await failure(oldClient)).toBe('refused')
    expect(await inside.ask('still here')).toBe('still here')
  })

  test('is not got round by resuming a TLS session of before', async () => {
    using folder = new TestFolder()
    const other = await makeIdentity(['Other'])
    const someone = await makeIdentity(['someone'], authority)
    const keys = folder.write('server.pem', pemOf(first))
    const trust = folder.write('trust.pem', authority.cert)
    const more = `${parameter('truststore', `<TrustStore><Location>${trust}</Location></TrustStore>`)}
      ${parameter('SSLVerifyClient', 'require')}`
    await using gateway = await startGateway({ xml: both(`<Location>${keys}</Location>`, more) })
    const options = { host: 'localhost', port: portOf(gateway), ca: authority.cert, ...someone }
    const before = connectTls(options)
    let session: Buffer | undefined
    before.on('session', ticket => {
      session = ticket
    })
    before.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')
    await eventually(() => expect(session).toBeDefined())
    const resumed = connectTls({ ...options, session: session! })
    await once(resumed, 'secureConnect')
    expect(resumed.isSessionReused()).toBe(true)
    resumed.destroy()
    before.destroy()

    folder.write('trust.pem', other.cert)
    await gateway.waitForLog('now serves the certificate')

    const late = connectTls({ ...options, session: session! })
    late.on('error', () => {})
    await once(late, 'close')
    await gateway.waitForLog('refused client')
  })
})
