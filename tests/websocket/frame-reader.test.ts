import fc from 'fast-check'
import { expect, test } from 'vitest'
import { FrameReader } from '../../src/websocket/frame-reader.ts'

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

/** Reads a stream in pieces; gives what came out, in order, and what ended it. */
function receive(stream: Buffer, cuts: readonly number[], isMasked = true, limits: Partial<Limits> = {}) {
  const messages: { data: Buffer; isBinary: boolean }[] = []
  const events: string[] = []
  const { maxMessageBytes = 1 << 26, maxFrameBytes = maxMessageBytes } = limits
  const reader = new FrameReader(
    { isMasked, maxMessageBytes, maxFrameBytes, takesCompressed: false },
    {
      onMessage(data, isBinary) {
        messages.push({ data: Buffer.from(data), isBinary })
        events.push('message')
      },
    },
    {
      onPingFrame: data => events.push(`ping ${data}`),
      onPongFrame: data => events.push(`pong ${data}`),
      onCloseFrame: (code, reason) => events.push(`close ${code} ${reason}`),
      onCompressed: () => events.push('compressed'),
      onViolation: ({ closeCode, limit = '' }) => events.push(`violation ${closeCode} ${limit}`.trim()),
    },
  )
  const places = [0, ...[...cuts].sort((a, b) => a - b), stream.length]
  for (let i = 1; i < places.length; i++) {
    const chunk = Buffer.from(stream.subarray(places[i - 1], places[i]))
    expect(reader.read(chunk)).toBeUndefined()
  }
  return { received: messages, events }
}

interface Limits {
  readonly maxMessageBytes: number
  readonly maxFrameBytes: number
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
  ['without a mask from a client', whole('binary', Buffer.alloc(300), null), true, 'violation 1002'],
  ['with a mask from a server', whole('binary', Buffer.alloc(300)), false, 'violation 1002'],
  ['of text that is no UTF-8', whole('text', Buffer.from([0xc3, 0x28])), true, 'violation 1007'],
  ['over the limit of messages', whole('binary', Buffer.alloc(2000)), true, 'violation 1009 message'],
  ['over the limit of frames', whole('binary', Buffer.alloc(900)), true, 'violation 1009 frame'],
  [
    'with reserved bits',
    Buffer.concat([Buffer.from([0xc2]), whole('binary', Buffer.alloc(9)).subarray(1)]),
    true,
    'violation 1002',
  ],
  ['that continues nothing', whole('continuation', Buffer.alloc(9)), true, 'violation 1002'],
])('a frame %s is refused, after what was before it', (_what, bad, isMasked, end) => {
  const good = whole('text', Buffer.from('before'), isMasked ? KEY : null)
  const ignored = whole('text', Buffer.from('after'), isMasked ? KEY : null)
  const limits = { maxMessageBytes: 1000, maxFrameBytes: 800 }
  const { events } = receive(Buffer.concat([good, bad, ignored]), [], isMasked, limits)
  expect(events).toEqual(['message', end])
})

test('what the first two bytes show is refused before the rest of the header is there', () => {
  expect(receive(Buffer.from([0x83, 0x80]), [1]).events).toEqual(['violation 1002'])
  expect(receive(Buffer.from([0x89, 0xfe, 0]), []).events).toEqual(['violation 1002'])
})

test('nothing is put aside for what is only announced', () => {
  const before = process.memoryUsage().arrayBuffers
  for (let i = 0; i < 500; i++) {
    const header = Buffer.from([0x82, 0xff, 0, 0, 0, 0, 0x03, 0, 0, 0, 1, 2, 3, 4, 5])
    receive(header, [])
  }
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(200 * 1024 * 1024)
})
