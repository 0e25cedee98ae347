// APIs bound to a WebSocket inbound endpoint: the path of the handshake chooses the resource, which then runs for all
// that the client does.

import { describe, expect, test } from 'vitest'
import { startBackend } from '../support/backends.ts'
import { connect, refusal } from '../support/clients.ts'
import { relay, sendTo } from '../support/configurations.ts'
import { buildGateway, startGateway } from '../support/gateway.ts'
import { HttpBackend } from '../support/http-backend.ts'

/** Says what happened, and values of properties. */
const tell = (...names: string[]): string =>
  `<log level="custom"><property name="RAN" expression="concat(${names
    .map(name => `get-property('${name}'), '|'`)
    .join(', ')}, '.')"/></log>`

const MESSAGES_ONLY = `<filter xpath="get-property('source.handshake.present') = 'true' or get-property('connection.terminate') = 'true'">
  <then><drop/></then></filter>`

const api = (resources: string, attributes = ''): string =>
  `<api name="rooms" context="/rooms" binds-to="clients" ${attributes}>${resources}</api>`
const resource = (attributes: string, steps: string, more = ''): string =>
  `<resource ${attributes}><inSequence>${steps}</inSequence>${more}</resource>`

const OWN = relay('', { dispatch: `${tell('inbound.endpoint.name')}` })

describe('an API bound to a WebSocket inbound endpoint', () => {
  test('takes the sessions with its path, from the handshake to the end, and leaves others to the endpoint', async () => {
    const names = ['uri.var.id', 'query.param.as', 'REST_SUB_REQUEST_PATH', 'SYNAPSE_REST_API', 'api.caller']
    const xml = OWN + api(resource('uri-template="/{id}"', tell(...names)))
    await using gateway = await startGateway({ xml })
    const url = gateway.url('ws')

    {
      using member = await connect(`${url}rooms/7?as=me`)
      member.webSocket.send('hello')
      await gateway.waitForLog('{api:rooms} RAN', 2)
    }
    await gateway.waitForLog('{api:rooms} RAN', 3)
    using other = await connect(`${url}elsewhere`)
    other.webSocket.send('hello')
    await gateway.waitForLog('{inboundendpoint:clients} RAN', 2)

    const line = '{api:rooms} RAN = 7|me|/7?as=me|rooms|clients|.'
    expect(gateway.logged('{api:rooms} RAN')).toEqual([line, line, line])
    expect(gateway.inFlight).toBe(0)
  })

  test('answers by what an HTTP backend says, through the out sequence of the resource', async () => {
    await using backend = await HttpBackend.json({ price: 7 })
    const out = `<outSequence>${tell('uri.var.id')}<respond/></outSequence>`
    const steps = `${MESSAGES_ONLY}<send>${backend.endpoint}</send>`
    const xml = OWN + api(resource('uri-template="/{id}"', steps, out))
    await using gateway = await startGateway({ xml })
    using client = await connect(`${gateway.url('ws')}rooms/7`)

    client.webSocket.send('{"item":"tea"}')

    expect((await client.received.next()).data.toString()).toBe('{"price":7}')
    expect(gateway.logged('RAN')).toEqual(['{api:rooms} RAN = 7|.'])
    expect(backend.received[0]?.body).toBe('{"item":"tea"}')
  })

  test('relays to a WebSocket backend, whose messages run through the sequence of the endpoint', async () => {
    await using backend = await startBackend()
    const xml =
      relay('', { dispatch: '<drop/>', out: `${tell('inbound.endpoint.name')}<respond/>` }) +
      api(resource('uri-template="/*"', sendTo(backend.url)))
    await using gateway = await startGateway({ xml })
    using client = await connect(`${gateway.url('ws')}rooms/7`)
    client.webSocket.send('ping')
    const connection = await backend.connection()
    expect((await connection.received.next()).data.toString()).toBe('ping')

    connection.webSocket.send('pong')

    expect((await client.received.next()).data.toString()).toBe('pong')
    expect(gateway.logged('RAN').length).toBeGreaterThan(0)
  })

  test('runs the fault sequence of the resource', async () => {
    const fault = `<faultSequence>${tell('ERROR_MESSAGE')}</faultSequence>`
    const steps = `${MESSAGES_ONLY}<throwError type="A" errorMessage="no"/>`
    await using gateway = await startGateway({ xml: OWN + api(resource('uri-template="/*"', steps, fault)) })
    using client = await connect(`${gateway.url('ws')}rooms/7`)

    client.webSocket.send('x')

    await gateway.waitForLog('{api:rooms} RAN = no|.')
    expect(client.webSocket.readyState).toBe(client.webSocket.OPEN)
  })

  test.each([
    ['no resource has the path', '/rooms/a/b/c', 404],
    ['the resource is for methods of HTTP', '/rooms/get/x', 405],
    ['the query is not encoded as it should be', '/rooms/7?a=%zz', 400],
  ])('refuses the upgrade where %s', async (_why, path, status) => {
    const xml =
      OWN +
      api(
        resource('url-mapping="/get/*" methods="GET"', '') +
          resource('uri-template="/{id}" user-agent=".*"', ''),
      )
    await using gateway = await startGateway({ xml })

    expect((await refusal(gateway.url('ws').replace(/\/$/, path))).status).toBe(status)
    expect(gateway.logged('RAN')).toEqual([])
  })

  test('runs the sequence for paths without a resource where there is one', async () => {
    const mismatch = `<sequence name="_resource_mismatch_handler_">${tell('REST_SUB_REQUEST_PATH')}</sequence>`
    const xml = `${OWN}${api(resource('uri-template="/{id}"', '<drop/>'))}${mismatch}`
    await using gateway = await startGateway({ xml })

    using _client = await connect(`${gateway.url('ws')}rooms/a/b/c`)

    await gateway.waitForLog('{api:rooms} RAN = /a/b/c|.')
  })

  test('may be on the HTTP transport as well', async () => {
    const xml =
      OWN + api(resource('', '<respond/>')).replace('binds-to="clients"', 'binds-to="default,clients"')
    await using gateway = await startGateway({ xml })

    expect((await fetch(gateway.url('http'))).status).toBe(200)
    using client = await connect(`${gateway.url('ws')}rooms`)
    client.webSocket.send('back')
    expect((await client.received.next()).data.toString()).toBe('back')
  })
})

test('two APIs with one path on one endpoint clash', () => {
  const xml = OWN + api(resource('', '')) + api(resource('', '')).replace('name="rooms"', 'name="halls"')
  const { diagnostics } = buildGateway({ xml }).gateway

  expect(diagnostics.all().map(({ message }) => message)).toContain(
    'halls would be served on clients at /rooms/*, where rooms is; it is left out.',
  )
})

test('an API with the root as its context comes before the inbound endpoint for HTTP it is bound to', async () => {
  const xml = `<inboundEndpoint name="in" protocol="http" sequence="s"><parameters>
      <parameter name="inbound.http.port">0</parameter></parameters></inboundEndpoint>
    <sequence name="s"><drop/></sequence>
    <api name="a" context="/" binds-to="in">${resource('uri-template="/x"', '<respond/>')}</api>`
  await using gateway = await startGateway({ xml })

  expect((await fetch(`${gateway.url('http', 'a')}x`)).status).toBe(200)
})
