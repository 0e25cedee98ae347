import { once } from 'node:events'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { makeIdentity, TestFolder } from '../support/certificates.ts'
import { connect } from '../support/clients.ts'
import { startGateway } from '../support/gateway.ts'
import { HttpBackend } from '../support/http-backend.ts'

test('a WebSocket client talks to an HTTP backend: each message is posted, each answer comes back', async () => {
  await using backend = await HttpBackend.start(({ body }) => ({
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ got: JSON.parse(body) }),
  }))
  await using gateway = await startGateway({
    xml: `<inboundEndpoint name="in" protocol="ws" sequence="flow"><parameters>
        <parameter name="inbound.ws.port">0</parameter></parameters></inboundEndpoint>
      <sequence name="flow">
        <filter source="get-property('source.handshake.present')" regex="true"><then><drop/></then></filter>
        <filter source="get-property('connection.terminate')" regex="true"><then><drop/></then></filter>
        <call>${backend.endpoint}</call><respond/></sequence>`,
  })
  await using client = await connect(gateway.url('ws', 'in'))
  client.webSocket.send('{"n":1}')
  client.webSocket.send('{"n":2}')
  expect(String((await client.received.next()).data)).toBe('{"got":{"n":1}}')
  expect(String((await client.received.next()).data)).toBe('{"got":{"n":2}}')
  expect(backend.received.map(({ method, target }) => `${method} ${target}`)).toEqual([
    'POST /backend',
    'POST /backend',
  ])
  expect(backend.received[0]!.headers['content-type']).toBe('application/json')
  expect(backend.received[0]!.headers['sec-websocket-key']).toBeUndefined()
})

test('an https backend is called when its certificate is of the trust store, and not otherwise', async () => {
  const authority = await makeIdentity(['authority'])
  const identity = await makeIdentity(['localhost'], authority)
  const server = createServer(identity, (_request, response) => response.end('ok'))
  await once(server.listen(0, 'localhost'), 'listening')
  try {
    using folder = new TestFolder()
    const store = folder.write('authority.pem', authority.cert)
    const uri = `https://localhost:${(server.address() as AddressInfo).port}/`
    const xml = `<proxy name="p"><target><inSequence><call><endpoint><address uri="${uri}"/></endpoint></call><respond/></inSequence>
      <faultSequence><property name="HTTP_SC" value="502" scope="axis2"/><respond/></faultSequence></target></proxy>`
    await using trusting = await startGateway({ xml, settings: { 'truststore.file_name': store } })
    expect((await fetch(trusting.url('http', 'p'))).status).toBe(200)
    await using other = await startGateway({ xml })
    expect((await fetch(other.url('http', 'p'))).status).toBe(502)
    expect(other.logged('Error connecting to the back end').length).toBeGreaterThan(0)
  } finally {
    server.closeAllConnections()
    server.close()
  }
})

test('an answer that is too large is fault 101501', async () => {
  await using backend = await HttpBackend.start(() => ({ body: 'x'.repeat(2_000) }))
  await using gateway = await startGateway({
    xml: `<proxy name="p"><target><inSequence><call>${backend.endpoint}</call><builder/><respond/></inSequence>
      <faultSequence><property name="HTTP_SC" value="502" scope="axis2"/><respond/></faultSequence></target></proxy>`,
    settings: { 'transport.http.sender.max_body_bytes': 1_000 },
  })
  expect((await fetch(gateway.url('http', 'p'))).status).toBe(502)
  expect(gateway.logged('ERROR_CODE : 101501')).toHaveLength(1)
})

test('a gateway that stops does not wait for a backend that does not answer', async () => {
  const never = new Promise<never>(() => {})
  await using backend = await HttpBackend.start(() => never)
  await using gateway = await startGateway({
    xml: `<proxy name="p"><target><inSequence><property name="OUT_ONLY" value="true"/><send>${backend.endpoint}</send></inSequence></target></proxy>`,
  })
  expect((await fetch(gateway.url('http', 'p'), { method: 'POST', body: 'x' })).status).toBe(202)
  const before = performance.now()
  await gateway.gateway.stop(50)
  expect(performance.now() - before).toBeLessThan(5_000)
})
