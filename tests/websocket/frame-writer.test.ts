import { createHash } from 'node:crypto'
import { Duplex, type Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import * as library from 'ws'
import { FrameWriter } from '../../src/websocket/frame-writer.ts'

/** A message as the library's receiver reads it from what we write. */
interface Got {
  readonly data: Buffer
  readonly isBinary: boolean
}

// The types of the library leave it out.
const { Receiver } = library as unknown as {
  Receiver: new (options: { isServer: boolean; maxPayload: number }) => Writable
}

/** Reads frames with the library: a server's receiver insists on masks, a client's on none. */
async function read(chunks: readonly Buffer[], isMasked: boolean): Promise<Got[]> {
  const got: Got[] = []
  const receiver = new Receiver({ isServer: isMasked, maxPayload: 0 })
  receiver.on('message', (data: Buffer, isBinary: boolean) => got.push({ data, isBinary }))
  await pipeline(chunks, receiver)
  return got
}

/** A socket that takes what it is given at once, as the system does while it has room: the memory is free again. */
class Taking extends Duplex {
  readonly chunks: Buffer[] = []
  writes = 0
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.writes++
    this.chunks.push(Buffer.from(chunk))
    done()
  }
  override _writev(chunks: { chunk: Buffer }[], done: () => void): void {
    this.writes++
    for (const { chunk } of chunks) this.chunks.push(Buffer.from(chunk))
    done()
  }
  override _read(): void {}
}

/** A socket whose other side does not read: what it is given stays where it is until it is let go. */
class Slow extends Duplex {
  readonly chunks: Buffer[] = []
  #waiting: { readonly chunk: Buffer; readonly done: () => void } | undefined
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.#waiting = { chunk, done }
  }
  override _read(): void {}

  /** Sends what waits, then what comes behind it. */
  letGo(): void {
    while (this.#waiting) {
      const { chunk, done } = this.#waiting
      this.#waiting = undefined
      this.chunks.push(Buffer.from(chunk))
      done()
    }
  }
}

/** Bytes that differ from place to place and from message to message. */
function payload(size: number, seed = 1): Buffer {
  const bytes = Buffer.alloc(size)
  for (let i = 0; i < size; i++) bytes[i] = (i * 31 + (i >> 8) * 7 + seed * 101) & 0xff
  return bytes
}

function digest(data: Buffer): string {
  return `${data.length} ${createHash('sha1').update(data).digest('hex')}`
}

const SIZES = [
  0, 1, 2, 3, 4, 5, 124, 125, 126, 127, 128, 65_521, 65_522, 65_535, 65_536, 65_537, 70_000, 1_048_576,
]

describe.each([
  ['masked', true],
  ['unmasked', false],
])('%s', (_how, isMasking) => {
  test.each(SIZES)('a message of %d bytes', async size => {
    const socket = new Taking()
    const writer = new FrameWriter(socket, isMasking)
    const data = payload(size)
    const before = digest(data)
    writer.add(data, true)
    expect(writer.bytes).toBe(size)
    writer.flush()
    expect(writer.bytes).toBe(0)
    const [got, ...more] = await read(socket.chunks, isMasking)
    expect(more).toEqual([])
    expect(digest(got!.data)).toBe(before)
    expect(got!.isBinary).toBe(true)
    expect(digest(data), 'the payload is left as it was').toBe(before)
  })

  test('small messages of one flush leave in one write, in order, text and binary as they were', async () => {
    const socket = new Taking()
    const writer = new FrameWriter(socket, isMasking)
    for (let i = 0; i < 500; i++) writer.add(Buffer.from(`message ${i}`), i % 3 === 0)
    writer.flush()
    expect(socket.writes).toBe(1)
    const got = await read(socket.chunks, isMasking)
    expect(got.map(({ data, isBinary }) => `${data} ${isBinary}`)).toEqual(
      Array.from({ length: 500 }, (_, i) => `message ${i} ${i % 3 === 0}`),
    )
  })

  test('large messages between small ones keep their place, and leave in one call of the system', async () => {
    const socket = new Taking()
    const writer = new FrameWriter(socket, isMasking)
    const sizes = [10, 70_000, 5, 0, 200_000, 65_536, 1, 40_000, 40_000, 3]
    const messages = sizes.map((size, i) => payload(size, i))
    for (const message of messages) writer.add(message, true)
    writer.flush()
    expect(socket.writes).toBe(1)
    const got = await read(socket.chunks, isMasking)
    expect(got.map(({ data }) => digest(data))).toEqual(messages.map(digest))
  })

  test('around the end of a block every size arrives', async () => {
    for (let first = 65_480; first <= 65_545; first++) {
      const socket = new Taking()
      const writer = new FrameWriter(socket, isMasking)
      const messages = [payload(first, 1), payload(20, 2), payload(130, 3)]
      for (const message of messages) writer.add(message, true)
      writer.flush()
      const got = await read(socket.chunks, isMasking)
      expect(got.map(({ data }) => digest(data))).toEqual(messages.map(digest))
    }
  })

  test('many small messages fill block after block', async () => {
    const socket = new Taking()
    const writer = new FrameWriter(socket, isMasking)
    const messages = Array.from({ length: 3_000 }, (_, i) => payload(i % 150, i))
    for (const message of messages) writer.add(message, true)
    writer.flush()
    const got = await read(socket.chunks, isMasking)
    expect(got.map(({ data }) => digest(data))).toEqual(messages.map(digest))
  })

  test('while a reader is slow, what it has not got yet is not written over', async () => {
    const slow = new Slow()
    const other = new Taking()
    const [toSlow, toOther] = [new FrameWriter(slow, isMasking), new FrameWriter(other, isMasking)]
    const messages = Array.from({ length: 50 }, (_, i) => payload(1_000 + i, i))
    for (const message of messages) {
      toSlow.add(message, true)
      toSlow.flush()
      // Blocks are shared by all connections.
      toOther.add(payload(2_000, 200), true)
      toOther.flush()
    }
    slow.letGo()
    const got = await read(slow.chunks, isMasking)
    expect(got.map(({ data }) => digest(data))).toEqual(messages.map(digest))
    for (const { data } of await read(other.chunks, isMasking))
      expect(digest(data)).toBe(digest(payload(2_000, 200)))
  })

  test('a slow reader and large batches', async () => {
    const slow = new Slow()
    const writer = new FrameWriter(slow, isMasking)
    const messages = Array.from({ length: 300 }, (_, i) => payload((i * 977) % 3_000, i))
    messages.forEach((message, i) => {
      writer.add(message, true)
      if (i % 100 === 99) writer.flush()
    })
    slow.letGo()
    const got = await read(slow.chunks, isMasking)
    expect(got.map(({ data }) => digest(data))).toEqual(messages.map(digest))
  })

  test('whatever is added and flushed, it arrives as it was, in order', async () => {
    const size = fc.oneof(
      fc.integer({ min: 0, max: 300 }),
      fc.integer({ min: 65_500, max: 65_600 }),
      fc.integer({ min: 20_000, max: 40_000 }),
    )
    const message = fc.record({ size, isBinary: fc.boolean(), flush: fc.boolean() })
    await fc.assert(
      fc.asyncProperty(fc.array(message, { maxLength: 12 }), fc.boolean(), async (plan, isSlow) => {
        const socket = isSlow ? new Slow() : new Taking()
        const writer = new FrameWriter(socket, isMasking)
        // A text frame has to be text: the receiver checks.
        const messages = plan.map(({ size, isBinary }, i) =>
          isBinary ? payload(size, i) : Buffer.alloc(size, 97 + i),
        )
        plan.forEach(({ isBinary, flush }, i) => {
          writer.add(messages[i]!, isBinary)
          if (flush) writer.flush()
        })
        writer.flush()
        if (socket instanceof Slow) socket.letGo()
        const got = await read(socket.chunks, isMasking)
        expect(got.map(({ data, isBinary }) => `${digest(data)} ${isBinary}`)).toEqual(
          messages.map((data, i) => `${digest(data)} ${plan[i]!.isBinary}`),
        )
      }),
      { numRuns: 40 },
    )
  })

  test('a flush of nothing writes nothing', () => {
    const socket = new Taking()
    new FrameWriter(socket, isMasking).flush()
    expect(socket.writes).toBe(0)
  })
})

test.each([
  [0, [0x82, 0]],
  [125, [0x82, 125]],
  [126, [0x82, 126, 0, 126]],
  [65_535, [0x82, 126, 0xff, 0xff]],
  [65_536, [0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0]],
])('the length of %d bytes is written in the fewest bytes (RFC 6455, 5.2)', (size, header) => {
  const socket = new Taking()
  const writer = new FrameWriter(socket, false)
  writer.add(payload(size), true)
  writer.flush()
  const bytes = Buffer.concat(socket.chunks)
  expect([...bytes.subarray(0, header.length)]).toEqual(header)
  expect(bytes.length).toBe(header.length + size)
})

test('a text frame is final and of opcode 1, and a client sets the mask bit', () => {
  const socket = new Taking()
  const writer = new FrameWriter(socket, true)
  writer.add(Buffer.from('hi'), false)
  writer.flush()
  const [bytes] = socket.chunks
  expect([bytes![0], bytes![1], bytes!.length]).toEqual([0x81, 0x82, 8])
})

test('masks differ from frame to frame', () => {
  const socket = new Taking()
  const writer = new FrameWriter(socket, true)
  const count = 5_000
  for (let i = 0; i < count; i++) writer.add(Buffer.alloc(4), true)
  writer.flush()
  const bytes = Buffer.concat(socket.chunks)
  const masks = new Set(Array.from({ length: count }, (_, i) => bytes.readUInt32BE(i * 10 + 2)))
  // Two of 5,000 random masks are equal now and then; a mask used over again would be so all the time.
  expect(masks.size).toBeGreaterThan(count - 10)
})
