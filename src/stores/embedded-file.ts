import { Worker } from 'node:worker_threads'
import type { Fault } from '../core/fault.ts'
import type { Logger } from '../core/logger.ts'
import type { Resource } from '../language/declare.ts'
import { isKept, pack, unpack, type Wanted } from './embedded-batch.ts'
import type { AnswerTo, BatchAnswer, Job, JobKind, JobOf } from './embedded-job.ts'
import { storeFault } from './store-fault.ts'
import type { StoredRecord } from './stored-record.ts'

/** How much may wait to be written; more is refused. */
const MAX_WAITING = 20_000
const MAX_WAITING_BYTES = 64 * 1024 * 1024

/** How much is written in one transaction at most. */
const MAX_BATCH = 2_000
const MAX_BATCH_BYTES = 8 * 1024 * 1024

/** So many messages are not kept until the turn is over: the thread begins with them while others come. */
const MANY = 64

/** A disk that syncs in less is not waited for: two transactions in turn keep both threads at work. */
const SLOW_SYNC_MS = 2

/** So much memory for data is kept, to be used again. */
const MAX_ROOMS = 8

interface Waiting extends Wanted {
  readonly bytes: number
  readonly resolve: (answer: never) => void
  readonly reject: (fault: Fault) => void
}

/**
 * The file that durable stores of this process share, kept by a thread of its own. What is asked of it while a
 * transaction is being written waits, and becomes the next transaction: one sync of the disk serves all of them.
 */
export class EmbeddedFile implements Resource {
  readonly stopsLast = true
  readonly #path: string
  readonly #log: Logger
  readonly #closing: (() => Promise<void>)[] = []
  #worker: Worker | undefined
  #waiting: Waiting[] = []
  #waitingBytes = 0
  /** Whether all that waits are messages to be put in. */
  #isPlain = true
  /** The parts of the transaction that is being written, and whether the last one is among them. */
  #written: (readonly Waiting[])[] = []
  #isWhole = false
  #batches = 0
  /** When the last part was sent, and how long the last transaction then took. */
  #sentMs = 0
  #syncMs = 0
  /** Room for the data of the next parts. */
  readonly #rooms: Uint8Array[] = []
  #isScheduled = false
  #isStopped = false
  #isFailing = false
  #idle: (() => void)[] = []

  constructor(path: string, log: Logger) {
    this.#path = path
    this.#log = log
  }

  /** Opens the file, so that what is wrong with it is known when the gateway starts. */
  start(): void {
    this.run({ kind: 'open', store: '' }).catch(() => {})
  }

  /** Has something done before the file is closed. It must not reject. */
  beforeClosing(close: () => Promise<void>): void {
    this.#closing.push(close)
  }

  /**
   * Does something, together with whatever else is asked for at the time; resolves when it is on the disk.
   * @throws Fault 306000 where the file cannot be read or written, or too much waits already
   */
  run<K extends JobKind>(job: JobOf<K>, record?: StoredRecord): Promise<AnswerTo<K>> {
    if (this.#isStopped) return Promise.reject(fault(job, 'the gateway is stopping'))
    const bytes = record ? record.head.length + record.payload.length : 0
    const isTooMuch = this.#waiting.length >= MAX_WAITING || this.#waitingBytes + bytes > MAX_WAITING_BYTES
    // What takes something out is never refused: it makes room.
    if (record && isTooMuch && this.#waiting.length > 0)
      return Promise.reject(fault(job, `${this.#waiting.length} messages wait to be written already`))
    return new Promise((resolve, reject) => {
      this.#waiting.push({ job: job as unknown as Job, record, bytes, resolve, reject })
      this.#waitingBytes += bytes
      if (!record) this.#isPlain = false
      if (this.#isWhole) return
      if (this.#waiting.length >= MANY && this.#isPlain) this.#send(this.#goesOn())
      else this.#schedule()
    })
  }

  async stop(): Promise<void> {
    await Promise.all(this.#closing.splice(0).map(close => close()))
    this.#isStopped = true
    if (this.#written.length > 0 || this.#waiting.length > 0)
      await new Promise<void>(resolve => this.#idle.push(resolve))
    const worker = this.#worker
    if (!worker) return
    this.#worker = undefined
    const ended = new Promise(resolve => worker.once('exit', resolve))
    worker.ref()
    worker.postMessage('close')
    await ended
  }

  /** Whatever is asked for in one turn of the event loop is done together. */
  #schedule(): void {
    if (this.#isScheduled) return
    this.#isScheduled = true
    setImmediate(this.#next)
  }

  readonly #next = (): void => {
    this.#isScheduled = false
    if (!this.#isWhole && (this.#written.length > 0 || this.#waiting.length > 0)) this.#send(false)
  }

  /** Whether a transaction waits for more that comes in this turn: a sync that takes long serves all of it. */
  #goesOn(): boolean {
    return this.#syncMs > SLOW_SYNC_MS && this.#written.length < MAX_BATCH / MANY
  }

  /** Sends what waits, as a part that others follow, or as the last one. */
  #send(goesOn: boolean): void {
    const batch = this.#takeBatch()
    this.#written.push(batch)
    this.#isWhole = !goesOn
    if (!goesOn) this.#sentMs = performance.now()
    this.#worker ??= this.#startWorker()
    this.#worker.ref()
    const message = pack({ id: ++this.#batches, goesOn }, batch, this.#rooms.pop())
    this.#worker.postMessage(message, [message.data.buffer as ArrayBuffer])
    if (goesOn) this.#schedule()
  }

  #takeBatch(): readonly Waiting[] {
    let bytes = 0
    let count = 0
    for (const each of this.#waiting) {
      if (count > 0 && (count >= MAX_BATCH || bytes + each.bytes > MAX_BATCH_BYTES)) break
      bytes += each.bytes
      count++
    }
    this.#waitingBytes -= bytes
    if (count < this.#waiting.length) return this.#waiting.splice(0, count)
    const all = this.#waiting
    this.#waiting = []
    this.#isPlain = true
    return all
  }

  #startWorker(): Worker {
    const extension = import.meta.url.slice(import.meta.url.lastIndexOf('.'))
    const worker = new Worker(new URL(`./embedded-worker${extension}`, import.meta.url), {
      workerData: this.#path,
      name: 'message stores',
    })
    worker.on('message', (answer: BatchAnswer) => this.#done(answer))
    worker.on('error', error => this.#lost(worker, error.message))
    worker.on('exit', () => this.#lost(worker, 'its thread ended'))
    return worker
  }

  #done({ answers, error, data }: BatchAnswer): void {
    for (const room of data ?? []) if (isKept(room) && this.#rooms.length < MAX_ROOMS) this.#rooms.push(room)
    const done = this.#written
    this.#syncMs = performance.now() - this.#sentMs
    this.#written = []
    this.#isWhole = false
    // First, so that the next one is written while these are told.
    this.#next()
    this.#tell(error)
    if (this.#written.length === 0) this.#worker?.unref()
    done.forEach((part, at) => {
      const list = answers && unpack(part, answers[at]!)
      part.forEach((each, i) => {
        if (list) each.resolve(list[i] as never)
        else each.reject(fault(each.job, `its file: ${error}`))
      })
    })
    if (this.#written.length === 0 && this.#waiting.length === 0)
      for (const idle of this.#idle.splice(0)) idle()
  }

  /** The thread has ended by itself; the next job starts another one. What was being written may be on the disk. */
  #lost(worker: Worker, reason: string): void {
    if (this.#worker !== worker) return
    this.#worker = undefined
    if (this.#written.length > 0) this.#done({ id: this.#batches, error: reason })
    else this.#tell(reason)
  }

  #tell(error: string | undefined): void {
    const isFailing = error !== undefined
    if (isFailing === this.#isFailing) return
    this.#isFailing = isFailing
    const what = `the file of the message stores, ${this.#path}`
    if (isFailing) this.#log.error({ file: this.#path }, `${what}, cannot be used: ${error}`)
    else this.#log.info({ file: this.#path }, `${what}, can be used again`)
  }
}

function fault({ store }: { readonly store: string }, reason: string): Fault {
  return storeFault(`message store ${store} cannot be used: ${reason}`)
}
