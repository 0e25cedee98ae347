import type { DatabaseSync } from 'node:sqlite'

/** Version of the tables. One that differs gets the next number, and a step that makes it of the one before. */
const VERSION = 1

/** How long another process may hold the file before an attempt to write fails, in milliseconds. */
const BUSY_MS = 10_000

const TABLES = `
  CREATE TABLE stores (
    number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE,
    last INTEGER NOT NULL DEFAULT 0, released INTEGER NOT NULL DEFAULT 0,
    reader TEXT NOT NULL DEFAULT '', hands INTEGER NOT NULL DEFAULT 0,
    messages INTEGER NOT NULL DEFAULT 0, bytes INTEGER NOT NULL DEFAULT 0,
    stored INTEGER NOT NULL DEFAULT 0, delivered INTEGER NOT NULL DEFAULT 0, moved INTEGER NOT NULL DEFAULT 0,
    dropped INTEGER NOT NULL DEFAULT 0, died INTEGER NOT NULL DEFAULT 0, redelivered INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE TABLE letters (
    number INTEGER PRIMARY KEY AUTOINCREMENT, store INTEGER NOT NULL, id TEXT NOT NULL,
    processor TEXT NOT NULL, attempts INTEGER NOT NULL, code INTEGER NOT NULL, reason TEXT NOT NULL,
    bytes INTEGER NOT NULL, mediaType TEXT NOT NULL, storedAt INTEGER NOT NULL, diedAt INTEGER NOT NULL,
    sequence INTEGER, head BLOB NOT NULL, payload BLOB NOT NULL
  ) STRICT;
  CREATE INDEX letters_of_store ON letters (store, number);
  CREATE INDEX letters_by_id ON letters (store, id);
  CREATE TABLE senders (
    store INTEGER NOT NULL, scope TEXT NOT NULL, sender TEXT NOT NULL,
    last INTEGER NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (store, scope, sender)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX senders_by_time ON senders (store, scope, at);
  PRAGMA user_version = ${VERSION};`

/**
 * Sets a connection up, and makes the tables in a new file. What is committed is on the disk: the write-ahead log is
 * synced with each commit.
 * @throws Error where the file is damaged, or of a version that is not known here
 */
export function prepare(db: DatabaseSync): void {
  // First, for a new file takes it as long as nothing is in it; one of before needs to be made anew for that.
  db.exec(
    `PRAGMA busy_timeout = ${BUSY_MS}; PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL`,
  )
  db.exec('PRAGMA secure_delete = OFF; PRAGMA journal_size_limit = 67108864')
  if (versionOf(db) === 0) {
    db.exec('BEGIN IMMEDIATE')
    // Another process may have been faster.
    if (versionOf(db) === 0) db.exec(TABLES)
    db.exec('COMMIT')
  }
  const version = versionOf(db)
  if (version !== VERSION)
    throw new Error(`it is of version ${version}, and this program knows version ${VERSION}`)
}

/** Makes the table of one store: rows in the order they came, found without an index. */
export function makeStoreTable(db: DatabaseSync, number: number): void {
  db.exec(`CREATE TABLE messages_${number} (
    number INTEGER PRIMARY KEY, sequence INTEGER, head BLOB NOT NULL, payload BLOB NOT NULL) STRICT;
    CREATE INDEX messages_${number}_in_sequence ON messages_${number} (sequence, number)
      WHERE sequence IS NOT NULL`)
}

function versionOf(db: DatabaseSync): number {
  return (db.prepare('PRAGMA user_version').get() as { user_version: number }).user_version
}
