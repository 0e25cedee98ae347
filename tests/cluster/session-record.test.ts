import { describe, expect, test } from 'vitest'
import { decodeRecord, encodeRecord, type SessionHead } from '../../src/cluster/session-record.ts'

const HEADS: readonly SessionHead[] = [
  { kind: 'group', number: 7, group: 'röd', isBinary: true, mayCompress: false },
  { kind: 'session', number: 0, id: 'chat-1.abc@b', isBinary: false, mayCompress: true },
  {
    kind: 'broadcast',
    service: 'inbound endpoint chat',
    path: '/room/1',
    isBinary: false,
    mayCompress: true,
  },
  { kind: 'join', number: 1, id: 'chat-1.abc@b', group: 'red' },
  { kind: 'leave', number: 2, id: 'chat-1.abc@b', group: 'red' },
  { kind: 'close', number: 4, id: 'chat-1.abc@b', closeCode: 4001, reason: 'out' },
  { kind: 'close-group', number: 5, group: 'red', except: '', closeCode: 1000, reason: '' },
  { kind: 'count', number: 3 },
  { kind: 'answer', number: 3, delivered: 2, failed: ['chat-9'], unlisted: 1 },
]

describe('what processes tell each other', () => {
  test.each(HEADS)('comes over as it was: $kind', head => {
    const data = Buffer.from([0, 1, 2, 255])
    expect(decodeRecord(encodeRecord(head, data))).toEqual({ head, data })
    expect(decodeRecord(encodeRecord(head))).toEqual({ head, data: Buffer.alloc(0) })
  })

  test.each([
    ['nothing', Buffer.alloc(0)],
    ['too little', Buffer.from([0, 0])],
    ['a head that breaks off', encodeRecord(HEADS[0]!).subarray(0, 10)],
    ['a length from elsewhere', Buffer.from([255, 255, 255, 255, 0])],
    ['no JSON', Buffer.from([0, 0, 0, 1, 0x7b])],
    ['null', written(null)],
    ['a list', written([])],
    ['a kind of another version', written({ kind: 'dance', number: 1 })],
    ['the name of a member of all objects', written({ kind: 'constructor' })],
    ['a group without a name', written({ kind: 'group', number: 1, isBinary: false, mayCompress: true })],
    ['a number that is none', written({ kind: 'count', number: '1' })],
    ['ids that are no list', written({ kind: 'answer', number: 1, delivered: 1, failed: {}, unlisted: 0 })],
    [
      'counts that are no list',
      written({ kind: 'answer', number: 1, delivered: 1, failed: [], unlisted: 0, counts: 3 }),
    ],
  ])('is left alone where it is %s', (_what, record) => {
    expect(decodeRecord(record)).toBeUndefined()
  })
})

function written(head: unknown): Buffer {
  const text = Buffer.from(JSON.stringify(head))
  const length = Buffer.alloc(4)
  length.writeUInt32BE(text.length)
  return Buffer.concat([length, text])
}
