import { describe, expect, test } from 'vitest'
import { messageFrame, readClientFrame } from '../../src/inbound/delivery-frames.ts'
import { memberText } from '../../src/inbound/member-text.ts'

describe('the text of a member', () => {
  test.each([
    ['{"data":1}', '1'],
    [' { "a" : "x,}" , "data" : [1, {"data": 2}] } ', '[1, {"data": 2}]'],
    ['{"data":"a\\\\","b":"\\""}', '"a\\\\"'],
    ['{"a":{"data":1},"data":null}', 'null'],
    ['{"d\\u0061ta":1.50}', '1.50'],
    ['{"data":1,"data":2}', '2'],
    ['{"data":{}}', '{}'],
    ['{"a":"\\\\\\"data\\":3","data":true}', 'true'],
  ])('of %s', (json, text) => {
    expect(JSON.parse(json)).toHaveProperty('data')
    expect(memberText(json, 'data')).toBe(text)
  })
})

describe('a frame of a client', () => {
  const read = (frame: object | string, textType = 'text/plain') =>
    readClientFrame(typeof frame === 'string' ? frame : JSON.stringify(frame), textType)

  test('is a hello', () => {
    expect(read({ hello: 'Kasse 7 ü' })).toEqual({ hello: 'Kasse 7 ü' })
  })

  test.each([
    [{ seq: 1, data: null }, 'null', 'application/json'],
    [{ seq: 1, data: '' }, '', 'text/plain'],
    [{ seq: 1, bytes: '' }, '', 'application/octet-stream'],
    [{ seq: 1, bytes: 'PGEvPg==', type: 'application/xml; charset=utf-8' }, '<a/>', 'application/xml'],
  ])('is a message: %j', (frame, text, mediaType) => {
    const message = read(frame)
    if (!('content' in message)) throw new Error('it is none')
    expect(message.content.bytes.toString()).toBe(text)
    expect(message.content.mediaType).toBe(mediaType)
  })

  test.each(['text', 'a/b; c', 'a/b\n', 'a/b; c="\\"', `a/${'b'.repeat(300)}`, '', 5])(
    'has no such type: %j',
    type => {
      expect(read({ seq: 1, data: 1, type })).toMatchObject({ problem: 'bad-frame' })
    },
  )
})

test.each([
  ['{"a": 1}', false, '{"data":{"a": 1}}'],
  ['a "text"', false, '{"data":"a \\"text\\""}'],
  ['', false, '{"data":""}'],
  ['text', true, '{"bytes":"dGV4dA=="}'],
])('a message for the client is wrapped: %j', (text, isBinary, frame) => {
  expect(messageFrame(Buffer.from(text), isBinary).toString()).toBe(frame)
})
