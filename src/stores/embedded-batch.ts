import type { Batch, Job, PutAnswer, PutsAnswer, ThreadJob } from './embedded-job.ts'
import type { StoredRecord } from './stored-record.ts'

/** A job, and the message that is put in by it. */
export interface Wanted {
  readonly job: Job
  readonly record: StoredRecord | undefined
}

/** The smallest room for data that is made, and the largest that is kept to be used again. */
const MIN_ROOM = 64 * 1024
const MAX_ROOM = 1024 * 1024

/**
 * Makes a batch of jobs: puts into the same store become one job, and so do removals. `room` is that of an earlier
 * batch, used again where it is large enough: memory that went to another thread is slow to come back by itself.
 */
export function pack(
  { id, goesOn }: Pick<Batch, 'id' | 'goesOn'>,
  wanted: readonly Wanted[],
  room: Uint8Array | undefined,
): Batch {
  const { data, lengths } = dataOf(wanted, room)
  const jobs: ThreadJob[] = []
  for (let from = 0; from < wanted.length; ) {
    const to = endOfRun(wanted, from)
    jobs.push(jobOf(wanted, from, to, lengths))
    from = to
  }
  return { id, goesOn, jobs, data }
}

/** Gives the answer to each job of the answers to a batch. */
export function unpack(wanted: readonly Wanted[], answers: readonly unknown[]): unknown[] {
  const list: unknown[] = []
  let at = 0
  for (let from = 0; from < wanted.length; ) {
    const to = endOfRun(wanted, from)
    const answer = answers[at++]
    if (isPlainPut(wanted[from]!)) putAnswers(answer as PutsAnswer, to - from, list)
    else for (let i = from; i < to; i++) list.push(answer)
    from = to
  }
  return list
}

function putAnswers({ full, messages, bytes }: PutsAnswer, count: number, list: unknown[]): void {
  const kept: PutAnswer = { outcome: 'kept', last: 0, messages, bytes }
  const start = list.length
  for (let i = 0; i < count; i++) list.push(kept)
  for (const place of full) list[start + place] = { ...kept, outcome: 'full' } satisfies PutAnswer
}

function isPlainPut({ job }: Wanted): boolean {
  return job.kind === 'put' && job.numbered === undefined && job.sequence === undefined
}

/** Where the jobs end that become one with the job at a place. */
function endOfRun(wanted: readonly Wanted[], from: number): number {
  const first = wanted[from]!
  let to = from + 1
  if (isPlainPut(first)) {
    while (to < wanted.length && isPlainPut(wanted[to]!) && wanted[to]!.job.store === first.job.store) to++
  } else if (first.job.kind === 'remove') {
    const { store, as } = first.job
    for (; to < wanted.length; to++) {
      const { job } = wanted[to]!
      if (job.kind !== 'remove' || job.store !== store || job.as !== as) break
    }
  }
  return to
}

function jobOf(wanted: readonly Wanted[], from: number, to: number, lengths: readonly number[]): ThreadJob {
  const { job } = wanted[from]!
  if (job.kind === 'put') {
    if (!isPlainPut(wanted[from]!))
      return { ...job, head: lengths[2 * from]!, payload: lengths[2 * from + 1]! }
    const { store, maxMessages, maxBytes } = job
    return { kind: 'puts', store, lengths: lengths.slice(2 * from, 2 * to), maxMessages, maxBytes }
  }
  if (job.kind !== 'remove') return job
  const numbers: number[] = []
  let bytes = 0
  let sequence: number | null = null
  for (let i = from; i < to; i++) {
    const each = wanted[i]!.job as typeof job
    numbers.push(each.number)
    bytes += each.bytes
    if (each.sequence !== null && (sequence === null || each.sequence > sequence)) sequence = each.sequence
  }
  return { kind: 'removes', store: job.store, as: job.as, numbers, bytes, sequence }
}

/** Heads and payloads, copied: a payload may be part of a buffer that much else stands in. */
function dataOf(
  wanted: readonly Wanted[],
  room: Uint8Array | undefined,
): { readonly data: Uint8Array; readonly lengths: readonly number[] } {
  const lengths: number[] = []
  let length = 0
  for (const { record } of wanted) {
    const head = record ? Buffer.byteLength(record.head) : 0
    const payload = record ? record.payload.length : 0
    lengths.push(head, payload)
    length += head + payload
  }
  const data = length === 0 ? Buffer.alloc(0) : roomFor(length, room)
  let at = 0
  for (const { record } of wanted) {
    if (!record) continue
    at += data.write(record.head, at)
    at += record.payload.copy(data, at)
  }
  return { data, lengths }
}

function roomFor(length: number, room: Uint8Array | undefined): Buffer {
  if (room && room.length >= length) return Buffer.from(room.buffer, 0, room.length)
  return Buffer.allocUnsafeSlow(
    length > MAX_ROOM ? length : Math.max(MIN_ROOM, 2 ** Math.ceil(Math.log2(length))),
  )
}

/** Whether the room of a batch is worth keeping for another one. */
export function isKept(room: Uint8Array | undefined): room is Uint8Array {
  return room !== undefined && room.length > 0 && room.length <= MAX_ROOM
}
