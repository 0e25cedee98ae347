import { expect, test } from 'vitest'
import { startGateway } from './support/gateway.ts'

const xml = `
<sequence name="reply"><respond/></sequence>
<inboundEndpoint name="in" protocol="ws" sequence="reply">
    <parameters><parameter name="inbound.ws.port">0</parameter></parameters>
</inboundEndpoint>
<proxy name="echo"><target inSequence="reply"/></proxy>`

test('with the HTTP transport switched off proxy services are not served, and WebSockets are', async () => {
  await using gateway = await startGateway({ xml, settings: { 'transport.http.listener.enable': false } })

  expect(gateway.gateway.listening.map(({ what }) => what)).toEqual(['inbound endpoint in'])
})

test('with the HTTP transport on, as it is by default, both are served', async () => {
  await using gateway = await startGateway({ xml })

  expect(gateway.gateway.listening.map(({ what }) => what)).toEqual([
    'inbound endpoint in',
    'proxy service echo',
  ])
})
