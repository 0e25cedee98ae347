// What clients find described is what the services do, whatever these are written in.

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { asyncApiDocument } from '../../src/asyncapi/document.ts'
import { Diagnostics } from '../../src/language/diagnostic.ts'
import { Source } from '../../src/language/source.ts'
import { plainOf, readYaml } from '../../src/language/yaml.ts'
import { testAuthority } from '../support/certificates.ts'
import { buildGateway, type GatewayOptions } from '../support/gateway.ts'
import { serveMocks } from '../support/mocks.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

/** A document, looked into by path. */
type Document = ReturnType<typeof JSON.parse>

/** The document of a configuration; every reference in it leads somewhere. */
function describedBy(options: GatewayOptions): Document {
  const { gateway } = buildGateway(options)
  expect(gateway.diagnostics.all().filter(({ severity }) => severity !== 'note')).toEqual([])
  return checked(asyncApiDocument({ title: 'Test' }, gateway.channels()))
}

function checked(document: Document): Document {
  const lost: string[] = []
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return
    const { $ref } = value as { $ref?: unknown }
    if (typeof $ref === 'string' && found(document, $ref) === undefined) lost.push($ref)
    for (const each of Object.values(value)) visit(each)
  }
  visit(document)
  expect(lost).toEqual([])
  expect(document.asyncapi).toBe('3.0.0')
  return document
}

function found(document: Document, ref: string): Document {
  return ref
    .slice(2)
    .split('/')
    .reduce((at, part) => at?.[part], document)
}

const YAML = `
name: shop
basePath: /shop
upgradePath: /[room:string]/[seat:int]
subProtocols: [chat.v2, chat.v1]
requireSubprotocol: true
dispatcherKey: head.type
dispatcherStreamId: id
query: {since: {type: int, required: false, default: 0}, token: string}
headers: {X-Tenant: uuid}
onOpen: [respond]
onMessage: [respond]
onClose: [drop]
onHeartBeat: [drop]
routes:
  buy: [respond]
`

const XML = `<service xmlns="urn:myelin" name="shop" basePath="/shop" upgradePath="/[room:string]/[seat:int]" subProtocols="chat.v2,chat.v1" requireSubprotocol="true" dispatcherKey="head.type" dispatcherStreamId="id">
  <query name="since" type="int" required="false" default="0"/>
  <query name="token"/>
  <header name="X-Tenant" type="uuid"/>
  <onOpen><respond/></onOpen>
  <onMessage><respond/></onMessage>
  <onClose><drop/></onClose>
  <onHeartBeat><drop/></onHeartBeat>
  <route key="buy"><respond/></route>
</service>`

const MODULE = `
import { service } from 'myelin'
export default service({
  name: 'shop',
  basePath: '/shop',
  upgradePath: '/[room:string]/[seat:int]',
  subProtocols: ['chat.v2', 'chat.v1'],
  requireSubprotocol: true,
  dispatcherKey: 'head.type',
  dispatcherStreamId: 'id',
  query: { since: { type: 'int', required: false, default: 0 }, token: 'string' },
  headers: { 'X-Tenant': 'uuid' },
  onOpen: ['respond'],
  onMessage: ['respond'],
  onClose: ['drop'],
  onHeartBeat: ['drop'],
  routes: { buy: message => message },
})
`

function inFile(name: string, text: string): GatewayOptions {
  const path = join(temporaryFolder(), name)
  writeFileSync(path, text)
  return { files: { [path]: text }, settings: { 'transport.http.listener.port': 8280 } }
}

test('a service is the same document in XML, YAML and TypeScript', () => {
  const document = describedBy(inFile('shop.yaml', YAML))
  expect(describedBy(inFile('shop.xml', XML))).toEqual(document)
  expect(describedBy(inFile('shop.ts', MODULE))).toEqual(document)

  expect(document.servers).toEqual({ 'ws-8280': { host: 'localhost:8280', protocol: 'ws' } })
  const { shop } = document.channels
  expect(shop.address).toBe('/shop/{room}/{seat}')
  expect(shop.parameters).toEqual({ room: { description: 'string' }, seat: { description: 'int' } })
  expect(shop['x-subprotocols']).toEqual(['chat.v2', 'chat.v1'])
  expect(shop.bindings.ws).toMatchObject({
    method: 'GET',
    query: {
      properties: { since: { type: 'integer', default: 0 }, token: { type: 'string' } },
      required: ['token'],
    },
    headers: {
      properties: { 'X-Tenant': { type: 'string', format: 'uuid' } },
      required: ['X-Tenant', 'Sec-WebSocket-Protocol'],
    },
  })
})

test('hooks and routes are operations, and what may answer is their reply', () => {
  const document = describedBy(inFile('shop.yaml', YAML))
  const { operations, components } = document
  expect(
    Object.entries<Document>(operations).map(([name, { action, reply }]) => [
      name,
      action,
      reply !== undefined,
    ]),
  ).toEqual([
    ['shop-onOpen', 'send', false],
    ['shop-onMessage', 'receive', true],
    ['shop-onHeartBeat', 'receive', false],
    ['shop-buy', 'receive', true],
  ])
  const buy = found(document, operations['shop-buy'].messages[0].$ref)
  expect(found(document, buy.payload.$ref)).toEqual({
    type: 'object',
    properties: {
      head: { type: 'object', properties: { type: { const: 'buy' } }, required: ['type'] },
    },
    required: ['head'],
  })
  const answer = found(document, operations['shop-buy'].reply.messages[0].$ref)
  expect([buy, answer].map(({ correlationId }) => correlationId.location)).toEqual([
    '$message.payload#/id',
    '$message.payload#/id',
  ])
  expect(components.schemas['shop-buyAnswer'].required).toEqual(['id'])
})

const SCHEMAS = `
import { bound, service } from 'myelin'
const item = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  $id: 'urn:example:item',
  type: 'object',
  properties: { n: { $ref: '#/definitions/n' }, default: { $ref: '#/definitions/n' } },
  definitions: { n: { enum: [1, { $ref: '#/kept' }] } },
}
const newer = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  properties: { a: { $ref: '#/$defs/a' } },
  $defs: { a: { type: 'string' } },
}
const standard = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: value => ({ value }),
    jsonSchema: { input: () => ({ type: 'object', required: ['made'] }) },
  },
}
export default [
  service({ name: 'one', basePath: '/one', dispatcherKey: 'type', routes: { buy: bound(item, () => {}) } }),
  service({ name: 'two', basePath: '/two', onTextMessage: bound(newer, () => {}) }),
  service({ name: 'three', basePath: '/three', onMessage: bound(standard, () => {}) }),
]
`

test('the schema of a hook is that of its messages; references inside it stay its own', () => {
  const { gateway } = buildGateway(inFile('orders.ts', SCHEMAS))
  expect(gateway.diagnostics.errors).toBe(0)
  const document: Document = asyncApiDocument({ title: 'Test' }, gateway.channels())
  const { schemas } = document.components
  const n = { $ref: '#/components/schemas/one-buy/definitions/n' }
  expect(schemas['one-buy']).toEqual({
    type: 'object',
    properties: { n, default: n },
    definitions: { n: { enum: [1, { $ref: '#/kept' }] } },
    allOf: [{ type: 'object', properties: { type: { const: 'buy' } }, required: ['type'] }],
  })
  expect(schemas['two-onTextMessage']).toEqual({
    schemaFormat: 'application/schema+json;version=draft-2020-12',
    schema: {
      properties: { a: { $ref: '#/components/schemas/two-onTextMessage/schema/$defs/a' } },
      $defs: { a: { type: 'string' } },
    },
  })
  expect(schemas['three-onMessage'].required).toEqual(['made'])
})

test('an inbound endpoint has what its sequences take, and the APIs that are bound to it', () => {
  const document = describedBy({
    xml: `<sequence name="in"><respond/></sequence>
      <inboundEndpoint name="orders" protocol="ws" sequence="in" suspend="false"><parameters>
        <parameter name="inbound.ws.port">9091</parameter>
        <parameter name="ws.path">/orders/*</parameter>
        <parameter name="ws.outflow.dispatch.sequence">in</parameter>
        <parameter name="ws.default.content.type">application/json</parameter>
      </parameters></inboundEndpoint>
      <api name="chat" context="/orders/chat" binds-to="orders">
        <resource uri-template="/{room}?since={since}"><inSequence><respond/></inSequence></resource>
        <resource methods="GET" uri-template="/http"><inSequence><respond/></inSequence></resource>
      </api>`,
  })
  expect(document.servers).toEqual({ 'ws-9091': { host: 'localhost:9091', protocol: 'ws' } })
  const { orders, chat } = document.channels
  expect(orders).toMatchObject({
    address: '/orders/{path}',
    messages: { message: { contentType: 'application/json' }, answer: {} },
  })
  expect(chat).toMatchObject({
    address: '/orders/chat/{room}',
    parameters: { room: {} },
    bindings: { ws: { query: { properties: { since: { type: 'string' } } } } },
  })
  expect(Object.keys(document.operations)).toEqual([
    'chat-onMessage',
    'orders-onMessage',
    'orders-onBackendMessage',
  ])
})

test('a listener with TLS is wss, and one that asks for certificates says so', async () => {
  using authority = await testAuthority()
  const folder = temporaryFolder()
  const { server, authority: ca } = authority
  for (const [name, text] of Object.entries({ 'c.pem': server.cert, 'k.pem': server.key, 'ca.pem': ca.cert }))
    writeFileSync(join(folder, name), text)
  const path = join(folder, 'safe.yaml')
  const text = `
name: safe
basePath: /safe
listen:
  port: 9443
  host: gateway.example
  secureSocket:
    key: {certFile: c.pem, keyFile: k.pem}
    mutualSsl: {cert: ca.pem}
onMessage: [respond]
`
  const document = describedBy({ files: { [path]: text } })
  expect(document.servers['wss-9443']).toMatchObject({
    host: 'gateway.example:9443',
    protocol: 'wss',
    security: [{ $ref: '#/components/securitySchemes/certificate' }],
  })
  expect(document.components.securitySchemes.certificate.type).toBe('X509')
})

test('who may connect is said, and what messages are taken as', () => {
  const document = describedBy(
    inFile(
      'safe.yaml',
      `
name: safe
basePath: /safe
auth:
  - jwtValidatorConfig: {issuer: me, signatureConfig: {secret: 0123456789abcdef0123456789abcdef}}
    scopes: [read]
    tokenFrom: [header, query:token]
onTextMessage: {as: json, do: [respond]}
onBinaryMessage: [drop]
`,
    ),
  )
  expect(document.components.securitySchemes).toEqual({
    bearer: {
      type: 'http',
      scheme: 'bearer',
      bearerFormat: 'JWT',
      description: 'One of these scopes is needed: read.',
    },
    query: {
      type: 'httpApiKey',
      in: 'query',
      name: 'token',
      description: 'One of these scopes is needed: read.',
    },
  })
  expect(document.operations['safe-onTextMessage'].security).toHaveLength(2)
  const { messages } = document.channels.safe
  expect(messages.onTextMessage.contentType).toBe('application/json')
  expect(messages.onBinaryMessage.contentType).toBe('application/octet-stream')
  expect(JSON.stringify(document)).not.toContain('0123456789abcdef')
})

test('mocks describe themselves as the command describes them', async () => {
  await using mocks = await serveMocks(`
- websocket:
    path: /ws/user/:name/:n|int
    auth: {username: me, password: secret}
    subprotocols: [chat]
    on-connect: {response: '{"hello": "{{path-params.name}}"}'}
    on-message:
      - {pattern: ping, response: pong}
      - {pattern: '{"a": 1}', responses: [{json: {b: 2}}, {binary: AAEC}, {close: 1000}]}
    push: [{every: 1m, response: tick}]
`)
  const document = checked(await (await mocks.fetch('/asyncapi.json')).json())
  const [[id, channel]] = Object.entries<Document>(document.channels) as [[string, Document]]
  const { port } = new URL(mocks.server.url)
  expect(document.servers[`ws-${port}`]).toMatchObject({ protocol: 'ws' })
  expect(channel).toMatchObject({
    address: '/ws/user/{name}/{n}',
    parameters: { name: {}, n: { description: 'int' } },
    'x-subprotocols': ['chat'],
  })
  expect(channel.messages.pattern2.examples).toEqual([{ payload: { a: 1 } }])
  expect(channel.messages.pattern2Answer2.contentType).toBe('application/octet-stream')
  expect(document.operations[`${id}-pattern1`]).toMatchObject({
    action: 'receive',
    security: [{ $ref: '#/components/securitySchemes/basic' }],
  })
  expect(document.operations[`${id}-push1`].action).toBe('send')
  expect(JSON.stringify(document)).not.toContain('secret')
})

test('the service of the guide is described as the guide says', () => {
  const page = readFileSync('docs/guide/asyncapi.md', 'utf8')
  const [, service = ''] = /```yaml\n(.*?)```/s.exec(page) ?? []
  const [, shown = ''] = /```text\n(.*?)```/s.exec(page) ?? []
  const diagnostics = new Diagnostics()
  const expected = readYaml(new Source('shown.yaml', shown), diagnostics)
  expect(describedBy(inFile('orders.yaml', service))).toMatchObject(plainOf(expected!) as object)
})
