import { binary, bytes, type Case, type CaseGroup, every, fragments, type RawMessage, text } from '../case.ts'
import { BINARY, CONTINUATION, PING, type RawFrame, TEXT } from '../raw-frames.ts'

const good: RawFrame = { opcode: TEXT, payload: Buffer.from('before') }
const before = [text('before')]

function cut(what: string, message: RawMessage, size: number, chop?: number): Case {
  return {
    name: `${message.isBinary ? 'binary' : 'text'} of ${message.data.length} bytes in fragments of ${size}${what}`,
    send: fragments(message, every(size, message.data.length)),
    messages: [message],
    ...(chop !== undefined && { chop }),
  }
}

const grid: Case[] = [false, true].flatMap(isBinary =>
  [
    [2, 1],
    [10, 3],
    [125, 1],
    [126, 125],
    [1000, 1],
    [1000, 126],
    [65_536, 64],
    [65_536, 65_535],
    [131_072, 4096],
  ].flatMap(([length, size]) => {
    const data = bytes(length!, isBinary)
    const message = isBinary ? binary(data) : text(data)
    return [cut('', message, size!), ...(length! <= 1000 ? [cut(', byte by byte', message, size!, 1)] : [cut(', 1,000 at a time', message, size!, 1000)])]
  }),
)

const none = Buffer.alloc(0)

function empties(name: string, ...payloads: (string | null)[]): Case {
  return {
    name,
    send: payloads.map((payload, i) => ({
      opcode: i === 0 ? TEXT : CONTINUATION,
      fin: i === payloads.length - 1,
      payload: payload === null ? none : Buffer.from(payload),
    })),
    messages: [text(payloads.join(''))],
  }
}

const first = (payload = 'half'): RawFrame => ({ opcode: TEXT, fin: false, payload: Buffer.from(payload) })
const last: RawFrame = { opcode: CONTINUATION, payload: Buffer.from('rest') }
const large = text(bytes(4 * 1024 * 1024, false))

const others: Case[] = [
  empties('an empty first fragment', null, 'rest'),
  empties('an empty last fragment', 'all', null),
  empties('an empty fragment in the middle', 'one', null, 'two'),
  empties('empty fragments alone', null, null, null),
  empties('1,000 empty fragments, then a little', ...Array.from({ length: 1000 }, () => null), 'x'),
  { name: 'two messages in fragments, one after the other', send: [first('a'), last, first('b'), last], messages: [text('arest'), text('brest')] },
  { name: 'a whole message after one in fragments', send: [first(), last, good], messages: [text('halfrest'), ...before] },
  { name: 'a fragment that continues nothing', send: [{ opcode: CONTINUATION, fin: false, payload: Buffer.from('x') }, good], close: 1002 },
  { name: 'a last fragment that continues nothing', send: [last, good], close: 1002 },
  { name: 'an empty last fragment that continues nothing', send: [{ opcode: CONTINUATION }], close: 1002 },
  { name: 'a fragment after a whole message', send: [good, last], messages: before, close: 1002 },
  { name: 'a fragment after the last one', send: [first(), last, last], messages: [text('halfrest')], close: 1002 },
  ...[TEXT, BINARY].flatMap((opcode): Case[] => [
    { name: `message ${opcode} inside another`, send: [good, first(), { opcode, payload: Buffer.from('x') }, last], messages: before, close: 1002 },
    { name: `fragment ${opcode} inside another message`, send: [good, first(), { opcode, fin: false }, last], messages: before, close: 1002 },
    { name: `message ${opcode} after pings inside another`, send: [good, first(), { opcode: PING }, { opcode }, last], messages: before, close: 1002 },
  ]),
  { name: '4 MiB in fragments of 64 bytes', send: fragments(large, every(64, large.data.length)), messages: [large] },
  { name: '4 MiB in fragments of 256 KiB', send: fragments(large, every(262_144, large.data.length)), messages: [large] },
  { name: '4 MiB in one frame', send: [{ opcode: TEXT, payload: large.data }], messages: [large] },
  { name: '16,385 fragments of one byte', send: fragments(binary(bytes(16_385, true)), every(1, 16_385)), messages: [binary(bytes(16_385, true))] },
]

/** Messages in fragments. */
export const fragmentGroups: readonly CaseGroup[] = [{ group: 'fragments', cases: [...grid, ...others] }]
