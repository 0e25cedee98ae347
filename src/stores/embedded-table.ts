import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite'
import type {
  AnswerTo,
  JobOf,
  KeptRow,
  PutAnswer,
  PutsAnswer,
  PutsJob,
  RemovesJob,
  StoreCounts,
} from './embedded-job.ts'
import { makeStoreTable } from './embedded-schema.ts'

/** What is kept of a store while a transaction changes it; written at its end. */
interface State {
  last: number
  released: number
  reader: string
  hands: number
  messages: number
  bytes: number
  stored: number
  delivered: number
  moved: number
  dropped: number
  died: number
  redelivered: number
}

const STATE =
  'last, released, reader, hands, messages, bytes, stored, delivered, moved, dropped, died, redelivered'

/** Thrown where rows are gone that were to be removed: another process reads the store, or did. */
export class RowsGone extends Error {}

/** The rows of one store, and what is counted of it. Its counts are read once per transaction, and written once. */
export class EmbeddedTable {
  readonly number: number
  readonly #db: DatabaseSync
  readonly #statements = new Map<string, StatementSync>()
  readonly #insert: StatementSync
  readonly #removeRun: StatementSync
  #state: State | undefined

  constructor(db: DatabaseSync, number: number) {
    this.#db = db
    this.number = number
    this.#insert = db.prepare(
      `INSERT INTO messages_${number} (number, sequence, head, payload) VALUES (?, ?, ?, ?)`,
    )
    this.#removeRun = db.prepare(`DELETE FROM messages_${number} WHERE number BETWEEN ? AND ?`)
  }

  /** Finds a store by its name, and makes it where there is none; within a transaction. */
  static find(db: DatabaseSync, name: string): EmbeddedTable {
    const find = db.prepare('SELECT number FROM stores WHERE name = ?')
    const known = find.get(name) as { number: number } | undefined
    if (known) return new EmbeddedTable(db, known.number)
    db.prepare('INSERT INTO stores (name) VALUES (?)').run(name)
    const { number } = find.get(name) as { number: number }
    makeStoreTable(db, number)
    return new EmbeddedTable(db, number)
  }

  /** The counts as the transaction leaves them. */
  get state(): State {
    // Copied: objects as they come from the database are slow to change.
    this.#state ??= {
      ...(this.sql(`SELECT ${STATE} FROM stores WHERE number = ${this.number}`).get() as unknown as State),
    }
    return this.#state
  }

  /** Writes the counts; the transaction is about to be committed. */
  write(): void {
    const { state } = this
    const columns = Object.keys(state).map(name => `${name} = ?`)
    this.sql(`UPDATE stores SET ${columns.join(', ')} WHERE number = ${this.number}`).run(
      ...(Object.values(state) as SQLInputValue[]),
    )
    this.#state = undefined
  }

  /** Forgets the counts: other processes change them too. */
  forget(): void {
    this.#state = undefined
  }

  put(job: JobOf<'put'>, head: Uint8Array, payload: Uint8Array): PutAnswer {
    const { state } = this
    const { messages, bytes } = state
    const { numbered } = job
    const last = numbered ? (this.lastOf(numbered) ?? 0) : 0
    if (numbered && numbered.number !== last + 1) return { outcome: 'left out', last, messages, bytes }
    if (messages >= job.maxMessages || bytes + payload.length > job.maxBytes)
      return { outcome: 'full', last, messages, bytes }
    this.add(job.sequence ?? null, head, payload)
    if (!numbered) return { outcome: 'kept', last, messages, bytes }
    const { scope, sender, number } = numbered
    this.sql('INSERT OR REPLACE INTO senders (store, scope, sender, last, at) VALUES (?, ?, ?, ?, ?)').run(
      this.number,
      scope,
      sender,
      number,
      Date.now(),
    )
    return { outcome: 'kept', last: number, messages, bytes }
  }

  /** Puts in messages whose heads and payloads stand one behind the other, from a place of the data on. */
  putAll({ lengths, maxMessages, maxBytes }: PutsJob, data: Uint8Array, from: number): PutsAnswer {
    const { state } = this
    const full: number[] = []
    let at = from
    for (let i = 0; i < lengths.length; i += 2) {
      const middle = at + lengths[i]!
      const end = middle + lengths[i + 1]!
      if (state.messages >= maxMessages || state.bytes + lengths[i + 1]! > maxBytes) full.push(i / 2)
      else this.add(null, data.subarray(at, middle), data.subarray(middle, end))
      at = end
    }
    return { full, messages: state.messages, bytes: state.bytes }
  }

  /** Adds a row behind all others. */
  add(sequence: number | null, head: Uint8Array, payload: Uint8Array): void {
    const { state } = this
    this.#insert.run(++state.last, sequence, head, payload)
    state.messages++
    state.bytes += payload.length
    state.stored++
  }

  read({ after, limit, maxBytes }: JobOf<'read'>): AnswerTo<'read'> {
    const rows: KeptRow[] = []
    let bytes = 0
    const found = this.sql(
      `SELECT number, sequence, head, payload FROM messages_${this.number} WHERE number > ? ORDER BY number LIMIT ?`,
    ).iterate(after, limit)
    for (const row of found as Iterable<unknown>) {
      rows.push(row as KeptRow)
      bytes += (row as KeptRow).head.length + (row as KeptRow).payload.length
      if (bytes >= maxBytes) break
    }
    return { reader: this.state.reader, rows: inOneBlock(rows, bytes) }
  }

  first({ besides }: JobOf<'first'>): AnswerTo<'first'> {
    const found = this.sql(
      `SELECT number, sequence, head, payload FROM messages_${this.number}
       WHERE sequence IS NOT NULL ORDER BY sequence, number LIMIT ?`,
    ).iterate(besides.length + 1)
    for (const row of found as Iterable<unknown>)
      if (!besides.includes((row as KeptRow).number))
        return { reader: this.state.reader, row: row as KeptRow }
    return { reader: this.state.reader, row: undefined }
  }

  claim({ reader, hands }: JobOf<'claim'>): AnswerTo<'claim'> {
    const { state } = this
    const suspects = state.reader === reader ? 0 : Math.min(state.hands, state.messages)
    state.redelivered += suspects
    state.reader = reader
    state.hands = hands
    return { suspects, released: state.released }
  }

  /** Takes a row away; undefined where it is gone already. */
  take(number: number): KeptRow | undefined {
    const row = this.sql(
      `DELETE FROM messages_${this.number} WHERE number = ? RETURNING number, sequence, head, payload`,
    ).get(number) as KeptRow | undefined
    if (row) this.#took(row.sequence, row.payload.length)
    return row
  }

  /**
   * Removes rows, those that follow one another at once.
   * @throws RowsGone where not all of them are there
   */
  removeAll({ numbers, as, bytes, sequence }: RemovesJob): true {
    const { state } = this
    for (let i = 0; i < numbers.length; ) {
      const first = numbers[i]!
      let count = 1
      while (numbers[i + count] === first + count) count++
      const { changes } = this.#removeRun.run(first, first + count - 1)
      if (Number(changes) !== count) throw new RowsGone()
      i += count
    }
    state.messages -= numbers.length
    state.bytes -= bytes
    state[as] += numbers.length
    if (sequence !== null && sequence > state.released) state.released = sequence
    return true
  }

  /** Removes rows one by one, those that are there. */
  removeThose({ numbers, as }: RemovesJob): true {
    for (const number of numbers) if (this.take(number)) this.state[as]++
    return true
  }

  counts(): StoreCounts {
    const { messages, bytes, stored, delivered, moved, dropped, died, redelivered } = this.state
    return { messages, bytes, stored, delivered, moved, dropped, died, redelivered }
  }

  lastOf({ scope, sender }: { readonly scope: string; readonly sender: string }): number | undefined {
    const found = this.sql('SELECT last FROM senders WHERE store = ? AND scope = ? AND sender = ?').get(
      this.number,
      scope,
      sender,
    ) as { last: number } | undefined
    return found?.last
  }

  forgetSenders({ scope, since, most }: JobOf<'forget'>): true {
    this.sql('DELETE FROM senders WHERE store = ? AND scope = ? AND at < ?').run(this.number, scope, since)
    this.sql(`DELETE FROM senders WHERE store = ?1 AND scope = ?2 AND sender IN
      (SELECT sender FROM senders WHERE store = ?1 AND scope = ?2 ORDER BY at DESC LIMIT -1 OFFSET ?3)`).run(
      this.number,
      scope,
      most,
    )
    return true
  }

  /** A statement, made ready once. */
  sql(text: string): StatementSync {
    let statement = this.#statements.get(text)
    if (!statement) {
      statement = this.#db.prepare(text)
      this.#statements.set(text, statement)
    }
    return statement
  }

  #took(sequence: number | null, bytes: number): void {
    const { state } = this
    state.messages--
    state.bytes -= bytes
    if (sequence !== null && sequence > state.released) state.released = sequence
  }
}

/** Gives rows whose bytes stand in one block, which goes to another thread as one. */
function inOneBlock(rows: readonly KeptRow[], bytes: number): KeptRow[] {
  const block = new Uint8Array(bytes)
  let at = 0
  const moved = (part: Uint8Array): Uint8Array => {
    block.set(part, at)
    at += part.length
    return block.subarray(at - part.length, at)
  }
  return rows.map(({ number, sequence, head, payload }) => ({
    number,
    sequence,
    head: moved(head),
    payload: moved(payload),
  }))
}
