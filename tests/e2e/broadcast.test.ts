// Several clients are connected on several paths: who gets a reply is decided by the broadcast level.
// A client that must get nothing is shown to get the next thing it asks for first.

import { expect, test } from 'vitest'
import { startUpper } from '../support/backends.ts'
import { type Client, connect } from '../support/clients.ts'
import { relay, service } from '../support/configurations.ts'
import { eventually } from '../support/eventually.ts'
import { startGateway } from '../support/gateway.ts'

const level = (broadcastLevel: number) => ({
  parameters: { 'ws.client.side.broadcast.level': broadcastLevel },
})

async function join(url: string, path: string): Promise<Client> {
  return await connect(new URL(path, url).href)
}

test('level 0: only the client that asked', async () => {
  await using gateway = await startGateway({ xml: service('<respond/>', level(0)) })
  using ann = await join(gateway.url('ws'), '/room/1')
  using bob = await join(gateway.url('ws'), '/room/1')

  expect(await ann.ask('from ann')).toBe('from ann')
  expect(await bob.ask('from bob')).toBe('from bob')
})

test('level 1: every client on the path, the one that asked included, and none on another path', async () => {
  await using gateway = await startGateway({ xml: service('<respond/>', level(1)) })
  using ann = await join(gateway.url('ws'), '/room/1')
  using bob = await join(gateway.url('ws'), '/room/1?name=bob')
  using below = await join(gateway.url('ws'), '/room/1/annex')
  using other = await join(gateway.url('ws'), '/room/2')

  expect(await ann.ask('from ann')).toBe('from ann')
  expect(await bob.received.text()).toBe('from ann')
  expect(await below.ask('from below')).toBe('from below')
  expect(await other.ask('from other')).toBe('from other')
})

test('level 2: every client on the path but the one that asked', async () => {
  await using gateway = await startGateway({ xml: service('<respond/>', level(2)) })
  using ann = await join(gateway.url('ws'), '/room/1')
  using bob = await join(gateway.url('ws'), '/room/1')
  using cat = await join(gateway.url('ws'), '/room/1')
  using other = await join(gateway.url('ws'), '/room/2')

  ann.send('from ann')
  expect(await bob.received.text()).toBe('from ann')
  expect(await cat.received.text()).toBe('from ann')
  bob.send('from bob')
  expect(await ann.received.text()).toBe('from bob')
  using another = await join(gateway.url('ws'), '/room/2')
  another.send('from another')
  expect(await other.received.text()).toBe('from another')
})

test('a broadcast that reaches nobody is counted as discarded', async () => {
  await using gateway = await startGateway({ xml: service('<respond/>', level(2)) })
  using ann = await join(gateway.url('ws'), '/room/1')

  ann.send('is anybody there')

  const discarded = () =>
    [...gateway.gateway.counters.values()].reduce((sum, { ended }) => sum + ended.discarded, 0)
  await eventually(() => expect(discarded()).toBe(1))
})

test('the answers of a backend are broadcast too, text and binary, in one order for all', async () => {
  await using backend = await startUpper()
  await using gateway = await startGateway({ xml: relay(backend.url, level(1)) })
  using ann = await join(gateway.url('ws'), '/room')
  using bob = await join(gateway.url('ws'), '/room')

  for (let i = 0; i < 100; i++) ann.send(`message ${i}`)
  ann.send(Buffer.from([1, 2, 3]))

  const expected = Array.from({ length: 100 }, (_, i) => `MESSAGE ${i}`)
  for (const client of [ann, bob]) {
    expect(await client.received.texts(100)).toEqual(expected)
    expect(await client.received.next()).toEqual({ data: Buffer.from([1, 2, 3]), isBinary: true })
  }
})

test('clients of another inbound endpoint on the same path get nothing', async () => {
  await using gateway = await startGateway({
    xml:
      service('<respond/>', { name: 'red', ...level(1) }) +
      service('<respond/>', { name: 'blue', ...level(1) }),
  })
  using red = await join(gateway.url('ws', 'red'), '/room')
  using blue = await join(gateway.url('ws', 'blue'), '/room')

  expect(await red.ask('from red')).toBe('from red')
  expect(await blue.ask('from blue')).toBe('from blue')
})

test('a close is for the client it is about alone, and one that has left gets nothing more', async () => {
  const dispatch = `
    <switch source="get-property('websocket.text.frame')">
      <case regex="go away">
        <property name="errorCode" value="4000"/><property name="ERROR_MESSAGE" value="gone"/><respond/>
      </case>
      <default><respond/></default>
    </switch>`
  await using gateway = await startGateway({ xml: service(dispatch, level(1)) })
  using ann = await join(gateway.url('ws'), '/room')
  using bob = await join(gateway.url('ws'), '/room')

  ann.send('go away')
  expect(await ann.closed).toEqual({ code: 4000, reason: 'gone' })

  expect(await bob.ask('alone now')).toBe('alone now')
  expect(ann.received.all).toEqual([])
})
