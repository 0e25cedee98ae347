import type { JobOf, LetterRow, WhichLetters } from './embedded-job.ts'
import type { EmbeddedTable } from './embedded-table.ts'
import { MAX_DEAD_LETTERS } from './memory-dead-letters.ts'

const COLUMNS = 'id, processor, attempts, code, reason, bytes, mediaType, storedAt, diedAt'

/** Makes a row a dead letter; the oldest one goes where there are too many. */
export function bury(table: EmbeddedTable, job: JobOf<'bury'>): boolean {
  const { id, mediaType, storedAt, diedAt, why } = job
  const row = table.take(job.number)
  if (!row) return false
  table
    .sql(
      `INSERT INTO letters (store, ${COLUMNS}, sequence, head, payload) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    )
    .run(
      table.number,
      id,
      why.processor,
      why.attempts,
      Number.isInteger(why.code) ? why.code : 0,
      why.reason,
      row.payload.length,
      mediaType,
      storedAt,
      diedAt,
      row.sequence,
      row.head,
      row.payload,
    )
  table.state.died++
  table
    .sql(
      `DELETE FROM letters WHERE store = ?1 AND number <=
        (SELECT number FROM letters WHERE store = ?1 ORDER BY number DESC LIMIT 1 OFFSET ${MAX_DEAD_LETTERS})`,
    )
    .run(table.number)
  return true
}

/** Counts the dead letters of a store. */
export function countLetters(table: EmbeddedTable): number {
  const found = table.sql('SELECT count(*) AS count FROM letters WHERE store = ?').get(table.number)
  return (found as { count: number }).count
}

/** Lists the oldest, from behind the one with an id on; nothing where there is none of that id. */
export function listLetters(table: EmbeddedTable, { limit, after }: JobOf<'letters'>): LetterRow[] {
  const list = table.sql(
    `SELECT ${COLUMNS} FROM letters WHERE store = ? AND number > ? ORDER BY number LIMIT ?`,
  )
  return list.all(
    table.number,
    after === undefined ? 0 : lastWithId(table, after),
    limit,
  ) as unknown as LetterRow[]
}

function lastWithId(table: EmbeddedTable, id: string): number {
  const found = table
    .sql('SELECT max(number) AS number FROM letters WHERE store = ? AND id = ?')
    .get(table.number, id) as { number: number | null }
  return found.number ?? 0
}

/** Puts dead letters back, behind what is there; gives how many that were. */
export function resend(table: EmbeddedTable, which: WhichLetters): number {
  let count = 0
  for (const number of numbersOf(table, which)) {
    const row = table
      .sql('DELETE FROM letters WHERE number = ? RETURNING sequence, head, payload')
      .get(number) as { sequence: number | null; head: Uint8Array; payload: Uint8Array } | undefined
    if (!row) continue
    table.add(row.sequence, row.head, row.payload)
    count++
  }
  return count
}

/** Lets go of dead letters; gives how many that were. */
export function discard(table: EmbeddedTable, which: WhichLetters): number {
  let count = 0
  for (const number of numbersOf(table, which))
    count += Number(table.sql('DELETE FROM letters WHERE number = ?').run(number).changes)
  return count
}

function numbersOf(table: EmbeddedTable, which: WhichLetters): number[] {
  const found =
    which === 'all'
      ? table.sql('SELECT number FROM letters WHERE store = ? ORDER BY number').all(table.number)
      : which.flatMap(id =>
          table
            .sql('SELECT number FROM letters WHERE store = ? AND id = ? ORDER BY number')
            .all(table.number, id),
        )
  return found.map(row => row.number as number)
}
