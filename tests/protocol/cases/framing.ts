import { binary, bytes, type Case, type CaseGroup, text } from '../case.ts'
import { BINARY, CLOSE, CONTINUATION, PING, PONG, type RawFrame, TEXT } from '../raw-frames.ts'

const SIZES = [0, 1, 2, 125, 126, 127, 128, 255, 256, 1024, 65_535, 65_536, 131_072]

function whole(isBinary: boolean, size: number): Pick<Case, 'send' | 'messages'> {
  const data = bytes(size, isBinary)
  return {
    send: [{ opcode: isBinary ? BINARY : TEXT, payload: data }],
    messages: [isBinary ? binary(data) : text(data)],
  }
}

const kind = (isBinary: boolean): string => (isBinary ? 'binary' : 'text')

const sizes: Case[] = [false, true].flatMap(isBinary =>
  SIZES.flatMap(size => [
    { name: `${kind(isBinary)} of ${size} bytes`, ...whole(isBinary, size) },
    ...(size > 0 && size <= 256
      ? [{ name: `${kind(isBinary)} of ${size} bytes, byte by byte`, ...whole(isBinary, size), chop: 1 }]
      : []),
    ...(size >= 1024
      ? [{ name: `${kind(isBinary)} of ${size} bytes, 997 at a time`, ...whole(isBinary, size), chop: 997 }]
      : []),
  ]),
)

const many: Case[] = [2, 10, 1000].map(count => {
  const messages = Array.from({ length: count }, (_, i) =>
    i % 2 === 0 ? text(bytes(i % 200, false, i)) : binary(bytes(i % 300, true, i)),
  )
  const send = messages.map(({ data, isBinary }) => ({ opcode: isBinary ? BINARY : TEXT, payload: data }))
  return { name: `${count} messages in a row, in order`, send, messages }
})

const keys: Case[] = [
  [0, 0, 0, 0],
  [255, 255, 255, 255],
  [1, 0, 0, 0],
  [0, 0, 0, 128],
].map(key => ({
  name: `masked with ${key.join('.')}`,
  send: [{ opcode: BINARY, payload: bytes(77, true), key }],
  messages: [binary(bytes(77, true))],
}))

const good: RawFrame = { opcode: TEXT, payload: Buffer.from('before') }
const before = [text('before')]

const OPCODES: readonly (readonly [string, number])[] = [
  ['text', TEXT],
  ['binary', BINARY],
  ['ping', PING],
  ['pong', PONG],
  ['close', CLOSE],
]

const masks: Case[] = OPCODES.flatMap(([name, opcode]) =>
  [0, 20].map(size => ({
    name: `${name} of ${size} bytes with a mask where none belongs, or without one`,
    send: [good, { opcode, payload: bytes(size, false), isMaskWrong: true }],
    messages: before,
    close: 1002,
  })),
)

const reserved: Case[] = [...OPCODES, ['continuation', CONTINUATION] as const].flatMap(([name, opcode]) =>
  [1, 2, 3, 4, 5, 6, 7].map((rsv): Case => {
    const isStart = opcode === CONTINUATION
    const frame = { opcode, rsv, payload: Buffer.from('\x03\xe8abc', 'latin1') }
    return {
      name: `${name} with the reserved bits ${rsv.toString(2).padStart(3, '0')}`,
      send: [good, ...(isStart ? [{ opcode: TEXT, fin: false }] : []), frame, good],
      messages: before,
      close: 1002,
      // The highest one says that a message is compressed, where that was agreed on.
      ...(rsv === 4 && (opcode === TEXT || opcode === BINARY) && { deflate: 'none' as const }),
    }
  }),
)

const opcodes: Case[] = [3, 4, 5, 6, 7, 11, 12, 13, 14, 15].flatMap((opcode): Case[] => [
  { name: `opcode ${opcode}`, send: [{ opcode }], close: 1002 },
  {
    name: `opcode ${opcode} with a payload, after a message`,
    send: [good, { opcode, payload: Buffer.from('reserved') }, good],
    messages: before,
    close: 1002,
  },
  {
    name: `opcode ${opcode} inside a message`,
    send: [good, { opcode: TEXT, fin: false }, { opcode }, { opcode: CONTINUATION }],
    messages: before,
    close: 1002,
  },
  {
    name: `opcode ${opcode}, byte by byte`,
    send: [good, { opcode, payload: Buffer.from('x') }],
    chop: 1,
    messages: before,
    close: 1002,
  },
])

const lengths: Case[] = [
  ...([
    [0, 16],
    [125, 16],
    [0, 64],
    [125, 64],
    [126, 64],
    [65_535, 64],
  ] as const).map(
    ([size, lengthBits]): Case => ({
      name: `${size} bytes with a length of ${lengthBits} bits`,
      send: [good, { opcode: BINARY, payload: bytes(size, true), lengthBits }],
      messages: before,
      close: 1002,
    }),
  ),
  ...[PING, PONG, CLOSE].map(
    (opcode): Case => ({
      name: `control frame ${opcode} with a length of 16 bits`,
      send: [good, { opcode, payload: Buffer.from('\x03\xe8', 'latin1'), lengthBits: 16 }],
      messages: before,
      close: 1002,
    }),
  ),
  ...[0x8000000000000000n, 0x8000000000000001n, 0xffffffffffffffffn].map(
    (claimed): Case => ({
      name: `a length of ${claimed}, with its highest bit`,
      send: [good, { opcode: BINARY, claimed }],
      messages: before,
      close: 1002,
    }),
  ),
  ...[0x7fffffffffffffffn, 0x20000000000000n, 0x100000000n, 0x7fffffffn].map(
    (claimed): Case => ({
      name: `a length of ${claimed}, more than may come`,
      send: [good, { opcode: TEXT, claimed }],
      messages: before,
      close: 1009,
    }),
  ),
]

const limits: Case[] = [
  { name: 'a frame as large as may be', ...whole(true, 1200), isLimited: true },
  { name: 'a frame of a byte more', send: [good, ...(whole(true, 1201).send as RawFrame[])], messages: before, close: 1009, isLimited: true },
  { name: 'a frame that only says it is larger', send: [good, { opcode: TEXT, claimed: 1201n }], messages: before, close: 1009, isLimited: true },
  {
    name: 'a message as large as may be, in fragments',
    send: [
      { opcode: BINARY, fin: false, payload: bytes(1200, true) },
      { opcode: CONTINUATION, payload: bytes(800, true) },
    ],
    messages: [binary(Buffer.concat([bytes(1200, true), bytes(800, true)]))],
    isLimited: true,
  },
  {
    name: 'a message of a byte more, in fragments',
    send: [good, { opcode: BINARY, fin: false, payload: bytes(1200, true) }, { opcode: CONTINUATION, payload: bytes(801, true) }],
    messages: before,
    close: 1009,
    isLimited: true,
  },
  {
    name: 'a message of a byte more, in fragments of one byte',
    send: [good, ...Array.from({ length: 2001 }, (_, i) => ({ opcode: i === 0 ? BINARY : CONTINUATION, fin: false, payload: Buffer.from('x') }))],
    messages: before,
    close: 1009,
    isLimited: true,
  },
  {
    name: 'an oversized frame closes at once, and what follows it is ignored',
    send: [good, { opcode: BINARY, payload: bytes(100_000, true) }, good],
    messages: before,
    close: 1009,
    isLimited: true,
  },
]

/** Frames of every size, and what is wrong with their headers. */
export const framingGroups: readonly CaseGroup[] = [
  { group: 'sizes', cases: [...sizes, ...many] },
  { group: 'masks', cases: [...keys, ...masks] },
  { group: 'reserved bits', cases: reserved },
  { group: 'opcodes', cases: opcodes },
  { group: 'lengths', cases: lengths },
  { group: 'limits', cases: limits },
]
