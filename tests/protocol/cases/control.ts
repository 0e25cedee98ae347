import { bytes, type Case, type CaseGroup, text } from '../case.ts'
import { BINARY, CLOSE, CONTINUATION, closePayload, PING, PONG, type RawFrame, TEXT } from '../raw-frames.ts'

const good: RawFrame = { opcode: TEXT, payload: Buffer.from('before') }
const after: RawFrame = { opcode: TEXT, payload: Buffer.from('after') }
const before = [text('before')]

const PAYLOADS: readonly Buffer[] = [
  Buffer.alloc(0),
  Buffer.from('hi'),
  Buffer.from([0, 255, 254, 253, 252, 251, 0, 255]),
  bytes(124, true),
  bytes(125, true),
]

const pings: Case[] = [
  ...PAYLOADS.flatMap((payload): Case[] => [
    { name: `a ping of ${payload.length} bytes`, send: [{ opcode: PING, payload }], pongs: [payload] },
    { name: `a ping of ${payload.length} bytes, byte by byte`, send: [{ opcode: PING, payload }], chop: 1, pongs: [payload] },
    { name: `a pong of ${payload.length} bytes that nobody asked for`, send: [{ opcode: PONG, payload }, good], messages: before, pongs: [] },
    {
      name: `a ping of ${payload.length} bytes between fragments`,
      send: [{ opcode: TEXT, fin: false, payload: Buffer.from('one ') }, { opcode: PING, payload }, { opcode: CONTINUATION, payload: Buffer.from('two') }],
      messages: [text('one two')],
      pongs: [payload],
    },
  ]),
  ...[PING, PONG, CLOSE].flatMap((opcode): Case[] => [
    { name: `control frame ${opcode} of 126 bytes`, send: [good, { opcode, payload: bytes(126, false) }, after], messages: before, close: 1002 },
    { name: `control frame ${opcode} of 65,536 bytes`, send: [good, { opcode, payload: bytes(65_536, false) }, after], messages: before, close: 1002 },
    { name: `control frame ${opcode} that only says it is too large`, send: [good, { opcode, claimed: 126n }], messages: before, close: 1002 },
    { name: `control frame ${opcode} in fragments`, send: [good, { opcode, fin: false, payload: Buffer.from('\x03\xe8', 'latin1') }, { opcode: CONTINUATION }], messages: before, close: 1002 },
    {
      name: `control frame ${opcode} that is a fragment of a message`,
      send: [good, { opcode: TEXT, fin: false }, { opcode, fin: false }, { opcode: CONTINUATION }],
      messages: before,
      close: 1002,
    },
  ]),
  ...[undefined, 1].map(
    (chop): Case => ({
      name: `ten pings${chop ? ', byte by byte' : ' in a row'}`,
      send: Array.from({ length: 10 }, (_, i) => ({ opcode: PING, payload: Buffer.from(`ping ${i}`) })),
      ...(chop && { chop }),
      pongs: Array.from({ length: 10 }, (_, i) => Buffer.from(`ping ${i}`)),
    }),
  ),
  {
    name: '1,000 pings in one segment: the last is answered',
    send: Array.from({ length: 1000 }, (_, i) => ({ opcode: PING, payload: Buffer.from(`ping ${i}`) })),
    lastPong: Buffer.from('ping 999'),
  },
  {
    name: '1,000 pings of 125 bytes in one segment: the last is answered',
    send: Array.from({ length: 1000 }, (_, i) => ({ opcode: PING, payload: bytes(125, true, i) })),
    lastPong: bytes(125, true, 999),
  },
  {
    name: '1,000 pongs in one segment, then a message',
    send: [...Array.from({ length: 1000 }, () => ({ opcode: PONG, payload: bytes(100, true) })), good],
    messages: before,
    pongs: [],
  },
  {
    name: 'a ping between every two of 100 fragments',
    send: Array.from({ length: 100 }, (_, i): RawFrame[] => [
      { opcode: i === 0 ? TEXT : CONTINUATION, fin: i === 99, payload: Buffer.from('abc') },
      ...(i < 99 ? [{ opcode: PING, payload: Buffer.from(`${i}`) }] : []),
    ]).flat(),
    messages: [text('abc'.repeat(100))],
    pongs: Array.from({ length: 99 }, (_, i) => Buffer.from(`${i}`)),
  },
  {
    name: 'a ping after a message, a message after a ping',
    send: [good, { opcode: PING, payload: Buffer.from('1') }, after, { opcode: PING, payload: Buffer.from('2') }],
    messages: [...before, text('after')],
    pongs: [Buffer.from('1'), Buffer.from('2')],
  },
]

const VALID = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999]
const INVALID = [0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 1999, 2000, 2999, 5000, 9999, 32_768, 65_535]

const REASONS: readonly string[] = ['', 'bye', 'ü', '注意', '😀', 'x'.repeat(123), 'ü'.repeat(61), '\u0000', ' "quoted" \\']

const BAD_REASONS: readonly Buffer[] = [
  Buffer.from([0xff]),
  Buffer.from([0xc3]),
  Buffer.from([0xed, 0xa0, 0x80]),
  Buffer.from([0xce, 0xba, 0xe1, 0xbd, 0xb9, 0xcf, 0x83, 0xce, 0xbc, 0xce, 0xb5, 0xf4, 0x90, 0x80, 0x80]),
  Buffer.concat([Buffer.alloc(122, 97), Buffer.from([0xc3])]),
]

const bye = (code: number, reason: string | Buffer = ''): RawFrame => ({ opcode: CLOSE, payload: closePayload(code, reason) })

const closes: Case[] = [
  ...VALID.flatMap((code): Case[] => [
    { name: `${code}`, send: [good, bye(code)], messages: before, close: code, reason: '' },
    { name: `${code} with a reason`, send: [good, bye(code, 'so be it')], messages: before, close: code, reason: 'so be it' },
  ]),
  ...INVALID.flatMap((code): Case[] => [
    { name: `${code}, which may not be sent`, send: [good, bye(code)], messages: before, close: 1002 },
    { name: `${code}, which may not be sent, with a reason`, send: [good, bye(code, 'why')], messages: before, close: 1002 },
  ]),
  ...REASONS.map((reason): Case => ({ name: `the reason ${JSON.stringify(reason).slice(0, 24)}`, send: [bye(4321, reason)], close: 4321, reason })),
  ...BAD_REASONS.map((reason): Case => ({ name: `a reason of ${reason.length} bytes that is no UTF-8`, send: [good, bye(1000, reason)], messages: before, close: 1007 })),
  { name: 'without a code', send: [good, { opcode: CLOSE }], messages: before, close: 'without a code' },
  { name: 'without a code, byte by byte', send: [good, { opcode: CLOSE }], messages: before, chop: 1, close: 'without a code' },
  { name: 'with half a code', send: [good, { opcode: CLOSE, payload: Buffer.from([3]) }], messages: before, close: 1002 },
  { name: 'byte by byte', send: [good, bye(1001, 'slowly')], messages: before, chop: 1, close: 1001, reason: 'slowly' },
  { name: 'a message after it is ignored', send: [good, bye(1000), after], messages: before, close: 1000 },
  { name: 'a ping after it is not answered', send: [bye(1000), { opcode: PING, payload: Buffer.from('late') }], pongs: [], close: 1000 },
  { name: 'a second one after it is ignored', send: [bye(1001), bye(4000)], close: 1001 },
  { name: 'what is wrong after it does not matter', send: [bye(1001), { opcode: 5, rsv: 7 }, Buffer.from([255, 255, 255])], close: 1001 },
  { name: '256 KiB after it are ignored', send: [good, bye(1000), { opcode: BINARY, payload: bytes(262_144, true) }], messages: before, close: 1000 },
  { name: 'inside a message, which is given up', send: [{ opcode: TEXT, fin: false, payload: Buffer.from('half') }, bye(1001), { opcode: CONTINUATION }], messages: [], close: 1001 },
  { name: 'right after a message of 128 KiB', send: [{ opcode: BINARY, payload: bytes(131_072, true) }, bye(1000)], messages: [{ data: bytes(131_072, true), isBinary: true }], close: 1000 },
]

/** Pings, pongs and the end. */
export const controlGroups: readonly CaseGroup[] = [
  { group: 'pings and pongs', cases: pings },
  { group: 'close frames', cases: closes },
]
