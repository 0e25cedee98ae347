// Sessions and groups as functions have them: by id and by name, from hooks and from resources.

import { describe, expect, test } from 'vitest'
import { connect } from '../support/clients.ts'
import { startHooks, startService } from './serve.ts'

describe('sendText', () => {
  test('sends to the client a message is of', async () => {
    await using gateway = await startHooks(
      `onMessage(caller, data) { return sendText(caller, 'to the caller ' + data).then(() => sendText({ caller, data }, 'to the message')) }`,
    )
    using client = await connect(gateway.url('ws'))
    client.send('x')
    expect(await client.received.texts(2)).toEqual(['to the caller x', 'to the message'])
  })

  test.each([
    ['null', 'TypeError'],
    ['undefined', 'TypeError'],
    ['{}', 'CONNECTION_CLOSED'],
    ['caller, 5', 'ValueError'],
  ])('%s is an error', async (given, expected) => {
    await using gateway = await startHooks(
      `async onMessage(caller, data) { try { await sendText(${given}) } catch (error) { return error.code ?? error.name } }`,
    )
    using client = await connect(gateway.url('ws'))
    expect(await client.ask('x')).toBe(expected)
  })

  test('to a client that is gone is a typed error that says how it went', async () => {
    await using gateway = await startHooks(
      `onMessage: caller => caller.groups.join('witness').toString(),
       async onClose(caller) {
         try { await sendText(caller, 'too late') }
         catch ({ name, code, closeCode, reason, wasClean }) { await caller.groups.send('witness', { name, code, closeCode, reason, wasClean }) }
       }`,
    )
    using witness = await connect(gateway.url('ws'))
    await witness.ask('watch')
    using leaving = await connect(gateway.url('ws'))
    await leaving.close(4002, 'bye')
    expect(JSON.parse(await witness.received.text())).toEqual({
      name: 'ConnectionClosureError',
      code: 'CONNECTION_CLOSED',
      closeCode: 4002,
      reason: 'bye',
      wasClean: true,
    })
  })
})

const ACTS = `onOpen: caller => caller.id,
  async onMessage(caller, text) {
    const { act, id, group } = JSON.parse(text)
    const { sessions, groups } = caller
    switch (act) {
      case 'sendText': return { done: await sessions.get(id).sendText('a text') }
      case 'pushText': return { done: await sessions.get(id).pushText('a push') }
      case 'binary': return { done: await sessions.get(id).sendBinary(Buffer.from([7])) }
      case 'close': return { done: await sessions.get(id).close(4010, 'asked to') }
      case 'add': return { done: await groups.add(group, id) }
      case 'remove': return { done: await groups.remove(group, id) }
      case 'push': return { done: await groups.push(group, 'to all', { includeSelf: false }) }
      case 'closeGroup': return { done: await groups.close(group, 4011, 'all out', { includeSelf: false }) }
      case 'wrong': return { done: await groups.close(group, 1006) }
    }
  }`

test('sessions by id, and groups that they are put into, pushed to and closed', async () => {
  await using gateway = await startHooks(ACTS)
  const open = async () => {
    const client = await connect(gateway.url('ws'))
    return { client, id: await client.received.text() }
  }
  const [one, two, three] = [await open(), await open(), await open()]
  using _one = one.client
  using _two = two.client
  using _three = three.client
  const ask = async (command: object): Promise<unknown> =>
    (JSON.parse(await one.client.ask(JSON.stringify(command))) as { done: unknown }).done
  const done = (delivered: number, ...failed: string[]) => ({ delivered, failed })

  expect(await ask({ act: 'sendText', id: two.id })).toEqual(done(1))
  expect(await ask({ act: 'pushText', id: two.id })).toEqual(done(1))
  expect(await ask({ act: 'binary', id: two.id })).toEqual(done(1))
  expect(await two.client.received.texts(2)).toEqual(['a text', 'a push'])
  expect(await two.client.received.next()).toEqual({ data: Buffer.from([7]), isBinary: true })
  expect(await ask({ act: 'sendText', id: 'a-99' })).toEqual(done(0, 'a-99'))

  expect(await ask({ act: 'add', group: 'room', id: two.id })).toBe(true)
  expect(await ask({ act: 'add', group: 'room', id: three.id })).toBe(true)
  expect(await ask({ act: 'add', group: 'room' })).toBe(true)
  expect(await ask({ act: 'remove', group: 'room', id: three.id })).toBe(true)
  expect(await ask({ act: 'push', group: 'room' })).toEqual(done(1))
  expect(await two.client.received.text()).toBe('to all')

  expect(await ask({ act: 'close', id: three.id })).toEqual(done(1))
  expect(await three.client.closed).toEqual({ code: 4010, reason: 'asked to' })
  expect(await ask({ act: 'closeGroup', group: 'room' })).toEqual(done(1))
  expect(await two.client.closed).toEqual({ code: 4011, reason: 'all out' })

  // Who is closed is in no group any more, and has no id.
  expect(await ask({ act: 'push', group: 'room' })).toEqual(done(0))
  expect(await ask({ act: 'add', group: 'room', id: two.id })).toBe(false)
  expect(await ask({ act: 'close', id: two.id })).toEqual(done(0, two.id))
  one.client.send('{"act":"wrong","group":"room"}')
  expect(await one.client.closed).toMatchObject({ code: 1011 })
})

test('a resource sends to clients, and closes them', async () => {
  await using gateway = await startHooks(
    `basePath: '/chat', upgradePath: '/ws',
     onOpen: caller => { caller.groups.add('all'); return caller.id },
     resources: {
       'POST /all': async request => (await request.groups.push('all', request.text())).delivered,
       'POST /one/{id}': async request => (await request.sessions.get(request.param('id')).sendText(request.text())).delivered,
       'DELETE /one/{id}': async request => (await request.sessions.get(request.param('id')).close(4001, 'by order')).delivered,
     }`,
  )
  const base = gateway.url('ws').replace('ws:', 'http:').replace('/ws', '')
  const call = async (method: string, path: string, body?: string): Promise<string> =>
    await (await fetch(base + path, { method, ...(body !== undefined && { body }) })).text()
  using one = await connect(gateway.url('ws'))
  using two = await connect(gateway.url('ws'))
  const id = await one.received.text()
  await two.received.text()
  expect(await call('POST', '/all', 'to all')).toBe('2')
  expect([await one.received.text(), await two.received.text()]).toEqual(['to all', 'to all'])
  expect(await call('POST', `/one/${id}`, 'to one')).toBe('1')
  expect(await one.received.text()).toBe('to one')
  expect(await call('DELETE', `/one/${id}`)).toBe('1')
  expect(await one.closed).toEqual({ code: 4001, reason: 'by order' })
  expect(await call('POST', '/all', 'who is left')).toBe('1')
})

test('groups and attributes are gone with their session, however many there were', async () => {
  await using gateway = await startService(
    'a.yaml',
    'onOpen: [{joinGroup: all}, {property: {name: x, scope: session, value: kept}}]\nonMessage: [{sendToGroup: all}, {payloadFactory: {media-type: text, format: $1, args: {arg: {expression: "get-property(\'websocket.group.delivered\')"}}}}, respond]',
  )
  for (let i = 0; i < 50; i++) {
    using client = await connect(gateway.url('ws'))
    await client.close(1000)
  }
  using last = await connect(gateway.url('ws'))
  last.send('x')
  expect(await last.received.texts(2)).toEqual(['x', '1'])
})
