import { createRequire } from 'node:module'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { FrameReader } from '../../src/websocket/frame-reader.ts'

// The library's own reader is what the unmasked bytes must make sense to.
interface LibraryReceiver {
  on(event: 'message', listener: (data: Buffer, isBinary: boolean) => void): void
  on(event: 'error', listener: (error: Error & { code: string }) => void): void
  write(chunk: Buffer): boolean
}
const { Receiver } = createRequire(import.meta.url)('ws') as {
  Receiver: new (options: { isServer: boolean; maxPayload: number }) => LibraryReceiver
}

const OPCODE = { continuation: 0, text: 1, binary: 2, ping: 9 } as const

interface Frame {
  readonly opcode: keyof typeof OPCODE
  readonly isLast: boolean
  readonly payload: Buffer
  readonly mask: Buffer | undefined
}

function encode({ opcode, isLast, payload, mask }: Frame): Buffer {
  const { length } = payload
  const size =
    length < 126
      ? [length]
      : length < 65536
        ? [126, length >> 8, length & 0xff]
        : [127, 0, 0, 0, 0, length >>> 24, (length >>> 16) & 0xff, (length >>> 8) & 0xff, length & 0xff]
  const head = [(isLast ? 0x80 : 0) | OPCODE[opcode], (mask ? 0x80 : 0) | size[0]!, ...size.slice(1)]
  if (!mask) return Buffer.concat([Buffer.from(head), payload])
  return Buffer.concat([Buffer.from(head), mask, Buffer.from(payload.map((byte, i) => byte ^ mask[i & 3]!))])
}

/** Reads a stream in pieces, by our reader and the library's behind it; gives what came out, in order. */
function receive(stream: Buffer, cuts: readonly number[], isServer = true, maxMessageBytes = 1 << 26) {
  const received: { data: Buffer; isBinary: boolean }[] = []
  const receiver = new Receiver({ isServer, maxPayload: maxMessageBytes })
  const take = (data: Buffer, isBinary: boolean): void => {
    received.push({ data: Buffer.from(data), isBinary })
  }
  receiver.on('message', take)
  const failed = new Promise<string>(resolve => receiver.on('error', error => resolve(error.code)))
  const reader = new FrameReader({ isMasked: isServer, maxMessageBytes }, { onMessage: take })
  const places = [0, ...[...cuts].sort((a, b) => a - b), stream.length]
  for (let i = 1; i < places.length; i++) {
    const chunk = Buffer.from(stream.subarray(places[i - 1], places[i]))
    const rest = chunk.length === 0 ? undefined : reader.read(chunk)
    if (rest) receiver.write(rest)
  }
  return { received, failed }
}

const mask = fc.uint8Array({ minLength: 4, maxLength: 4 }).map(bytes => Buffer.from(bytes))
const size = fc.oneof(
  { weight: 9, arbitrary: fc.integer({ min: 0, max: 700 }) },
  { weight: 1, arbitrary: fc.constantFrom(125, 126, 127, 255, 256, 257, 65535, 65536, 70000) },
)
const content = fc
  .tuple(size, fc.integer({ min: 0, max: 25 }))
  .map(([length, seed]) => Buffer.from(Array.from({ length }, (_, i) => 97 + ((i * 7 + seed) % 26))))

/** A message in one frame or several, with pings between them. */
const message = fc.record({
  isBinary: fc.boolean(),
  parts: fc.array(content, { minLength: 1, maxLength: 3 }),
  pings: fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }),
  mask,
})

test.each([
  ['a client, masked', true],
  ['a server, unmasked', false],
])('every message of %s comes out in order, wherever the stream was cut', (_who, isServer) => {
  const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 12 })
  fc.assert(
    fc.property(fc.array(message, { minLength: 1, maxLength: 8 }), cuts, (messages, fractions) => {
      const frames = messages.flatMap(({ isBinary, parts, pings, mask: key }) =>
        parts.flatMap((payload, i): Frame[] => {
          const shared = { mask: isServer ? key : undefined }
          const opcode = i > 0 ? 'continuation' : isBinary ? 'binary' : 'text'
          const data: Frame = { opcode, isLast: i === parts.length - 1, payload, ...shared }
          const ping: Frame = { opcode: 'ping', isLast: true, payload: Buffer.from('hi'), ...shared }
          return pings[i] ? [ping, data] : [data]
        }),
      )
      const stream = Buffer.concat(frames.map(encode))
      const { received } = receive(
        stream,
        fractions.map(f => Math.floor(f * stream.length)),
        isServer,
      )
      expect(received.length).toBe(messages.length)
      for (const [i, { isBinary, parts }] of messages.entries()) {
        expect(received[i]!.isBinary).toBe(isBinary)
        expect(Buffer.concat(parts).equals(received[i]!.data)).toBe(true)
      }
    }),
    { numRuns: 300 },
  )
})

const KEY = Buffer.from([1, 2, 3, 4])
const whole = (opcode: Frame['opcode'], payload: Buffer, key: Buffer | null = KEY): Buffer =>
  encode({ opcode, isLast: true, payload, mask: key ?? undefined })

test('a stream cut at every byte is read', () => {
  const payload = Buffer.from('x'.repeat(300))
  const stream = Buffer.concat([whole('text', payload), whole('binary', payload)])
  for (let cut = 0; cut < stream.length; cut++) {
    expect(receive(stream, [cut]).received.map(({ data }) => `${data}`)).toEqual([`${payload}`, `${payload}`])
  }
})

test.each([
  ['without a mask from a client', whole('binary', Buffer.alloc(300), null), true, 'WS_ERR_EXPECTED_MASK'],
  ['with a mask from a server', whole('binary', Buffer.alloc(300)), false, 'WS_ERR_UNEXPECTED_MASK'],
  ['of text that is no UTF-8', whole('text', Buffer.from([0xc3, 0x28])), true, 'WS_ERR_INVALID_UTF8'],
  ['over the limit', whole('binary', Buffer.alloc(2000)), true, 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH'],
  [
    'with reserved bits',
    Buffer.concat([Buffer.from([0xc2]), whole('binary', Buffer.alloc(9)).subarray(1)]),
    true,
    'WS_ERR_UNEXPECTED_RSV_1',
  ],
  ['that continues nothing', whole('continuation', Buffer.alloc(9)), true, 'WS_ERR_INVALID_OPCODE'],
])('a frame %s is left for the library to refuse', async (_what, bad, isServer, code) => {
  const good = whole('text', Buffer.from('before'), isServer ? KEY : null)
  const { received, failed } = receive(Buffer.concat([good, bad]), [], isServer, 1000)
  expect(await failed).toBe(code)
  expect(received.map(({ data }) => `${data}`)).toEqual(['before'])
})
