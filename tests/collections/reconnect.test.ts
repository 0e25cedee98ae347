// A connection of a collection that is lost, or cannot be had: opened again, with a row for each attempt.

import { expect, onTestFinished, test } from 'vitest'
import { Conversation } from '../../src/collections/conversation.ts'
import { jsonLines } from '../../src/collections/conversation-text.ts'
import { type OpenCollection, openCollection } from '../../src/collections/open-collection.ts'
import { runConnection } from '../../src/collections/run-connection.ts'
import { loadCollection } from '../../src/sdk/collection.ts'
import { freePort, startBackend, startEcho, startRaw, startSilent } from '../support/backends.ts'
import { TestFolder } from '../support/certificates.ts'
import { eventually } from '../support/eventually.ts'

const QUICKLY = '{ interval: 0.01, maxWaitInterval: 0.05 }'

function fileOf(url: string, reconnect: string, messages = '[]'): string {
  const folder = new TestFolder()
  onTestFinished(() => folder[Symbol.dispose]())
  return folder.write(
    'orders.yaml',
    `collection: Orders\nconnections:\n  - { name: Echo, url: '${url}', reconnect: ${reconnect}, messages: ${messages} }\n`,
  )
}

const opened = (...file: Parameters<typeof fileOf>): OpenCollection => openCollection(fileOf(...file))

/** What the rows say, without times. */
const told = ({ rows }: Conversation): string[] =>
  rows.map(({ kind, direction, code, text, data }) =>
    [
      kind,
      direction,
      code,
      kind === 'attempt' ? text?.replace(/after \d+ ms/, 'after N ms') : data?.toString(),
    ]
      .filter(each => each !== undefined)
      .join(' '),
  )

test('each attempt has a row; what is sent meanwhile waits, and leaves in order', async () => {
  const first = await startEcho()
  const { port, url } = first
  const conversation = await opened(url, QUICKLY).connect('Echo')
  await conversation.send({ kind: 'text', data: Buffer.from('before') })
  await conversation.next(5_000)
  await first.kill()
  await eventually(() => expect(conversation.isReconnecting).toBe(true))
  const sent = ['1', '2', '3'].map(text => conversation.send({ kind: 'text', data: Buffer.from(text) }))
  expect(conversation.waiting).toBe(3)
  await eventually(() => expect(told(conversation)).toContain('attempt here attempt 2, after N ms'))
  await using second = await startEcho({ port })
  await Promise.all(sent)

  expect(await second.received.texts(3)).toEqual(['1', '2', '3'])
  expect(conversation.waiting).toBe(0)
  expect(told(conversation).slice(0, 6)).toEqual([
    'open here',
    'text sent before',
    'text received before',
    'close received 1006',
    'attempt here attempt 1, after N ms',
    'failure here',
  ])
  conversation.close(1000)
  expect(await conversation.closed).toMatchObject({ code: 1000, isAnswer: true })
})

test('a close that is listed opens it again, one of this side never', async () => {
  await using closer = await startBackend({
    greet: ({ webSocket }) => {
      if (closer.connections.length < 3) webSocket.close(1012, 'restart')
      else webSocket.send('there again')
    },
  })
  const conversation = await opened(closer.url, '{ interval: 0.01, retryOn: [1012, 1000, loss] }').connect(
    'Echo',
  )
  const seen = [
    await conversation.next(5_000),
    await conversation.next(5_000),
    await conversation.next(5_000),
  ]
  conversation.close(1000)
  await conversation.closed
  expect(seen.map(row => [row?.code, row?.data?.toString()])).toEqual([
    [1012, undefined],
    [1012, undefined],
    [undefined, 'there again'],
  ])
  expect(closer.accepted).toBe(3)
})

test('when there were as many attempts as may be, what waits fails, and both are rows', async () => {
  const first = await startEcho()
  const conversation = await opened(first.url, '{ maxCount: 2, interval: 0.01 }').connect('Echo')
  await first.kill()
  await eventually(() => expect(conversation.isReconnecting).toBe(true))
  const failed = conversation.send({ kind: 'text', data: Buffer.from('late') }, 'Late').catch(error => error)
  const end = await conversation.closed

  expect(end).toMatchObject({ kind: 'close', direction: 'here', code: 1006 })
  expect(end.text).toContain('there is no other connection: connect ECONNREFUSED')
  expect((await failed).message).toContain('not connected: ')
  const kinds = conversation.rows.map(({ kind }) => kind)
  expect(kinds.filter(kind => kind === 'attempt')).toHaveLength(2)
  expect(conversation.rows.at(-1)).toMatchObject({ kind: 'failure', name: 'Late' })
})

test('a server that is not there yet is tried again; one that does not want to is not', async () => {
  const port = await freePort()
  const plan = opened(`ws://127.0.0.1:${port}/`, QUICKLY)
  const conversation = Conversation.begin(plan.plan(plan.connection('Echo')))
  await eventually(() => expect(conversation.rows.length).toBeGreaterThan(1))
  await using _echo = await startEcho({ port })
  await conversation.opened
  conversation.terminate()
  await using refusing = await startRaw(socket =>
    socket.once('data', () => socket.end('HTTP/1.1 404 No\r\nX-Why: gone\r\nContent-Length: 4\r\n\r\ngone')),
  )
  await expect(opened(refusing.url, QUICKLY).connect('Echo')).rejects.toMatchObject({ status: 404 })
})

test('a run and a test go on over a lost connection', async () => {
  const start = () =>
    startBackend({
      answer: (data, _isBinary, { webSocket }) => {
        const isFirst = backend.connections.length === 1
        if (isFirst) webSocket.terminate()
        else webSocket.send(data)
      },
    })
  let backend = await start()
  onTestFinished(() => backend[Symbol.asyncDispose]())
  const messages = `[{ name: Lose, content: a, expect: { close: 1006 } }, { name: Echo, content: b, expect: { equals: b } }]`
  const open = opened(backend.url, QUICKLY, messages)
  const { steps } = await runConnection(open, 'Echo', open.connection('Echo'))
  expect(steps.map(({ name, failure }) => [name, failure])).toEqual([
    ['connect', undefined],
    ['Lose', undefined],
    ['Echo', undefined],
  ])

  await backend[Symbol.asyncDispose]()
  backend = await start()
  await using echo = await loadCollection(fileOf(backend.url, 'true', messages)).connect('Echo')
  await echo.send('Lose')
  await eventually(() => expect(echo.exchanged.map(({ kind }) => kind)).toContain('close'))
  await echo.send('Echo')
  expect(await echo.text()).toBe('b')
  expect(echo.waiting).toBe(0)
})

test('a connection that cannot be opened is saved with the step, the time, the answer and a fix', async () => {
  await using refusing = await startRaw(socket =>
    socket.once('data', () =>
      socket.end('HTTP/1.1 401 No\r\nSet-Cookie: a=secret\r\nX-Why: key\r\nContent-Length: 6\r\n\r\nno key'),
    ),
  )
  const open = opened(refusing.url, 'false')
  const conversation = Conversation.begin(open.plan(open.connection('Echo')))
  await expect(conversation.opened).rejects.toMatchObject({ status: 401 })
  expect(JSON.parse(jsonLines(conversation, open.variables))).toMatchObject({
    kind: 'failure',
    step: 'HTTP',
    elapsedMs: expect.any(Number),
    status: 401,
    headers: { 'Set-Cookie': '***', 'X-Why': 'key', 'Content-Length': '6' },
    body: 'no key',
    fix: expect.stringContaining('in auth or headers'),
  })
})

test.for([
  ['redirects', 'HTTP/1.1 302 Found\r\nLocation: wss://there/\r\n\r\n', 'HTTP', 'wss://there/'],
  ['is busy', 'HTTP/1.1 503 Busy\r\n\r\n', 'HTTP', 'try again later'],
  ['wants something else', 'HTTP/1.1 400 Bad\r\n\r\n', 'HTTP', '--subprotocol'],
  ['is a web page', 'HTTP/1.1 200 OK\r\n\r\n', 'HTTP', 'no WebSocket is served on this path'],
  ['speaks no HTTP', 'hello\r\n', 'handshake', 'wss://'],
  [
    'does the handshake wrong',
    'HTTP/1.1 101 Yes\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: no\r\n\r\n',
    'handshake',
    'may speak no WebSocket',
  ],
] as const)('a server that %s is told apart, with one fix', async ([, answer, step, fix]) => {
  await using server = await startRaw(socket => socket.once('data', () => socket.end(answer)))
  const conversation = Conversation.begin({ url: server.url, options: { maxRefusalBytes: 1_000 } })
  await expect(conversation.opened).rejects.toThrow()
  expect(conversation.rows[0]!.failure).toMatchObject({ step, fix: expect.stringContaining(fix) })
})

test.for(['ws', 'wss'] as const)('time that is up over %s is told with how far it came', async scheme => {
  await using silent = await startSilent()
  const url = silent.url.replace(/^ws/, scheme)
  const conversation = Conversation.begin({ url, options: { handshakeTimeoutMs: 100 } })
  await expect(conversation.opened).rejects.toMatchObject({ failure: 'timeout' })
  expect(conversation.rows[0]!.failure!.step).toBe(scheme === 'ws' ? 'HTTP' : 'TLS')
})

test('only so many messages wait; the one too many is a row', async () => {
  const first = await startEcho()
  const conversation = await opened(first.url, '{ interval: 3600, maxWaitInterval: 3600 }').connect('Echo')
  await first.kill()
  await eventually(() => expect(conversation.isReconnecting).toBe(true))
  const message = { kind: 'text', data: Buffer.from('a') } as const
  const waiting = Array.from({ length: 1_000 }, () => conversation.send(message).catch(() => 'failed'))
  await expect(conversation.send(message)).rejects.toThrow('1000 messages wait to be sent already')
  expect(conversation.waiting).toBe(1_000)
  conversation.close()
  expect(new Set(await Promise.all(waiting))).toEqual(new Set(['failed']))
  expect((await conversation.closed).code).toBe(1006)
})

test.for([
  ['{ maxcount: 1 }', 'Did you mean maxCount?'],
  ['{ interval: -1 }', 'reconnect.interval is -1; it must be 0 or more.'],
  ['{ retryOn: [sometimes] }', 'reconnect.retryOn has sometimes'],
  ['{ retryOn: loss }', 'reconnect.retryOn'],
  ['5', 'takes true, false, or a map'],
])('reconnect: %s is refused', ([reconnect, message]) => {
  expect(() => opened('ws://localhost/', reconnect!)).toThrow(message)
})
