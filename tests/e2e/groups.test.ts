// Clients join groups, and messages are sent to those in one: by clients, by HTTP callers and by backends. A client
// that must get nothing is shown to get the next thing it asks for first.

import { describe, expect, test } from 'vitest'
import { startUpper } from '../support/backends.ts'
import { type Client, connect, refusal } from '../support/clients.ts'
import { proxy, relay, service } from '../support/configurations.ts'
import { eventually } from '../support/eventually.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'

const RESULT = `<log level="custom">
    <property name="DELIVERED" expression="get-property('websocket.group.delivered')"/>
    <property name="FAILED" expression="get-property('websocket.group.failed')"/>
    <property name="COUNT" expression="get-property('websocket.group.failed.count')"/>
  </log>`

/** `join X`, `leave X`, `to X …`, `others X …`; anything else is echoed. */
const CHAT = `
  <filter source="boolean(get-property('source.handshake.present'))" regex="true">
    <then>
      <log level="custom"><property name="JOINED" expression="get-property('websocket.source.channel.identifier')"/></log>
      <drop/>
    </then>
  </filter>
  <filter source="boolean(get-property('connection.terminate'))" regex="true">
    <then><log level="custom"><property name="GONE" value="yes"/></log><drop/></then>
  </filter>
  <property name="word" expression="substring-before(concat(get-property('websocket.text.frame'), ' '), ' ')"/>
  <property name="rest" expression="substring-after(get-property('websocket.text.frame'), ' ')"/>
  <property name="room" expression="substring-before(concat(get-property('rest'), ' '), ' ')"/>
  <switch source="get-property('word')">
    <case regex="join"><joinGroup name="{get-property('room')}"/><respond/></case>
    <case regex="leave"><leaveGroup name="{get-property('room')}"/><respond/></case>
    <case regex="to"><sendToGroup name="{get-property('room')}"/>${RESULT}</case>
    <case regex="others"><sendToGroup name="{get-property('room')}" includeSelf="false"/>${RESULT}</case>
    <case regex="whisper"><sendToSession id="{get-property('room')}"/>${RESULT}</case>
    <default><respond/></default>
  </switch>`

async function joined(gateway: TestGateway, room: string, name?: string): Promise<Client> {
  const client = await connect(gateway.url('ws', name))
  expect(await client.ask(`join ${room}`)).toBe(`join ${room}`)
  return client
}

function counted(gateway: TestGateway, ending: 'delivered' | 'discarded' | 'faulted'): number {
  return [...gateway.gateway.counters.values()].reduce((sum, { ended }) => sum + ended[ending], 0)
}

describe('who gets what is sent to a group', () => {
  test('all in it, the sender included, and nobody else', async () => {
    await using gateway = await startGateway({ xml: service(CHAT) })
    using ann = await joined(gateway, 'red')
    using bob = await joined(gateway, 'red')
    using cat = await joined(gateway, 'blue')

    ann.send('to red hello')

    expect(await ann.received.text()).toBe('to red hello')
    expect(await bob.received.text()).toBe('to red hello')
    expect(await cat.ask('nothing for me')).toBe('nothing for me')
    expect((await gateway.waitForLog('DELIVERED')).text).toContain('DELIVERED = 2, FAILED = , COUNT = 0')
    await eventually(() => expect(counted(gateway, 'delivered')).toBe(1))
  })

  test('with includeSelf="false" all but the sender', async () => {
    await using gateway = await startGateway({ xml: service(CHAT) })
    using ann = await joined(gateway, 'red')
    using bob = await joined(gateway, 'red')

    ann.send('others red hello')

    expect(await bob.received.text()).toBe('others red hello')
    expect(await ann.ask('nothing for me')).toBe('nothing for me')
  })

  test('clients of several inbound endpoints, and a client in several groups', async () => {
    await using gateway = await startGateway({
      xml: service(CHAT, { name: 'web' }) + service(CHAT, { name: 'app' }),
    })
    using ann = await joined(gateway, 'red', 'web')
    using bob = await joined(gateway, 'red', 'app')
    await bob.ask('join blue')

    ann.send('others red one')
    ann.send('others blue two')

    expect(await bob.received.texts(2)).toEqual(['others red one', 'others blue two'])
  })

  test('nobody once they have left, by leaveGroup or by going away', async () => {
    await using gateway = await startGateway({ xml: service(CHAT) })
    using ann = await joined(gateway, 'red')
    using bob = await joined(gateway, 'red')
    using cat = await joined(gateway, 'red')
    expect(await bob.ask('leave red')).toBe('leave red')
    await cat.close(1000)
    await gateway.waitForLog('GONE')

    ann.send('to red hello')

    expect(await ann.received.text()).toBe('to red hello')
    expect((await gateway.waitForLog('DELIVERED')).text).toContain('DELIVERED = 1, FAILED = , COUNT = 0')
    expect(await bob.ask('nothing for me')).toBe('nothing for me')
  })

  test('joining twice counts once, and leaving a group one is not in does nothing', async () => {
    await using gateway = await startGateway({ xml: service(CHAT) })
    using ann = await joined(gateway, 'red')
    expect(await ann.ask('join red')).toBe('join red')
    expect(await ann.ask('leave blue')).toBe('leave blue')

    ann.send('to red once')
    expect(await ann.received.text()).toBe('to red once')
    expect(await ann.ask('next')).toBe('next')
  })

  test('a group nobody is in gets nothing, and the message is counted as discarded', async () => {
    await using gateway = await startGateway({ xml: service(CHAT) })
    using ann = await connect(gateway.url('ws'))

    ann.send('to nowhere hello')

    expect((await gateway.waitForLog('DELIVERED')).text).toContain('DELIVERED = 0')
    await eventually(() => expect(counted(gateway, 'discarded')).toBe(1))
  })

  test('many messages in one turn keep their order, and go between what the client is answered', async () => {
    await using gateway = await startGateway({ xml: service(CHAT) })
    using ann = await joined(gateway, 'red')
    for (let i = 0; i < 200; i++) ann.send(i % 3 === 0 ? `to red ${i}` : `echo ${i}`)

    const expected = Array.from({ length: 200 }, (_, i) => (i % 3 === 0 ? `to red ${i}` : `echo ${i}`))
    expect(await ann.received.texts(200)).toEqual(expected)
  })
})

describe('push', () => {
  test('an HTTP caller sends JSON to a group and is told how many got it', async () => {
    const push = `
      <sendToGroup name="{$url:room}"/>
      <payloadFactory media-type="json"><format>{"delivered": $1}</format>
        <args><arg expression="get-property('websocket.group.delivered')"/></args></payloadFactory>
      <respond/>`
    await using gateway = await startGateway({ xml: service(CHAT) + proxy('push', push) })
    using ann = await joined(gateway, 'red')
    using bob = await joined(gateway, 'red')

    const answer = await fetch(`${gateway.url('http', 'push')}?room=red`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: '{"price": 1.50}',
    })

    expect(await answer.json()).toEqual({ delivered: 2 })
    expect(await ann.received.next()).toEqual({ data: Buffer.from('{"price": 1.50}'), isBinary: false })
    expect(await bob.received.text()).toBe('{"price": 1.50}')
  })

  test('bytes of a type nobody can read, or that are no UTF-8, leave as a binary message', async () => {
    await using gateway = await startGateway({
      xml: service(CHAT) + proxy('push', '<sendToGroup name="red"/>'),
    })
    using ann = await joined(gateway, 'red')
    const push = (type: string, body: Buffer) =>
      fetch(gateway.url('http', 'push'), {
        method: 'POST',
        headers: { 'Content-Type': type },
        body: new Uint8Array(body),
      })

    expect((await push('application/octet-stream', Buffer.from('abc'))).status).toBe(202)
    expect(await ann.received.next()).toEqual({ data: Buffer.from('abc'), isBinary: true })
    await push('application/json', Buffer.from([0x22, 0xff, 0x22]))
    expect(await ann.received.next()).toEqual({ data: Buffer.from([0x22, 0xff, 0x22]), isBinary: true })
  })

  test('what a sequence made of a message is what is sent', async () => {
    const push = `
      <payloadFactory media-type="xml"><format><note xmlns="">$1</note></format>
        <args><arg evaluator="json" expression="$.text"/></args></payloadFactory>
      <property name="messageType" scope="axis2" value="application/xml"/>
      <sendToGroup name="red"/>`
    await using gateway = await startGateway({ xml: service(CHAT) + proxy('push', push) })
    using ann = await joined(gateway, 'red')

    await fetch(gateway.url('http', 'push'), {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: '{"text": "hello"}',
    })

    expect(await ann.received.text()).toBe('<note xmlns="">hello</note>')
  })

  test('a message of a backend goes to a group too', async () => {
    await using backend = await startUpper()
    const before = '<joinGroup name="all"/>'
    await using gateway = await startGateway({
      xml: relay(backend.url, { before, out: '<sendToGroup name="all"/>' }),
    })
    using ann = await connect(gateway.url('ws'))
    using bob = await connect(gateway.url('ws'))
    bob.send('i am in')
    expect(await bob.received.text()).toBe('I AM IN')
    ann.send('hello')

    expect(await bob.received.text()).toBe('HELLO')
  })

  test('one session is addressed by its id; one that is not there is listed as failed', async () => {
    await using gateway = await startGateway({ xml: service(CHAT) })
    using ann = await connect(gateway.url('ws'))
    const id = (await gateway.waitForLog('JOINED')).text.split('= ')[1]!
    using bob = await connect(gateway.url('ws'))

    bob.send(`whisper ${id}`)
    expect(await ann.received.text()).toBe(`whisper ${id}`)
    bob.send('whisper nobody-7')

    expect((await gateway.waitForLog('DELIVERED', 2)).text).toContain(
      'DELIVERED = 0, FAILED = nobody-7, COUNT = 1',
    )
  })

  test('an HTTP caller puts a session into a group by its id', async () => {
    await using gateway = await startGateway({
      xml: service(CHAT) + proxy('admit', '<joinGroup name="red" session="{$url:id}"/>'),
    })
    using ann = await connect(gateway.url('ws'))
    const id = (await gateway.waitForLog('JOINED')).text.split('= ')[1]!

    await fetch(`${gateway.url('http', 'admit')}?id=${encodeURIComponent(id)}`, { method: 'POST' })
    ann.send('to red me')

    expect(await ann.received.text()).toBe('to red me')
  })

  test('a client joins while it waits for the answer to its handshake, and leaves when it is refused', async () => {
    const handshake = `
      <filter source="boolean(get-property('source.handshake.present'))" regex="true">
        <then>
          <joinGroup name="red"/>
          <filter source="get-property('X-Guest')" regex="yes">
            <then><property name="HTTP_SC" scope="axis2" value="401"/><respond/></then>
          </filter>
        </then>
        <else><sendToGroup name="red"/>${RESULT}</else>
      </filter>`
    await using gateway = await startGateway({
      xml: service(handshake, { parameters: { 'ws.handshake': 'held' } }),
    })
    expect((await refusal(gateway.url('ws'), { headers: { 'X-Guest': 'yes' } })).status).toBe(401)
    using ann = await connect(gateway.url('ws'))

    expect(await ann.ask('hello')).toBe('hello')
    expect((await gateway.waitForLog('DELIVERED')).text).toContain('DELIVERED = 1, FAILED = , COUNT = 0')
  })

  test('a receiver that does not read is closed with 1013 and listed as failed', async () => {
    await using gateway = await startGateway({
      xml: service(CHAT) + proxy('push', `<sendToGroup name="red"/>${RESULT}`),
    })
    using slow = await joined(gateway, 'red')
    using quick = await joined(gateway, 'red')
    slow.webSocket.pause()
    const body = 'x'.repeat(4 * 1024 * 1024)
    let sent = 0
    while (gateway.logged('FAILED = clients-1').length === 0 && sent < 40) {
      await fetch(gateway.url('http', 'push'), {
        method: 'POST',
        headers: { 'Content-Type': 'text/plain' },
        body,
      })
      sent++
    }

    expect(gateway.logged('FAILED = clients-1')).toHaveLength(1)
    expect((await quick.received.next()).data.length).toBe(body.length)
    slow.webSocket.resume()
    expect(await slow.closed).toEqual({ code: 1013, reason: 'too slow' })
  })
})

describe('limits', () => {
  test('a session may be in so many groups; one more is a fault', async () => {
    await using gateway = await startGateway({
      xml: service(CHAT),
      settings: { 'transport.ws.groups.max_per_session': 2 },
    })
    using ann = await joined(gateway, 'red')
    await ann.ask('join blue')
    ann.send('join green')

    const line = await gateway.waitForLog('is in 2 groups')
    expect(line.text).toContain('transport.ws.groups.max_per_session')
    expect(await ann.ask('leave blue')).toBe('leave blue')
    expect(await ann.ask('join green')).toBe('join green')
  })

  test('a name that came out empty, or too long, is a fault', async () => {
    await using gateway = await startGateway({ xml: service(CHAT) })
    using ann = await connect(gateway.url('ws'))

    ann.send('join ')
    await gateway.waitForLog('the name of a group came out empty')
    ann.send(`join ${'x'.repeat(257)}`)
    await gateway.waitForLog('has 257 characters; at most 256')
    expect(await ann.ask(`join ${'x'.repeat(256)}`)).toBe(`join ${'x'.repeat(256)}`)
  })

  test('an HTTP caller is in no group', async () => {
    await using gateway = await startGateway({ xml: proxy('push', '<joinGroup name="red"/>') })

    await fetch(gateway.url('http', 'push'), { method: 'POST', body: 'x' })

    expect(gateway.logged('FAULT')).toEqual(['{proxy:push} FAULT = 0'])
    expect(gateway.logged('there is no WebSocket session to be in a group')).not.toEqual([])
  })
})
