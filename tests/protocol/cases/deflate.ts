import { constants, deflateRawSync } from 'node:zlib'
import { binary, bytes, type Case, type CaseGroup, type DeflateParameters, every, fragments, type Piece, type RawMessage, text, words } from '../case.ts'
import { BINARY, CONTINUATION, PING, TEXT } from '../raw-frames.ts'

const PARAMETERS: readonly (readonly [string, DeflateParameters])[] = [
  ['contexts kept', {}],
  ['no context kept', { serverNoContext: true, clientNoContext: true }],
  ['the server forgets', { serverNoContext: true }],
  ['the client forgets', { clientNoContext: true }],
  ['windows of 9 bits', { serverBits: 9, clientBits: 9 }],
  ['windows of 8 and 12 bits, no context', { serverBits: 8, clientBits: 12, serverNoContext: true, clientNoContext: true }],
  ['windows of 15 and 10 bits', { serverBits: 15, clientBits: 10 }],
]

const SIZES = [16, 64, 256, 1024, 4096, 8192, 16_384, 32_768, 65_536, 131_072]

interface Sent {
  readonly messages: readonly RawMessage[]
  /** How the compressed payload is cut. */
  readonly size?: number
}

function sending({ messages, size = 2 ** 30 }: Sent): Pick<Case, 'send' | 'messages'> {
  return {
    messages,
    async send(compress): Promise<Piece[]> {
      const compressed = await compress(messages.map(({ data }) => data))
      return compressed.flatMap((data, i) =>
        fragments({ data, isBinary: messages[i]!.isBinary }, every(size, data.length), 4),
      )
    },
  }
}

const grid: Case[] = PARAMETERS.flatMap(([what, deflate]) =>
  SIZES.flatMap((size): Case[] => {
    const count = size > 16_384 ? 2 : 4
    const messages = Array.from({ length: count }, (_, i) =>
      i % 2 === 0 ? text(words(size, i + 1)) : binary(bytes(size, true, i)),
    )
    return [
      { name: `${count} messages of ${size} bytes, ${what}`, deflate, ...sending({ messages }) },
      ...(size === 1024 || size === 65_536
        ? [
            { name: `${count} messages of ${size} bytes in fragments of 256, ${what}`, deflate, ...sending({ messages, size: 256 }) },
            { name: `${count} messages of ${size} bytes, 100 at a time, ${what}`, deflate, chop: size === 1024 ? 100 : 5000, ...sending({ messages }) },
          ]
        : []),
      ...(size === 64 ? [{ name: `${count} messages of ${size} bytes, byte by byte in fragments of one, ${what}`, deflate, chop: 1, ...sending({ messages, size: 1 }) }] : []),
    ]
  }),
)

const hello = Buffer.from('Hello')
const flushed = (data: Buffer): Buffer => deflateRawSync(data, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4)
const hex = (value: string): Buffer => Buffer.from(value.replaceAll(' ', ''), 'hex')
const on: DeflateParameters = {}
const off: DeflateParameters = { serverNoContext: true, clientNoContext: true }

/** One message, compressed as the bytes say. */
function as(name: string, payload: Buffer, data: Buffer, deflate = on): Case {
  return { name, send: [{ opcode: TEXT, rsv: 4, payload }], messages: [text(data)], deflate }
}

const forms: Case[] = [
  as('"Hello" as RFC 7692, 7.2.3.1 has it', hex('f2 48 cd c9 c9 07 00'), hello),
  {
    name: '"Hello" in two fragments, as RFC 7692, 7.2.3.1 has it',
    send: [
      { opcode: TEXT, rsv: 4, fin: false, payload: hex('f2 48 cd') },
      { opcode: CONTINUATION, payload: hex('c9 c9 07 00') },
    ],
    messages: [text(hello)],
    deflate: on,
  },
  {
    name: 'the second "Hello" refers to the first (RFC 7692, 7.2.3.2)',
    send: [
      { opcode: TEXT, rsv: 4, payload: hex('f2 48 cd c9 c9 07 00') },
      { opcode: TEXT, rsv: 4, payload: hex('f2 00 11 00 00') },
    ],
    messages: [text(hello), text(hello)],
    deflate: on,
  },
  as('"Hello" in a block that is not compressed (RFC 7692, 7.2.3.3)', hex('00 05 00 fa ff 48 65 6c 6c 6f 00'), hello),
  as('"Hello" in a block that says it is the last (RFC 7692, 7.2.3.4)', hex('f3 48 cd c9 c9 07 00 00'), hello),
  as('"Hello" in two blocks (RFC 7692, 7.2.3.5)', hex('f2 48 05 00 00 00 ff ff ca c9 c9 07 00'), hello),
  as('a last block, and one after it', Buffer.concat([deflateRawSync(hello), flushed(Buffer.from(' World'))]), Buffer.from('Hello World')),
  as('ten last blocks', Buffer.concat([...Array.from({ length: 10 }, () => deflateRawSync(hello)), Buffer.from([0])]), Buffer.from('Hello'.repeat(10))),
  as('a last block without a context', hex('f3 48 cd c9 c9 07 00 00'), hello, off),
  {
    name: 'a message after one whose last block said so',
    send: [
      { opcode: TEXT, rsv: 4, payload: hex('f3 48 cd c9 c9 07 00 00') },
      { opcode: TEXT, rsv: 4, payload: flushed(Buffer.from('again')) },
    ],
    messages: [text(hello), text('again')],
    deflate: on,
  },
  {
    name: 'a message after one that ends with its last block',
    send: [
      { opcode: TEXT, rsv: 4, payload: hex('f3 48 cd c9 c9 07 00') },
      { opcode: TEXT, rsv: 4, payload: hex('f2 00 11 00 00') },
    ],
    messages: [text(hello), text(hello)],
    deflate: on,
  },
  {
    name: 'a message after an empty one of nothing',
    send: [
      { opcode: TEXT, rsv: 4, payload: hex('f2 48 cd c9 c9 07 00') },
      { opcode: TEXT, rsv: 4 },
      { opcode: TEXT, rsv: 4, payload: hex('f2 00 11 00 00') },
    ],
    messages: [text(hello), text(Buffer.alloc(0)), text(hello)],
    deflate: on,
  },
  as('an empty message of one byte', hex('00'), Buffer.alloc(0)),
  as('an empty message of two bytes', hex('02 00'), Buffer.alloc(0)),
  as('an empty message of nothing', Buffer.alloc(0), Buffer.alloc(0)),
  ...[on, off].flatMap((deflate): Case[] => [
    {
      name: `whole messages between compressed ones keep their order, ${deflate === on ? 'contexts kept' : 'no context'}`,
      deflate,
      messages: Array.from({ length: 40 }, (_, i) => text(words(200 + i, i + 1))),
      async send(compress) {
        const all = Array.from({ length: 40 }, (_, i) => words(200 + i, i + 1))
        const compressed = await compress(all.filter((_, i) => i % 2 === 0))
        return all.map((data, i) =>
          i % 2 === 0 ? { opcode: TEXT, rsv: 4, payload: compressed[i / 2]! } : { opcode: TEXT, payload: data },
        )
      },
    },
    {
      name: `pings between compressed messages and their fragments, ${deflate === on ? 'contexts kept' : 'no context'}`,
      deflate,
      messages: [text(words(3000)), text(words(10))],
      pongs: [Buffer.from('1'), Buffer.from('2')],
      async send(compress) {
        const [one, two] = await compress([words(3000), words(10)])
        const [first, ...rest] = fragments(text(one!), [100, 200], 4)
        return [first!, { opcode: PING, payload: Buffer.from('1') }, ...rest, { opcode: PING, payload: Buffer.from('2') }, { opcode: TEXT, rsv: 4, payload: two! }]
      },
    },
  ]),
  { name: 'uncompressed messages alone', send: [{ opcode: TEXT, payload: words(5000) }], messages: [text(words(5000))], deflate: on },
  { name: 'empty fragments in a compressed message', send: [{ opcode: TEXT, rsv: 4, fin: false }, { opcode: CONTINUATION, fin: false, payload: flushed(hello) }, { opcode: CONTINUATION }], messages: [text(hello)], deflate: on },
]

const good = { opcode: TEXT, payload: Buffer.from('before') }
const before = [text('before')]

const wrong: Case[] = [
  { name: 'the bit on a fragment that continues', send: [good, { opcode: TEXT, rsv: 4, fin: false, payload: hex('f2 48') }, { opcode: CONTINUATION, rsv: 4, payload: hex('cd') }], messages: before, close: 1002, deflate: on },
  { name: 'the bit with another one', send: [good, { opcode: TEXT, rsv: 6, payload: flushed(hello) }], messages: before, close: 1002, deflate: on },
  { name: 'bytes that are no compressed data', send: [good, { opcode: TEXT, rsv: 4, payload: hex('ff ff ff ff ff ff') }], messages: before, close: 1007, deflate: on },
  { name: 'a block of a kind there is not', send: [good, { opcode: BINARY, rsv: 4, payload: hex('06 00') }], messages: before, close: 1007, deflate: on },
  { name: 'a block whose length does not fit its check', send: [good, { opcode: BINARY, rsv: 4, payload: hex('00 05 00 00 00 61 61') }], messages: before, close: 1007, deflate: on },
  { name: 'a reference to before the beginning', send: [good, { opcode: TEXT, rsv: 4, payload: hex('f2 00 11 00 00') }], messages: before, close: 1007, deflate: on },
  { name: 'a reference to the message before, where nothing is kept', send: [{ opcode: TEXT, rsv: 4, payload: hex('f2 48 cd c9 c9 07 00') }, { opcode: TEXT, rsv: 4, payload: hex('f2 00 11 00 00') }], messages: [text(hello)], close: 1007, deflate: off },
  { name: 'compressed text that is no UTF-8', send: [good, { opcode: TEXT, rsv: 4, payload: flushed(hex('48 c3 28')) }], messages: before, close: 1007, deflate: on },
  { name: 'compressed text that ends inside a character', send: [good, { opcode: TEXT, rsv: 4, payload: flushed(hex('e2 82')) }], messages: before, close: 1007, deflate: on },
  ...[on, off].flatMap(deflate =>
    Object.entries({
      'a block that is not compressed': Buffer.concat([hex('00 f4 01 0b fe'), Buffer.alloc(95)]),
      'a block with fixed codes': flushed(Buffer.from('Hello world, hello world, abcdef')).subarray(0, 6),
      'a block with codes of its own': flushed(words(5000)).subarray(0, 1000),
      'the codes of a block': flushed(words(5000)).subarray(0, 20),
    }).map(
      ([what, payload]): Case => ({
        name: `${what} that breaks off, ${deflate === on ? 'contexts kept' : 'no context'}`,
        send: [good, { opcode: BINARY, rsv: 4, payload }, good],
        messages: before,
        close: 1007,
        deflate,
      }),
    ),
  ),
  { name: 'what follows a message that cannot be inflated is ignored', send: [good, { opcode: TEXT, rsv: 4, payload: hex('ff ff ff ff') }, good], messages: before, close: 1007, deflate: on },
  { name: 'the end right behind compressed messages', send: [{ opcode: TEXT, rsv: 4, payload: flushed(hello) }, { opcode: 8, payload: Buffer.from([3, 233]) }, good], messages: [text(hello)], close: 1001, deflate: on },
  { name: '300 last blocks are too many', send: [good, { opcode: BINARY, rsv: 4, payload: Buffer.concat(Array.from({ length: 300 }, () => hex('03 00'))) }], messages: before, close: 1007, deflate: on },
]

const limits: Case[] = [
  { name: 'as much as may be, inflated', send: [{ opcode: BINARY, rsv: 4, payload: flushed(Buffer.alloc(2000)) }], messages: [binary(Buffer.alloc(2000))], isLimited: true, deflate: on },
  { name: 'a byte more, inflated', send: [good, { opcode: BINARY, rsv: 4, payload: flushed(Buffer.alloc(2001)) }], messages: before, close: 1009, isLimited: true, deflate: on },
  { name: 'a megabyte in a kilobyte', send: [good, { opcode: BINARY, rsv: 4, payload: flushed(Buffer.alloc(1_000_000)) }, good], messages: before, close: 1009, isLimited: true, deflate: on },
  { name: 'a megabyte in a kilobyte, in fragments', send: [good, ...fragments(binary(flushed(Buffer.alloc(1_000_000))), [10, 100, 500], 4), good], messages: before, close: 1009, isLimited: true, deflate: off },
]

/** Compressed messages. */
export const deflateGroups: readonly CaseGroup[] = [
  { group: 'compressed sizes', cases: grid },
  { group: 'compressed forms', cases: forms },
  { group: 'wrong compression', cases: wrong },
  { group: 'compressed limits', cases: limits },
]
