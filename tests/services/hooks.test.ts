// What each hook of a service does, and what becomes of the values it gives back.

import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { describe, expect, test } from 'vitest'
import { Client, connect, refusal } from '../support/clients.ts'
import { startHooks, startService } from './serve.ts'

describe('onUpgrade', () => {
  test('refuses with a status, a body and headers before the upgrade', async () => {
    await using gateway = await startHooks(
      `onUpgrade: request => request.header('X-Key') === 'right' ? undefined : reject(401, { error: 'no key' }, { 'WWW-Authenticate': 'Key' }),
       onMessage: (caller, data) => data`,
    )
    expect(await refusal(gateway.url('ws'))).toMatchObject({ status: 401, body: '{"error":"no key"}' })
    using client = await connect(gateway.url('ws'), { headers: { 'X-Key': 'right' } })
    client.send('in')
    expect(await client.received.text()).toBe('in')
  })

  test('gives the answer headers, and keeps attributes for later hooks', async () => {
    await using gateway = await startHooks(
      `onUpgrade(request) { request.attributes.set('user', request.query.get('user')); return accept({ headers: { 'X-Session': 'abc' } }) },
       onOpen: caller => 'hello ' + caller.getAttribute('user')`,
    )
    using client = new Client(`${gateway.url('ws')}?user=ana`)
    const [response] = (await once(client.webSocket, 'upgrade')) as [IncomingMessage]
    expect(await client.received.text()).toBe('hello ana')
    expect(response.headers['x-session']).toBe('abc')
  })

  test('with a header that cannot be sent is 500, and the log names it', async () => {
    await using gateway = await startHooks(
      `onUpgrade: () => accept({ headers: { 'X-Ok': 'a\\r\\nb: c' } }), onOpen: () => 'in'`,
    )
    expect(await refusal(gateway.url('ws'))).toMatchObject({ status: 500 })
    await gateway.waitForLog('X-Ok')
  })

  test.each([
    ['AuthnError', 401],
    ['AuthzError', 403],
    ['UpgradeError', 400],
    ['TypeError', 500],
  ])('a thrown %s is %i', async (name, status) => {
    await using gateway = await startHooks(
      `onUpgrade() { throw Object.assign(new Error('no'), { name: '${name}' }) }`,
    )
    expect(await refusal(gateway.url('ws'))).toMatchObject({ status })
  })
})

test('typed parameters of path, query and headers reach the hooks', async () => {
  await using gateway = await startHooks(
    `basePath: '/chat', upgradePath: '/[room:string]/[id:int]',
     query: { since: { type: 'int', required: false, default: 7 } }, headers: { 'X-Tenant': 'string' },
     onOpen: ({ params }) => params`,
  )
  const base = gateway.url('ws')
  const headers = { 'X-Tenant': 't' }
  using client = await connect(`${base}/blue/12?since=3`, { headers })
  expect(JSON.parse(await client.received.text())).toEqual({
    room: 'blue',
    id: 12,
    since: 3,
    'X-Tenant': 't',
  })
  expect(await refusal(`${base}/blue/twelve`, { headers })).toMatchObject({ status: 404 })
  expect(await refusal(`${base}/blue/12`)).toMatchObject({ status: 400 })
  expect(await refusal(`${base}/blue/12?since=x`, { headers })).toMatchObject({ status: 400 })
})

describe('parameters of a handshake', () => {
  const OPTIONS = `query: { id: 'int', on: { type: 'boolean', required: false }, q: { type: 'string', required: false } },
     headers: { 'X-Seat': { type: 'int', required: false } }, onOpen: ({ params }) => params`

  test.each([
    ['one that is there twice, the first fitting', '?id=1&id=abc', {}],
    ['one that is there twice, both fitting', '?id=1&id=2', {}],
    ['text that is there twice', '?id=1&q=a&q=b', {}],
    ['an empty number', '?id=', {}],
    ['an empty boolean', '?id=1&on', {}],
    ['an empty header', '?id=1', { 'X-Seat': '' }],
    ['a header that is there twice', '?id=1', { 'X-Seat': ['1', '2'] }],
  ])('%s is 400', async (_what, query, headers) => {
    await using gateway = await startHooks(OPTIONS)
    const answer = await refusal(`${gateway.url('ws')}${query}`, { headers: headers as never })
    expect(answer).toMatchObject({ status: 400 })
  })

  test('empty text is a value, and what is not declared may be there twice', async () => {
    await using gateway = await startHooks(OPTIONS)
    using client = await connect(`${gateway.url('ws')}?id=1&q=&x=a&x=b`)
    expect(JSON.parse(await client.received.text())).toEqual({ id: 1, q: '', x: 'b' })
  })
})

test('what hooks give back is sent as what it is', async () => {
  await using gateway = await startHooks(
    `onTextMessage(caller, data) { return { json: { a: 1 }, bytes: Buffer.from([1, 2]), text: 'x', none: undefined, list: [1] }[data] },
     onBinaryMessage: (caller, data) => data.length`,
  )
  using client = await connect(gateway.url('ws'))
  for (const text of ['json', 'bytes', 'none', 'text', 'list']) client.send(text)
  client.send(Buffer.from('four'))
  const frames = [
    await client.received.next(),
    await client.received.next(),
    await client.received.next(),
    await client.received.next(),
    await client.received.next(),
  ]
  expect(frames.map(({ data, isBinary }) => (isBinary ? [...data] : data.toString()))).toEqual([
    '{"a":1}',
    [1, 2],
    'x',
    '[1]',
    '4',
  ])
})

test('an async generator sends each element, and messages are read meanwhile', async () => {
  await using gateway = await startHooks(
    `onMessage: (caller, data) => {
       if (data === 'go') { caller.setAttribute('go', Promise.withResolvers()); return stream(caller) }
       caller.getAttribute('go').resolve()
       return 'read'
     }`,
    `async function* stream(caller) { yield 'one'; await caller.getAttribute('go').promise; yield 'two'; throw new Error('broken') }`,
  )
  using client = await connect(gateway.url('ws'))
  client.send('go')
  expect(await client.received.text()).toBe('one')
  client.send('on')
  expect((await client.received.texts(2)).sort()).toEqual(['read', 'two'])
  expect(await client.closed).toEqual({ code: 1011, reason: 'streaming failed: broken' })
})

test.each([
  ['an element that cannot be sent', `yield () => {}`],
  ['an error that it yields', `yield new Error('no')`],
])('a generator runs its finally blocks after %s', async (_what, failing) => {
  await using gateway = await startHooks(
    `onOpen: caller => { caller.groups.join('all') }, onMessage: caller => stream(caller)`,
    `async function* stream(caller) { try { ${failing} } finally { caller.groups.send('all', 'released'); throw new Error('again') } }`,
  )
  using witness = await connect(gateway.url('ws'))
  using client = await connect(gateway.url('ws'))
  client.send('go')
  expect(await witness.received.text()).toBe('released')
  expect(await client.closed).toMatchObject({ code: 1011 })
})

test('a hook that fails closes its own client with 1011, and onError knows why', async () => {
  await using gateway = await startHooks(
    `async onMessage(caller, data) { await null; if (data === 'fail') throw new Error('no good'); return data },
     onError: (caller, error) => caller.writeTextMessage('error: ' + error.message)`,
  )
  using failing = await connect(gateway.url('ws'))
  using other = await connect(gateway.url('ws'))
  failing.send('fail')
  expect(await failing.received.text()).toBe('error: no good')
  expect(await failing.closed).toMatchObject({ code: 1011 })
  other.send('still here')
  expect(await other.received.text()).toBe('still here')
})

test('close results close with their code and reason; codes that may not be sent are refused', async () => {
  await using gateway = await startHooks(
    `onMessage: (caller, data) => data === 'normal' ? close.normal() : close(Number(data), 'own')`,
  )
  using one = await connect(gateway.url('ws'))
  one.send('normal')
  expect(await one.closed).toEqual({ code: 1000, reason: 'Normal closure' })
  using two = await connect(gateway.url('ws'))
  two.send('4001')
  expect(await two.closed).toEqual({ code: 4001, reason: 'own' })
  using three = await connect(gateway.url('ws'))
  three.send('1005')
  expect(await three.closed).toMatchObject({ code: 1011 })
})

test('onClose is told how the client closed', async () => {
  await using gateway = await startHooks(
    `onOpen: caller => { caller.groups.join('all') }, onClose: (caller, code, reason) => caller.groups.send('all', code + ' ' + reason)`,
  )
  using witness = await connect(gateway.url('ws'))
  using leaving = await connect(gateway.url('ws'))
  leaving.webSocket.close(4002, 'bye')
  await leaving.closed
  expect(await witness.received.text()).toBe('4002 bye')
})

test('pings are answered unless there is a hook, which may', async () => {
  await using plain = await startHooks(
    `onPong: (caller, data) => caller.writeTextMessage('pong ' + data), onMessage: caller => caller.ping('p')`,
  )
  using client = await connect(plain.url('ws'))
  client.webSocket.ping('auto')
  expect(String((await once(client.webSocket, 'pong'))[0])).toBe('auto')
  client.send('ping me')
  expect(await client.received.text()).toBe('pong p')
  await using own = await startHooks(`onPing: (caller, data) => Buffer.from(String(data).toUpperCase())`)
  using other = await connect(own.url('ws'))
  other.webSocket.ping('loud')
  expect(String((await once(other.webSocket, 'pong'))[0])).toBe('LOUD')
})

test('a pong that is too long is a failure of onPing, and a close result closes', async () => {
  await using gateway = await startHooks(
    `onPing: (caller, data) => String(data) === 'bye' ? close(4001, 'bye') : Buffer.alloc(Number(data)),
     onError: (caller, error) => error.name + ': ' + error.message`,
  )
  using client = await connect(gateway.url('ws'))
  client.webSocket.ping('125')
  expect((await once(client.webSocket, 'pong'))[0]).toHaveLength(125)
  client.webSocket.ping('126')
  expect(await client.received.text()).toBe('RangeError: a ping or pong holds at most 125 bytes')
  expect(await client.closed).toMatchObject({ code: 1011 })
  using other = await connect(gateway.url('ws'))
  other.webSocket.ping('bye')
  expect(await other.closed).toEqual({ code: 4001, reason: 'bye' })
})

test('onIdle leaves the client connected; without it the client is closed', async () => {
  await using gateway = await startHooks(
    `idleTimeout: 0.05, onIdleTimeout: caller => caller.isOpen ? 'idle' : 'gone'`,
  )
  using client = await connect(gateway.url('ws'))
  expect(await client.received.texts(2)).toEqual(['idle', 'idle'])
  await using closing = await startHooks(`idleTimeout: 0.05, onMessage() {}`)
  using other = await connect(closing.url('ws'))
  expect(await other.closed).toMatchObject({ code: 1001 })
})

describe('dispatch by key', () => {
  const ROUTES = `dispatcherKey: 'event', dispatcherStreamId: 'id',
    routes: { 'heart.beat': (caller, m) => ({ by: 'route' }) },
    onHeartbeat: (caller, m) => ({ by: 'name', n: m.n }),
    onTyped: bound({ type: 'object', required: ['n'], properties: { n: { type: 'number' } } }, (caller, m) => ({ n: m.n + 1 })),
    onTextMessage: (caller, data) => 'text ' + data,`

  test('a key finds its route, or the hook named after it, and answers have the id', async () => {
    await using gateway = await startHooks(ROUTES)
    using client = await connect(gateway.url('ws'))
    const ask = async (message: string): Promise<string> => {
      client.send(message)
      return client.received.text()
    }
    expect(await ask('{"event":"heartbeat","id":5,"n":1}')).toBe('{"by":"name","n":1,"id":5}')
    expect(await ask('{"event":"heart.beat","id":"x"}')).toBe('{"by":"route","id":"x"}')
    expect(await ask('{"event":"typed","n":2}')).toBe('{"n":3}')
    expect(await ask('{"event":"other"}')).toBe('text {"event":"other"}')
    expect(await ask('no json')).toBe('text no json')
  })

  test('what does not fit goes to the error hook of the route, to onError, or closes', async () => {
    const wrong = '{"event":"typed","n":"two"}'
    await using own = await startHooks(
      `${ROUTES} onTypedError: (caller, e) => 'own ' + e.name, onError: () => 'any'`,
    )
    using first = await connect(own.url('ws'))
    first.send(wrong)
    expect(await first.received.text()).toBe('own PayloadValidationError')
    await using any = await startHooks(`${ROUTES} onError: () => 'any'`)
    using second = await connect(any.url('ws'))
    second.send(wrong)
    expect(await second.received.text()).toBe('any')
    await using none = await startHooks(`${ROUTES} bindingCode: 1007`)
    using third = await connect(none.url('ws'))
    third.send(wrong)
    expect(await third.closed).toMatchObject({
      code: 1007,
      reason: expect.stringMatching(/^data binding failed: \/n must be number/),
    })
  })

  test('a message nothing is for is counted and said, and onUnmatched may answer it', async () => {
    await using gateway = await startHooks(
      `onBinaryMessage() {}, onUnmatched: (caller, data) => 'nobody takes ' + data`,
    )
    using client = await connect(gateway.url('ws'))
    client.send('this')
    expect(await client.received.text()).toBe('nobody takes this')
    expect(gateway.gateway.counters.get('service a')?.unmatched).toBe(1)
    await gateway.waitForLog('no hook takes a text message')
  })
})

test('subprotocols are chosen among those served, and may be required', async () => {
  await using gateway = await startHooks(
    `subProtocols: ['mqtt', 'chat'], requireSubprotocol: true, onOpen: caller => caller.subprotocol`,
  )
  using client = await connect(gateway.url('ws'), { offer: ['x', 'chat'] })
  expect(await client.received.text()).toBe('chat')
  expect(await refusal(gateway.url('ws'))).toMatchObject({ status: 400 })
})

test('REST resources are below the same path, on the same port', async () => {
  await using gateway = await startHooks(
    `basePath: '/test', upgradePath: '/websocket', onMessage: (c, d) => d,
     resources: {
       'GET /orders/{id}': request => ({ order: request.param('id'), q: request.query.get('q') }),
       'POST /orders': request => respond({ status: 201, headers: { Location: '/test/orders/1' }, body: request.json() }),
       'GET /steps': [{ payloadFactory: { 'media-type': 'json', format: '{"from":"steps"}', args: null } }, 'respond'],
     }`,
  )
  const base = gateway.url('ws').replace('ws:', 'http:').replace('/websocket', '')
  expect(await (await fetch(`${base}/orders/7?q=x`)).json()).toEqual({ order: '7', q: 'x' })
  const made = await fetch(`${base}/orders`, {
    method: 'POST',
    body: '{"a":1}',
    headers: { 'Content-Type': 'application/json' },
  })
  expect([made.status, made.headers.get('location'), await made.json()]).toEqual([
    201,
    '/test/orders/1',
    { a: 1 },
  ])
  const broken = await fetch(`${base}/orders`, { method: 'POST', body: '{"a":' })
  expect([broken.status, await broken.json()]).toEqual([400, { message: 'the body is no JSON' }])
  expect(await (await fetch(`${base}/steps`)).json()).toEqual({ from: 'steps' })
  expect((await fetch(`${base}/websocket`)).status).toBe(426)
  expect((await fetch(`${base}/nothing`)).status).toBe(404)
  using client = await connect(gateway.url('ws'))
  client.send('both')
  expect(await client.received.text()).toBe('both')
})

test.each(['999', '600', '100', '0', '200.5', 'NaN'])(
  'a resource cannot answer with status %s',
  async status => {
    await using gateway = await startHooks(
      `basePath: '/test', onMessage() {}, resources: { 'GET /x': () => respond({ status: ${status}, body: 'x' }) }`,
    )
    const answer = await fetch(`${gateway.url('ws').replace('ws:', 'http:')}/x`)
    expect(answer.status).toBe(500)
    await gateway.waitForLog(`status ${status} answers nobody: 200 to 599 do`)
  },
)

test('an answer that says no status is 200', async () => {
  await using gateway = await startHooks(
    `basePath: '/test', onMessage() {}, resources: { 'GET /x': () => respond({ body: 'x' }) }`,
  )
  expect((await fetch(`${gateway.url('ws').replace('ws:', 'http:')}/x`)).status).toBe(200)
})

test('a class is a service, its methods being hooks', async () => {
  await using gateway = await startService(
    'hello.ts',
    `import { annotated, sendText } from 'myelin'
     class Hello {
       static basePath = '/test'
       opened(m) { return sendText(m, 'welcome') }
       onTextMessage(m) { return sendText(m, m.data) }
     }
     export default annotated(Hello, { upgradePath: '/websocket', onOpen: 'opened' })`,
  )
  using client = await connect(gateway.url('ws'))
  expect(new URL(gateway.url('ws')).pathname).toBe('/test/websocket')
  expect(await client.received.text()).toBe('welcome')
  client.send('hi')
  expect(await client.received.text()).toBe('hi')
})
