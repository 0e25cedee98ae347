// Frames are logged at debug where the setting or the inbound endpoint says so: what their headers say, and the beginning
// of text where that is wanted. Nothing of a handshake is.

import { expect, test } from 'vitest'
import { startEcho, startUpper } from '../support/backends.ts'
import { connect } from '../support/clients.ts'
import { proxy, relay, sendTo, service } from '../support/configurations.ts'
import { eventually } from '../support/eventually.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import type { LogLine } from '../support/recording-logger.ts'

const frames = (gateway: TestGateway): LogLine[] => gateway.logs.filter(({ fields }) => 'opcode' in fields)

/** What was logged of frames, in short. */
function told(gateway: TestGateway): unknown[][] {
  return frames(gateway).map(({ fields }) => [
    fields.leg,
    fields.direction,
    fields.opcode,
    fields.bytes,
    fields.text,
  ])
}

test('both legs, both directions: one line for each frame, with session, backend and text', async () => {
  await using backend = await startUpper()
  await using gateway = await startGateway({
    xml: relay(backend.url),
    settings: { 'myelin.log.wire': 'frames' },
  })
  using client = await connect(gateway.url('ws'))
  expect(await client.ask('hello')).toBe('HELLO')
  await client.close(4001, 'bye')
  await eventually(() => expect(frames(gateway).some(({ fields }) => fields.code === 4001)).toBe(true))
  expect(told(gateway).slice(0, 4)).toEqual([
    ['client', 'in', 'text', 5, 'hello'],
    ['backend', 'out', 'text', 5, 'hello'],
    ['backend', 'in', 'text', 5, 'HELLO'],
    ['client', 'out', 'text', 5, 'HELLO'],
  ])
  const [first, second] = frames(gateway)
  expect(first!.level).toBe('debug')
  expect(first!.text).toBe('{inboundendpoint:clients} client << text, 5 bytes')
  expect(first!.fields).toMatchObject({ session: 'clients-1' })
  expect(second!.text).toBe('{inboundendpoint:clients} backend >> text, 5 bytes')
  expect(second!.fields).toMatchObject({ session: 'clients-1', backend: backend.url })
  const close = frames(gateway).find(({ fields }) => fields.opcode === 'close')
  expect(close!.fields).toMatchObject({ leg: 'client', direction: 'in', code: 4001, reason: 'bye' })
})

test('off unless something says otherwise; an inbound endpoint may say it for itself, for its links too', async () => {
  await using backend = await startEcho()
  const quiet = relay(backend.url, { name: 'quiet' })
  const loud = relay(backend.url, { name: 'loud', parameters: { 'ws.log.frames': 'headers' } })
  await using gateway = await startGateway({ xml: quiet + loud })
  using first = await connect(gateway.url('ws', 'quiet'))
  expect(await first.ask('one')).toBe('one')
  expect(frames(gateway)).toEqual([])
  using second = await connect(gateway.url('ws', 'loud'))
  expect(await second.ask('two')).toBe('two')
  expect(told(gateway)).toEqual([
    ['client', 'in', 'text', 3, undefined],
    ['backend', 'out', 'text', 3, undefined],
    ['backend', 'in', 'text', 3, undefined],
    ['client', 'out', 'text', 3, undefined],
  ])
})

test('an inbound endpoint may be left out', async () => {
  await using backend = await startEcho()
  await using gateway = await startGateway({
    xml: relay(backend.url, { parameters: { 'ws.log.frames': 'off' } }),
    settings: { 'myelin.log.wire': 'frames' },
  })
  using client = await connect(gateway.url('ws'))
  expect(await client.ask('one')).toBe('one')
  expect(frames(gateway)).toEqual([])
})

test('the first 256 bytes of text are shown, whole characters of them, and nothing of binary messages', async () => {
  await using gateway = await startGateway({
    xml: service('<respond/>', { parameters: { 'ws.log.frames': 'frames' } }),
  })
  using client = await connect(gateway.url('ws'))
  const text = `${'x'.repeat(255)}é and more`
  expect(await client.ask(text)).toBe(text)
  client.send(Buffer.from('secret'))
  await client.received.next()
  expect(await client.ask('')).toBe('')
  expect(await client.ask('x'.repeat(70_000))).toHaveLength(70_000)
  const shown = `${'x'.repeat(255)}…`
  expect(told(gateway)).toEqual([
    ['client', 'in', 'text', 266, shown],
    ['client', 'out', 'text', 266, shown],
    ['client', 'in', 'binary', 6, undefined],
    ['client', 'out', 'binary', 6, undefined],
    ['client', 'in', 'text', 0, undefined],
    ['client', 'out', 'text', 0, undefined],
    ['client', 'in', 'text', 70_000, `${'x'.repeat(256)}…`],
    ['client', 'out', 'text', 70_000, `${'x'.repeat(256)}…`],
  ])
  expect(JSON.stringify(frames(gateway))).not.toContain('secret')
})

test('fragments, pings and compressed frames are seen as they are', async () => {
  await using gateway = await startGateway({
    xml: service('<respond/>', { parameters: { 'ws.log.frames': 'frames', 'ws.compression': true } }),
  })
  using client = await connect(gateway.url('ws'), { perMessageDeflate: { threshold: 1000 } })
  const { webSocket } = client
  webSocket.send('one ', { fin: false, compress: false })
  webSocket.ping('now')
  webSocket.send('two', { fin: true, compress: false })
  expect(await client.received.text()).toBe('one two')
  const long = 'again and again '.repeat(200)
  expect(await client.ask(long)).toBe(long)
  const all = frames(gateway).map(({ fields }) => fields)
  expect(all.slice(0, 3)).toMatchObject([
    { direction: 'in', opcode: 'text', bytes: 4, final: false, text: 'one ' },
    { direction: 'in', opcode: 'ping', bytes: 3 },
    { direction: 'in', opcode: 'continuation', bytes: 3, text: 'two' },
  ])
  expect(all[1]).not.toHaveProperty('text')
  const compressed = all.filter(fields => fields.compressed === true)
  expect(compressed.map(({ direction, opcode }) => [direction, opcode])).toEqual([
    ['in', 'text'],
    ['out', 'text'],
  ])
  for (const fields of compressed) expect(fields).not.toHaveProperty('text')
})

test('nothing of a handshake is logged, whoever shakes hands', async () => {
  await using backend = await startEcho()
  await using gateway = await startGateway({
    xml: relay(backend.url, {
      parameters: {
        'ws.log.frames': 'frames',
        'ws.headers.preserve': 'Authorization,Cookie',
        'ws.origins': '*',
      },
    }),
  })
  using client = await connect(`${gateway.url('ws')}?token=hidden-1`, {
    headers: { Authorization: 'Bearer hidden-2', Cookie: 'id=hidden-3' },
  })
  expect(await client.ask('hello')).toBe('hello')
  const { request } = await backend.connection()
  expect(request.headers.authorization).toBe('Bearer hidden-2')
  const log = JSON.stringify(frames(gateway))
  expect(log).not.toContain('hidden')
  expect(log).not.toContain(request.headers['sec-websocket-key'])
})

test('a link that callers share is logged by the setting, without a session', async () => {
  await using backend = await startEcho()
  await using gateway = await startGateway({
    xml: `${proxy('feed', sendTo(backend.url))}<sequence name="outDispatchSeq"><drop/></sequence>`,
    settings: {
      'myelin.log.wire': 'frames',
      'transport.ws.sender.outflow_dispatch_sequence': 'outDispatchSeq',
    },
  })
  await fetch(gateway.url('http'), {
    method: 'POST',
    headers: { 'content-type': 'text/plain' },
    body: 'hello',
  })
  await eventually(() =>
    expect(told(gateway)).toEqual([
      ['backend', 'out', 'text', 5, 'hello'],
      ['backend', 'in', 'text', 5, 'hello'],
    ]),
  )
  expect(frames(gateway)[0]!.fields).not.toHaveProperty('session')
})
