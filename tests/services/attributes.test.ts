// Attributes of a session: what mediators keep in scope session is what functions see, until the client is gone.

import { describe, expect, test } from 'vitest'
import { connect, refusal } from '../support/clients.ts'
import { json, mediate } from '../support/mediate.ts'
import { notations, startHooks, startService } from './serve.ts'

const XML = `<service xmlns="urn:myelin" name="a">
  <query name="user"/>
  <onUpgrade><property name="user" scope="session" expression="get-property('query.param.user')"/></onUpgrade>
  <onTextMessage>
    <payloadFactory media-type="text"><format>$1 $2 \${props.session.user}</format>
      <args><arg expression="get-property('session', 'user')"/><arg expression="$session:user"/></args>
    </payloadFactory>
    <property name="user" scope="session" action="remove"/>
    <respond/>
  </onTextMessage>
  <onBinaryMessage>
    <filter xpath="not(get-property('session', 'user'))"><then><close code="4000" reason="nobody"/></then></filter>
    <respond/>
  </onBinaryMessage>
</service>`

const YAML = `
name: a
query: {user: string}
onUpgrade:
  - property: {name: user, scope: session, expression: "get-property('query.param.user')"}
onTextMessage:
  - payloadFactory:
      media-type: text
      format: $1 $2 \${props.session.user}
      args: {arg: [{expression: "get-property('session', 'user')"}, {expression: "$session:user"}]}
  - property: {name: user, scope: session, action: remove}
  - respond
onBinaryMessage:
  - filter:
      xpath: not(get-property('session', 'user'))
      then: [{close: {code: 4000, reason: nobody}}]
  - respond
`

const MODULE = `export default {
  name: 'a',
  query: { user: 'string' },
  onUpgrade: [{ property: { name: 'user', scope: 'session', expression: "get-property('query.param.user')" } }],
  onTextMessage(caller) {
    const user = caller.getAttribute('user')
    caller.removeAttribute('user')
    return [user, user, user].join(' ')
  },
  onBinaryMessage: [
    { filter: { xpath: "not(get-property('session', 'user'))", then: [{ close: { code: 4000, reason: 'nobody' } }] } },
    'respond',
  ],
}`

describe.each(notations(XML, YAML, MODULE))('%s', (name, text) => {
  test('what the handshake sets is there for each message of its own session, until it is removed', async () => {
    await using gateway = await startService(name, text)
    using ana = await connect(`${gateway.url('ws')}?user=ana`)
    using bob = await connect(`${gateway.url('ws')}?user=bob`)
    const bytes = Buffer.from([1])
    ana.send(bytes)
    expect((await ana.received.next()).data).toEqual(bytes)
    expect(await ana.ask('who')).toBe('ana ana ana')
    expect(await bob.ask('who')).toBe('bob bob bob')
    ana.send(bytes)
    expect(await ana.closed).toEqual({ code: 4000, reason: 'nobody' })
  })
})

test('functions and mediators see the same value, from a backend as well', async () => {
  await using backend = await startService('b.yaml', 'name: b\nonMessage: [respond]')
  await using gateway = await startHooks(`
    onOpen(caller) { caller.setAttribute('n', 41) },
    onMessage: [
      { property: { name: 'n', scope: 'session', type: 'INTEGER', expression: '$session:n + 1' } },
      { send: { endpoint: '${backend.url('ws')}' } },
    ],
    onBackendMessage: caller => ({ n: caller.getAttribute('n') }),`)
  using client = await connect(gateway.url('ws'))
  expect(await client.ask('x')).toBe('{"n":42}')
})

test('a refused client leaves nothing behind', async () => {
  await using gateway = await startService(
    'a.yaml',
    `query: {no: {required: false}}
onUpgrade:
  - property: {name: user, scope: session, value: kept}
  - filter:
      xpath: get-property('query.param.no')
      then: [{property: {name: HTTP_SC, scope: axis2, value: 403}}, respond]
onMessage: [{payloadFactory: {media-type: text, format: $1, args: {arg: {expression: "$session:user"}}}}, respond]`,
  )
  expect(await refusal(`${gateway.url('ws')}?no=1`)).toMatchObject({ status: 403 })
  using client = await connect(gateway.url('ws'))
  expect(await client.ask('x')).toBe('kept')
})

test('without a session there is nothing to read, and nowhere to write', async () => {
  const read = await mediate('<property name="a" expression="get-property(\'session\', \'x\')"/>', json({}))
  expect(read.properties.get('a')).toBeUndefined()
  const removed = await mediate('<property name="x" scope="session" action="remove"/>', json({}))
  expect(removed.fault).toBeUndefined()
  const written = await mediate('<property name="x" scope="session" value="1"/>', json({}))
  expect(written.fault?.message).toBe('there is no WebSocket session to keep the property x of scope session')
})
