// What a hostile peer could fill memory with: bombs, announced lengths, fragments without number, compressors.
import { constants, createDeflateRaw } from 'node:zlib'
import { expect, test } from 'vitest'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { bytes, words } from './case.ts'
import { deflateAll } from './raw-deflate.ts'
import { BINARY, CONTINUATION, encodeFrame, TEXT } from './raw-frames.ts'
import { type RawPeer, rawClient } from './raw-peer.ts'

const MIB = 1024 * 1024

async function echoing(parameters = ''): Promise<TestGateway> {
  return await startGateway({
    xml: `<sequence name="echo"><respond/></sequence>
      <inboundEndpoint name="echo" protocol="ws" sequence="echo" suspend="false"><parameters>
        <parameter name="inbound.ws.port">0</parameter>
        <parameter name="ws.compression">true</parameter>${parameters}
      </parameters></inboundEndpoint>`,
  })
}

const OFFER = { 'Sec-WebSocket-Extensions': 'permessage-deflate; client_max_window_bits' }

/** A gibibyte of nothing, compressed to about a mebibyte. */
async function bomb(): Promise<Buffer> {
  const stream = createDeflateRaw({ level: 9 })
  const parts: Buffer[] = []
  stream.on('data', (part: Buffer) => parts.push(part))
  const zeros = Buffer.alloc(16 * MIB)
  for (let i = 0; i < 64; i++) await new Promise<void>(resolve => stream.write(zeros, () => resolve()))
  await new Promise<void>(resolve => stream.flush(constants.Z_SYNC_FLUSH, resolve))
  return Buffer.concat(parts).subarray(0, -4)
}

/** Watches how much memory a piece of work takes at its worst. */
async function peakOf(work: () => Promise<void>): Promise<number> {
  const used = (): number => process.memoryUsage().rss
  const before = used()
  let peak = before
  const watch = setInterval(() => {
    peak = Math.max(peak, used())
  }, 5)
  await work()
  clearInterval(watch)
  return peak - before
}

test('a bomb of 1 GiB ends with 1009 after at most the limit was inflated, whole or in fragments', async () => {
  const payload = await bomb()
  expect(payload.length).toBeLessThan(2 * MIB)
  await using gateway = await echoing()
  const send = async (frames: readonly Buffer[]): Promise<void> => {
    const peer = await rawClient(gateway.url('ws'), OFFER)
    for (const frame of frames) await peer.write(frame)
    await peer.until(() => peer.closeFrame !== undefined, 'the close frame')
    expect(peer.closeFrame?.payload.readUInt16BE()).toBe(1009)
    await peer.end()
  }
  const whole = [encodeFrame({ opcode: BINARY, rsv: 4, payload }, true)]
  const cut = Array.from({ length: 16 }, (_, i) => {
    const size = Math.ceil(payload.length / 16)
    const opcode = i === 0 ? BINARY : CONTINUATION
    const frame = {
      opcode,
      rsv: i === 0 ? 4 : 0,
      fin: i === 15,
      payload: payload.subarray(i * size, (i + 1) * size),
    }
    return encodeFrame(frame, true)
  })
  await send(whole)
  const peak = await peakOf(async () => {
    for (const frames of [whole, cut, whole, cut]) await send(frames)
  })
  // The limit is 16 MiB; a second and third generation of it may not be collected yet.
  expect(peak).toBeLessThan(200 * MIB)
  const line = await gateway.waitForLog(
    'its message is larger than the setting transport.ws.max_message_bytes allows',
  )
  expect(line.fields).toMatchObject({ session: 'echo-1' })
}, 120_000)

test('a service limit is named with its session', async () => {
  await using gateway = await echoing(
    '<parameter name="ws.max.message.bytes">1000</parameter><parameter name="ws.max.frame.bytes">500</parameter>',
  )
  const tooMuch = async (...sizes: number[]): Promise<void> => {
    const peer = await rawClient(gateway.url('ws'))
    for (const [i, size] of sizes.entries())
      await peer.send({
        opcode: i === 0 ? TEXT : CONTINUATION,
        fin: i === sizes.length - 1,
        payload: bytes(size, false),
      })
    await peer.until(() => peer.closeFrame !== undefined, 'the close frame')
    expect(peer.closeFrame?.payload.readUInt16BE()).toBe(1009)
    await peer.end()
  }
  await tooMuch(501)
  await gateway.waitForLog(
    'its frame is larger than the parameter ws.max.frame.bytes allows: 500 bytes (1009)',
  )
  await tooMuch(500, 400, 101)
  await gateway.waitForLog(
    'its message is larger than the parameter ws.max.message.bytes allows: 1000 bytes (1009)',
  )
})

test('a million fragments of one byte take the memory of their bytes', async () => {
  await using gateway = await echoing()
  const peer = await rawClient(gateway.url('ws'))
  const first = encodeFrame({ opcode: BINARY, fin: false, payload: Buffer.from('x') }, true)
  const block = Buffer.concat(
    Array.from({ length: 10_000 }, () =>
      encodeFrame({ opcode: CONTINUATION, fin: false, payload: Buffer.from('x') }, true),
    ),
  )
  await peer.write(first)
  const peak = await peakOf(async () => {
    for (let i = 0; i < 100; i++) await peer.write(block)
    await peer.send({ opcode: CONTINUATION })
    await peer.until(() => peer.frames.length > 0, 'the message')
  })
  expect(peer.frames[0]?.payload).toHaveLength(1_000_001)
  expect(peak).toBeLessThan(150 * MIB)
  peer.socket.destroy()
})

test('messages that must not be compressed are not, and those below the threshold', async () => {
  const xml = (compress: string): string => `<sequence name="echo">
      <property name="websocket.compress" scope="axis2" value="${compress}"/><respond/></sequence>
      <inboundEndpoint name="echo" protocol="ws" sequence="echo" suspend="false"><parameters>
        <parameter name="inbound.ws.port">0</parameter><parameter name="ws.compression">true</parameter>
        <parameter name="ws.compression.threshold">1000</parameter>
      </parameters></inboundEndpoint>`
  for (const [compress, size, isCompressed] of [
    ['true', 1000, true],
    ['true', 999, false],
    ['false', 5000, false],
  ] as const) {
    await using gateway = await startGateway({ xml: xml(compress) })
    const peer: RawPeer = await rawClient(gateway.url('ws'), OFFER)
    await peer.send({ opcode: TEXT, payload: words(size) })
    await peer.until(() => peer.frames.length === 1, 'the answer')
    expect(peer.frames[0]).toMatchObject({ rsv: isCompressed ? 4 : 0, opcode: TEXT })
    await peer.close()
  }
})

test('what would not get smaller leaves as it is, where no context is kept', async () => {
  await using gateway = await echoing()
  const peer = await rawClient(gateway.url('ws'), OFFER)
  const noise = Buffer.from((await deflateAll([words(40_000)], { windowBits: 15, keepsContext: false }))[0]!)
  await peer.send({ opcode: BINARY, payload: noise })
  await peer.until(() => peer.frames.length === 1, 'the answer')
  expect(peer.frames[0]).toMatchObject({ rsv: 0, opcode: BINARY })
  expect(peer.frames[0]?.payload.equals(noise)).toBe(true)
  await peer.close()
})

test('300 clients that compress without a context share what they compress with', async () => {
  await using gateway = await echoing('<parameter name="ws.compression.threshold">1</parameter>')
  const peers = await Promise.all(Array.from({ length: 300 }, () => rawClient(gateway.url('ws'), OFFER)))
  const payload = words(2000)
  const [compressed] = await deflateAll([payload], { windowBits: 15, keepsContext: false })
  const talk = async (): Promise<void> => {
    await Promise.all(
      peers.map(async peer => {
        const count = peer.frames.length
        await peer.send({ opcode: TEXT, rsv: 4, payload: compressed! })
        await peer.until(() => peer.frames.length === count + 1, 'the answer')
        expect(peer.frames.at(-1)?.rsv).toBe(4)
      }),
    )
  }
  await talk()
  const peak = await peakOf(async () => {
    await talk()
    await talk()
  })
  // A compressor and a decompressor for each would be over 80 MiB.
  expect(peak).toBeLessThan(40 * MIB)
  for (const peer of peers) peer.socket.destroy()
})
