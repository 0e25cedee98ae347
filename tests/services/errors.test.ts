// What becomes of the errors of hooks: statuses, codes in fault sequences, and closes.

import { connect as open } from 'node:net'
import { describe, expect, test } from 'vitest'
import { connect, refusal } from '../support/clients.ts'
import { startGateway } from '../support/gateway.ts'
import { startHooks, startService } from './serve.ts'

const NAMES = 'AuthnError, AuthzError, AuthError, UpgradeError, InvalidHandshakeError, WebSocketError'
const TYPED = `import { ${NAMES}, ConnectionError, HandshakeTimedOut, PayloadValidationError } from 'myelin'`

describe('an error of onUpgrade is a status', () => {
  test.each([
    ['throw new AuthnError("who?")', 401, '{"message":"who?"}'],
    ['throw new AuthError("who?")', 401, '{"message":"who?"}'],
    ['throw new AuthzError("not you")', 403, '{"message":"not you"}'],
    ['throw new UpgradeError("not so")', 400, '{"message":"not so"}'],
    ['throw new InvalidHandshakeError("not so")', 400, '{"message":"not so"}'],
    ['throw new WebSocketError("not so")', 400, '{"message":"not so"}'],
    ['return new AuthzError("given back")', 403, '{"message":"given back"}'],
    ['throw new (class extends AuthnError { name = "Own" })("own")', 401, '{"message":"own"}'],
    ['throw new ConnectionError("away")', 502, '{"message":"away"}'],
    ['throw new HandshakeTimedOut("late")', 504, '{"message":"late"}'],
    ['throw reject(409, "taken", { "X-Why": "1" })', 409, 'taken'],
    ['return reject(418, { short: true })', 418, '{"short":true}'],
    ['return false', 403, '{"message":"the client is not let in"}'],
    ['throw new TypeError("a bug")', 500, '{"message":"the handshake could not be mediated"}'],
    ['return new TypeError("a bug")', 500, '{"message":"the handshake could not be mediated"}'],
  ])('%s', async (body, status, expected) => {
    await using gateway = await startHooks(`async onUpgrade() { ${body} }`, TYPED)
    expect(await refusal(gateway.url('ws'))).toMatchObject({ status, body: expected })
  })

  test.each([
    ['AUTHENTICATION_FAILED', 401],
    ['AUTHORIZATION_FAILED', 403],
    ['UPGRADE_REFUSED', 400],
    ['OF_ONES_OWN', 500],
  ])('throwError %s in mediators', async (type, status) => {
    await using gateway = await startService(
      'a.yaml',
      `onUpgrade: [{throwError: {type: ${type}, errorMessage: no}}]\nonMessage: [respond]`,
    )
    expect(await refusal(gateway.url('ws'))).toMatchObject({ status })
  })

  test('a fault sequence that answers has the last word', async () => {
    await using gateway = await startService(
      'a.yaml',
      `onUpgrade: [{throwError: {type: AUTHENTICATION_FAILED, errorMessage: no}}]
onError: [{property: {name: HTTP_SC, scope: axis2, value: 407}}, respond]`,
    )
    expect(await refusal(gateway.url('ws'))).toMatchObject({ status: 407 })
  })
})

const FAULT = `<sequence xmlns="http://ws.apache.org/ns/synapse" name="tell"><payloadFactory media-type="text">
  <format>$1: $2</format><args><arg expression="get-property('ERROR_CODE')"/><arg expression="get-property('ERROR_MESSAGE')"/></args>
</payloadFactory><respond/></sequence>`

describe('a fault sequence knows a typed error by its code', () => {
  test.each([
    ['new PayloadValidationError("bad")', 'PAYLOAD_VALIDATION_FAILED: bad'],
    ['new AuthzError("no")', 'AUTHORIZATION_FAILED: no'],
    ['Object.assign(new Error("no"), { name: "ReadTimedOutError" })', 'READ_TIMED_OUT: no'],
    ['new Error("plain")', '0: plain'],
  ])('%s', async (error, expected) => {
    await using gateway = await startHooks(
      `onMessage() { throw ${error} },
       onError: [{ payloadFactory: { 'media-type': 'text', format: '$1: $2', args: { arg: [
         { expression: "get-property('ERROR_CODE')" }, { expression: "get-property('ERROR_MESSAGE')" } ] } } }, 'respond']`,
      TYPED,
    )
    using client = await connect(gateway.url('ws'))
    client.send('x')
    expect(await client.received.text()).toBe(expected)
    expect(await client.closed).toEqual({ code: 1011, reason: 'unexpected condition' })
  })

  test('where there is no onError the fault sequence runs, and then the client is closed', async () => {
    await using gateway = await startGateway({
      files: {
        'tell.xml': FAULT,
        'a.yaml': 'faultSequence: tell\nonMessage: [{throwError: {type: OWN, errorMessage: mine}}]\n',
      },
    })
    using client = await connect(gateway.url('ws'))
    client.send('{}')
    expect(await client.received.text()).toBe('OWN: mine')
    expect(await client.closed).toEqual({ code: 1011, reason: 'unexpected condition' })
  })
})

test('the end of a connection that broke the rules reaches onError as a typed error, after the close', async () => {
  await using gateway = await startHooks(
    `maxMessageSize: 10,
     onError: (caller, error) => caller.groups.send('witness', [error.name, error.code, error.closeCode, caller.isOpen]),
     onMessage: caller => caller.groups.join('witness') && 'watching'`,
    TYPED,
  )
  using witness = await connect(gateway.url('ws'))
  expect(await witness.ask('watch')).toBe('watching')
  using big = await connect(gateway.url('ws'))
  big.send('longer than ten')
  expect(await big.closed).toMatchObject({ code: 1009 })
  expect(JSON.parse(await witness.received.text())).toEqual([
    'PayloadTooLargeError',
    'PAYLOAD_TOO_LARGE',
    1009,
    false,
  ])
})

test('mediators of onError see the same code', async () => {
  await using gateway = await startService(
    'a.yaml',
    `onMessage: [{joinGroup: witness}, respond]
onError:
  - payloadFactory: {media-type: text, format: $1, args: {arg: {expression: "get-property('ERROR_CODE')"}}}
  - sendToGroup: witness`,
  )
  using witness = await connect(gateway.url('ws'))
  await witness.ask('watch')
  const { hostname, port, pathname } = new URL(gateway.url('ws'))
  const socket = open(Number(port), hostname)
  socket.write(
    `GET ${pathname} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`,
  )
  // A continuation of nothing, masked with zeros.
  socket.once('data', () => socket.write(Buffer.from([0x80, 0x80, 0, 0, 0, 0])))
  expect(await witness.received.text()).toBe('INVALID_CONTINUATION_FRAME')
  socket.destroy()
})

test('a hook that fails harms nobody else, whatever it throws', async () => {
  await using gateway = await startHooks(
    `onMessage(caller, data) {
       if (data === 'text') throw 'text'
       if (data === 'nothing') throw undefined
       if (data === 'stream') return (async function* () { throw null })()
       return data
     }`,
  )
  using other = await connect(gateway.url('ws'))
  for (const what of ['text', 'nothing', 'stream']) {
    using client = await connect(gateway.url('ws'))
    client.send(what)
    expect(await client.closed).toMatchObject({ code: 1011 })
    expect(await other.ask('here')).toBe('here')
  }
})

test('the reason of a stream that fails is cut on a character', async () => {
  await using gateway = await startHooks(`async *onMessage() { throw new Error('ü'.repeat(100)) }`)
  using client = await connect(gateway.url('ws'))
  client.send('x')
  expect(await client.closed).toEqual({ code: 1011, reason: `streaming failed: ${'ü'.repeat(52)}` })
})

test('what fails for a message of a backend ends the client as well, after its own error hook', async () => {
  await using backend = await startService('b.yaml', 'name: b\nonMessage: [respond]')
  await using gateway = await startHooks(
    `onMessage: [{ send: { endpoint: '${backend.url('ws')}' } }],
     onBackendMessage: (caller, data) => { if (data === 'bad') throw new Error('of the backend'); return data },
     onBackendError: (caller, error) => 'error ' + error.message`,
  )
  using client = await connect(gateway.url('ws'))
  expect(await client.ask('good')).toBe('good')
  expect(await client.ask('bad')).toBe('error of the backend')
  expect(await client.closed).toEqual({ code: 1011, reason: 'unexpected condition' })
})

test('an error hook that fails itself ends its client', async () => {
  await using gateway = await startHooks(
    `dispatcherKey: 'k',
     onOrder: bound({ required: ['n'] }, () => 'PASS'),
     async onOrderError() { throw new Error('and this as well') }`,
  )
  using client = await connect(gateway.url('ws'))
  client.send('{"k":"order"}')
  expect(await client.closed).toEqual({ code: 1011, reason: 'unexpected condition' })
})
