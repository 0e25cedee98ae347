// Stored messages that go to a WebSocket backend.

import { describe, expect, test } from 'vitest'
import type { MessageContext } from '../../src/core/context.ts'
import type { ReadableStore } from '../../src/stores/readable-store.ts'
import { type Backend, startBackend } from '../support/backends.ts'
import { connect } from '../support/clients.ts'
import { service } from '../support/configurations.ts'
import { eventually } from '../support/eventually.ts'
import { startGateway } from '../support/gateway.ts'
import { json, message } from '../support/mediate.ts'
import { logging, neverSuspended, processor } from './processing.ts'
import { Running } from './running.ts'

const FAST = { 'throttle.interval': 0, 'max.delivery.attempts': -1, 'client.retry.interval': 20 }

/** Stores what clients say; that they have connected is nothing to store. */
const STORING = `<filter source="boolean(get-property('source.handshake.present'))" regex="true"><then/>
  <else><store messageStore="s"/></else></filter><drop/>`

/** Gives what a store holds once that has not changed for a while. */
async function standsStill(store: ReadableStore): Promise<number> {
  let held = await store.size()
  for (let since = performance.now(); performance.now() - since < 400; ) {
    await new Promise(resolve => setImmediate(resolve))
    const now = await store.size()
    if (now !== held) since = performance.now()
    held = now
  }
  return held
}

const texts = (backend: Backend): string[] => backend.received.all.map(({ data }) => data.toString())
const range = (count: number): string[] => Array.from({ length: count }, (_, i) => `${i + 1}`)

describe('a WebSocket endpoint', () => {
  test('gets each message as one frame, in order', async () => {
    await using backend = await startBackend()
    await using running = await Running.start(
      `<messageStore name="s"/>${processor('p', 'forwarding', FAST)}${neverSuspended(backend.url)}`,
    )
    for (const n of range(2_000)) await running.store('s', json(n))
    await eventually(() => expect(backend.received.all).toHaveLength(2_000))
    expect(texts(backend)).toEqual(range(2_000))
    expect(backend.connections).toHaveLength(1)
    expect(running.storeNamed('s').tally()).toMatchObject({ delivered: 2_000 })
  })

  test('gets frames of the kind they came in', async () => {
    await using backend = await startBackend()
    await using gateway = await startGateway({
      xml: `${service(STORING)}<messageStore name="s"/>
        ${processor('p', 'forwarding', FAST)}${neverSuspended(backend.url)}`,
    })
    using client = await connect(gateway.url('ws'))
    const binary = Buffer.from([0, 255, 254, 1])
    client.send('text, as it came')
    client.send(binary)
    client.send('')
    client.send('{"a": 1}')
    await eventually(() => expect(backend.received.all).toHaveLength(4))
    expect(backend.received.all.map(({ data, isBinary }) => [isBinary, data.toString('latin1')])).toEqual([
      [false, 'text, as it came'],
      [true, binary.toString('latin1')],
      [false, ''],
      [false, '{"a": 1}'],
    ])
  })

  test('that does not read is waited for, and the store keeps what it does not take', async () => {
    await using backend = await startBackend({ greet: ({ webSocket }) => webSocket.pause() })
    await using running = await Running.start(
      `<messageStore name="s"/>${processor('p', 'forwarding', { ...FAST, 'max.delivery.attempts': 1 })}
       ${neverSuspended(backend.url)}`,
    )
    const store = running.storeNamed('s')
    const total = 2_000
    const long = 'x'.repeat(8_000)
    for (const n of range(total)) await running.store('s', message(`${n} ${long}`, 'text/plain'))
    const before = await standsStill(store)
    expect(before).toBeGreaterThan(0)
    expect(before).toBeLessThan(total)
    ;(await backend.connection()).webSocket.resume()
    await eventually(() => expect(backend.received.all).toHaveLength(total))
    expect(texts(backend).map(text => text.split(' ')[0])).toEqual(range(total))
    expect(running.processor('p').isActive).toBe(true)
    expect(running.logged('failed')).toEqual([])
  })

  test('whose connection is lost under a message gets that message again', async () => {
    const first = await startBackend({ greet: ({ webSocket }) => webSocket.pause() })
    const { port } = first
    await using running = await Running.start(
      `<messageStore name="s"/>${processor('p', 'forwarding', FAST)}${neverSuspended(first.url)}`,
    )
    const store = running.storeNamed('s')
    const total = 2_000
    const long = 'x'.repeat(8_000)
    for (const n of range(total)) await running.store('s', message(`${n} ${long}`, 'text/plain'))
    const before = await standsStill(store)
    expect(before).toBeGreaterThan(0)
    await first.kill()
    await using second = await startBackend({ port })
    const numbers = (): number[] => texts(second).map(text => Number(text.split(' ')[0]))
    const rest = range(total).map(Number).slice(-before)
    await eventually(() => expect(numbers()).toHaveLength(before))
    expect(numbers()).toEqual(rest)
    expect(store.size()).toBe(0)
  })

  test('that is away is tried again; messages wait in order', async () => {
    const first = await startBackend()
    const { port } = first
    await using running = await Running.start(
      `<messageStore name="s"/>
       ${processor('p', 'forwarding', { ...FAST, 'message.processor.fault.sequence': 'failed' })}
       ${neverSuspended(first.url)}${logging('failed', { code: "get-property('ERROR_CODE')" })}`,
    )
    await running.store('s', json('1'))
    await eventually(() => expect(texts(first)).toEqual(['1']))
    await first.kill()
    await eventually(() => expect(running.logged('was lost').length).toBeGreaterThan(0))
    for (const n of ['2', '3', '4']) await running.store('s', json(n))
    await eventually(() => expect(running.logged('failed = 2, code = 401002').length).toBeGreaterThan(2))
    expect(running.storeNamed('s').size()).toBe(3)
    await using second = await startBackend({ port })
    await eventually(() => expect(texts(second)).toEqual(['2', '3', '4']))
    expect(running.storeNamed('s').size()).toBe(0)
  })
})

describe('a WebSocket endpoint with correlation', () => {
  const correlation = '<m:correlation xmlns:m="urn:myelin" by="json" field="id"/>'
  const timeout = '<timeout><duration>50</duration></timeout>'

  test('has a message when its reply has come, which goes to the reply sequence', async () => {
    await using backend = await startBackend({
      answer: (data, _isBinary, { webSocket }) => {
        const { id, n } = JSON.parse(data.toString()) as { id: string; n: number }
        webSocket.send(JSON.stringify({ id, twice: 2 * n }))
      },
    })
    const parameters = { ...FAST, 'message.processor.reply.sequence': 'reply' }
    await using running = await Running.start(
      `<messageStore name="s"/>${processor('p', 'forwarding', parameters)}
       ${neverSuspended(backend.url, correlation)}
       ${logging('reply', { kept: "get-property('kept')", by: "get-property('message.processor.name')" })}`,
    )
    const keep = (n: number) => (ctx: MessageContext) => ctx.properties.set('kept', `k${n}`)
    for (const n of [1, 2, 3]) await running.store('s', json({ id: 'same', n }), keep(n))
    await eventually(() => expect(running.logged('reply = ')).toHaveLength(3))
    expect(running.logged('reply = ')[1]).toContain('reply = {"id":"same","twice":4}, kept = k2, by = p')
    expect(running.storeNamed('s').size()).toBe(0)
  })

  test('keeps a message whose reply does not come, and sends it again', async () => {
    let count = 0
    await using backend = await startBackend({
      answer: (data, _isBinary, { webSocket }) => {
        if (++count > 2) webSocket.send(data)
        else if (count === 2) webSocket.terminate()
      },
    })
    await using running = await Running.start(
      `<messageStore name="s"/>${processor('p', 'forwarding', FAST)}
       ${neverSuspended(backend.url, timeout + correlation)}`,
    )
    await running.store('s', json({ id: 1, n: 1 }))
    await running.store('s', json({ id: 2, n: 2 }))
    await eventually(() => expect(running.storeNamed('s').size()).toBe(0))
    const numbers = texts(backend).map(text => (JSON.parse(text) as { n: number }).n)
    expect(numbers).toEqual([1, 1, 1, 2])
    expect(running.logged('attempt 1 failed: no reply')).toHaveLength(1)
    expect(running.logged('attempt 2 failed')).toHaveLength(1)
  })
})

test('a payload that is not JSON stays what it is', async () => {
  await using backend = await startBackend()
  await using running = await Running.start(
    `<messageStore name="s"/>${processor('p', 'forwarding', FAST)}${neverSuspended(backend.url)}`,
  )
  await running.store('s', message('<a  b="1"/>', 'application/xml'))
  await running.store('s', message(Buffer.from([1, 2, 3]), 'application/octet-stream'))
  await eventually(() => expect(backend.received.all).toHaveLength(2))
  expect(backend.received.all.map(({ data, isBinary }) => [isBinary, data.toString('latin1')])).toEqual([
    [false, '<a  b="1"/>'],
    [true, '\u0001\u0002\u0003'],
  ])
})
