import { createRequire } from 'node:module'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Unmasker } from '../../src/websocket/unmask.ts'

// The library's own reader is what the unmasked bytes must make sense to.
interface LibraryReceiver {
  on(event: 'message', listener: (data: Buffer, isBinary: boolean) => void): void
  on(event: 'error', listener: (error: Error & { code: string }) => void): void
  write(chunk: Buffer): boolean
}
const { Receiver } = createRequire(import.meta.url)('ws') as {
  Receiver: new (options: { isServer: boolean; maxPayload: number }) => LibraryReceiver
}

function frame(payload: Buffer, mask: Buffer, opcode = 0x82): Buffer {
  const { length } = payload
  const header =
    length < 126
      ? [length]
      : length < 65536
        ? [126, length >> 8, length & 0xff]
        : [127, 0, 0, 0, 0, ...bytesOf(length)]
  const masked = payload.map((byte, i) => byte ^ mask[i & 3]!)
  return Buffer.concat([Buffer.from([opcode, 0x80 | header[0]!, ...header.slice(1)]), mask, masked])
}

function bytesOf(length: number): number[] {
  return [length >>> 24, (length >>> 16) & 0xff, (length >>> 8) & 0xff, length & 0xff]
}

function receive(stream: Buffer, cuts: readonly number[]): Buffer[] {
  const received: Buffer[] = []
  const receiver = new Receiver({ isServer: true, maxPayload: 1 << 26 })
  receiver.on('message', data => received.push(data))
  receiver.on('error', error => {
    throw error
  })
  const unmasker = new Unmasker()
  const places = [0, ...[...cuts].sort((a, b) => a - b), stream.length]
  for (let i = 1; i < places.length; i++) {
    const chunk = Buffer.from(stream.subarray(places[i - 1], places[i]))
    if (chunk.length === 0) continue
    unmasker.unmask(chunk)
    receiver.write(chunk)
  }
  return received
}

const mask = fc.uint8Array({ minLength: 4, maxLength: 4 }).map(bytes => Buffer.from(bytes))
const length = fc.oneof(
  fc.integer({ min: 0, max: 700 }),
  fc.constantFrom(125, 126, 127, 255, 256, 257, 65535, 65536, 70000),
)

test('the library reads every message, wherever the stream was cut', () => {
  const messages = fc.array(fc.tuple(length, mask, fc.integer({ min: 0, max: 255 })), {
    minLength: 1,
    maxLength: 6,
  })
  const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 12 })
  fc.assert(
    fc.property(messages, cuts, (list, fractions) => {
      const payloads = list.map(([size, , seed]) =>
        Buffer.from(Array.from({ length: size }, (_, i) => (i * 31 + seed) & 0xff)),
      )
      const stream = Buffer.concat(payloads.map((payload, i) => frame(payload, list[i]![1])))
      const places = fractions.map(fraction => Math.floor(fraction * stream.length))
      const received = receive(stream, places)
      expect(received.length).toBe(payloads.length)
      for (const [i, payload] of payloads.entries()) expect(payload.equals(received[i]!)).toBe(true)
    }),
    { numRuns: 300 },
  )
})

test('a stream cut at every byte of its headers is read', () => {
  const payload = Buffer.from('x'.repeat(300))
  const stream = Buffer.concat([
    frame(payload, Buffer.from([1, 2, 3, 4])),
    frame(payload, Buffer.from([9, 8, 7, 6])),
  ])
  for (let cut = 0; cut < stream.length; cut++)
    expect(receive(stream, [cut]).map(String)).toEqual([`${payload}`, `${payload}`])
})

test('a frame without a mask is still there for the library to refuse', async () => {
  const bare = Buffer.concat([Buffer.from([0x82, 126, 1, 44]), Buffer.alloc(300)])
  const receiver = new Receiver({ isServer: true, maxPayload: 1 << 26 })
  const refused = new Promise<{ code: string }>(resolve => receiver.on('error', resolve))
  new Unmasker().unmask(bare)
  receiver.write(bare)
  expect((await refused).code).toBe('WS_ERR_EXPECTED_MASK')
})
