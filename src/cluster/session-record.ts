import type { SessionCount } from '../core/groups.ts'

/** What became in one process of what another one asked for. */
export interface SessionAnswer {
  readonly kind: 'answer'
  readonly number: number
  readonly delivered: number
  /** Ids of sessions that did not get a message; the first of them. */
  readonly failed: readonly string[]
  readonly unlisted: number
  readonly counts?: readonly SessionCount[] | undefined
  /** Why it was not done. */
  readonly error?: string | undefined
}

/** How a message that is sent along is to leave. */
export interface SentAlong {
  readonly isBinary: boolean
  readonly mayCompress: boolean
}

interface Change {
  readonly kind: 'join' | 'leave'
  readonly number: number
  readonly id: string
  readonly group: string
}

/** What processes tell each other about sessions. What has a number other than 0 is answered with it. */
export type SessionHead =
  | SessionAnswer
  | ({ readonly kind: 'group'; readonly number: number; readonly group: string } & SentAlong)
  | ({ readonly kind: 'session'; readonly number: number; readonly id: string } & SentAlong)
  | ({ readonly kind: 'broadcast'; readonly service: string; readonly path: string } & SentAlong)
  | {
      readonly kind: 'close'
      readonly number: number
      readonly id: string
      readonly closeCode: number
      readonly reason: string
    }
  | {
      readonly kind: 'close-group'
      readonly number: number
      readonly group: string
      readonly except: string
      readonly closeCode: number
      readonly reason: string
    }
  | Change
  | { readonly kind: 'count'; readonly number: number }

/** A head, and the message that is sent along. */
export interface SessionRecord {
  readonly head: SessionHead
  readonly data: Buffer
}

const NO_DATA = Buffer.alloc(0)

/** Types of the members that a head of each kind must have. */
const MEMBERS: Readonly<Record<SessionHead['kind'], Readonly<Record<string, string>>>> = {
  answer: { number: 'number', delivered: 'number', failed: 'object', unlisted: 'number' },
  group: { number: 'number', group: 'string', isBinary: 'boolean', mayCompress: 'boolean' },
  session: { number: 'number', id: 'string', isBinary: 'boolean', mayCompress: 'boolean' },
  broadcast: { service: 'string', path: 'string', isBinary: 'boolean', mayCompress: 'boolean' },
  close: { number: 'number', id: 'string', closeCode: 'number', reason: 'string' },
  'close-group': {
    number: 'number',
    group: 'string',
    except: 'string',
    closeCode: 'number',
    reason: 'string',
  },
  join: { number: 'number', id: 'string', group: 'string' },
  leave: { number: 'number', id: 'string', group: 'string' },
  count: { number: 'number' },
}

/** Writes a record: the length of its head in four bytes, the head as JSON, and the message as it is. */
export function encodeRecord(head: SessionHead, data: Buffer = NO_DATA): Buffer {
  const text = Buffer.from(JSON.stringify(head))
  const record = Buffer.allocUnsafeSlow(4 + text.length + data.length)
  record.writeUInt32BE(text.length, 0)
  record.set(text, 4)
  record.set(data, 4 + text.length)
  return record
}

/** Reads a record, whose memory it keeps; undefined where it is none, or one of another version. */
export function decodeRecord(record: Buffer): SessionRecord | undefined {
  if (record.length < 4) return undefined
  const end = 4 + record.readUInt32BE(0)
  if (end > record.length) return undefined
  try {
    const head: unknown = JSON.parse(record.toString('utf8', 4, end))
    return isHead(head) ? { head, data: record.subarray(end) } : undefined
  } catch {
    return undefined
  }
}

function isHead(value: unknown): value is SessionHead {
  if (typeof value !== 'object' || value === null) return false
  const head = value as Readonly<Record<string, unknown>>
  const kind = String(head.kind)
  if (!Object.hasOwn(MEMBERS, kind)) return false
  for (const [name, type] of Object.entries(MEMBERS[kind as SessionHead['kind']]))
    if (typeof head[name] !== type) return false
  if (kind !== 'answer') return true
  const { failed, counts } = head
  return Array.isArray(failed) && (counts === undefined || Array.isArray(counts))
}
