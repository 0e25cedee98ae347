// Where the cases are sent to: our server, our client, and both sides of a gateway that relays.

import type { Connection } from '../../src/websocket/connection.ts'
import { dial } from '../../src/websocket/dial.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import type { Case, DeflateParameters } from './case.ts'
import {
  agreedBy,
  faultsAt,
  messagesAt,
  type Outcome,
  offer,
  outcomeAt,
  type RawEnd,
  sayGoodbye,
} from './raw-end.ts'
import { type RawPeer, rawClient, startRawServer, within } from './raw-peer.ts'

/** A place to send cases to. */
export interface Role extends AsyncDisposable {
  run(tried: Case, isDeflating: boolean): Promise<Outcome>
}

const KEPT: DeflateParameters = {}

function parametersOf(tried: Case, isDeflating: boolean): DeflateParameters | undefined {
  if (typeof tried.deflate === 'object') return tried.deflate
  return isDeflating && tried.deflate !== 'none' ? KEPT : undefined
}

const LIMITS = `
  <parameter name="ws.max.message.bytes">2000</parameter>
  <parameter name="ws.max.frame.bytes">1200</parameter>`

const COMPRESSING = `
  <parameter name="ws.compression">true</parameter>
  <parameter name="ws.compression.threshold">32</parameter>
  <parameter name="ws.compression.context.takeover">true</parameter>`

function inbound(name: string, sequence: string, parameters: string): string {
  return `<inboundEndpoint name="${name}" protocol="ws" sequence="${sequence}" suspend="false"><parameters>
    <parameter name="inbound.ws.port">0</parameter>
    <parameter name="ws.outflow.dispatch.sequence">back</parameter>${parameters}
  </parameters></inboundEndpoint>`
}

/** The services of a gateway, one for each kind of case. */
function services(sequence: string): string {
  return `${inbound('plain', sequence, '')}${inbound('deflate', sequence, COMPRESSING)}
    ${inbound('limited', sequence, LIMITS + COMPRESSING)}<sequence name="back"><respond/></sequence>`
}

/** Connects to the service that is for a case. */
async function clientOf(
  gateway: TestGateway,
  tried: Case,
  parameters: DeflateParameters | undefined,
  headers: Readonly<Record<string, string>> = {},
): Promise<RawEnd> {
  const service = tried.isLimited ? 'limited' : parameters ? 'deflate' : 'plain'
  const peer = await rawClient(gateway.url('ws', service), {
    ...headers,
    ...(parameters && { 'Sec-WebSocket-Extensions': offer(parameters) }),
  })
  const agreed = agreedBy(peer.head?.headers.get('sec-websocket-extensions'))
  if (parameters && !agreed) throw new Error('the offer was declined')
  return { peer, agreed }
}

/** A raw server, whose connections are told apart by a header of their handshakes. */
interface Backend extends AsyncDisposable {
  readonly url: string
  /** Gives a name for that header, and the connection that comes with it; to its offer these parameters are answered. */
  expect(parameters: DeflateParameters | undefined): { readonly name: string; readonly end: Promise<RawEnd> }
}

async function startBackend(): Promise<Backend> {
  const expected = new Map<string, { answer: string | undefined; meet(peer: RawPeer): void }>()
  const nameOf = (headers: ReadonlyMap<string, string>): string => headers.get('x-case') ?? ''
  const server = await startRawServer(
    (peer, { headers }) => {
      expected.get(nameOf(headers))?.meet(peer)
      expected.delete(nameOf(headers))
    },
    (offered, { headers }) => (offered === undefined ? undefined : expected.get(nameOf(headers))?.answer),
  )
  let count = 0
  return {
    url: server.url,
    expect(parameters) {
      const name = `case-${++count}`
      const answer = parameters && offer(parameters)
      const coming = new Promise<RawPeer>(meet => expected.set(name, { answer, meet }))
      const end = within(coming, 'the connection to the backend')
      return { name, end: end.then(peer => ({ peer, agreed: agreedBy(answer) })) }
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}

/** Our server: a gateway that sends everything back. */
export async function serverRole(): Promise<Role> {
  const gateway = await startGateway({
    xml: `<sequence name="echo"><respond/></sequence>${services('echo')}`,
  })
  return {
    run: async (tried, isDeflating) =>
      await outcomeAt(tried, await clientOf(gateway, tried, parametersOf(tried, isDeflating))),
    [Symbol.asyncDispose]: () => gateway[Symbol.asyncDispose](),
  }
}

/** Our client, which sends everything back. */
export async function clientRole(): Promise<Role> {
  const backend = await startBackend()
  return {
    async run(tried, isDeflating) {
      const parameters = parametersOf(tried, isDeflating)
      const { name, end } = backend.expect(parameters)
      let connection: Connection | undefined
      const closed = new Promise<void>((resolve, reject) => {
        dial(
          backend.url,
          {
            headers: { 'X-Case': name },
            ...(tried.isLimited && { maxMessageBytes: 2000, maxFrameBytes: 1200 }),
            ...(parameters && { compression: { thresholdBytes: 32, keepsContext: true, windowBits: 15 } }),
          },
          {
            onOpen: opened => {
              connection = opened
            },
            onFailed: reject,
            onMessage: (data, isBinary) => connection?.send(data, isBinary),
            onClose: () => resolve(),
          },
        )
      })
      const outcome = await outcomeAt(tried, await Promise.race([end, closed.then(() => end)]))
      await within(closed, 'the end of the connection')
      return outcome
    },
    [Symbol.asyncDispose]: () => backend[Symbol.asyncDispose](),
  }
}

/** The client's side of a gateway: what it sends has to reach the backend. */
export async function relayFromClientRole(): Promise<Role> {
  return await relayRole((client, backend) => [client, backend])
}

/** The backend's side of a gateway: what it sends has to reach the client. */
export async function relayFromBackendRole(): Promise<Role> {
  return await relayRole((client, backend) => [backend, client])
}

/** A gateway between two raw ends, of which `order` gives the one that sends first. */
async function relayRole(
  order: (client: RawEnd, backend: RawEnd) => readonly [RawEnd, RawEnd],
): Promise<Role> {
  const backend = await startBackend()
  const address = `<address uri="${backend.url}"><compression xmlns="urn:myelin" threshold="32" context-takeover="true"/></address>`
  const gateway = await startGateway({
    xml: `<sequence name="there"><property name="OUT_ONLY" value="true"/><send><endpoint>${address}</endpoint></send></sequence>
    ${services('there')}`,
    settings: { 'transport.ws.sender.parameter.ws.headers.preserve': 'X-Case' },
  })
  return {
    async run(tried, isDeflating) {
      const parameters = parametersOf(tried, isDeflating)
      const { name, end } = backend.expect(parameters)
      const client = await clientOf(gateway, tried, parameters, { 'X-Case': name })
      const [from, to] = order(client, await end)
      const gone = sayGoodbye(to, 'the close frame at the other end')
      const outcome = await outcomeAt(tried, from, async () => {
        await gone
        return await messagesAt(to)
      })
      return { ...outcome, faults: [...outcome.faults, ...faultsAt(to)] }
    },
    async [Symbol.asyncDispose]() {
      await gateway[Symbol.asyncDispose]()
      await backend[Symbol.asyncDispose]()
    },
  }
}
