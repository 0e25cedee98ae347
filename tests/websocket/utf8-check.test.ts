import { isUtf8 } from 'node:buffer'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Utf8Check } from '../../src/websocket/utf8-check.ts'

/** Bytes that are often nearly text. */
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 80 }).map(value => Buffer.from(value)),
  fc.uint8Array({ maxLength: 12 }).map(value => Buffer.from(value)),
  fc
    .array(fc.constantFrom(0x61, 0x80, 0xbf, 0xc2, 0xe0, 0xa0, 0x9f, 0xed, 0xf0, 0x90, 0x8f, 0xf4), {
      maxLength: 60,
    })
    .map(value => Buffer.from(value)),
)
const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 8 })

function check(bytes: Buffer, fractions: readonly number[]): boolean {
  const places = [0, ...fractions.map(f => Math.floor(f * bytes.length)).sort((a, b) => a - b), bytes.length]
  const utf8 = new Utf8Check()
  return (
    places.every((place, i) => i === 0 || utf8.push(bytes.subarray(places[i - 1], place))) && utf8.isComplete
  )
}

test('says what the whole is, wherever it was cut', () => {
  fc.assert(
    fc.property(text, text, cuts, (one, two, fractions) => {
      const bytes = Buffer.concat([one, Buffer.alloc(40, 97), two])
      expect(check(bytes, fractions)).toBe(isUtf8(bytes))
      expect(check(two, fractions)).toBe(isUtf8(two))
    }),
    { numRuns: 2_000 },
  )
})

test('says no at the first byte that nothing can make good', () => {
  fc.assert(
    fc.property(text, bytes => {
      const utf8 = new Utf8Check()
      const wrongAt = bytes.findIndex(byte => !utf8.push(Buffer.from([byte])))
      const before = wrongAt < 0 ? bytes : bytes.subarray(0, wrongAt)
      // What was let pass can be completed: by nothing, or by continuations.
      const ends = ['', '80', '8080', '808080', 'a080', '9080', '908080'].map(hex => Buffer.from(hex, 'hex'))
      expect(ends.some(end => isUtf8(Buffer.concat([before, end])))).toBe(true)
    }),
    { numRuns: 2_000 },
  )
})

test('begins anew', () => {
  const utf8 = new Utf8Check()
  expect(utf8.push(Buffer.from([0xe2]))).toBe(true)
  expect(utf8.isComplete).toBe(false)
  utf8.reset()
  expect(utf8.push(Buffer.from('ü'))).toBe(true)
  expect(utf8.isComplete).toBe(true)
})
