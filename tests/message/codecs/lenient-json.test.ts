import { describe, expect, test } from 'vitest'
import { parseLenientJson } from '../../../src/message/codecs/lenient-json.ts'
import { Content } from '../../../src/message/content.ts'

describe('what the original reads of its own templates', () => {
  test.each([
    ['{"a": apple}', { a: 'apple' }],
    ['{"a": two words , b: true}', { a: 'two words', b: true }],
    ["{'a': 'it\\'s', b: 1.5, c: null}", { a: "it's", b: 1.5, c: null }],
    ['[1, 2,]', [1, 2]],
    ['{"a": 1; "b" = 2}', { a: 1, b: 2 }],
    ['{"a": [x, {y: z}] // end\n}', { a: ['x', { y: 'z' }] }],
    ['"\\u00e9\\n"', 'é\n'],
    ['/* c */ 5', 5],
  ])('%s', (text, value) => {
    expect(parseLenientJson(text)).toEqual(value)
  })

  test('a member called __proto__ is one like any other', () => {
    const value = parseLenientJson('{__proto__: {x: 1}}') as object
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype)
    expect(Object.keys(value)).toEqual(['__proto__'])
  })
})

test.each(['', '{', '[1', '{"a"}', '{"a":}', '"open', '{a: b} c', '{:1}'])('%j cannot be read', text => {
  expect(() => parseLenientJson(text)).toThrow(SyntaxError)
})

test('nesting has an end', () => {
  expect(() => parseLenientJson('['.repeat(100_000))).toThrow('nested more than 500 deep')
})

test('only what a configuration made is read so', () => {
  expect(Content.ofText('{"a": apple}', 'application/json').json()).toEqual({ a: 'apple' })
  expect(() => new Content(Buffer.from('{"a": apple}'), 'application/json').json()).toThrow('is no JSON')
})
