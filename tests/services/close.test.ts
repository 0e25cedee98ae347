// Closing a client, from mediators and from functions.

import { describe, expect, test } from 'vitest'
import { closeCodes } from '../../src/sdk/index.ts'
import { connect, refusal } from '../support/clients.ts'
import { startGateway } from '../support/gateway.ts'
import { findings, json, mediate } from '../support/mediate.ts'
import { startHooks, startService } from './serve.ts'

const REASON = "{concat('no ', get-property('query.param.what'))}"

describe.each([
  [
    'a.xml',
    `<service xmlns="urn:myelin" name="a"><onMessage><close code="1008" reason="${REASON}"/><respond/></onMessage></service>`,
  ],
  ['a.yaml', `name: a\nonMessage:\n  - close: {code: 1008, reason: "${REASON}"}\n  - respond\n`],
  [
    'a.ts',
    `export default { name: 'a', onMessage: [{ close: { code: 1008, reason: "${REASON}" } }, 'respond'] }`,
  ],
])('the mediator in %s', (name, text) => {
  test('closes with its code and a reason that is computed, and ends the message', async () => {
    await using gateway = await startService(
      name,
      text.replaceAll('query.param.what', 'websocket.text.frame'),
    )
    using client = await connect(gateway.url('ws'))
    client.send('cheese')
    expect(await client.closed).toEqual({ code: 1008, reason: 'no cheese' })
    expect(client.received.all).toEqual([])
  })
})

describe('what it may say in YAML', () => {
  test.each([
    ['close', { code: 1000, reason: '' }],
    ['close: 4001', { code: 4001, reason: '' }],
    ['close: PolicyViolation', { code: 1008, reason: 'Policy violation' }],
    ['close: {code: GoingAway, reason: bye}', { code: 1001, reason: 'bye' }],
    ['close: {code: "{json-eval($.code)}"}', { code: 4400, reason: '' }],
    ['close: {code: 1012}', { code: 1012, reason: '' }],
    [`close: {reason: "{'${'ü'.repeat(70)}'}"}`, { code: 1000, reason: 'ü'.repeat(61) }],
  ])('%s', async (step, expected) => {
    await using gateway = await startService('a.yaml', `onMessage:\n  - ${step}\n`)
    using client = await connect(gateway.url('ws'))
    client.send('{"code": 4400}')
    expect(await client.closed).toEqual(expected)
  })
})

test.each(['999', '1004', '1005', '1006', '1015', '1016', '2999', '5000', 'soon', '10.5'])(
  'code %s may not be sent',
  code => {
    expect(findings(`<close code="${code}"/>`)).toEqual([
      `bad-value: attribute code is "${code}"; expected a close code: 1000 to 1003, 1007 to 1014, and 3000 to 4999 may be sent.`,
    ])
  },
)

test('a reason that is too long is found before it is sent', () => {
  expect(findings(`<close reason="${'x'.repeat(124)}"/>`)).toEqual([
    'bad-value: attribute reason has 124 bytes; expected at most 123.',
  ])
})

test('a code that comes out wrong is a fault, and the client is closed for that', async () => {
  await using gateway = await startService('a.yaml', `onMessage: [{close: {code: "{json-eval($.c)}"}}]`)
  using client = await connect(gateway.url('ws'))
  client.send('{"c": 1006}')
  expect(await client.closed).toMatchObject({ code: 1011 })
  await gateway.waitForLog('"1006" is no close code')
})

test('without a client there is nothing to close: a fault says so', async () => {
  const ctx = await mediate('<close code="1008"/>', json({}))
  expect(ctx.fault?.message).toBe('there is no WebSocket session to close')
})

test('in onUpgrade the client is refused', async () => {
  await using gateway = await startService('a.yaml', 'onUpgrade: [{close: {code: 1008, reason: not you}}]')
  expect(await refusal(gateway.url('ws'))).toMatchObject({ status: 403, body: '{"message":"not you"}' })
})

test('it closes from the sequences of an inbound endpoint, for what a backend sends as well', async () => {
  await using backend = await startService('b.yaml', 'name: b\nonMessage: [respond]')
  await using gateway = await startGateway({
    xml: `<sequence name="in"><send><endpoint><address uri="${backend.url('ws')}"/></endpoint></send></sequence>
      <sequence name="out"><filter xpath="get-property('websocket.text.frame')"><then>
        <close code="4002" reason="{json-eval($.n)}"/></then></filter></sequence>
      <inboundEndpoint name="ws" protocol="ws" sequence="in" suspend="false"><parameters>
        <parameter name="inbound.ws.port">0</parameter>
        <parameter name="ws.default.content.type">application/json</parameter>
        <parameter name="ws.outflow.dispatch.sequence">out</parameter>
      </parameters></inboundEndpoint>`,
  })
  using client = await connect(gateway.url('ws'))
  client.send('{"n": 7}')
  expect(await client.closed).toEqual({ code: 4002, reason: '7' })
})

test('it closes another session, and the other sessions of a group', async () => {
  await using gateway = await startService(
    'a.yaml',
    `onOpen:
  - joinGroup: all
onMessage:
  - filter:
      source: json-eval($.whom)
      regex: all
      then: [{close: {group: all, code: 4003}}, respond]
      else: [{close: {session: "{json-eval($.whom)}", code: 4004, reason: out}}, respond]
`,
  )
  using one = await connect(gateway.url('ws'))
  using two = await connect(gateway.url('ws'))
  using three = await connect(gateway.url('ws'))
  one.send('{"whom": "a-2"}')
  expect(await two.closed).toEqual({ code: 4004, reason: 'out' })
  expect(await one.received.text()).toContain('a-2')
  one.send('{"whom": "all"}')
  expect(await three.closed).toEqual({ code: 4003, reason: '' })
  expect(await one.received.text()).toContain('all')
})

test('close results have codes by name, with the usual reasons', async () => {
  expect(closeCodes).toEqual({
    NormalClosure: 1000,
    GoingAway: 1001,
    ProtocolError: 1002,
    UnsupportedData: 1003,
    InvalidPayload: 1007,
    PolicyViolation: 1008,
    MessageTooBig: 1009,
    InternalServerError: 1011,
  })
  await using gateway = await startHooks(
    `onMessage: (caller, name) => name === 'own' ? close(4000, 'own') : close[name]()`,
  )
  const closed = async (name: string) => {
    using client = await connect(gateway.url('ws'))
    client.send(name)
    return await client.closed
  }
  expect(await closed('normal')).toEqual({ code: 1000, reason: 'Normal closure' })
  expect(await closed('goingAway')).toEqual({ code: 1001, reason: 'Going away' })
  expect(await closed('protocolError')).toEqual({ code: 1002, reason: 'Protocol error' })
  expect(await closed('unsupportedData')).toEqual({ code: 1003, reason: 'Unsupported data' })
  expect(await closed('invalidPayload')).toEqual({ code: 1007, reason: 'Invalid payload' })
  expect(await closed('policyViolation')).toEqual({ code: 1008, reason: 'Policy violation' })
  expect(await closed('messageTooBig')).toEqual({ code: 1009, reason: 'Message too big' })
  expect(await closed('internalServerError')).toEqual({ code: 1011, reason: 'Internal server error' })
  expect(await closed('own')).toEqual({ code: 4000, reason: 'own' })
})

test('a stream closes by giving a close result', async () => {
  await using gateway = await startHooks(
    `async *onMessage() { yield 'one'; yield close.policyViolation('enough'); yield 'never' }`,
  )
  using client = await connect(gateway.url('ws'))
  client.send('go')
  expect(await client.closed).toEqual({ code: 1008, reason: 'enough' })
  expect(client.received.all.map(({ data }) => data.toString())).toEqual(['one'])
})
