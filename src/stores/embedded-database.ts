import { DatabaseSync } from 'node:sqlite'
import type { Batch, ThreadJob } from './embedded-job.ts'
import { bury, countLetters, discard, listLetters, resend } from './embedded-letters.ts'
import { EmbeddedRoom } from './embedded-room.ts'
import { prepare } from './embedded-schema.ts'
import { EmbeddedTable, RowsGone } from './embedded-table.ts'

/** Jobs that change nothing. They are done when the others are committed, and need no transaction. */
const READS: ReadonlySet<ThreadJob['kind']> = new Set([
  'open',
  'read',
  'first',
  'counts',
  'letters',
  'countLetters',
  'lastOf',
])

/** The file of messages: does what the process asks of it, a batch in a transaction. */
export class EmbeddedDatabase {
  readonly #db: DatabaseSync
  readonly #room: EmbeddedRoom
  readonly #tables = new Map<string, EmbeddedTable>()
  /** The answers to the parts of the transaction that were begun, and what they have changed. */
  #begun: unknown[][] = []
  readonly #changed = new Set<EmbeddedTable>()
  /** Whether a part could not be begun: all is done at the end. */
  #isSpoiled = false
  /** Whether rows are removed one by one, for some of them may be gone. */
  #isCareful = false

  /** @throws Error where the file cannot be opened */
  constructor(path: string) {
    this.#db = new DatabaseSync(path)
    this.#room = new EmbeddedRoom(this.#db)
    try {
      prepare(this.#db)
    } catch (error) {
      this.#db.close()
      throw error
    }
  }

  /** Begins a transaction with the jobs of a part, or goes on with one. What it does is not on the disk before `run`. */
  begin(part: Batch): void {
    if (this.#isSpoiled) return
    try {
      this.#begin(part)
    } catch (error) {
      this.#rollBack()
      this.#isSpoiled = true
      throw error
    }
  }

  /**
   * Does the jobs of all parts of a transaction, those begun already among them, and gives their answers. What changes
   * something is on the disk when this returns.
   * @throws Error where that failed; nothing of it is done then
   */
  run(parts: readonly Batch[]): unknown[][] {
    this.#isSpoiled = false
    const { jobs, data } = parts.at(-1)!
    const changes = parts.length > 1 || jobs.some(each => !READS.has(each.kind) || !this.#knows(each))
    const answers = changes ? this.#writeAll(parts) : [new Array<unknown>(jobs.length)]
    const last = answers.at(-1)!
    jobs.forEach((job, i) => {
      if (READS.has(job.kind)) last[i] = this.#do(job, data, 0)
    })
    for (const table of this.#tables.values()) table.forget()
    return answers
  }

  /** Gives a little of the file back that is free; says whether there is more. @throws Error where it cannot now */
  giveBack(): boolean {
    return this.#room.giveBack()
  }

  /** Limits the size of the file to so many pages of 4096 bytes: beyond, it is as if the disk was full. */
  limitPages(pages: number): void {
    this.#db.exec(`PRAGMA max_page_count = ${pages}`)
  }

  close(): void {
    this.#db.close()
  }

  #knows({ kind, store }: ThreadJob): boolean {
    return kind === 'open' || this.#tables.has(store)
  }

  #writeAll(parts: readonly Batch[]): unknown[][] {
    try {
      return this.#commit(parts)
    } catch (error) {
      if (!(error instanceof RowsGone)) throw error
      this.#isCareful = true
      try {
        return this.#commit(parts)
      } finally {
        this.#isCareful = false
      }
    }
  }

  #commit(parts: readonly Batch[]): unknown[][] {
    try {
      for (const part of parts.slice(this.#begun.length)) this.#begin(part)
      for (const table of this.#changed) table.write()
      this.#db.exec('COMMIT')
    } catch (error) {
      this.#rollBack()
      throw error
    }
    const answers = this.#begun
    this.#begun = []
    this.#changed.clear()
    return answers
  }

  #begin({ jobs, data }: Batch): void {
    if (this.#begun.length === 0) this.#db.exec('BEGIN IMMEDIATE')
    const answers = new Array<unknown>(jobs.length)
    let at = 0
    jobs.forEach((job, i) => {
      if (job.kind === 'open') return
      const table = this.#table(job.store)
      if (READS.has(job.kind)) return
      this.#changed.add(table)
      answers[i] = this.#do(job, data, at)
      if (job.kind === 'put') at += job.head + job.payload
      else if (job.kind === 'puts') for (const length of job.lengths) at += length
    })
    this.#begun.push(answers)
  }

  #rollBack(): void {
    this.#begun = []
    this.#changed.clear()
    // What was made in the transaction is gone with it.
    this.#tables.clear()
    // Where the disk is full it is rolled back already.
    if (this.#db.isTransaction) this.#db.exec('ROLLBACK')
  }

  #table(name: string): EmbeddedTable {
    let table = this.#tables.get(name)
    if (!table) {
      table = EmbeddedTable.find(this.#db, name)
      this.#tables.set(name, table)
    }
    return table
  }

  #do(job: ThreadJob, data: Uint8Array, at: number): unknown {
    if (job.kind === 'open') return true
    const table = this.#table(job.store)
    switch (job.kind) {
      case 'put': {
        const middle = at + job.head
        return table.put(job, data.subarray(at, middle), data.subarray(middle, middle + job.payload))
      }
      case 'puts':
        return table.putAll(job, data, at)
      case 'read':
        return table.read(job)
      case 'first':
        return table.first(job)
      case 'claim':
        return table.claim(job)
      case 'hands':
        table.state.hands = job.hands
        return true
      case 'unclaim':
        if (table.state.reader === job.reader) Object.assign(table.state, { reader: '', hands: 0 })
        return true
      case 'removes':
        return this.#isCareful ? table.removeThose(job) : table.removeAll(job)
      case 'bury':
        return bury(table, job)
      case 'counts':
        return table.counts()
      case 'letters':
        return listLetters(table, job)
      case 'countLetters':
        return countLetters(table)
      case 'resend':
        return resend(table, job.which)
      case 'discard':
        return discard(table, job.which)
      case 'lastOf':
        return table.lastOf(job)
      case 'forget':
        return table.forgetSenders(job)
      default:
        return job satisfies never
    }
  }
}
