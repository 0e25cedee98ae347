import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  closeForBackend,
  closeForClient,
  cutReason,
  isSendable,
  MAX_REASON_BYTES,
} from '../../src/websocket/close-codes.ts'

/** RFC 6455, 7.4, with the codes registered since: which may stand in a close frame. */
const REGISTERED = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014]

test('of all codes those may be sent that the RFC and its registry let', () => {
  const sendable: number[] = []
  for (let code = -1; code <= 70_000; code++) if (isSendable(code)) sendable.push(code)
  const free = Array.from({ length: 2000 }, (_, i) => 3000 + i)
  expect(sendable).toEqual([...REGISTERED, ...free])
  for (const none of [1000.5, Number.NaN, Infinity]) expect(isSendable(none)).toBe(false)
})

describe('a reason', () => {
  test.each([
    ['', ''],
    ['short', 'short'],
    ['x'.repeat(123), 'x'.repeat(123)],
    ['x'.repeat(124), 'x'.repeat(123)],
    ['ü'.repeat(61), 'ü'.repeat(61)],
    ['ü'.repeat(62), 'ü'.repeat(61)],
    [`x${'ü'.repeat(62)}`, `x${'ü'.repeat(61)}`],
    ['注'.repeat(42), '注'.repeat(41)],
    [`xx${'注'.repeat(41)}`, `xx${'注'.repeat(40)}`],
    ['😀'.repeat(31), '😀'.repeat(30)],
    [`xxx${'😀'.repeat(30)}!`, `xxx${'😀'.repeat(30)}`],
  ])('%s is cut to %s', (reason, cut) => {
    expect(cutReason(reason)).toBe(cut)
  })

  test('is cut to at most 123 bytes of whole characters, and as few as need be', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 200 }), reason => {
        const cut = cutReason(reason)
        expect(reason.startsWith(cut)).toBe(true)
        expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(MAX_REASON_BYTES)
        expect(cut.isWellFormed()).toBe(true)
        const next = String.fromCodePoint(reason.codePointAt(cut.length) ?? 0)
        if (cut !== reason) expect(Buffer.byteLength(cut + next)).toBeGreaterThan(MAX_REASON_BYTES)
      }),
    )
  })
})

describe('the end of one side becomes the close of the other', () => {
  test.each([...REGISTERED, 3000, 3999, 4000, 4999])('%d and its reason go through both ways', code => {
    expect(closeForClient(code, 'why')).toEqual({ code, reason: 'why' })
    expect(closeForBackend(code, 'why')).toEqual({ code, reason: 'why' })
  })

  test('a long reason is cut', () => {
    expect(closeForClient(1000, 'x'.repeat(200)).reason).toBe('x'.repeat(123))
    expect(closeForBackend(1000, 'x'.repeat(200)).reason).toBe('x'.repeat(123))
  })

  test('a frame without a status becomes one', () => {
    expect(closeForClient(1005, '')).toEqual({ code: undefined, reason: '' })
    expect(closeForBackend(1005, '')).toEqual({ code: undefined, reason: '' })
  })

  test.each([1006, 1004, 1015, 0, 999, 1016, 2999, 5000])(
    '%d, which cannot be sent, is a lost backend to the client and a client gone to the backend',
    code => {
      expect(closeForClient(code, 'secret')).toEqual({ code: 1014, reason: 'backend connection lost' })
      expect(closeForBackend(code, 'secret')).toEqual({ code: 1001, reason: 'client connection lost' })
    },
  )

  test('whatever ends, what is told may be sent', () => {
    for (let code = 0; code <= 5000; code++) {
      for (const close of [closeForClient(code, 'why'), closeForBackend(code, 'why')])
        expect(close.code === undefined || isSendable(close.code)).toBe(true)
    }
  })
})
