// What a service is compiled to is the same, whatever it is written in.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { explainText } from '../../src/deployment/explain.ts'
import { buildGateway } from '../support/gateway.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const XML = `<service xmlns="urn:myelin" name="shop" basePath="/shop" upgradePath="/[room:string]" subProtocols="chat" dispatcherKey="type">
  <onOpen sequence="greet"/>
  <onMessage><log level="full"/><respond/></onMessage>
  <route key="buy">
    <filter source="json-eval($.n)" regex="1"><then><respond/></then><else><drop/></else></filter>
    <send><endpoint><address uri="ws://localhost:8082/websocket"/></endpoint></send>
  </route>
  <resource methods="GET" uri-template="/orders/{id}"><inSequence><respond/></inSequence></resource>
</service>`

const YAML = `
name: shop
base-path: /shop
upgrade-path: /[room:string]
sub-protocols: [chat]
dispatcher-key: type
on-open: greet
on-message:
  - log: {level: full}
  - respond
routes:
  buy:
    - filter: {source: json-eval($.n), regex: 1, then: [respond], else: [drop]}
    - send: {endpoint: "ws://localhost:8082/websocket"}
resources:
  GET /orders/{id}: [respond]
`

const MODULE = `
import { service } from 'myelin'
export default service({
  name: 'shop',
  basePath: '/shop',
  upgradePath: '/[room:string]',
  subProtocols: ['chat'],
  dispatcherKey: 'type',
  onOpen: 'greet',
  onMessage: [{ log: { level: 'full' } }, 'respond'],
  routes: {
    buy: [
      { filter: { source: 'json-eval($.n)', regex: 1, then: ['respond'], else: ['drop'] } },
      { send: { endpoint: 'ws://localhost:8082/websocket' } },
    ],
  },
  resources: { 'GET /orders/{id}': ['respond'] },
})
`

const SEQUENCE = '<sequence xmlns="http://ws.apache.org/ns/synapse" name="greet"><respond/></sequence>'

function explained(name: string, text: string): string {
  const path = join(temporaryFolder(), name)
  writeFileSync(path, text)
  const { gateway } = buildGateway({ files: { [path]: text, 'greet.xml': SEQUENCE } })
  expect(gateway.diagnostics.all().filter(({ severity }) => severity !== 'note')).toEqual([])
  return explainText(gateway.models)
}

test('XML, YAML and TypeScript compile to the same model', () => {
  const expected = explained('shop.xml', XML)
  expect(expected).toBe(`service shop
  listen http
  path /shop/[room:string]
  dispatcherKey type
  subProtocols ["chat"]
  onMessage
    log level=full
    respond
  onOpen
    sequence greet
  route buy
    filter regex=1 source=json-eval($.n)
      then
        respond
      else
        drop
    send
      endpoint
        address uri=ws://localhost:8082/websocket
  GET /orders/{id}
    inSequence
      respond`)
  expect(explained('shop.yaml', YAML)).toBe(expected)
  expect(explained('shop.ts', MODULE)).toBe(expected)
})

test('an inbound endpoint is a service whose hooks are its sequences', () => {
  const folder = temporaryFolder()
  const files = {
    'greet.xml': SEQUENCE,
    'inbound.xml': `<inboundEndpoint xmlns="http://ws.apache.org/ns/synapse" name="one" protocol="ws" sequence="greet" suspend="false">
      <parameters>
        <parameter name="inbound.ws.port">0</parameter>
        <parameter name="ws.outflow.dispatch.sequence">greet</parameter>
      </parameters>
    </inboundEndpoint>`,
    [join(folder, 'two.yaml')]: 'onOpen: greet\nonMessage: greet\nonClose: greet\nonBackendMessage: greet\n',
  }
  const [one, two] = buildGateway({ files }).gateway.models
  expect([one?.name, two?.name]).toEqual(['one', 'two'])
  expect(two?.events).toEqual(one?.events)
  expect(Object.keys(two?.events ?? {})).toEqual(Object.keys(one?.events ?? {}))
})
