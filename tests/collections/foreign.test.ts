// Files of others become collections that can be used, and collections become files for others.

import { expect, onTestFinished, test } from 'vitest'
import { asyncApiDocument } from '../../src/asyncapi/document.ts'
import { saveConversation } from '../../src/cli/ws-save.ts'
import type { Collection } from '../../src/collections/collection.ts'
import { connectionsOf } from '../../src/collections/collection.ts'
import { collectionArchive } from '../../src/collections/collection-archive.ts'
import { collectionChannels } from '../../src/collections/collection-channels.ts'
import { collectionText } from '../../src/collections/collection-text.ts'
import { Conversation } from '../../src/collections/conversation.ts'
import { importFile } from '../../src/collections/foreign-file.ts'
import { type OpenCollection, openCollection } from '../../src/collections/open-collection.ts'
import { runConnection } from '../../src/collections/run-connection.ts'
import { yamlText } from '../../src/language/yaml-text.ts'
import { startUpper } from '../support/backends.ts'
import { TestFolder } from '../support/certificates.ts'
import { startGateway } from '../support/gateway.ts'

function folder(): TestFolder {
  const made = new TestFolder()
  onTestFinished(() => made[Symbol.dispose]())
  return made
}

/** Writes a collection and opens it, as the command and then its user do. */
function reopened(collection: Collection): OpenCollection {
  return openCollection(folder().write('made.yaml', collectionText(collection)))
}

const NO_SECRETS = { withSecrets: false, withAnswers: false }

test('a saved conversation is a collection that expects the answers it had', async () => {
  await using backend = await startUpper({ greet: ({ webSocket }) => webSocket.send('welcome') })
  const request = { headers: { 'x-tenant': 'a', cookie: 's=1', authorization: 'Bearer abc' } }
  const plan = { url: `${backend.url}?room=1`, options: { ...request, subprotocols: [] } }
  const conversation = await Conversation.begin(plan).opened
  await conversation.next(5_000)
  for (const text of ['hello', 'hello', '{"a": 1}']) {
    await conversation.send({ kind: 'text', data: Buffer.from(text) })
    await conversation.next(5_000)
  }
  await conversation.send({ kind: 'binary', data: Buffer.from([0, 255]) })
  await conversation.next(5_000)
  conversation.close(4000, 'done')
  await conversation.closed
  const path = `${folder().write('talk.har', '')}`
  await saveConversation(conversation, path, undefined)

  const kept = importFile(path, { withSecrets: true, withAnswers: true })
  const open = reopened(kept.collection)
  const [found] = [...connectionsOf(open.collection)]
  const result = await runConnection(open, found!.path, found!.connection)

  expect(found!.connection.messages!.map(({ name, kind }) => [name, kind])).toEqual([
    ['hello', 'text'],
    ['hello 2', 'text'],
    ['{"a": 1}', 'text'],
    ['2 bytes', 'binary'],
    ['close', 'close'],
  ])
  expect(result.steps.map(({ failure }) => failure)).toEqual(result.steps.map(() => undefined))
  const { request: again } = await backend.connection(2)
  expect(again.headers).toMatchObject({ 'x-tenant': 'a', cookie: 's=1', authorization: 'Bearer abc' })
  expect(again.url).toBe('/websocket?room=1')

  const { collection, notes } = importFile(path, NO_SECRETS)
  expect(notes).toEqual(['the header cookie is left out; --with-secrets keeps it'])
  expect(collectionText(collection)).not.toContain('s=1')
  expect([...connectionsOf(collection)][0]!.connection.messages!.flatMap(each => each.expect)).toEqual([])
})

test('the archive of a browser is read: only its WebSockets', () => {
  const entry = {
    request: {
      method: 'GET',
      url: 'wss://example.com/live',
      headers: [
        { name: 'Host', value: 'example.com' },
        { name: 'Sec-WebSocket-Key', value: 'x' },
        { name: 'Sec-WebSocket-Protocol', value: 'a, b' },
        { name: 'Origin', value: 'https://example.com' },
      ],
    },
    response: { status: 101, headers: [] },
    _resourceType: 'websocket',
    _webSocketMessages: [
      { type: 'send', time: 1.5, opcode: 1, data: 'hi' },
      { type: 'receive', time: 1.6, opcode: 2, data: 'AP8=' },
      { type: 'odd', time: 1.7, opcode: 9, data: 4 },
      null,
    ],
  }
  const other = { request: { url: 'https://example.com/' }, response: {} }
  const file = folder().write('live.har', JSON.stringify({ log: { entries: [other, entry, 7] } }))
  const [found] = [...connectionsOf(importFile(file, NO_SECRETS).collection)]
  const { connection } = found!
  expect(connection).toMatchObject({
    name: 'live',
    url: 'wss://example.com/live',
    headers: [{ name: 'Origin' }],
    subprotocols: [{ name: 'a' }, { name: 'b' }],
    messages: [{ name: 'hi', content: 'hi' }],
  })
  expect(connection.messages).toHaveLength(1)
})

test('a service is described, imported, and talked to', async () => {
  await using gateway = await startGateway({
    files: {
      'chat.xml': `<service xmlns="urn:myelin" name="chat" basePath="/chat" upgradePath="/[room:string]" subProtocols="v2" dispatcherKey="type">
        <query name="since" type="int"/>
        <route key="say" schema='{"type": "object", "properties": {"text": {"type": "string", "examples": ["hi"]}}}'><respond/></route>
      </service>`,
    },
  })
  const document = asyncApiDocument({ title: 'Chat' }, gateway.gateway.channels())
  const { collection, notes } = importFile(folder().write('chat.yaml', yamlText(document)), NO_SECRETS)
  const url = new URL(gateway.url('ws'))
  const open = openCollection(folder().write('made.yaml', collectionText(collection)), {
    variables: new Map([
      ['server', `ws://localhost:${url.port}`],
      ['room', 'red'],
    ]),
  })
  const conversation = await open.connect('chat')
  await open.send(conversation, 'chat', 'say')
  const answer = await conversation.next(5_000)
  conversation.terminate()

  expect(notes).toEqual([])
  expect(collection.environments).toMatchObject([{ isCurrent: true, variables: [{ name: 'server' }] }])
  expect(open.connection('chat').url).toBe('{{ server }}/chat/{{ room }}?since=0')
  expect(conversation.handshake!.subprotocol).toBe('v2')
  expect(JSON.parse(answer!.data!.toString())).toEqual({ type: 'say', text: 'hi' })
})

test('a document of others: several servers, security, references, messages with examples', () => {
  const file = folder().write(
    'trade.yaml',
    `
asyncapi: 3.1.0
info: { title: Trade, version: '2' }
servers:
  live: { host: '{region}.example.com', protocol: wss, pathname: /v1, variables: { region: { default: eu } }, security: [{ $ref: '#/components/securitySchemes/token' }] }
  bus: { host: example.com, protocol: kafka }
channels:
  trades:
    address: /trades/{symbol}
    servers: [{ $ref: '#/servers/live' }]
    parameters: { symbol: { examples: [ACME] } }
    messages:
      subscribe: { $ref: '#/components/messages/subscribe' }
      tick: { payload: { type: object } }
  topic: { address: topic, servers: [{ $ref: '#/servers/bus' }], messages: {} }
operations:
  take: { action: receive, channel: { $ref: '#/channels/trades' }, messages: [{ $ref: '#/channels/trades/messages/subscribe' }] }
  give: { action: send, channel: { $ref: '#/channels/trades' }, messages: [{ $ref: '#/channels/trades/messages/tick' }] }
components:
  messages:
    subscribe:
      name: subscribe
      examples: [{ payload: { depth: 5 } }, { payload: plain }]
  securitySchemes: { token: { type: http, scheme: bearer } }
`,
  )
  const { collection } = importFile(file, NO_SECRETS)
  expect(collection.environments.map(({ name, variables }) => [name, variables[0]!.value])).toEqual([
    ['live', 'wss://eu.example.com/v1'],
  ])
  expect(collection.items).toMatchObject([
    {
      name: 'trades',
      url: '{{ server }}/trades/{{ symbol }}',
      auth: { kind: 'bearer', token: '{{ token }}' },
      messages: [
        { name: 'subscribe', content: '{"depth":5}' },
        { name: 'subscribe 2', content: 'plain' },
      ],
    },
  ])
  expect(collection.variables).toMatchObject([
    { name: 'symbol', value: 'ACME' },
    { name: 'token', isSecret: true },
  ])
})

test('a document of version 2: what may be published is what is sent', () => {
  const file = folder().write(
    'trade2.yaml',
    `
asyncapi: 2.6.0
info: { title: Trade, version: '2' }
servers:
  live: { url: 'wss://{region}.example.com/v1/', protocol: wss, variables: { region: { default: eu } }, security: [{ token: [] }] }
channels:
  '/trades/{symbol}':
    parameters: { symbol: { schema: { type: string, default: ACME } } }
    bindings: { ws: { query: { type: object, properties: { since: { type: integer, minimum: 3 } }, required: [since] } } }
    publish: { message: { oneOf: [{ $ref: '#/components/messages/subscribe' }, { name: stop, payload: { type: string } }] } }
    subscribe: { message: { payload: { type: object } } }
components:
  messages: { subscribe: { name: subscribe, payload: { type: object, properties: { depth: { type: integer } } } } }
  securitySchemes: { token: { type: http, scheme: bearer } }
`,
  )
  const { collection, notes } = importFile(file, NO_SECRETS)
  expect(notes).toEqual([])
  expect(collection.environments[0]!.variables).toMatchObject([{ value: 'wss://eu.example.com/v1' }])
  expect(collection.items).toMatchObject([
    {
      name: '/trades/{symbol}',
      url: '{{ server }}/trades/{{ symbol }}?since=3',
      auth: { kind: 'bearer' },
      messages: [
        { name: 'subscribe', content: '{"depth":0}' },
        { name: 'stop', content: 'text' },
      ],
    },
  ])
  expect(collection.variables).toMatchObject([{ name: 'symbol', value: 'ACME' }, { name: 'token' }])
})

test.for<[string, string]>([
  ['openapi: 3.0.0', 'is refused: it is an OpenAPI description. It describes no WebSocket messages'],
  ['{"info": {"_postman_id": "1", "name": "x"}}', 'is refused: it is a Postman collection.'],
  ['{"_postman_variable_scope": "environment"}', 'is refused: it is a Postman environment.'],
  ['{"_type": "export", "__export_format": 4}', 'is refused: it is an Insomnia export.'],
  ['asyncapi: 1.2.0', 'is AsyncAPI 1.2.0; 2 and 3 are read'],
  ['asyncapi: 3.0.0\nservers: {a: {host: h, protocol: mqtt}}', 'none of its servers is a WebSocket'],
  ['asyncapi: 3.0.0\nchannels: {}', 'it has no channel of a WebSocket'],
  ['{"log": {"entries": [{}]}}', 'has no WebSocket: none of its 1 entries has _webSocketMessages'],
  [
    'a: 1',
    'is no collection of Pororoca ("schema": "Pororoca/1"), no HTTP archive (HAR) and no AsyncAPI document',
  ],
  ['- a', 'it is neither JSON nor YAML of a map'],
  ['a: [', 'malformed-yaml'],
])('%s is refused with what it is', ([text, message]) => {
  const file = folder().write('given', text)
  expect(() => importFile(file, NO_SECRETS)).toThrow(message)
})

test('schemas and references that lead to themselves come to an end', () => {
  const file = folder().write(
    'loop.yaml',
    `
asyncapi: 3.0.0
channels:
  a: { address: /a, messages: { m: { payload: { $ref: '#/components/schemas/tree' } } } }
  b: { $ref: '#/channels/b' }
operations: { take: { action: receive, channel: { $ref: '#/channels/a' } } }
components: { schemas: { tree: { properties: { ${'abcdefghij'
      .split('')
      .map(each => `${each}: { $ref: '#/components/schemas/tree' }`)
      .join(', ')} } } } }
`,
  )
  const [found] = [...connectionsOf(importFile(file, NO_SECRETS).collection)]
  expect(found!.connection.messages![0]!.content).toMatch(/^\{"a":\{"a":/)
})

const ORDERS = `
collection: Orders
variables: { host: 'localhost:8082', who: Ada, key: { value: s3cret, secret: true } }
auth: { bearer: '{{ key }}' }
connections:
  - name: Echo
    url: ws://{{ host }}/websocket?room=1
    headers: { X-Tenant: a }
    subprotocols: [chat]
    messages:
      - { name: Hello, content: 'Hello {{ who }} {{ key }}' }
      - { name: Order, content: '{"id": 1}' }
      - { name: Bye, type: close }
`

test('a collection is exported as an archive and as AsyncAPI, filled in, secrets masked', async () => {
  const open = openCollection(folder().write('orders.yaml', ORDERS))
  const archive = JSON.parse(await collectionArchive(open, '1'))
  expect(archive.log.entries).toMatchObject([
    {
      request: { url: 'ws://localhost:8082/websocket?room=1', queryString: [{ name: 'room', value: '1' }] },
      _webSocketMessages: [
        { type: 'send', opcode: 1, data: 'Hello Ada ***' },
        { type: 'send', opcode: 1, data: '{"id": 1}' },
      ],
    },
  ])
  const document = asyncApiDocument({ title: 'Orders' }, await collectionChannels(open))
  expect(document).toMatchObject({
    servers: { 'ws-8082': { host: 'localhost:8082', protocol: 'ws' } },
    channels: {
      Echo: {
        address: '/websocket',
        messages: {
          Hello: { examples: [{ payload: 'Hello Ada ***' }] },
          Order: { contentType: 'application/json', examples: [{ payload: { id: 1 } }] },
        },
      },
    },
    components: { securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } } },
  })
  expect(JSON.stringify([archive, document])).not.toContain('s3cret')
  const again = importFile(folder().write('orders-api.yaml', yamlText(document)), NO_SECRETS).collection
  expect(again.items).toMatchObject([
    { name: 'Echo', messages: [{ name: 'Hello' }, { name: 'Order', content: '{"id":1}' }] },
  ])
})
