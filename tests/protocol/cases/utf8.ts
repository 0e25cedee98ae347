import { binary, type Case, type CaseGroup, every, fragments, text } from '../case.ts'
import { BINARY, CONTINUATION, TEXT } from '../raw-frames.ts'

const VALID: readonly (readonly [string, string])[] = [
  ['letters', 'Hello-world'],
  ['two bytes', 'Grüße-µ@ßöäüàá'],
  ['three bytes', '注意：漢字かな한글'],
  ['four bytes', '😀🏴󠁧󠁢󠁥󠁮󠁧󠁿𝒳𐍈'],
  ['Greek with marks', 'κόσμε'],
  ['the first of each length', '\u0000\u0080\u0800\u{10000}'],
  ['the last of each length', '\u007f\u07ff\uffff\u{10ffff}'],
  ['around the surrogates', '\ud7ff\ue000\ufffd'],
  ['what is no character', '\ufffe\uffff\u{1fffe}\u{10ffff}\ufdd0'],
  ['a mark of order at the start', '\ufefftext'],
  ['control characters', '\u0000\u0001\u001f\u007f\u0085'],
]

const hex = (bytes: string): Buffer => Buffer.from(bytes.replaceAll(' ', ''), 'hex')

/** What is no UTF-8, and after how many bytes that is plain. */
const INVALID: readonly (readonly [string, string, number])[] = [
  ['a lone continuation', '80', 1],
  ['the last lone continuation', 'bf', 1],
  ['two continuations', '8080', 1],
  ['a byte that is never used', 'fe', 1],
  ['another one', 'ff', 1],
  ['what would be five bytes', 'f8 88 80 80 80', 1],
  ['what would be six bytes', 'fc 84 80 80 80 80', 1],
  ['above the last character', 'f4 90 80 80', 2],
  ['far above it', 'f5 80 80 80', 1],
  ['overlong in two bytes', 'c0 af', 1],
  ['overlong in two bytes, again', 'c1 bf', 1],
  ['overlong in three bytes', 'e0 80 af', 2],
  ['overlong in three bytes, the last', 'e0 9f bf', 2],
  ['overlong in four bytes', 'f0 80 80 af', 2],
  ['overlong in four bytes, the last', 'f0 8f bf bf', 2],
  ['the first surrogate', 'ed a0 80', 2],
  ['the last surrogate', 'ed bf bf', 2],
  ['a pair of surrogates', 'ed a0 80 ed b0 80', 2],
  ['a letter after the first of two bytes', 'c3 28', 2],
  ['a letter after the first of three bytes', 'e2 28 a1', 2],
  ['a letter after two of three bytes', 'e2 82 28', 3],
  ['a letter after the first of four bytes', 'f0 28 8c bc', 2],
  ['a letter after two of four bytes', 'f0 90 28 bc', 3],
  ['a letter after three of four bytes', 'f0 90 8c 28', 4],
  ['a new character inside another', 'e1 bd c3 a4', 3],
]

/** What ends inside a character. */
const UNFINISHED: readonly string[] = ['c3', 'e1', 'e1 bd', 'f0', 'f0 9f', 'f0 9f 98', 'ce ba e1 bd b9 cf']

const PREFIX = Buffer.from('κόσμε ')

const valid: Case[] = VALID.flatMap(([what, value]): Case[] => {
  const message = text(value)
  const { length } = message.data
  return [
    { name: `${what}, whole`, send: [{ opcode: TEXT, payload: message.data }], messages: [message] },
    { name: `${what}, byte by byte`, send: [{ opcode: TEXT, payload: message.data }], chop: 1, messages: [message] },
    { name: `${what}, a fragment for each byte`, send: fragments(message, every(1, length)), messages: [message] },
    { name: `${what}, in fragments with empty ones between`, send: fragments(message, every(1, length).flatMap(at => [at, at])), messages: [message] },
    { name: `${what}, after 40 letters and before 40`, send: fragments(text(`${'a'.repeat(40)}${value}${'b'.repeat(40)}`), [41, 42, 43]), messages: [text(`${'a'.repeat(40)}${value}${'b'.repeat(40)}`)] },
  ]
})

const invalid: Case[] = INVALID.flatMap(([what, bytes, plainAfter]): Case[] => {
  const data = Buffer.concat([PREFIX, hex(bytes), Buffer.from(' and more')])
  const plain = Buffer.concat([PREFIX, hex(bytes).subarray(0, plainAfter)])
  return [
    { name: `${what}, whole`, send: [{ opcode: TEXT, payload: data }], close: 1007 },
    { name: `${what}, a fragment for each byte`, send: fragments(text(data), every(1, data.length)), close: 1007 },
    { name: `${what}, seen in a fragment before the message ends`, send: [{ opcode: TEXT, fin: false, payload: plain }], close: 1007 },
    { name: `${what}, seen before the frame ends`, send: [{ opcode: TEXT, claimed: BigInt(data.length), payload: plain }], close: 1007 },
    { name: `${what}, seen before the frame ends, byte by byte`, send: [{ opcode: TEXT, fin: false, claimed: 5000n, payload: plain }], chop: 1, close: 1007 },
    { name: `${what} in a binary message`, send: [{ opcode: BINARY, payload: data }], messages: [binary(data)] },
  ]
})

const unfinished: Case[] = UNFINISHED.flatMap((bytes): Case[] => [
  { name: `ends with ${bytes}`, send: [{ opcode: TEXT, payload: hex(bytes) }], close: 1007 },
  { name: `ends with ${bytes}, in fragments`, send: fragments(text(hex(bytes)), every(1, hex(bytes).length)), close: 1007 },
  { name: `ends with ${bytes} and an empty fragment`, send: [{ opcode: TEXT, fin: false, payload: hex(bytes) }, { opcode: CONTINUATION }], close: 1007 },
])

/** Text that is UTF-8, and text that is not, seen as early as can be. */
export const utf8Groups: readonly CaseGroup[] = [
  { group: 'UTF-8', cases: valid },
  { group: 'what is no UTF-8', cases: [...invalid, ...unfinished] },
]
