// The opening handshake of both roles (RFC 6455, 4; RFC 7692, 5 and 7), line by line.
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type DialError, dial } from '../../src/websocket/dial.ts'
import type { CompressionOptions } from '../../src/websocket/options.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { encodeFrame, RawFrameParser, TEXT } from './raw-frames.ts'
import { acceptFor, type Head, RawPeer, within } from './raw-peer.ts'

const KEY = 'dGhlIHNhbXBsZSBub25jZQ=='

let gateway: TestGateway

beforeAll(async () => {
  const endpoint = (name: string, parameters = ''): string => `
    <inboundEndpoint name="${name}" protocol="ws" sequence="echo" suspend="false"><parameters>
      <parameter name="inbound.ws.port">0</parameter><parameter name="ws.path">/chat</parameter>
      <parameter name="ws.subprotocols">chat,superchat</parameter>${parameters}
    </parameters></inboundEndpoint>`
  const on = '<parameter name="ws.compression">true</parameter>'
  gateway = await startGateway({
    xml: `<sequence name="echo"><respond/></sequence>${endpoint('plain')}${endpoint('deflate', on)}
      ${endpoint('keeping', `${on}<parameter name="ws.compression.context.takeover">true</parameter>`)}
      ${endpoint('small', `${on}<parameter name="ws.compression.window.bits">10</parameter>`)}`,
  })
})

afterAll(() => gateway[Symbol.asyncDispose]())

/** Sends a request as it is and gives the head of the answer. */
async function ask(service: string, request: readonly string[]): Promise<Head> {
  const { port } = new URL(gateway.url('ws', service))
  const peer = new RawPeer(connect({ port: Number(port), host: '127.0.0.1', allowHalfOpen: true }), true)
  await peer.write(Buffer.from(`${request.join('\r\n')}\r\n\r\n`, 'latin1'))
  try {
    return await peer.headOf()
  } finally {
    peer.socket.destroy()
  }
}

const HEADERS: Readonly<Record<string, string>> = {
  Host: 'localhost',
  Upgrade: 'websocket',
  Connection: 'Upgrade',
  'Sec-WebSocket-Key': KEY,
  'Sec-WebSocket-Version': '13',
}

interface Change {
  readonly line?: string
  readonly without?: readonly string[]
  /** Further header lines, or others in place of those with the same names. */
  readonly with?: readonly string[]
}

function requestOf({ line = 'GET /chat HTTP/1.1', without = [], with: more = [] }: Change): string[] {
  const names = more.map(header => header.slice(0, header.indexOf(':')).toLowerCase())
  const kept = Object.entries(HEADERS).filter(
    ([name]) => !without.includes(name) && !names.includes(name.toLowerCase()),
  )
  return [line, ...kept.map(([name, value]) => `${name}: ${value}`), ...more]
}

describe('a server takes', () => {
  test.each<[string, Change]>([
    ['what the RFC has as its example', {}],
    [
      'names of headers in capitals',
      { with: ['UPGRADE: websocket', 'CONNECTION: Upgrade', `SEC-WEBSOCKET-KEY: ${KEY}`] },
    ],
    [
      'names of headers in small letters',
      { with: ['upgrade: websocket', 'connection: upgrade', `sec-websocket-key: ${KEY}`] },
    ],
    ['Upgrade in another case', { with: ['Upgrade: WebSocket'] }],
    ['Upgrade in capitals', { with: ['Upgrade: WEBSOCKET'] }],
    ['Upgrade among others', { with: ['Upgrade: h2c, websocket'] }],
    ['Upgrade before others', { with: ['Upgrade: websocket, h2c'] }],
    ['Connection in another case', { with: ['Connection: uPGRADE'] }],
    ['Connection with keep-alive before it', { with: ['Connection: keep-alive, Upgrade'] }],
    ['Connection with keep-alive behind it, without a space', { with: ['Connection: Upgrade,keep-alive'] }],
    [
      'white space around values',
      { with: [`Sec-WebSocket-Key:   ${KEY}  `, 'Upgrade:  websocket ', 'Sec-WebSocket-Version: 13 '] },
    ],
    ['a query', { line: 'GET /chat?a=b&c HTTP/1.1' }],
    ['the whole address in the request line', { line: 'GET http://localhost/chat HTTP/1.1' }],
    ['an Origin', { with: ['Origin: http://localhost'] }],
    ['headers it does not know', { with: ['X-One: 1', 'X-Two: '] }],
    [
      'extensions it does not know',
      { with: ['Sec-WebSocket-Extensions: foo; bar=1, x-webkit-deflate-frame'] },
    ],
    ['an empty list element among extensions', { with: ['Sec-WebSocket-Extensions: foo, , bar'] }],
    ['a quoted value of an extension', { with: ['Sec-WebSocket-Extensions: foo; bar="baz"'] }],
    ['subprotocols it does not know', { with: ['Sec-WebSocket-Protocol: mqtt, soap'] }],
  ])('%s', async (_what, change) => {
    const { first, headers } = await ask('plain', requestOf(change))
    expect(first).toBe('HTTP/1.1 101 Switching Protocols')
    expect(headers.get('upgrade')?.toLowerCase()).toBe('websocket')
    expect(headers.get('connection')?.toLowerCase()).toBe('upgrade')
    expect(headers.get('sec-websocket-accept')).toBe('s3pPLMBiTxaQ9kYGzzhZRbK+xOo=')
    expect(headers.has('sec-websocket-protocol')).toBe(false)
    expect(headers.has('sec-websocket-extensions')).toBe(false)
  })

  test.each([
    ['chat', 'chat'],
    ['superchat, chat', 'superchat'],
    ['mqtt,superchat', 'superchat'],
    ['Chat, superchat', 'superchat'],
  ])('of the subprotocols %s: %s', async (offered, chosen) => {
    const { headers } = await ask('plain', requestOf({ with: [`Sec-WebSocket-Protocol: ${offered}`] }))
    expect(headers.get('sec-websocket-protocol')).toBe(chosen)
  })

  test('frames in the packet of the handshake', async () => {
    const { port } = new URL(gateway.url('ws', 'plain'))
    const peer = new RawPeer(connect({ port: Number(port), host: '127.0.0.1', allowHalfOpen: true }), true)
    const frames = ['one', 'two'].map(text => encodeFrame({ opcode: TEXT, payload: Buffer.from(text) }, true))
    await peer.write(Buffer.concat([Buffer.from(`${requestOf({}).join('\r\n')}\r\n\r\n`), ...frames]))
    await peer.until(() => peer.frames.length === 2, 'the answers')
    expect(peer.frames.map(({ payload }) => `${payload}`)).toEqual(['one', 'two'])
    peer.socket.destroy()
  })

  test('a handshake that comes byte by byte', async () => {
    const { port } = new URL(gateway.url('ws', 'plain'))
    const peer = new RawPeer(connect({ port: Number(port), host: '127.0.0.1', allowHalfOpen: true }), true)
    for (const byte of Buffer.from(`${requestOf({}).join('\r\n')}\r\n\r\n`)) {
      await peer.write(Buffer.from([byte]))
      await new Promise(resolve => setImmediate(resolve))
    }
    expect((await peer.headOf()).first).toContain('101')
    peer.socket.destroy()
  })
})

describe('a server refuses', () => {
  test.each<[string, Change, number]>([
    ['a handshake without a key', { without: ['Sec-WebSocket-Key'] }, 400],
    ['a body', { with: ['Content-Length: 5'] }, 400],
    ['a body in chunks', { with: ['Transfer-Encoding: chunked'] }, 400],
    ['an empty key', { with: ['Sec-WebSocket-Key: '] }, 400],
    ['a key of 15 bytes', { with: [`Sec-WebSocket-Key: ${Buffer.alloc(15, 1).toString('base64')}`] }, 400],
    ['a key of 17 bytes', { with: [`Sec-WebSocket-Key: ${Buffer.alloc(17, 1).toString('base64')}`] }, 400],
    ['a key that is no base64', { with: ['Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25j!!=='] }, 400],
    ['a key without its padding', { with: ['Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ'] }, 400],
    ['two keys', { with: [`Sec-WebSocket-Key: ${KEY}`, `Sec-WebSocket-Key: ${KEY}`] }, 400],
    ['no version', { without: ['Sec-WebSocket-Version'] }, 426],
    ['version 8', { with: ['Sec-WebSocket-Version: 8'] }, 426],
    ['version 0', { with: ['Sec-WebSocket-Version: 0'] }, 426],
    ['version 14', { with: ['Sec-WebSocket-Version: 14'] }, 426],
    ['version 13.0', { with: ['Sec-WebSocket-Version: 13.0'] }, 426],
    ['a version that is no number', { with: ['Sec-WebSocket-Version: abc'] }, 426],
    ['two versions', { with: ['Sec-WebSocket-Version: 13', 'Sec-WebSocket-Version: 13'] }, 426],
    ['POST', { line: 'POST /chat HTTP/1.1' }, 405],
    ['PUT', { line: 'PUT /chat HTTP/1.1' }, 405],
    ['OPTIONS', { line: 'OPTIONS /chat HTTP/1.1' }, 405],
    ['HTTP/1.0', { line: 'GET /chat HTTP/1.0' }, 400],
    ['no Host', { without: ['Host'] }, 400],
    ['two Hosts', { with: ['Host: localhost', 'Host: example'] }, 400],
    ['no Upgrade', { without: ['Upgrade'] }, 426],
    ['an Upgrade to something else', { with: ['Upgrade: h2c'] }, 426],
    ['an Upgrade that only begins so', { with: ['Upgrade: websocket2'] }, 426],
    ['no Connection', { without: ['Connection'] }, 426],
    ['a Connection that does not upgrade', { with: ['Connection: keep-alive'] }, 426],
    ['another path', { line: 'GET /other HTTP/1.1' }, 404],
    ['extensions that begin with a parameter', { with: ['Sec-WebSocket-Extensions: ; a=b'] }, 400],
    ['an extension with an empty parameter', { with: ['Sec-WebSocket-Extensions: foo; '] }, 400],
    ['an extension with an empty value', { with: ['Sec-WebSocket-Extensions: foo; bar='] }, 400],
    ['an extension with an open quote', { with: ['Sec-WebSocket-Extensions: foo; bar="baz'] }, 400],
    [
      'an extension with a quoted value that is no token',
      { with: ['Sec-WebSocket-Extensions: foo; bar="a b"'] },
      400,
    ],
    ['an extension of two words', { with: ['Sec-WebSocket-Extensions: foo bar'] }, 400],
    ['no extension in the list of them', { with: ['Sec-WebSocket-Extensions: ,'] }, 400],
  ])('%s', async (_what, change, status) => {
    const { first, headers } = await ask('plain', requestOf(change))
    expect(first).toMatch(new RegExp(`^HTTP/1.1 ${status} `))
    expect(headers.has('sec-websocket-accept')).toBe(false)
    const isOfVersion =
      status === 426 && (change.with ?? change.without ?? []).some(name => name.includes('Version'))
    if (isOfVersion) expect(headers.get('sec-websocket-version')).toBe('13')
    if (status === 405) expect(headers.get('allow')).toBe('GET')
  })
})

describe('a server answers the offer', () => {
  const NONE = 'permessage-deflate; server_no_context_takeover; client_no_context_takeover'
  test.each<[string, string, string | undefined]>([
    ['deflate', 'permessage-deflate', NONE],
    ['keeping', 'permessage-deflate', 'permessage-deflate'],
    ['keeping', 'permessage-deflate; client_max_window_bits', 'permessage-deflate'],
    [
      'keeping',
      'permessage-deflate; server_no_context_takeover',
      'permessage-deflate; server_no_context_takeover',
    ],
    [
      'keeping',
      'permessage-deflate; client_no_context_takeover',
      'permessage-deflate; client_no_context_takeover',
    ],
    [
      'keeping',
      'permessage-deflate; server_max_window_bits=8',
      'permessage-deflate; server_max_window_bits=8',
    ],
    [
      'keeping',
      'permessage-deflate; server_max_window_bits=15',
      'permessage-deflate; server_max_window_bits=15',
    ],
    [
      'keeping',
      'permessage-deflate; server_max_window_bits="12"',
      'permessage-deflate; server_max_window_bits=12',
    ],
    [
      'keeping',
      'permessage-deflate; client_max_window_bits=9',
      'permessage-deflate; client_max_window_bits=9',
    ],
    [
      'keeping',
      'permessage-deflate;client_max_window_bits = 9 ;server_max_window_bits=9',
      'permessage-deflate; server_max_window_bits=9; client_max_window_bits=9',
    ],
    ['small', 'permessage-deflate', `${NONE}; server_max_window_bits=10`],
    [
      'small',
      'permessage-deflate; client_max_window_bits',
      `${NONE}; server_max_window_bits=10; client_max_window_bits=10`,
    ],
    [
      'small',
      'permessage-deflate; server_max_window_bits=8; client_max_window_bits=9',
      `${NONE}; server_max_window_bits=8; client_max_window_bits=9`,
    ],
    ['small', 'permessage-deflate; server_max_window_bits=14', `${NONE}; server_max_window_bits=10`],
    ['keeping', 'foo, permessage-deflate', 'permessage-deflate'],
    ['keeping', 'permessage-deflate; unknown, permessage-deflate', 'permessage-deflate'],
    [
      'keeping',
      'permessage-deflate; server_max_window_bits=7, permessage-deflate; server_max_window_bits=10, permessage-deflate',
      'permessage-deflate; server_max_window_bits=10',
    ],
    ['keeping', 'permessage-deflate; unknown=1', undefined],
    ['keeping', 'permessage-deflate; server_max_window_bits', undefined],
    ['keeping', 'permessage-deflate; server_max_window_bits=7', undefined],
    ['keeping', 'permessage-deflate; server_max_window_bits=16', undefined],
    ['keeping', 'permessage-deflate; server_max_window_bits=08', undefined],
    ['keeping', 'permessage-deflate; server_max_window_bits=1e1', undefined],
    ['keeping', 'permessage-deflate; server_max_window_bits=-9', undefined],
    ['keeping', 'permessage-deflate; client_max_window_bits=7', undefined],
    ['keeping', 'permessage-deflate; client_max_window_bits=16', undefined],
    ['keeping', 'permessage-deflate; client_max_window_bits=x', undefined],
    ['keeping', 'permessage-deflate; server_no_context_takeover=1', undefined],
    ['keeping', 'permessage-deflate; client_no_context_takeover=true', undefined],
    ['keeping', 'permessage-deflate; server_no_context_takeover; server_no_context_takeover', undefined],
    ['keeping', 'permessage-deflate; server_max_window_bits=10; server_max_window_bits=11', undefined],
    ['keeping', 'permessage-bzip2', undefined],
    ['keeping', 'Permessage-Deflate', undefined],
    ['plain', 'permessage-deflate', undefined],
  ])('of %s, %s', async (service, offer, answer) => {
    const { first, headers } = await ask(service, requestOf({ with: [`Sec-WebSocket-Extensions: ${offer}`] }))
    expect(first).toContain(' 101 ')
    expect(headers.get('sec-websocket-extensions')).toBe(answer)
  })

  test('that stands in two headers', async () => {
    const lines = ['Sec-WebSocket-Extensions: foo', 'Sec-WebSocket-Extensions: permessage-deflate']
    const { headers } = await ask('keeping', requestOf({ with: lines }))
    expect(headers.get('sec-websocket-extensions')).toBe('permessage-deflate')
  })
})

/** Has our client ask a server that answers as it is told; gives the request, and what became of it. */
async function answerWith(
  answer: (request: Head) => string,
  options: { compression?: CompressionOptions; subprotocols?: string[] } = {},
): Promise<{ request: Head; outcome: string; error?: DialError; received: string[] }> {
  const sockets = new Set<Socket>()
  let heard: (request: Head) => void = () => {}
  const asked = new Promise<Head>(resolve => {
    heard = resolve
  })
  const server = createServer(socket => {
    sockets.add(socket)
    const peer = new RawPeer(socket, false)
    peer.headOf().then(
      head => {
        heard(head)
        socket.write(Buffer.from(answer(head), 'latin1'))
      },
      () => {},
    )
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const received: string[] = []
  try {
    const settled = new Promise<{ outcome: string; error?: DialError }>(resolve =>
      dial(`ws://127.0.0.1:${port}/chat`, options, {
        onOpen: connection => {
          resolve({ outcome: `open ${connection.subprotocol} ${connection.isCompressing}`.trim() })
        },
        onFailed: error => resolve({ outcome: error.failure, error }),
        onMessage: data => received.push(`${data}`),
        onClose: () => {},
      }),
    )
    const request = await within(asked, 'the request')
    return { request, received, ...(await within(settled, 'the end of the handshake')) }
  } finally {
    for (const socket of sockets) socket.destroy()
    await new Promise(resolve => server.close(resolve))
  }
}

const upgraded =
  (change: Readonly<Record<string, string | undefined>> = {}, line = 'HTTP/1.1 101 Switching Protocols') =>
  (request: Head): string => {
    const headers: Record<string, string | undefined> = {
      Upgrade: 'websocket',
      Connection: 'Upgrade',
      'Sec-WebSocket-Accept': acceptFor(request.headers.get('sec-websocket-key') ?? ''),
      ...change,
    }
    const lines = Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [`${name}: ${value}`],
    )
    return `${[line, ...lines].join('\r\n')}\r\n\r\n`
  }

const KEPT: CompressionOptions = { thresholdBytes: 0, keepsContext: true, windowBits: 15 }
const NOT_KEPT: CompressionOptions = { ...KEPT, keepsContext: false }
const SMALL: CompressionOptions = { ...KEPT, windowBits: 10 }

describe('a client', () => {
  test('asks as the RFC wants it', async () => {
    const { request } = await answerWith(upgraded())
    expect(request.first).toBe('GET /chat HTTP/1.1')
    expect(request.headers.get('host')).toMatch(/^127\.0\.0\.1:\d+$/)
    expect(request.headers.get('upgrade')).toBe('websocket')
    expect(request.headers.get('connection')).toBe('Upgrade')
    expect(request.headers.get('sec-websocket-version')).toBe('13')
    expect(Buffer.from(request.headers.get('sec-websocket-key') ?? '', 'base64')).toHaveLength(16)
    expect(request.headers.has('sec-websocket-extensions')).toBe(false)
    expect(request.headers.has('sec-websocket-protocol')).toBe(false)
  })

  test('asks with another key each time', async () => {
    const keys = await Promise.all(
      [1, 2, 3].map(async () => (await answerWith(upgraded())).request.headers.get('sec-websocket-key')),
    )
    expect(new Set(keys).size).toBe(3)
  })

  test.each([
    [KEPT, 'permessage-deflate; client_max_window_bits'],
    [
      NOT_KEPT,
      'permessage-deflate; server_no_context_takeover; client_no_context_takeover; client_max_window_bits',
    ],
    [SMALL, 'permessage-deflate; server_max_window_bits=10; client_max_window_bits=10'],
  ])('offers %o as %s', async (compression, offer) => {
    const { request } = await answerWith(upgraded(), { compression })
    expect(request.headers.get('sec-websocket-extensions')).toBe(offer)
  })

  test.each<[string, (request: Head) => string, string, Parameters<typeof answerWith>[1]?]>([
    ['what the RFC has', upgraded(), 'open  false'],
    ['Upgrade in another case', upgraded({ Upgrade: 'WebSocket' }), 'open  false'],
    [
      'Connection in another case, and with more',
      upgraded({ Connection: 'keep-alive, UPGRADE' }),
      'open  false',
    ],
    ['headers it does not know', upgraded({ Server: 'x', Date: 'now' }), 'open  false'],
    ['a reason of its own', upgraded({}, 'HTTP/1.1 101 Web Socket Protocol Handshake'), 'open  false'],
    [
      'a subprotocol that was offered',
      upgraded({ 'Sec-WebSocket-Protocol': 'b' }),
      'open b false',
      { subprotocols: ['a', 'b'] },
    ],
    ['no subprotocol though some were offered', upgraded(), 'open  false', { subprotocols: ['a', 'b'] }],
    ['no compression though it was offered', upgraded(), 'open  false', { compression: KEPT }],
    [
      'permessage-deflate',
      upgraded({ 'Sec-WebSocket-Extensions': 'permessage-deflate' }),
      'open  true',
      { compression: KEPT },
    ],
    [
      'what forgets',
      upgraded({
        'Sec-WebSocket-Extensions':
          'permessage-deflate; server_no_context_takeover; client_no_context_takeover',
      }),
      'open  true',
      { compression: KEPT },
    ],
    [
      'what forgets at the server alone',
      upgraded({ 'Sec-WebSocket-Extensions': 'permessage-deflate; server_no_context_takeover' }),
      'open  true',
      { compression: NOT_KEPT },
    ],
    [
      'smaller windows',
      upgraded({
        'Sec-WebSocket-Extensions': 'permessage-deflate; server_max_window_bits=9; client_max_window_bits=9',
      }),
      'open  true',
      { compression: SMALL },
    ],
  ])('takes %s', async (_what, answer, outcome, options) => {
    expect((await answerWith(answer, options)).outcome).toBe(outcome.trim())
  })

  const bad = (header: string): ((request: Head) => string) =>
    upgraded({ 'Sec-WebSocket-Extensions': header })
  test.each<[string, (request: Head) => string, string, Parameters<typeof answerWith>[1]?]>([
    ['no accept', upgraded({ 'Sec-WebSocket-Accept': undefined }), 'protocol'],
    ['an accept for another key', upgraded({ 'Sec-WebSocket-Accept': acceptFor(KEY) }), 'protocol'],
    [
      'an accept in another case',
      request =>
        upgraded({
          'Sec-WebSocket-Accept': acceptFor(request.headers.get('sec-websocket-key') ?? '').toLowerCase(),
        })(request),
      'protocol',
    ],
    ['an empty accept', upgraded({ 'Sec-WebSocket-Accept': '' }), 'protocol'],
    ['an upgrade to something else', upgraded({ Upgrade: 'h2c' }), 'protocol'],
    ['no upgrade', upgraded({ Upgrade: undefined }), 'protocol'],
    ['a connection that does not upgrade', upgraded({ Connection: 'keep-alive' }), 'protocol'],
    ['no connection header', upgraded({ Connection: undefined }), 'protocol'],
    ['status 200', upgraded({ 'Content-Length': '0' }, 'HTTP/1.1 200 OK'), 'status'],
    ['status 400', upgraded({ 'Content-Length': '0' }, 'HTTP/1.1 400 Bad'), 'status'],
    ['status 401', upgraded({ 'Content-Length': '0' }, 'HTTP/1.1 401 Who'), 'status'],
    [
      'a redirect',
      upgraded({ 'Content-Length': '0', Location: 'ws://localhost/' }, 'HTTP/1.1 302 Found'),
      'status',
    ],
    ['status 503', upgraded({ 'Content-Length': '0' }, 'HTTP/1.1 503 Busy'), 'status'],
    ['what is no HTTP', () => 'hello\r\n\r\n', 'protocol'],
    ['a subprotocol though none was offered', upgraded({ 'Sec-WebSocket-Protocol': 'a' }), 'protocol'],
    [
      'a subprotocol that was not offered',
      upgraded({ 'Sec-WebSocket-Protocol': 'c' }),
      'protocol',
      { subprotocols: ['a', 'b'] },
    ],
    [
      'two subprotocols',
      upgraded({ 'Sec-WebSocket-Protocol': 'a, b' }),
      'protocol',
      { subprotocols: ['a', 'b'] },
    ],
    [
      'a subprotocol in another case',
      upgraded({ 'Sec-WebSocket-Protocol': 'A' }),
      'protocol',
      { subprotocols: ['a'] },
    ],
    ['compression that was not offered', bad('permessage-deflate'), 'protocol'],
    ['an extension that was not offered', bad('foo'), 'protocol', { compression: KEPT }],
    ['another extension besides', bad('permessage-deflate, foo'), 'protocol', { compression: KEPT }],
    [
      'permessage-deflate twice',
      bad('permessage-deflate, permessage-deflate'),
      'protocol',
      { compression: KEPT },
    ],
    ['a parameter there is not', bad('permessage-deflate; foo'), 'protocol', { compression: KEPT }],
    [
      'a parameter twice',
      bad('permessage-deflate; server_no_context_takeover; server_no_context_takeover'),
      'protocol',
      { compression: KEPT },
    ],
    [
      'a value where none belongs',
      bad('permessage-deflate; server_no_context_takeover=1'),
      'protocol',
      { compression: KEPT },
    ],
    [
      'no value for the window of the server',
      bad('permessage-deflate; server_max_window_bits'),
      'protocol',
      { compression: KEPT },
    ],
    [
      'no value for the window of the client',
      bad('permessage-deflate; client_max_window_bits'),
      'protocol',
      { compression: KEPT },
    ],
    [
      'a window of 7 bits',
      bad('permessage-deflate; server_max_window_bits=7'),
      'protocol',
      { compression: KEPT },
    ],
    [
      'a window of 16 bits',
      bad('permessage-deflate; client_max_window_bits=16'),
      'protocol',
      { compression: KEPT },
    ],
    [
      'a larger window than asked for',
      bad('permessage-deflate; server_max_window_bits=12; client_max_window_bits=10'),
      'protocol',
      { compression: SMALL },
    ],
    [
      'a larger window for the client than it has',
      bad('permessage-deflate; server_max_window_bits=10; client_max_window_bits=12'),
      'protocol',
      { compression: SMALL },
    ],
    [
      'no word of the smaller window asked for',
      bad('permessage-deflate'),
      'protocol',
      { compression: SMALL },
    ],
    [
      'a kept context that was not wanted',
      bad('permessage-deflate; client_no_context_takeover'),
      'protocol',
      { compression: NOT_KEPT },
    ],
    ['extensions that cannot be read', bad('permessage-deflate; ='), 'protocol', { compression: KEPT }],
  ])('refuses %s', async (_what, answer, outcome, options) => {
    expect((await answerWith(answer, options)).outcome).toBe(outcome)
  })

  test('gets frames in the packet of the answer, after it is open', async () => {
    const frames = ['one', 'two'].map(text =>
      encodeFrame({ opcode: TEXT, payload: Buffer.from(text) }, false),
    )
    const sockets = new Set<Socket>()
    const server = createServer(socket => {
      sockets.add(socket)
      const peer = new RawPeer(socket, false)
      void peer.headOf().then(head => socket.write(Buffer.concat([Buffer.from(upgraded()(head)), ...frames])))
    })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    const events: string[] = []
    await within(
      new Promise<void>((resolve, reject) =>
        dial(
          `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`,
          {},
          {
            onOpen: () => events.push('open'),
            onFailed: reject,
            onMessage: data => {
              events.push(`${data}`)
              if (events.length === 3) resolve()
            },
            onClose: () => {},
          },
        ),
      ),
      'the messages',
    )
    expect(events).toEqual(['open', 'one', 'two'])
    for (const socket of sockets) socket.destroy()
    await new Promise(resolve => server.close(resolve))
  })
})

test('what reads frames in these tests reads them', () => {
  const parser = new RawFrameParser()
  const stream = Buffer.concat([
    encodeFrame({ opcode: TEXT, payload: Buffer.from('a'.repeat(300)) }, true),
    encodeFrame({ opcode: 2, fin: false, rsv: 4 }, false),
  ])
  const frames = [...stream].flatMap(byte => parser.push(Buffer.from([byte])))
  expect(
    frames.map(({ fin, rsv, opcode, isMasked, payload }) => [fin, rsv, opcode, isMasked, payload.length]),
  ).toEqual([
    [true, 0, 1, true, 300],
    [false, 4, 2, false, 0],
  ])
})
