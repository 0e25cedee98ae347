// Messages are given to hooks by a key inside them, and answers know what they answer.

import { describe, expect, test } from 'vitest'
import { connect } from '../support/clients.ts'
import { notations, startHooks, startService } from './serve.ts'

const text = (of: string): string => `{payloadFactory: {media-type: text, format: "${of}"}}, respond`

describe.each(['/head/event', 'head.event'])('dispatcherKey %s', key => {
  const XML = `<service xmlns="urn:myelin" name="a" dispatcherKey="${key}">
    <route key="heart.beat"><payloadFactory media-type="text"><format>route</format></payloadFactory><respond/></route>
    <onHeartbeat><payloadFactory media-type="text"><format>name</format></payloadFactory><respond/></onHeartbeat>
    <onTextMessage><payloadFactory media-type="text"><format>text</format></payloadFactory><respond/></onTextMessage>
    <onUnmatched><payloadFactory media-type="text"><format>nobody</format></payloadFactory><respond/></onUnmatched>
  </service>`
  const YAML = `
name: a
dispatcherKey: ${key}
routes:
  heart.beat: [${text('route')}]
onHeartbeat: [${text('name')}]
onTextMessage: [${text('text')}]
onUnmatched: [${text('nobody')}]
`
  const MODULE = `export default {
    name: 'a',
    dispatcherKey: '${key}',
    routes: { 'heart.beat': () => 'route' },
    onHeartbeat: () => 'name',
    onTextMessage: () => 'text',
    onUnmatched: () => 'nobody',
  }`
  test.each(notations(XML, YAML, MODULE))('%s', async (name, service) => {
    await using gateway = await startService(name, service)
    using client = await connect(gateway.url('ws'))
    expect(await client.ask('{"head": {"event": "heart.beat"}}')).toBe('route')
    expect(await client.ask('{"head": {"event": "heartbeat"}}')).toBe('name')
    expect(await client.ask('{"head": {"event": "other"}}')).toBe('text')
    expect(await client.ask('{"event": "heartbeat"}')).toBe('text')
    expect(await client.ask('[1, "heartbeat"]')).toBe('text')
    client.send(Buffer.from('{"head": {"event": "heartbeat"}}'))
    expect(await client.received.text()).toBe('name')
    client.send(Buffer.from([0xff, 0xfe]))
    expect(await client.received.text()).toBe('nobody')
    expect(gateway.gateway.counters.get('service a')?.unmatched).toBe(1)
  })
})

test('a pointer escapes what stands in a key; numbers and booleans are keys as well', async () => {
  await using gateway = await startHooks(
    `dispatcherKey: '/a~1b/c~0d', routes: { 7: () => 'seven', true: () => 'yes' }, onMessage: () => 'any'`,
  )
  using client = await connect(gateway.url('ws'))
  expect(await client.ask('{"a/b": {"c~d": 7}}')).toBe('seven')
  expect(await client.ask('{"a/b": {"c~d": true}}')).toBe('yes')
  expect(await client.ask('{"a/b": {"c~d": null}}')).toBe('any')
  expect(await client.ask('{"__proto__": {"c~d": 7}}')).toBe('any')
})

test.each([
  ['heartbeat', 'onHeartbeat'],
  ['heart_beat', 'onHeartBeat'],
  ['heart-beat.now', 'onHeartBeatNow'],
  ['Price Changed', 'onPriceChanged'],
])('the key %s is for %s', async (key, hook) => {
  await using gateway = await startHooks(`dispatcherKey: 'k', ${hook}: () => 'found', onMessage: () => 'any'`)
  using client = await connect(gateway.url('ws'))
  expect(await client.ask(JSON.stringify({ k: key }))).toBe('found')
})

test('a route goes before the hook that is named after the same key', async () => {
  await using gateway = await startHooks(
    `dispatcherKey: 'k', onBeat: () => 'name', routes: { beat: () => 'route' }`,
  )
  using client = await connect(gateway.url('ws'))
  expect(await client.ask('{"k":"beat"}')).toBe('route')
  expect(await client.ask('{"k":"Beat"}')).toBe('name')
})

describe('what does not fit goes to the error hook of its route', () => {
  const XML = `<service xmlns="urn:myelin" name="a" dispatcherKey="event">
    <onOrder schema='{"type": "object", "required": ["n"]}'><respond/></onOrder>
    <onOrderError><payloadFactory media-type="text"><format>$1</format>
      <args><arg expression="get-property('ERROR_CODE')"/></args></payloadFactory><respond/></onOrderError>
    <route key="buy.now" schema='{"type": "object", "required": ["n"]}'><respond/></route>
    <onError><payloadFactory media-type="text"><format>any</format></payloadFactory><respond/></onError>
  </service>`
  const YAML = `
name: a
dispatcherKey: event
onOrder: {schema: {type: object, required: [n]}, steps: [respond]}
onOrderError: [{payloadFactory: {media-type: text, format: $1, args: {arg: {expression: "get-property('ERROR_CODE')"}}}}, respond]
routes:
  buy.now: {schema: {type: object, required: [n]}, steps: [respond]}
onError: [${text('any')}]
`
  const MODULE = `import { bound, service } from 'myelin'
  const schema = { type: 'object', required: ['n'] }
  export default service({ name: 'a', dispatcherKey: 'event',
    onOrder: bound(schema, (caller, order) => order),
    onOrderError: (caller, error) => error.code,
    routes: { 'buy.now': bound(schema, (caller, order) => order) },
    onError: () => 'any' })`
  test.each(notations(XML, YAML, MODULE))('%s', async (name, service) => {
    await using gateway = await startService(name, service)
    using client = await connect(gateway.url('ws'))
    expect(await client.ask('{"event":"order","n":1}')).toBe('{"event":"order","n":1}')
    expect(await client.ask('{"event":"order"}')).toBe('PAYLOAD_VALIDATION_FAILED')
    expect(await client.ask('{"event":"buy.now"}')).toBe('any')
    expect(await client.ask('{"event":"buy.now","n":1}')).toBe('{"event":"buy.now","n":1}')
  })
})

describe('stream ids', () => {
  test('each answer has the id of what it answers, in whatever order they come', async () => {
    await using gateway = await startHooks(
      `dispatcherKey: 'event', dispatcherStreamId: 'head.id',
       onSlow: async function* (caller, { n }) { await turn.promise; yield { n }; yield { n, head: { id: 'own' } }; yield 'text' },
       onFast: (caller, { n }) => { turn.resolve(); return { n, head: { by: 'fast' } } },
       onBare: () => ({ bare: true }),`,
      'const turn = Promise.withResolvers()',
    )
    using client = await connect(gateway.url('ws'))
    client.send('{"event":"slow","head":{"id":1},"n":10}')
    client.send('{"event":"fast","head":{"id":"two"},"n":20}')
    client.send('{"event":"bare"}')
    const got = await client.received.texts(5)
    expect(got.filter(each => each.includes('20'))).toEqual(['{"n":20,"head":{"by":"fast","id":"two"}}'])
    expect(got.filter(each => each.includes('10'))).toEqual([
      '{"n":10,"head":{"id":1}}',
      '{"n":10,"head":{"id":"own"}}',
    ])
    expect(got).toContain('text')
    expect(got).toContain('{"bare":true}')
  })

  test.each([
    ['of its route', 'onOrderError'],
    ['of the service', 'onError'],
  ])('the answer of the error hook %s has it', async (_what, hook) => {
    await using gateway = await startHooks(
      `dispatcherKey: 'event', dispatcherStreamId: 'id',
       onOrder: bound({ type: 'object', required: ['n'] }, () => ({ ok: true })),
       ${hook}: (caller, error) => ({ error: error.code })`,
    )
    using client = await connect(gateway.url('ws'))
    expect(JSON.parse(await client.ask('{"event":"order","id":7}'))).toEqual({
      error: 'PAYLOAD_VALIDATION_FAILED',
      id: 7,
    })
  })

  test('mediators of a route find it in a property', async () => {
    await using gateway = await startService(
      'a.yaml',
      `dispatcherKey: event
dispatcherStreamId: id
onOrder:
  - payloadFactory:
      media-type: json
      format: '{"id": $1, "done": true}'
      args: {arg: {expression: "get-property('websocket.stream.id')"}}
  - respond`,
    )
    using client = await connect(gateway.url('ws'))
    expect(JSON.parse(await client.ask('{"event":"order","id":17}'))).toEqual({ id: 17, done: true })
  })
})
