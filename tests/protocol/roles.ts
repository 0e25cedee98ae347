// Where the cases are sent to: our server, our client, and both sides of a gateway that relays.

import type { Connection } from '../../src/websocket/connection.ts'
import { dial } from '../../src/websocket/dial.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import type { Case, DeflateParameters, Piece, RawMessage } from './case.ts'
import { deflateAll, inflateAll, type RawDeflateOptions } from './raw-deflate.ts'
import {
  BINARY,
  CLOSE,
  CONTINUATION,
  closePayload,
  encodeFrame,
  PONG,
  type ReadFrame,
  TEXT,
} from './raw-frames.ts'
import { type RawPeer, type RawServer, rawClient, startRawServer, within } from './raw-peer.ts'

/** What came of a case. */
export interface Outcome {
  /** The messages that arrived where they belong, in order. */
  readonly messages: readonly RawMessage[]
  /** What came back of them, where something has to; the same. */
  readonly echoes?: readonly RawMessage[]
  readonly pongs: readonly Buffer[]
  /** The close frame the sender got. */
  readonly close: { readonly code: number | 'without a code'; readonly reason: string } | undefined
  readonly end: 'fin' | 'reset'
  /** What is wrong with frames that came: masks, bits, fragments. */
  readonly faults: readonly string[]
}

/** A place to send cases to. */
export interface Role extends AsyncDisposable {
  run(tried: Case, isDeflating: boolean): Promise<Outcome>
}

/** Which directions of a connection compress, and how. */
interface Agreed {
  readonly client: RawDeflateOptions
  readonly server: RawDeflateOptions
}

const KEPT: DeflateParameters = {}

function parametersOf(tried: Case, isDeflating: boolean): DeflateParameters | undefined {
  if (typeof tried.deflate === 'object') return tried.deflate
  return isDeflating && tried.deflate !== 'none' ? KEPT : undefined
}

/** What a client offers to get these. */
function offer({ serverNoContext, clientNoContext, serverBits, clientBits }: DeflateParameters): string {
  return [
    'permessage-deflate',
    ...(serverNoContext ? ['server_no_context_takeover'] : []),
    ...(clientNoContext ? ['client_no_context_takeover'] : []),
    ...(serverBits ? [`server_max_window_bits=${serverBits}`] : []),
    ...(clientBits ? [`client_max_window_bits=${clientBits}`] : []),
  ].join('; ')
}

/** Reads what was agreed on from the answer of a server. */
function agreedBy(header: string | undefined): Agreed | undefined {
  if (header === undefined) return undefined
  const bits = (name: string): number =>
    Number(new RegExp(`${name}_max_window_bits=(\\d+)`).exec(header)?.[1] ?? 15)
  const side = (name: string): RawDeflateOptions => ({
    windowBits: bits(name),
    keepsContext: !header.includes(`${name}_no_context_takeover`),
  })
  return { client: side('client'), server: side('server') }
}

/** Sends what a case says, as one side of a connection. */
async function sendCase(tried: Case, peer: RawPeer, agreed: Agreed | undefined): Promise<void> {
  const options = agreed && (peer.isClient ? agreed.client : agreed.server)
  const pieces: readonly Piece[] =
    typeof tried.send === 'function'
      ? await tried.send(messages => deflateAll(messages, options ?? { windowBits: 15, keepsContext: false }))
      : tried.send
  const bytes = Buffer.concat(
    pieces.map(piece => (Buffer.isBuffer(piece) ? piece : encodeFrame(piece, peer.isClient))),
  )
  const { chop = bytes.length } = tried
  for (let at = 0; at < bytes.length; at += chop) {
    await peer.write(bytes.subarray(at, at + chop))
    // The other side may read between two pieces, and does where it is in the same process.
    if (chop < bytes.length) await new Promise(resolve => setImmediate(resolve))
  }
}

/** Joins frames to messages and inflates them. */
async function messagesOf(
  frames: readonly ReadFrame[],
  options: RawDeflateOptions | undefined,
): Promise<RawMessage[]> {
  const joined: { data: Buffer[]; isBinary: boolean; isCompressed: boolean }[] = []
  for (const { opcode, rsv, payload } of frames) {
    if (opcode === TEXT || opcode === BINARY)
      joined.push({ data: [payload], isBinary: opcode === BINARY, isCompressed: (rsv & 4) !== 0 })
    else if (opcode === CONTINUATION) joined.at(-1)?.data.push(payload)
  }
  const compressed = joined.filter(({ isCompressed }) => isCompressed)
  const payloads = compressed.map(({ data }) => Buffer.concat(data))
  const inflated = await inflateAll(payloads, options ?? { windowBits: 15, keepsContext: false })
  return joined.map(message => ({
    isBinary: message.isBinary,
    data: message.isCompressed ? inflated[compressed.indexOf(message)]! : Buffer.concat(message.data),
  }))
}

/** What of the frames a side got is against the protocol. */
function faultsOf(peer: RawPeer, agreed: Agreed | undefined): string[] {
  const faults: string[] = []
  let isInside = false
  let isClosed = false
  for (const { fin, rsv, opcode, isMasked, payload } of peer.frames) {
    const wrong = (what: string): void => void faults.push(`frame ${opcode} ${what}`)
    if (isMasked === peer.isClient) wrong(isMasked ? 'is masked' : 'is not masked')
    if (isClosed) wrong('came after the close frame')
    if ((rsv & 3) !== 0 || (rsv === 4 && (!agreed || (opcode !== TEXT && opcode !== BINARY))))
      wrong(`has bits ${rsv}`)
    if (opcode >= CLOSE && (!fin || payload.length > 125)) wrong('is no control frame')
    if (opcode > PONG || (opcode > 2 && opcode < CLOSE)) wrong('is reserved')
    if (opcode < CLOSE) {
      if ((opcode === CONTINUATION) !== isInside) wrong('is out of place')
      isInside = !fin
    }
    if (opcode === CLOSE) isClosed = true
  }
  return faults
}

function closeOf(peer: RawPeer): Outcome['close'] {
  const frame = peer.closeFrame
  if (!frame) return undefined
  if (frame.payload.length === 0) return { code: 'without a code', reason: '' }
  return { code: frame.payload.readUInt16BE(), reason: frame.payload.toString('utf8', 2) }
}

const pongsOf = (peer: RawPeer): Buffer[] =>
  peer.frames.filter(({ opcode }) => opcode === PONG).map(({ payload }) => payload)

const isMessageEnd = ({ opcode, fin }: ReadFrame): boolean => fin && opcode < CLOSE

/** Waits for what a case has to bring back before its sender says goodbye. */
async function untilAnswered(tried: Case, peer: RawPeer, echoing: boolean): Promise<void> {
  const { messages = [], pongs = [], lastPong } = tried
  const isThere = (): boolean =>
    (!echoing || peer.frames.filter(isMessageEnd).length >= messages.length) &&
    pongsOf(peer).length >= pongs.length &&
    (!lastPong || pongsOf(peer).at(-1)?.equals(lastPong) === true)
  await peer.until(() => isThere() || peer.closeFrame !== undefined, 'the answer')
}

/** Ends a case: by the close frame that has to come, or by saying goodbye. */
async function finish(tried: Case, peer: RawPeer, isEchoing: boolean): Promise<'fin' | 'reset'> {
  if (tried.close === undefined) {
    await untilAnswered(tried, peer, isEchoing)
    await peer.send({ opcode: CLOSE, payload: closePayload(1000) })
  }
  await peer.until(() => peer.closeFrame !== undefined, 'the close frame')
  // The server closes the socket (RFC 6455, 7.1.1).
  if (!peer.isClient) peer.socket.end()
  return await peer.end()
}

async function outcomeAt(
  tried: Case,
  peer: RawPeer,
  agreed: Agreed | undefined,
  arrived?: () => Promise<readonly RawMessage[]>,
): Promise<Outcome> {
  await sendCase(tried, peer, agreed)
  const end = await finish(tried, peer, !arrived)
  const side = agreed && (peer.isClient ? agreed.server : agreed.client)
  const messages = arrived ? await arrived() : await messagesOf(peer.frames, side)
  return { messages, pongs: pongsOf(peer), close: closeOf(peer), end, faults: faultsOf(peer, agreed) }
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

/** Our server: a gateway that sends everything back. */
export async function serverRole(): Promise<Role> {
  const xml = `<sequence name="echo"><respond/></sequence><sequence name="back"><respond/></sequence>
    ${inbound('plain', 'echo', '')}${inbound('deflate', 'echo', COMPRESSING)}
    ${inbound('limited', 'echo', LIMITS + COMPRESSING)}`
  const gateway = await startGateway({ xml })
  return {
    async run(tried, isDeflating) {
      const parameters = parametersOf(tried, isDeflating)
      const service = tried.isLimited ? 'limited' : parameters ? 'deflate' : 'plain'
      const extensions = parameters && { 'Sec-WebSocket-Extensions': offer(parameters) }
      const peer = await rawClient(gateway.url('ws', service), extensions)
      const agreed = agreedBy(peer.head?.headers.get('sec-websocket-extensions'))
      if (parameters && !agreed) throw new Error('the offer was declined')
      return await outcomeAt(tried, peer, agreed)
    },
    [Symbol.asyncDispose]: () => gateway[Symbol.asyncDispose](),
  }
}

/** Hands out what the connections of a raw server are asked to do, by a header of their handshakes. */
class Meetings {
  readonly #waiting = new Map<string, (peer: RawPeer) => void>()
  #next = 1

  /** Gives a name, and the connection that comes with it. */
  expect(): { readonly name: string; readonly peer: Promise<RawPeer> } {
    const name = `case-${this.#next++}`
    const peer = new Promise<RawPeer>(resolve => this.#waiting.set(name, resolve))
    return { name, peer: within(peer, 'the connection to the backend') }
  }

  readonly meet = (peer: RawPeer): void => {
    const name = peer.head?.headers.get('x-case') ?? ''
    this.#waiting.get(name)?.(peer)
    this.#waiting.delete(name)
  }
}

/** Answers offers with the parameters a handshake names in a header. */
function answering(): { answers: Map<string, string>; server: Promise<RawServer>; meetings: Meetings } {
  const answers = new Map<string, string>()
  const meetings = new Meetings()
  const server = startRawServer(meetings.meet, (offered, head) =>
    offered === undefined ? undefined : answers.get(head.headers.get('x-case') ?? ''),
  )
  return { answers, server, meetings }
}

/** Our client, which sends everything back. */
export async function clientRole(): Promise<Role> {
  const { answers, server, meetings } = answering()
  const { url } = await server
  return {
    async run(tried, isDeflating) {
      const { name, peer: coming } = meetings.expect()
      const parameters = parametersOf(tried, isDeflating)
      if (parameters) answers.set(name, offer(parameters))
      let connection: Connection | undefined
      const closed = new Promise<void>((resolve, reject) => {
        dial(
          url,
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
      const peer = await Promise.race([coming, closed.then(() => coming)])
      const outcome = await outcomeAt(tried, peer, parameters && agreedBy(offer(parameters)))
      await within(closed, 'the end of the connection')
      return outcome
    },
    [Symbol.asyncDispose]: async () => (await server)[Symbol.asyncDispose](),
  }
}

/** A gateway between two raw ends. */
async function relaying(): Promise<{
  gateway: TestGateway
  answers: Map<string, string>
  meetings: Meetings
  [Symbol.asyncDispose](): Promise<void>
}> {
  const { answers, server, meetings } = answering()
  const { url } = await server
  const address = `<address uri="${url}"><compression xmlns="urn:myelin" threshold="32" context-takeover="true"/></address>`
  const xml = `<sequence name="there"><property name="OUT_ONLY" value="true"/><send><endpoint>${address}</endpoint></send></sequence>
    <sequence name="back"><respond/></sequence>
    ${inbound('plain', 'there', '')}${inbound('deflate', 'there', COMPRESSING)}
    ${inbound('limited', 'there', LIMITS + COMPRESSING)}`
  const gateway = await startGateway({
    xml,
    settings: { 'transport.ws.sender.parameter.ws.headers.preserve': 'X-Case' },
  })
  return {
    gateway,
    answers,
    meetings,
    async [Symbol.asyncDispose]() {
      await gateway[Symbol.asyncDispose]()
      await (await server)[Symbol.asyncDispose]()
    },
  }
}

/** The client's side of a gateway: what it sends has to reach the backend. */
export async function relayFromClientRole(): Promise<Role> {
  const relay = await relaying()
  return {
    async run(tried, isDeflating) {
      const { name, peer: coming } = relay.meetings.expect()
      const parameters = parametersOf(tried, isDeflating)
      if (parameters) relay.answers.set(name, offer(parameters))
      const service = tried.isLimited ? 'limited' : parameters ? 'deflate' : 'plain'
      const peer = await rawClient(relay.gateway.url('ws', service), {
        'X-Case': name,
        ...(parameters && { 'Sec-WebSocket-Extensions': offer(parameters) }),
      })
      const agreed = agreedBy(peer.head?.headers.get('sec-websocket-extensions'))
      const backend = await coming
      const gone = backend
        .until(() => backend.closeFrame !== undefined, 'the close frame of the gateway')
        .then(() => sayGoodbye(backend))
      const answer = parameters && agreedBy(offer(parameters))
      const outcome = await outcomeAt(tried, peer, agreed, async () => {
        await gone
        return await messagesOf(backend.frames, answer?.client)
      })
      return { ...outcome, faults: [...outcome.faults, ...faultsOf(backend, answer)] }
    },
    [Symbol.asyncDispose]: () => relay[Symbol.asyncDispose](),
  }
}

/** The backend's side of a gateway: what it sends has to reach the client. */
export async function relayFromBackendRole(): Promise<Role> {
  const relay = await relaying()
  return {
    async run(tried, isDeflating) {
      const { name, peer: coming } = relay.meetings.expect()
      const parameters = parametersOf(tried, isDeflating)
      if (parameters) relay.answers.set(name, offer(parameters))
      const client = await rawClient(relay.gateway.url('ws', parameters ? 'deflate' : 'plain'), {
        'X-Case': name,
        ...(parameters && { 'Sec-WebSocket-Extensions': offer(parameters) }),
      })
      const agreed = agreedBy(client.head?.headers.get('sec-websocket-extensions'))
      const backend = await coming
      const gone = client
        .until(() => client.closeFrame !== undefined, 'the close frame for the client')
        .then(() => sayGoodbye(client))
      const answer = parameters && agreedBy(offer(parameters))
      const outcome = await outcomeAt(tried, backend, answer, async () => {
        await gone
        return await messagesOf(client.frames, agreed?.server)
      })
      return { ...outcome, faults: [...outcome.faults, ...faultsOf(client, agreed)] }
    },
    [Symbol.asyncDispose]: () => relay[Symbol.asyncDispose](),
  }
}

/** Answers the close frame that has come, as it is. */
async function sayGoodbye(peer: RawPeer): Promise<void> {
  const payload = peer.closeFrame?.payload ?? Buffer.alloc(0)
  await peer.send({ opcode: CLOSE, payload })
  if (!peer.isClient) peer.socket.end()
  await peer.end()
}
