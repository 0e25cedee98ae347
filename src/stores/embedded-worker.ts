import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { parentPort, workerData } from 'node:worker_threads'
import { EmbeddedDatabase } from './embedded-database.ts'
import type { Batch, BatchAnswer } from './embedded-job.ts'

/* Runs in a thread of its own: waiting for the disk holds up nothing else. */

const path = workerData as string
let database: EmbeddedDatabase | undefined

/** What the numbers of SQLite mean to those who run the gateway (sqlite.org/rescode.html). */
const REASONS: Readonly<Record<number, string>> = {
  5: 'another process holds it',
  8: 'it may not be written',
  10: 'the disk reports an error',
  11: 'it is damaged',
  13: 'the disk is full',
  14: 'it cannot be opened',
  26: 'it is damaged: it is no database',
}

/** How long after messages were written it is looked for room to give back, and how long between two steps of that. */
const LOOK_MS = 1_000
const STEP_MS = 10

let looking: NodeJS.Timeout | undefined

/** The parts of the transaction that is not complete. */
let parts: Batch[] = []

function open(): EmbeddedDatabase {
  if (!database) {
    mkdirSync(dirname(path), { recursive: true })
    database = new EmbeddedDatabase(path)
  }
  return database
}

/** Begins with a part. Where that fails, all parts are tried again at the end, and the failure is told then. */
function begin(part: Batch): void {
  try {
    open().begin(part)
  } catch {
    close()
  }
}

function work(all: readonly Batch[]): BatchAnswer {
  const { id } = all.at(-1)!
  try {
    return { id, answers: open().run(all) }
  } catch (error) {
    // Opened anew for the next transaction: whatever is wrong may be over by then.
    close()
    return { id, error: reasonOf(error as Error & { errcode?: number }) }
  }
}

/** Between transactions: what is to be written waits for one step at most. */
function lookIn(ms: number): void {
  looking ??= setTimeout(() => {
    looking = undefined
    if (parts.length > 0) lookIn(LOOK_MS)
    else if (hasMoreRoom()) lookIn(STEP_MS)
  }, ms)
}

function hasMoreRoom(): boolean {
  try {
    return database?.giveBack() === true
  } catch {
    // Another process has the file now. It is tried again after what is written next.
    return false
  }
}

function close(): void {
  try {
    database?.close()
  } catch {
    // It is given up in any case.
  }
  database = undefined
}

function reasonOf({ errcode, message }: Error & { errcode?: number }): string {
  const reason = errcode === undefined ? undefined : REASONS[errcode & 0xff]
  return reason === undefined ? message : `${reason} (${message})`
}

parentPort!.on('message', (batch: Batch | 'close') => {
  if (batch === 'close') {
    clearTimeout(looking)
    close()
    parentPort!.close()
    return
  }
  parts.push(batch)
  if (batch.goesOn) {
    begin(batch)
    return
  }
  const all = parts
  parts = []
  const data = all.map(part => part.data)
  const answer: BatchAnswer = { ...work(all), data }
  const buffers = new Set((answer.answers ?? []).flatMap(each => each.flatMap(buffersOf)))
  parentPort!.postMessage(answer, [...buffers, ...data.map(({ buffer }) => buffer as ArrayBuffer)])
  lookIn(LOOK_MS)
})

/** What of an answer need not be copied. */
function buffersOf(answer: unknown): ArrayBuffer[] {
  const { rows, row } = (answer ?? {}) as { rows?: readonly Blobs[]; row?: Blobs }
  return [...(rows ?? []), ...(row ? [row] : [])].flatMap(({ head, payload }) => [
    head.buffer,
    payload.buffer,
  ])
}

interface Blobs {
  readonly head: Uint8Array<ArrayBuffer>
  readonly payload: Uint8Array<ArrayBuffer>
}
