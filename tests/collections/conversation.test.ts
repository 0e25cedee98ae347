import { randomBytes } from 'node:crypto'
import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { WebSocketServer } from 'ws'
import { httpArchive, jsonLines } from '../../src/collections/conversation-text.ts'
import {
  type OpenCollection,
  type OpenOptions,
  openCollection,
} from '../../src/collections/open-collection.ts'
import { readIdentity } from '../../src/inbound/keystore.ts'
import type { DialError } from '../../src/websocket/dial.ts'
import { startBackend, startEcho, startRefusing, startUpper } from '../support/backends.ts'
import { TestFolder, testAuthority } from '../support/certificates.ts'

/** Writes a collection with files beside it, and opens it. */
function opened(
  text: string,
  files: Readonly<Record<string, string | Buffer>> = {},
  options?: OpenOptions,
): OpenCollection {
  const folder = new TestFolder()
  onTestFinished(() => folder[Symbol.dispose]())
  for (const [name, content] of Object.entries(files)) folder.write(name, content)
  return openCollection(folder.write('orders.yaml', text), options)
}

test('a text with a variable, the bytes of a file and a close are sent as they are written', async () => {
  await using backend = await startEcho()
  const zeros = Buffer.alloc(1440)
  const open = opened(
    `
collection: Orders
variables: { who: Ada, dir: files }
connections:
  - name: Echo
    url: ${backend.url}
    messages:
      - { name: Hello, content: 'Hello {{ who }}' }
      - { name: Zeros, type: binary, file: '{{ dir }}.bin' }
      - { name: Bye, type: close, code: 4321, reason: 'bye {{ who }}' }
`,
    { 'files.bin': zeros },
  )

  const conversation = await open.connect('Echo')
  for (const name of ['Hello', 'Zeros']) await open.send(conversation, 'Echo', name)
  const answers = [await conversation.next(5_000), await conversation.next(5_000)]
  await open.send(conversation, 'Echo', 'Bye')

  const { received, closed } = await backend.connection()
  expect(received.all[0]).toEqual({ data: Buffer.from('Hello Ada'), isBinary: false })
  expect(received.all[1]!.isBinary).toBe(true)
  expect(received.all[1]!.data.equals(zeros)).toBe(true)
  expect(answers.map(answer => answer?.kind)).toEqual(['text', 'binary'])
  expect(answers[1]!.data!.equals(zeros)).toBe(true)
  expect(await closed).toEqual({ code: 4321, reason: 'bye Ada' })
  expect(await conversation.closed).toMatchObject({ code: 4321, text: 'bye Ada' })
})

test.for([0, 1, 125, 126, 1440, 65_535, 65_536, 300_000])(
  '%d bytes are the same there and back',
  async size => {
    await using backend = await startEcho()
    const bytes = randomBytes(size)
    const open = opened(
      `
collection: Orders
connections:
  - { name: Echo, url: '${backend.url}', messages: [{ name: Bytes, type: binary, file: bytes }] }
`,
      { bytes },
    )

    const conversation = await open.connect('Echo')
    await open.send(conversation, 'Echo', 'Bytes')

    expect((await conversation.next(5_000))!.data!.equals(bytes)).toBe(true)
    expect(backend.received.all[0]!.data.equals(bytes)).toBe(true)
    conversation.terminate()
  },
)

test('headers of the collection and of the connection, subprotocols that are on, and bearer are sent', async () => {
  const offered: (string | undefined)[] = []
  await using backend = await startBackend({
    choose: offer => {
      offered.push(offer)
      return offer && 'b'
    },
  })
  const open = opened(`
collection: Orders
variables: { token: { value: t0ken, secret: true } }
auth: { bearer: '{{ token }}' }
headers: { X-One: of the collection, X-Two: of the collection }
connections:
  - name: A
    url: ${backend.url}
    headers:
      - { name: X-Two, value: own }
      - { name: X-Off, value: off, enabled: false }
    subprotocols: [a, b, { name: c, enabled: false }]
  - { name: B, url: '${backend.url}', auth: { basic: { username: me, password: pass } } }
  - { name: C, url: '${backend.url}', auth: none }
`)

  const a = await open.connect('A')
  const b = await open.connect('B')
  const c = await open.connect('C')

  const [first, second, third] = backend.connections.map(({ request }) => request.headers)
  expect(first).toMatchObject({ 'x-one': 'of the collection', 'x-two': 'own', authorization: 'Bearer t0ken' })
  expect(first).not.toHaveProperty('x-off')
  expect(second!.authorization).toBe(`Basic ${Buffer.from('me:pass').toString('base64')}`)
  expect(third).not.toHaveProperty('authorization')
  expect(offered[0]).toBe('a, b')
  expect(a.handshake!.subprotocol).toBe('b')
  for (const each of [a, b, c]) each.terminate()
})

test('compression is offered as it is written, and what was agreed on is known', async () => {
  const server = new WebSocketServer({
    port: 0,
    host: '127.0.0.1',
    perMessageDeflate: { serverMaxWindowBits: 10, threshold: 0 },
  })
  await new Promise(resolve => server.once('listening', resolve))
  onTestFinished(() => server.close())
  const offers: (string | undefined)[] = []
  const sizes: number[] = []
  server.on('connection', (client, request) => {
    offers.push(request.headers['sec-websocket-extensions'])
    const socket = request.socket
    let before = socket.bytesRead
    client.on('message', data => {
      sizes.push(socket.bytesRead - before)
      before = socket.bytesRead
      client.send(data)
    })
  })
  const text = 'a'.repeat(5_000)
  const open = opened(`
collection: Orders
connections:
  - name: A
    url: ws://127.0.0.1:${(server.address() as { port: number }).port}
    compression: { clientMaxWindowBits: 12, serverMaxWindowBits: 11, clientContextTakeover: false }
    messages: [{ name: Small, content: ${text} }, { name: Plain, content: ${text}, compress: false }]
`)

  const conversation = await open.connect('A')
  for (const name of ['Small', 'Plain']) {
    await open.send(conversation, 'A', name)
    expect((await conversation.next(5_000))!.data!.toString()).toBe(text)
  }
  conversation.terminate()

  expect(offers).toEqual([
    'permessage-deflate; client_no_context_takeover; server_max_window_bits=11; client_max_window_bits=12',
  ])
  expect(conversation.handshake!.extensions).toMatch(/^permessage-deflate;.*server_max_window_bits=10/)
  expect(sizes[0]).toBeLessThan(200)
  expect(sizes[1]).toBeGreaterThan(5_000)
})

test.for<[string, string]>([
  ['PEM', 'pem: client.pem'],
  ['PEM, the key in a file of its own', 'pem: cert.pem, keyFile: key.pem'],
])('a client certificate is shown: %s', async ([, files]) => {
  using authority = await testAuthority()
  const { server, authority: ca, someone } = authority
  await using backend = await startEcho({
    tls: { ...server, ca: ca.cert, requestCert: true, rejectUnauthorized: true },
  })
  const open = opened(
    `
collection: Orders
connections:
  - { name: A, url: '${backend.url}', auth: { clientCertificate: { ${files} } } }
`,
    { 'client.pem': `${someone.cert}\n${someone.key}`, 'cert.pem': someone.cert, 'key.pem': someone.key },
    { isInsecure: true },
  )

  const conversation = await open.connect('A')

  expect(conversation.isOpen).toBe(true)
  conversation.terminate()
})

test.for(['server.p12', 'server-legacy.p12'])('a client certificate is read from PKCS#12: %s', async file => {
  using authority = await testAuthority()
  await using backend = await startEcho({
    tls: { ...authority.server, requestCert: true, rejectUnauthorized: false },
  })
  const open = opened(
    `
collection: Orders
connections:
  - { name: A, url: '${backend.url}', auth: { clientCertificate: { pkcs12: my.p12, password: secret } } }
`,
    { 'my.p12': '' },
    { isInsecure: true, readIdentity },
  )
  copyFileSync(join(import.meta.dirname, '../support/keystores', file), join(open.folder, 'my.p12'))

  const conversation = await open.connect('A')

  const { request } = await backend.connection()
  const { getPeerCertificate } = request.socket as unknown as { getPeerCertificate: () => object }
  expect(getPeerCertificate.call(request.socket)).toHaveProperty('subject')
  conversation.terminate()
})

test('an untrusted certificate is refused, unless the environment says otherwise', async () => {
  using authority = await testAuthority()
  await using backend = await startEcho({ tls: authority.server })
  const text = `
collection: Orders
environments: [{ name: Local, insecure: true }, { name: Other }]
connections: [{ name: A, url: '${backend.url}' }]
`
  const refused = await opened(text, {}, { environment: 'Other' })
    .connect('A')
    .catch((error: DialError) => error.failure)
  const accepted = await opened(text, {}, { environment: 'Local' }).connect('A')

  expect(refused).toBe('tls')
  expect(accepted.isOpen).toBe(true)
  accepted.terminate()
})

test('what failed is a row of the conversation', async () => {
  await using refusing = await startRefusing(503)
  const open = opened(`
collection: Orders
connections: [{ name: A, url: '${refusing.url}', messages: [{ name: M, content: x }] }]
`)
  const error = await open.connect('A').catch((failed: DialError) => failed)
  expect(error).toMatchObject({ failure: 'status', status: 503 })

  await using backend = await startEcho()
  const late = opened(`
collection: Orders
connections: [{ name: A, url: '${backend.url}', messages: [{ name: M, content: x }] }]
`)
  const conversation = await late.connect('A')
  conversation.close(1000)
  await conversation.closed
  await expect(late.send(conversation, 'A', 'M')).rejects.toThrow(
    'not connected: the server closed with 1000',
  )
  expect(conversation.rows.at(-1)).toMatchObject({
    kind: 'failure',
    text: 'not connected: the server closed with 1000',
  })
})

test('a conversation is saved as JSON lines and as an HTTP archive, secrets masked', async () => {
  await using backend = await startUpper()
  const open = opened(
    `
collection: Orders
variables: { token: { value: t0k3n, secret: true } }
connections:
  - name: A
    url: ${backend.url}?key={{ token }}
    messages: [{ name: M, content: 'my {{ token }}' }, { name: B, type: binary, file: b }, { name: P, type: ping, content: hi }]
`,
    { b: Buffer.from([0, 255, 0]) },
  )
  const conversation = await open.connect('A')
  for (const name of ['M', 'B']) {
    await open.send(conversation, 'A', name)
    await conversation.next(5_000)
  }
  conversation.close(1000, 'done')
  await conversation.closed

  const lines = jsonLines(conversation, open.variables)
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line))
  const archive = JSON.parse(httpArchive(conversation, open.variables, '1'))

  expect(lines[0]).toMatchObject({ kind: 'handshake', status: 101, url: `${backend.url}?key=***` })
  expect(lines.slice(1)).toMatchObject([
    { kind: 'text', direction: 'sent', name: 'M', bytes: 8, text: 'my ***' },
    { kind: 'text', direction: 'received', bytes: 8, text: 'MY T0K3N' },
    { kind: 'binary', direction: 'sent', name: 'B', bytes: 3, base64: 'AP8A' },
    { kind: 'binary', direction: 'received', bytes: 3, base64: 'AP8A' },
    { kind: 'close', code: 1000, reason: 'done' },
  ])
  expect(jsonLines(conversation, undefined)).toContain('my t0k3n')
  expect(archive.log.entries[0]._webSocketMessages).toMatchObject([
    { type: 'send', opcode: 1, data: 'my ***' },
    { type: 'receive', opcode: 1 },
    { type: 'send', opcode: 2, data: 'AP8A' },
    { type: 'receive', opcode: 2, data: 'AP8A' },
  ])
})

test('an unknown name is said with those there are', () => {
  const open = opened('collection: Orders\nconnections: [{ name: Echo, url: ws://h }]\n')
  expect(() => open.connection('Ecko')).toThrow('Orders has no connection Ecko; Did you mean Echo?')
  expect(() => open.message(open.connection('Echo'), 'x')).toThrow('Echo has no message x; it has none')
  expect(() => opened('collection: Orders', {}, { environment: 'Local' })).toThrow(
    'Orders has no environment Local; it has none',
  )
})
