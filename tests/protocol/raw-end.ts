// What a case does at one raw end of a connection, and what comes back there.
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
import type { RawPeer } from './raw-peer.ts'

/** What came of a case. */
export interface Outcome {
  /** The messages that arrived where they belong, in order. */
  readonly messages: readonly RawMessage[]
  readonly pongs: readonly Buffer[]
  /** The close frame the sender got. */
  readonly close: { readonly code: number | 'without a code'; readonly reason: string } | undefined
  readonly end: 'fin' | 'reset'
  /** What is wrong with frames that came: masks, bits, fragments. */
  readonly faults: readonly string[]
}

/** Which directions of a connection compress, and how. */
export interface Agreed {
  readonly client: RawDeflateOptions
  readonly server: RawDeflateOptions
}

/** What a client offers to get these. */
export function offer({
  serverNoContext,
  clientNoContext,
  serverBits,
  clientBits,
}: DeflateParameters): string {
  return [
    'permessage-deflate',
    ...(serverNoContext ? ['server_no_context_takeover'] : []),
    ...(clientNoContext ? ['client_no_context_takeover'] : []),
    ...(serverBits ? [`server_max_window_bits=${serverBits}`] : []),
    ...(clientBits ? [`client_max_window_bits=${clientBits}`] : []),
  ].join('; ')
}

/** Reads what was agreed on from the answer of a server. */
export function agreedBy(header: string | undefined): Agreed | undefined {
  if (header === undefined) return undefined
  const bits = (name: string): number =>
    Number(new RegExp(`${name}_max_window_bits=(\\d+)`).exec(header)?.[1] ?? 15)
  const side = (name: string): RawDeflateOptions => ({
    windowBits: bits(name),
    keepsContext: !header.includes(`${name}_no_context_takeover`),
  })
  return { client: side('client'), server: side('server') }
}

/** One side of a connection, and what both have agreed on about compression. */
export interface RawEnd {
  readonly peer: RawPeer
  readonly agreed: Agreed | undefined
}

/** Sends what a case says. */
async function sendCase(tried: Case, { peer, agreed }: RawEnd): Promise<void> {
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

/** Joins the frames that came to messages and inflates them. */
export async function messagesAt({ peer, agreed }: RawEnd): Promise<RawMessage[]> {
  const options = agreed && (peer.isClient ? agreed.server : agreed.client)
  const joined: { data: Buffer[]; isBinary: boolean; isCompressed: boolean }[] = []
  for (const { opcode, rsv, payload } of peer.frames) {
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

/** What of the frames that came is against the protocol. */
export function faultsAt({ peer, agreed }: RawEnd): string[] {
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

/** Sends a case, and gives what came of it; `arrived` gives the messages that reached the other end of a gateway. */
export async function outcomeAt(
  tried: Case,
  end: RawEnd,
  arrived?: () => Promise<readonly RawMessage[]>,
): Promise<Outcome> {
  const { peer } = end
  await sendCase(tried, end)
  const how = await finish(tried, peer, !arrived)
  const messages = arrived ? await arrived() : await messagesAt(end)
  return { messages, pongs: pongsOf(peer), close: closeOf(peer), end: how, faults: faultsAt(end) }
}

/** Answers the close frame that has to come as it is; `whose` says for the failure what did not. */
export async function sayGoodbye({ peer }: RawEnd, whose: string): Promise<void> {
  await peer.until(() => peer.closeFrame !== undefined, whose)
  const payload = peer.closeFrame?.payload ?? Buffer.alloc(0)
  await peer.send({ opcode: CLOSE, payload })
  if (!peer.isClient) peer.socket.end()
  await peer.end()
}
