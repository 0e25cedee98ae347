import { expect, test } from 'vitest'
import { decodeFrame, encodeFrame } from '../../src/cluster/bus-frame.ts'

test('a message between processes comes out as it went in, whatever bytes it has', () => {
  const message = Buffer.from(Array.from({ length: 256 }, (_, i) => i))
  const frame = decodeFrame(encodeFrame('east-1\né', 'sessions', message))
  expect(frame).toEqual({ sender: 'east-1\né', topic: 'sessions', message })
  expect(decodeFrame(encodeFrame('', '', Buffer.alloc(0)))).toEqual({
    sender: '',
    topic: '',
    message: Buffer.alloc(0),
  })
})

test('what is no message is left aside, however it is cut', () => {
  const whole = encodeFrame('east-1', 'sessions', Buffer.alloc(0))
  for (let length = 0; length < whole.length; length++)
    expect(decodeFrame(whole.subarray(0, length))).toBeUndefined()
  expect(decodeFrame(Buffer.from('another version'))).toBeUndefined()
})
