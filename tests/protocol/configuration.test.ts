// Where compression is switched on: by a parameter for clients, by settings and <compression> for backends.
import { expect, test } from 'vitest'
import { buildGateway, startGateway } from '../support/gateway.ts'
import { bytes, words } from './case.ts'
import { TEXT } from './raw-frames.ts'
import { type RawPeer, rawClient, startRawServer, within } from './raw-peer.ts'

const ON = { 'transport.ws.sender.compression.enable': true }

function relay(address: string, parameters = ''): string {
  return `<sequence name="there"><property name="OUT_ONLY" value="true"/><send><endpoint>${address}</endpoint></send></sequence>
    <sequence name="back"><respond/></sequence>
    <inboundEndpoint name="clients" protocol="ws" sequence="there" suspend="false"><parameters>
      <parameter name="inbound.ws.port">0</parameter>
      <parameter name="ws.outflow.dispatch.sequence">back</parameter>${parameters}
    </parameters></inboundEndpoint>`
}

test.each([
  ['nothing', '', {}, undefined],
  [
    'the settings',
    '',
    ON,
    'permessage-deflate; server_no_context_takeover; client_no_context_takeover; client_max_window_bits',
  ],
  [
    'all settings',
    '',
    {
      ...ON,
      'transport.ws.sender.compression.context_takeover': true,
      'transport.ws.sender.compression.window_bits': 11,
    },
    'permessage-deflate; server_max_window_bits=11; client_max_window_bits=11',
  ],
  [
    'the endpoint',
    '<compression xmlns="urn:myelin" context-takeover="true"/>',
    {},
    'permessage-deflate; client_max_window_bits',
  ],
  ['the endpoint against the settings', '<compression xmlns="urn:myelin" enable="false"/>', ON, undefined],
  [
    'the endpoint over the settings',
    '<compression xmlns="urn:myelin" window-bits="9"/>',
    ON,
    'permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=9; client_max_window_bits=9',
  ],
])('%s: what is offered to a backend', async (_who, child, settings, offer) => {
  const offered = Promise.withResolvers<string | undefined>()
  await using server = await startRawServer((_peer, head) =>
    offered.resolve(head.headers.get('sec-websocket-extensions')),
  )
  const xml = relay(`<address uri="${server.url}">${child}</address>`)
  await using gateway = await startGateway({ xml, settings })
  const client = await rawClient(gateway.url('ws'))
  expect(await within(offered.promise, 'the handshake')).toBe(offer)
  client.socket.destroy()
})

test('each leg compresses by itself, and websocket.compress says no for a message', async () => {
  const backend = Promise.withResolvers<RawPeer>()
  await using server = await startRawServer(
    peer => backend.resolve(peer),
    () => 'permessage-deflate; server_no_context_takeover; client_no_context_takeover',
  )
  const xml = relay(
    `<address uri="${server.url}"><compression xmlns="urn:myelin" threshold="100"/></address>`,
  ).replace(
    '<property name="OUT_ONLY"',
    `<filter source="json-eval($.plain)" regex="true"><then>
       <property name="websocket.compress" scope="axis2" value="false"/></then></filter><property name="OUT_ONLY"`,
  )
  await using gateway = await startGateway({ xml })
  const client = await rawClient(gateway.url('ws'), { 'Sec-WebSocket-Extensions': 'permessage-deflate' })
  expect(client.head?.headers.has('sec-websocket-extensions')).toBe(false)
  const long = `{"text":"${words(400)}"}`
  for (const text of [long, '{}', `{"plain":true,"text":"${words(400)}"}`])
    await client.send({ opcode: TEXT, payload: Buffer.from(text) })
  const peer = await within(backend.promise, 'the backend')
  await peer.until(() => peer.frames.length === 3, 'the messages')
  expect(peer.frames.map(({ rsv }) => rsv)).toEqual([4, 0, 0])
  client.socket.destroy()
})

test('frames to and from a backend have the limits of the settings', async () => {
  await using server = await startRawServer(
    peer => void peer.send({ opcode: TEXT, payload: bytes(600, false) }),
  )
  await using gateway = await startGateway({
    xml: relay(`<address uri="${server.url}"/>`),
    settings: { 'transport.ws.max_frame_bytes': 500 },
  })
  const client = await rawClient(gateway.url('ws'))
  await client.until(() => client.closeFrame !== undefined, 'the close frame')
  expect(client.closeFrame?.payload.readUInt16BE()).toBe(1014)
  const text = 'its frame is larger than the setting transport.ws.max_frame_bytes allows: 500 bytes (1009)'
  await gateway.waitForLog(text, 2)
  // The fault has a line of its own, with its code.
  const lines = gateway.logs.filter(line => line.text.includes(text))
  expect(lines.map(({ fields }) => fields.session)).toContain('clients-1')
  client.socket.destroy()
})

function warnings(xml: string): string[] {
  return buildGateway({ xml })
    .gateway.diagnostics.all()
    .filter(({ severity }) => severity !== 'note')
    .map(({ message }) => message)
}

test('what has no effect, or no sense, is reported', () => {
  const endpoint = (address: string): string => `<endpoint name="e">${address}</endpoint>`
  const compression = (attributes: string): string => `<compression xmlns="urn:myelin" ${attributes}/>`
  expect(warnings(endpoint(`<address uri="http://localhost/">${compression('')}</address>`))).toEqual([
    '<compression> of <address> has no effect: it is for ws and wss addresses.',
  ])
  expect(
    warnings(endpoint(`<address uri="ws://localhost/">${compression('window-bits="16"')}</address>`)),
  ).toEqual([expect.stringContaining('window-bits is "16"')])
  const parameter = (name: string, value: string): string => `<parameter name="${name}">${value}</parameter>`
  expect(
    warnings(relay('<address uri="ws://localhost/"/>', parameter('ws.compression.window.bits', '12'))),
  ).toEqual(['Parameter ws.compression.window.bits has no effect: nothing is compressed.'])
  expect(warnings(relay('<address uri="ws://localhost/"/>', parameter('ws.max.frame.bytes', '0')))).toEqual([
    expect.stringContaining('ws.max.frame.bytes is "0"'),
  ])
})
