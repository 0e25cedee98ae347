import { Duplex } from 'node:stream'
import { expect, test } from 'vitest'
import { FrameWriter } from '../../src/websocket/frame-writer.ts'
import { PreparedFrame } from '../../src/websocket/prepared-frame.ts'

class Taking extends Duplex {
  readonly chunks: Buffer[] = []
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.chunks.push(chunk)
    done()
  }
  override _read(): void {}
}

function written(write: (writer: FrameWriter) => void): Buffer {
  const socket = new Taking()
  const writer = new FrameWriter(socket, false)
  write(writer)
  writer.flush()
  return Buffer.concat(socket.chunks)
}

test.each([0, 1, 125, 126, 65_535, 65_536, 200_000])('%i bytes are the frame that a writer makes', size => {
  const data = Buffer.alloc(size, 'ab')
  for (const isBinary of [false, true]) {
    const { frame } = new PreparedFrame(data, isBinary)
    expect(frame.equals(written(writer => writer.add(data, isBinary)))).toBe(true)
    expect(frame.equals(written(writer => writer.addFrame(frame)))).toBe(true)
  }
})

test('the frame is made once, and every socket gets that memory', () => {
  const message = new PreparedFrame(Buffer.from('hello'), false)
  const socket = new Taking()
  const writer = new FrameWriter(socket, false)
  writer.addFrame(message.frame)
  writer.flush()

  expect(message.frame).toBe(message.frame)
  expect(socket.chunks[0]!.buffer).toBe(message.frame.buffer)
})

test('frames and messages leave in the order they were added, whatever their size', () => {
  const large = Buffer.alloc(100_000, 'x')
  const messages = [Buffer.from('a'), large, Buffer.from('b'), Buffer.from('c'), large, Buffer.from('d')]
  const all = written(writer => {
    messages.forEach((data, i) => {
      if (i % 2 === 0) writer.addFrame(new PreparedFrame(data, false).frame)
      else writer.add(data, false)
    })
  })

  expect(all.equals(Buffer.concat(messages.map(data => new PreparedFrame(data, false).frame)))).toBe(true)
})
